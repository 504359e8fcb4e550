import Configuration
import SIP

/// What we understand, in one table: which methods we take where, which options, which bodies. Everything that says so on the wire is made from it: Allow,
/// Supported and Accept, the answers 405, 415 and 420.
///
/// A feature that arrives adds a row and nothing else here. A row may depend on the trunk's settings; one value of this type is made for each trunk with every
/// commit. Messages get their headers on the way out (`stamp`), so no writer of a message can forget them.
///
/// | message | Allow | Supported | Accept |
/// | --- | --- | --- | --- |
/// | INVITE, UPDATE | yes | yes | |
/// | any other request but ACK and CANCEL | | yes (RFC 4028 7.1 wants it everywhere) | |
/// | 101-199 and 2xx to INVITE; 2xx to UPDATE | yes (RFC 3311 5.1) | yes | |
/// | 2xx to OPTIONS (RFC 3261 11.2) | yes | yes, also an empty one | yes |
/// | 405, 501 | yes | | |
/// | 415 (`appendAcceptable`) | | | yes |
struct Capabilities: Sendable {
  /// Where a method is taken: in a request that is in no dialog, in one of a dialog.
  struct Place: OptionSet, Sendable {
    let rawValue: UInt8
    static let outside = Place(rawValue: 1)
    static let inside = Place(rawValue: 2)
    static let anywhere: Place = [.outside, .inside]
  }

  struct MethodRow: Sendable {
    var method: SIP.Method
    var place: Place
    /// Types a request of it may carry; none: its body is not looked at.
    var bodies: [StaticString] = []
    var isTaken: @Sendable (Configuration.TrunkConfiguration) -> Bool = { _ in true }
  }
  static let methods: [MethodRow] = [
    .init(method: .invite, place: .anywhere, bodies: ["application/sdp"]),
    .init(method: .ack, place: .anywhere),
    .init(method: .cancel, place: .anywhere),
    .init(method: .bye, place: .inside),
    .init(method: .options, place: .anywhere),
    .init(method: .refer, place: .inside) { $0.referSupport != .refuse },
    // Of a transfer only; there is nothing to subscribe to.
    .init(method: .notify, place: .inside) { $0.referSupport != .refuse },
    // Digits as two vendors write them; no packages of RFC 6086.
    .init(method: .info, place: .inside, bodies: ["application/dtmf-relay", "application/dtmf"]),
  ]

  struct OptionRow: Sendable {
    /// Lower case.
    var name: StaticString
    /// Whether the far side may count on it, and so require it.
    var isTaken: @Sendable (Configuration.TrunkConfiguration) -> Bool = { _ in true }
  }
  static let options: [OptionRow] = [
    // RFC 4028.
    .init(name: "timer"),
    // RFC 3891, 4488.
    .init(name: "replaces") { $0.referSupport != .refuse },
    .init(name: "norefersub") { $0.referSupport != .refuse },
  ]

  private let places: [(method: SIP.Method, place: Place)]
  private let optionNames: [StaticString]
  private let allow: [UInt8]
  private let supported: [UInt8]
  private let accept: [UInt8]

  init(_ settings: Configuration.TrunkConfiguration = Configuration.TrunkConfiguration()) {
    let rows = Capabilities.methods.filter { $0.isTaken(settings) }
    places = rows.map { ($0.method, $0.place) }
    allow = Capabilities.list(rows.map(\.method.token))
    accept = Capabilities.list(rows.flatMap(\.bodies).map(Capabilities.bytes))
    optionNames = Capabilities.options.filter { $0.isTaken(settings) }.map(\.name)
    supported = Capabilities.list(optionNames.map(Capabilities.bytes))
  }

  // MARK: What comes in

  /// `nil`: taken. 405 for a method we know, 501 for one nobody does (RFC 3261 8.2.1). Where it must stand is told by `isTaken(_:_:)`.
  func refusal(of method: SIP.Method) -> Int? {
    if places.contains(where: { $0.method == method }) { return nil }
    if case .other = method { return 501 }
    return 405
  }

  func isTaken(_ method: SIP.Method, _ place: Place) -> Bool { places.contains { $0.method == method && $0.place.contains(place) } }

  /// Required options we do not have (RFC 3261 8.2.2.3), as written.
  func missing(in request: SIPMessage) -> [ArraySlice<UInt8>] {
    guard request.has(.require) else { return [] }
    return request.values(.require).filter { option in
      !optionNames.contains { name in name.withUTF8Buffer { option.elementsEqual($0) { $0 | 0x20 == $1 | 0x20 } } }
    }
  }

  // MARK: What goes out

  func stamp(request: inout SIPMessage) {
    switch request.method {
    case .ack, .cancel: return
    case .invite, .update: if !request.has(.allow) { request.append(.allow, allow) }
    default: break
    }
    if !supported.isEmpty, !request.has(.supported) { request.append(.supported, supported) }
  }

  func stamp(response: inout SIPMessage) {
    let isSuccess = (200...299).contains(response.status)
    switch response.method {
    case .invite where isSuccess || (101...199).contains(response.status), .update where isSuccess, .options where isSuccess:
      if !response.has(.allow) { response.append(.allow, allow) }
      if !supported.isEmpty || response.method == .options, !response.has(.supported) { response.append(.supported, supported) }
      guard response.method == .options, !response.has(.accept) else { return }
      response.append(.accept, accept)
      response.append(.acceptEncoding, text: "identity")
      response.append(.acceptLanguage, text: "en")
    default:
      if response.status == 405 || response.status == 501, !response.has(.allow) { response.append(.allow, allow) }
    }
  }

  /// What a 415 must say (RFC 3261 21.4.13): by what was wrong with the body, the coding or the type that would have been taken. `others`: types beside the table's.
  static func appendAcceptable(insteadOf request: SIPMessage, others: [[UInt8]] = [], to answer: inout SIPMessage) {
    if LegMessages.isEncoded(request) { return answer.append(.acceptEncoding, text: "identity") }
    answer.append(.accept, list(bodies(of: request.method).map(bytes) + others))
  }

  static func bodies(of method: SIP.Method) -> [StaticString] { methods.first { $0.method == method }?.bodies ?? [] }

  private static func list(_ names: [[UInt8]]) -> [UInt8] {
    var out: [UInt8] = []
    for (index, name) in names.enumerated() {
      if index > 0 { LegMessages.append(", ", to: &out) }
      out.append(contentsOf: name)
    }
    return out
  }
  private static func bytes(_ text: StaticString) -> [UInt8] { text.withUTF8Buffer { Array($0) } }
}
