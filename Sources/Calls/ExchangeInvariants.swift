import Admission
import Configuration
import Media
import SIP
public import Timing
public import Trunks

// What must hold between two events, whatever came from outside; the simulator asks after each.
extension Exchange {
  /// What the exchange holds beside its calls, as counts that must come from the live calls and return to zero with them.
  public struct Holdings: Sendable, Equatable {
    public var calls = 0
    public var transactions = 0
    /// Client transactions and INVITE server transactions that belong to a call.
    public var owners = 0
    public var served = 0
    /// RTP and RTCP ports taken, by realm; and as the live calls have them.
    public var ports: [Int] = []
    public var portsOfCalls: [Int] = []
    /// Places taken, by trunk; and as the live calls have them.
    public var places: [Int] = []
    public var placesOfCalls: [Int] = []
    public var mediaSessions = 0
    public init() {}
  }

  public var holdings: Holdings {
    var held = Holdings()
    held.calls = table.count
    // OPTIONS are sent for ever, whatever calls there are.
    held.transactions = environment.transactions.liveTransactions - environment.ownRequests.count
    held.owners = environment.owners.count
    held.served = environment.served.count
    held.ports = mediaCapacity.map(\.portsInUse)
    held.portsOfCalls = Array(repeating: 0, count: held.ports.count)
    held.places = environment.configuration.trunks.indices.map { environment.load.calls(on: $0) }
    held.placesOfCalls = Array(repeating: 0, count: held.places.count)
    for id in table.ids {
      guard let call = table.read(id) else { continue }
      if call.sessionOpen { held.mediaSessions += 1 }
      for trunk in call.places where held.placesOfCalls.indices.contains(trunk) { held.placesOfCalls[trunk] += 1 }
      guard call.phase != .over else { continue }
      for leg in call.legs {
        guard let anchor = leg.anchor else { continue }
        for realm in held.portsOfCalls.indices { held.portsOfCalls[realm] += environment.anchors.ports(of: anchor, inRealm: realm) }
      }
    }
    return held
  }

  /// How a server of a trunk is seen now.
  public typealias ServerSight = TrunkTable.TargetSight
  public func serverSights(at now: Instant) -> [ServerSight] { environment.trunks.targetSights(at: now) }

  /// What is wrong inside, one sentence each; empty when nothing is.
  public var brokenInvariants: [String] {
    var broken: [String] = []
    var dialogs: Set<[UInt8]> = []
    for id in table.ids {
      guard let call = table.read(id) else { continue }
      if call.isGone { broken.append("call \(id.text) is gone and still in the table") }
      if let next = call.nextDeadline, call.scheduledAt.map({ $0 > next }) ?? true {
        broken.append("call \(id.text) has a deadline that nobody will keep")
      }
      if call.phase == .over, !call.places.isEmpty { broken.append("call \(id.text) is over and holds \(call.places.count) places") }
      if call.listenersInUse.contains(where: { !environment.configuration.listeners.indices.contains($0) }) {
        broken.append("call \(id.text) goes on without a listener")
      }
      if call.phase == .up, call.active == nil { broken.append("call \(id.text) is up with nobody") }
      for (number, leg) in call.legs.enumerated() {
        guard leg.hasDialog, leg.state != .gone else { continue }
        let name = leg.dialog.callID + [0] + leg.dialog.localTag + [0] + leg.dialog.remoteTag
        if !dialogs.insert(name).inserted { broken.append("call \(id.text) leg \(number) has the dialog of another leg") }
        if place(of: leg.dialog.localTag[...]).map({ $0.call != id || $0.leg != number }) ?? true {
          broken.append("call \(id.text) leg \(number) has a tag that names another leg")
        }
      }
    }
    return broken
  }
}
