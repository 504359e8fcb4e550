import Addressing
import Calls
import Configuration
import Control
import Linux
import Routing
import Timing

/// What a commit acts on: devices, peers' names, listeners, the exchange. Belongs to the control thread.
final class LiveSystem {
  /// Set once the thread runs, before anything is applied.
  var signalling: SignallingThread?
  let names: PeerNames
  /// Why the last commit does not run although it should: a device or an address of it was not there at start. Then nothing runs, and it is tried again.
  var trouble: String?
  private let log: Log
  /// In force.
  private var setup: Exchange.Setup?

  init(names: PeerNames, log: Log) {
    self.names = names
    self.log = log
  }

  /// Lets the live system follow a configuration. When it throws, interfaces, listeners and exchange are as before.
  func apply(_ configuration: Configuration, _ routing: RoutingTable) throws(ControlError) {
    var interfaces = try binding(to: configuration)
    try interfaces.add()
    let resolved = names.addresses(configuration, patience: PeerNames.commitPatience)
    let new = Exchange.Setup(configuration: configuration, routing: routing, resolved: resolved)
    switch signalling?.reconfigure(new) {
    case .done: break
    case .refused(let error):
      // While the last commit waits for its turn, what is set stays: it is tried again in a second.
      if trouble == nil { interfaces.takeBack() }
      throw ControlError(.refused, node: "listener", "\(error)")
    case .noAnswer, nil:
      interfaces.takeBack()
      throw ControlError(.unavailable, "the signalling thread did not answer; nothing was changed")
    }
    interfaces.removeUnwanted()
    serve(new)
    trouble = nil
  }

  /// At a start: nothing runs for now, and why.
  func wait(_ error: any Error) {
    let reason = (error as? ControlError)?.text ?? "\(error)"
    if reason != trouble {
      log.write(.error, "the last commit can not run, so nothing does; it is tried again every second and when the network changes: \(reason)")
    }
    trouble = reason
  }

  /// Whether what could not run at start runs now.
  func tryAgain(_ configuration: Configuration) {
    guard trouble != nil else { return }
    do {
      try apply(configuration, RoutingTable(configuration))
      log.write(.notice, "the last commit runs now")
    } catch { wait(error) }
  }

  /// What the daemon starts with: its interfaces are set, its peers' names looked up.
  func start(_ configuration: Configuration) throws -> Exchange.Setup {
    var interfaces = try binding(to: configuration)
    try interfaces.add()
    let resolved = names.addresses(configuration, patience: PeerNames.startPatience)
    let first = Exchange.Setup(configuration: configuration, routing: try RoutingTable(configuration), resolved: resolved)
    serve(first)
    return first
  }

  /// What the interfaces in force lack is set: their device came back, or somebody took an address away.
  func setInterfacesAgain() {
    guard let setup else { return }
    do throws(ControlError) {
      var interfaces = try binding(to: setup.configuration)
      try interfaces.add()
    } catch { log.write(.warning, error.text) }
  }

  private func binding(to configuration: Configuration) throws(ControlError) -> InterfaceBinding {
    let before = setup?.configuration ?? Configuration()
    // Where no device is named nothing is asked of netlink: it also works where there is none.
    let isNamed = (before.interfaces + configuration.interfaces).contains { $0.device != nil }
    do throws(SystemCallError) {
      return InterfaceBinding(from: before, to: configuration, on: isNamed ? try NetworkInterfaces.now() : NetworkInterfaces(devices: []), log: log)
    } catch {
      throw ControlError(.unavailable, node: "interface", "\(error)")
    }
  }

  /// The calls that would lose their listener; none when the signalling thread does not answer: then there is no commit either.
  func callsLosingListener(_ configuration: Configuration) -> [(listener: String, calls: Int)] {
    signalling?.ask { exchange, _ in exchange.callsLosingListener(to: configuration) } ?? []
  }

  private func serve(_ setup: Exchange.Setup) {
    self.setup = setup
    names.serve(setup.configuration, at: MonotonicClock.now())
  }

  /// Lookups have come back: a peer that has other addresses now is reached there, and heard from there.
  func takeNames() {
    guard names.take(), var new = setup else { return }
    new.resolved = names.addresses(new.configuration, patience: Gap(nanoseconds: 0))
    if signalling?.resolve(new) == true { return setup = new }
    log.write(.error, "the signalling thread did not take over the peers' new addresses; it is tried again with the next that change")
  }
}
