public import Configuration
import Records
import SIP
public import Timing

// What a commit does to calls whose listener it takes away. A dialog is bound to the address its messages come from: behind another socket the far side would
// neither be heard nor hear us, so such a call ends, while its socket can still carry the BYE.
extension Exchange {
  /// The calls that `configuration` would end, by listener of the one in force, in its order; none for a listener that is only renamed.
  public func callsLosingListener(to configuration: Configuration) -> [(listener: String, calls: Int)] {
    var counts = environment.configuration.listeners.map { _ in 0 }
    for call in losingListener(to: configuration) { counts[call.listener] += 1 }
    return counts.indices.filter { counts[$0] > 0 }.map { (environment.configuration.listeners[$0].name, counts[$0]) }
  }

  /// Ends those calls. Before `reconfigure`: carry out the actions and send what waits while the old sockets are open.
  public mutating func leaveListeners(to configuration: Configuration, at now: Instant) {
    environment.now = now
    let kept = keptListeners(by: configuration)
    for leaving in losingListener(to: configuration) { end(leaving) { kept.indices.contains($0) && kept[$0] != nil } }
  }

  /// A call that a commit leaves without a listener, by the indexes before it.
  struct Leaving {
    var call: CallID
    var listener: Int
    var reason: String
  }

  func losingListener(to configuration: Configuration) -> [Leaving] {
    let kept = keptListeners(by: configuration)
    guard kept.contains(nil) else { return [] }
    return table.ids.compactMap { id in
      guard let lost = table.read(id)?.listenersInUse.first(where: { kept.indices.contains($0) && kept[$0] == nil }) else { return nil }
      let name = environment.configuration.listeners[lost].name
      let what = configuration.listeners.contains { $0.name == name } ? "changed" : "removed"
      return Leaving(call: id, listener: lost, reason: "listener \(name) was \(what) by a commit")
    }
  }

  mutating func end(_ leaving: Leaving, isKept: (Int) -> Bool) {
    withCall(leaving.call) { $0.leave(isKept: isKept, because: leaving.reason, &$1) }
    drain()
  }

  /// By index of the listeners in force: the index in `configuration` of the one with the same socket, whatever its name.
  func keptListeners(by configuration: Configuration) -> [Int?] {
    environment.configuration.listeners.map { listener in
      configuration.listeners.firstIndex { $0.address == listener.address && $0.transport == listener.transport }
    }
  }
}

extension Call {
  /// The listeners a call needs: the caller's and that of the attempt under way; of one that is over, where a BYE still waits for an ACK.
  var listenersInUse: [Int] {
    guard phase != .over else { return legs.indices.filter { legs[$0].leaveWhenAcknowledged }.map { Int(legs[$0].flow.listener) } }
    guard !legs.isEmpty else { return [] }
    return [Int(legs[near].flow.listener)] + (active.map { [Int(legs[$0].flow.listener)] } ?? [])
  }

  /// Ends the call; nothing is waited for on a leg whose listener goes.
  mutating func leave(isKept: (Int) -> Bool, because why: String, _ environment: inout CallEnvironment) {
    end(.failed, status: 503, cause: 41, reason: why, by: nil, &environment)
    for leg in legs.indices where legs[leg].leaveWhenAcknowledged && !isKept(Int(legs[leg].flow.listener)) {
      // RFC 3261 15 has the BYE wait for an ACK, but none can come any more: a far side that is told too early is better off than one that is never told.
      legs[leg].leaveWhenAcknowledged = false
      legs[leg].repetition = nil
      sendBye(leg: leg, cause: cause, &environment)
    }
  }
}
