import CTandemTrunk
import Configuration
public import SIP
public import Timing

extension TrunkTable {
  /// What a plugin decided about a request.
  public enum Verdict: Sendable, Equatable {
    case pass
    /// A request is refused with this status; `nil` reason = default phrase.
    case refuse(status: Int)

    /// TT_PASS, or a status; anything else refuses, because a request that confuses a plugin must not pass it by.
    fileprivate init(_ answer: Int32?) {
      switch answer {
      case TT_PASS: self = .pass
      case .some(let status) where (400...699).contains(status): self = .refuse(status: Int(status))
      default: self = .refuse(status: 500)
      }
    }
  }

  // Plugin hooks; each sees only messages of its own leg and may edit them. A hook that is not set costs nothing.
  public mutating func requestIn(_ message: inout SIPMessage, trunk: Int, at now: Instant) -> Verdict {
    guard let instance = instance(for: message, on: trunk) else { return .refuse(status: 503) }
    guard let hook = instance.table.request_in else { return .pass }
    return Verdict(instance.show(&message, trunk: trunk, at: now) { hook($0, $1, now.nanoseconds) })
  }
  public mutating func requestOut(_ message: inout SIPMessage, trunk: Int, at now: Instant) -> Verdict {
    guard let instance = instance(for: message, on: trunk) else { return .refuse(status: 503) }
    guard let hook = instance.table.request_out else { return .pass }
    return Verdict(instance.show(&message, trunk: trunk, at: now) { hook($0, $1, now.nanoseconds) })
  }
  public mutating func responseIn(_ message: inout SIPMessage, trunk: Int, at now: Instant) {
    guard let instance = services[configuration.trunks[trunk].peer].instance, let hook = instance.table.response_in else { return }
    instance.show(&message, trunk: trunk, at: now) { hook($0, $1, now.nanoseconds) }
  }
  public mutating func responseOut(_ message: inout SIPMessage, trunk: Int, at now: Instant) {
    guard let instance = services[configuration.trunks[trunk].peer].instance, let hook = instance.table.response_out else { return }
    instance.show(&message, trunk: trunk, at: now) { hook($0, $1, now.nanoseconds) }
  }

  public enum CallEvent: Sendable { case started, answered, ended }
  public mutating func call(_ event: CallEvent, id: UInt64, trunk: Int, at now: Instant) {
    guard let host = services[configuration.trunks[trunk].peer].instance, let instance = host.instance, let hook = host.table.call_event else { return }
    let number =
      switch event {
      case .started: TT_CALL_STARTED
      case .answered: TT_CALL_ANSWERED
      case .ended: TT_CALL_ENDED
      }
    host.measured(at: now) { hook(instance, number, id, now.nanoseconds) }
  }

  /// `nil`: nobody serves this peer, or its plugin is out and the request would begin something new (it has no To tag).
  private func instance(for request: borrowing SIPMessage, on trunk: Int) -> PluginInstance? {
    guard let instance = services[configuration.trunks[trunk].peer].instance else { return nil }
    if instance.watch.isOut, request.to.tag == nil { return nil }
    return instance
  }
}
