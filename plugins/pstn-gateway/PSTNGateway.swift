import TrunkPlugin

/// A gateway to the telephone network: keeps the Q.850 cause of a failed call and its SIP status in step (RFC 3398, RFC 6432).
///
/// From the gateway: a failure whose Reason carries a Q.850 cause gets the status RFC 3398 7.2.4.1 gives for that cause, so
/// that routing and the other leg see "busy" where the gateway said 500. To the gateway: a failure without a Q.850 cause gets
/// the one of 8.2.6.1. Redirections and challenges are left alone: their status is what they are for.
struct PSTNGateway: TrunkPlugin {
  static let identity = PluginIdentity(
    id: "pstn-gateway", version: "0.1.0", description: "Gateway to the telephone network: Q.850 causes and SIP statuses")
  static let hooks: PluginHooks = [.responseIn, .responseOut]

  private let mapsCauses: Bool
  private var mappedIn: UInt64 = 0
  private var mappedOut: UInt64 = 0

  init(settings: String, host: PluginHost) throws(SettingsRefused) {
    mapsCauses = host.setting("reason-cause") != "false"
  }

  mutating func responseIn(_ message: borrowing Message, at now: Int64) {
    guard mapsCauses, isFailure(message.status), let cause = cause(of: message), let status = Self.status(ofCause: cause) else { return }
    if status != message.status, message.setStatus(status) { mappedIn &+= 1 }
  }

  mutating func responseOut(_ message: borrowing Message, at now: Int64) {
    guard mapsCauses, isFailure(message.status), cause(of: message) == nil, let cause = Self.cause(ofStatus: message.status) else { return }
    if message.addHeader("Reason", Array("Q.850;cause=\(cause)".utf8)) { mappedOut &+= 1 }
  }

  private func isFailure(_ status: Int32) -> Bool { status >= 400 && status != 401 && status != 407 }

  /// RFC 3326: `Q.850;cause=17;text="User busy"`, possibly among other protocols.
  private func cause(of message: borrowing Message) -> Int? {
    var index: UInt32 = 0
    while index < 8, let value = message.header("Reason", index) {
      index += 1
      let pieces = value.split(separator: UInt8(ascii: ";")).map { $0.filter { $0 != 0x20 && $0 != 0x09 }.map(lowercase) }
      guard let protocolName = pieces.first, protocolName.elementsEqual("q.850".utf8) else { continue }
      for piece in pieces.dropFirst() where piece.starts(with: "cause=".utf8) {
        if let cause = Int(String(decoding: piece.dropFirst(6), as: UTF8.self)), (1...127).contains(cause) { return cause }
      }
    }
    return nil
  }

  private func lowercase(_ byte: UInt8) -> UInt8 { (0x41...0x5A).contains(byte) ? byte | 0x20 : byte }

  /// RFC 3398 7.2.4.1; `nil`: no status of its own (16 ends a call with BYE or CANCEL).
  static func status(ofCause cause: Int) -> Int32? {
    switch cause {
    case 1, 2, 3, 26: 404
    case 17: 486
    case 18: 408
    case 19, 20, 31: 480
    case 21, 55, 57, 87: 403
    case 22, 23: 410
    case 27: 502
    case 28: 484
    case 29, 79: 501
    case 34, 38, 41, 42, 47, 58, 88: 503
    case 65, 70: 488
    case 102: 504
    case 111, 127: 500
    default: nil
    }
  }

  /// RFC 3398 8.2.6.1; `nil`: the table has none (487, and 488 and 606 by their Warning).
  static func cause(ofStatus status: Int32) -> Int? {
    switch status {
    case 404, 485, 604: 1
    case 486, 600: 17
    case 480: 18
    case 402, 403, 603: 21
    case 410: 22
    case 482, 483: 25
    case 484: 28
    case 501, 502: 38
    case 400, 481, 500, 503: 41
    case 405: 63
    case 406, 415: 79
    case 408, 504: 102
    case 413, 414, 416, 420, 421, 423, 505, 513: 127
    default: nil
    }
  }

  func describe() -> String {
    mapsCauses ? "Q.850 causes: \(mappedIn) statuses set from the gateway's cause, \(mappedOut) causes added for it" : "Q.850 causes are left alone"
  }
}
