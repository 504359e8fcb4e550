import TrunkPlugin

/// A provider's SIP trunk: writes the caller's identity as the provider wants to see it.
///
/// `profile sipconnect` (the SIP Forum's SIPconnect 2.0): the From user is a plain number and INVITEs assert it in P-Asserted-Identity. `profile
/// generic` leaves both as they are. In either, `pilot-number` stands in for a calling number that is missing though nobody asked for privacy.
/// Privacy and everything else passes unchanged; a private call's anonymous From stays.
struct ITSP: TrunkPlugin {
  static let identity = PluginIdentity(
    id: "itsp", version: "0.1.0", description: "Internet telephony service provider: SIPconnect-style identity, pilot number")
  static let hooks: PluginHooks = [.requestOut]

  enum Profile: String { case generic, sipconnect }
  private let profile: Profile
  private let pilot: [UInt8]?
  private var requests: UInt64 = 0
  private var piloted: UInt64 = 0

  init(settings: String, host: PluginHost) throws(SettingsRefused) {
    let name = host.setting("profile") ?? "generic"
    guard let profile = Profile(rawValue: name) else { throw SettingsRefused("profile \(name) is not known; use generic or sipconnect") }
    self.profile = profile
    guard let pilot = host.setting("pilot-number") else {
      self.pilot = nil
      return
    }
    guard let number = Self.number(Array(pilot.utf8)) else { throw SettingsRefused("pilot-number \(pilot) is no number: digits with an optional leading +") }
    self.pilot = number
  }

  mutating func requestOut(_ message: borrowing Message, at now: Int64) -> Verdict {
    requests &+= 1
    // Nothing to write: do not even look.
    if profile == .generic, pilot == nil { return .pass }
    let user = message.part(.user, of: .from) ?? []
    var number = Self.number(user)
    if let pilot, Self.isWithheld(user), !Self.isPrivate(message) {
      piloted &+= 1
      number = pilot
      message.set(.displayName, of: .from, to: [])
      message.set(.user, of: .from, to: pilot)
      // "anonymous.invalid" names nobody; our own host does.
      if let host = message.part(.host, of: .contact) { message.set(.host, of: .from, to: host) }
      if profile == .generic, message.header("P-Asserted-Identity") != nil { assert(pilot, on: message) }
    }
    guard profile == .sipconnect, let number else { return .pass }
    if number != user { message.set(.user, of: .from, to: number) }
    if message.isMethod("INVITE") { assert(number, on: message) }
    return .pass
  }

  /// RFC 3325 9.1: one SIP URI that names the caller, on the host that From names.
  private func assert(_ number: [UInt8], on message: borrowing Message) {
    guard let host = message.part(.host, of: .from) else { return }
    message.setHeader("P-Asserted-Identity", Array("<sip:".utf8) + number + Array("@".utf8) + host + Array(">".utf8))
  }

  /// RFC 3323 4.2: any value but "none" asks for privacy.
  static func isPrivate(_ message: borrowing Message) -> Bool {
    var index: UInt32 = 0
    while index < 8, let value = message.header("Privacy", index) {
      let words = value.split { $0 == UInt8(ascii: ";") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: " ") }
      if words.contains(where: { !isWord($0, "none") }) { return true }
      index += 1
    }
    return false
  }

  /// RFC 3323 4.1.1.3 and what gateways write in its place.
  static func isWithheld(_ user: [UInt8]) -> Bool {
    user.isEmpty || isWord(user[...], "anonymous") || isWord(user[...], "unknown") || isWord(user[...], "restricted")
  }

  private static func isWord(_ bytes: ArraySlice<UInt8>, _ word: String) -> Bool {
    bytes.elementsEqual(word.utf8) { ((0x41...0x5A).contains($0) ? $0 | 0x20 : $0) == $1 }
  }

  /// Digits with an optional leading `+`; visual separators and parameters are dropped (RFC 3966 5.1.1). `nil`: no number.
  static func number(_ user: [UInt8]) -> [UInt8]? {
    let digits = user.prefix { $0 != UInt8(ascii: ";") }.filter { !"-.() ".utf8.contains($0) }
    let body = digits.first == UInt8(ascii: "+") ? digits.dropFirst() : digits[...]
    return !body.isEmpty && body.allSatisfy { (0x30...0x39).contains($0) } ? digits : nil
  }

  func describe() -> String {
    let standIn = pilot.map { "pilot number \(String(decoding: $0, as: UTF8.self)) used \(piloted) times" } ?? "no pilot number"
    return "profile \(profile.rawValue), \(standIn), \(requests) requests sent"
  }
}
