import TrunkPlugin

/// An IP PBX on a static trunk.
///
/// `user-phone`: PBXs that tell numbers from names by `;user=phone` (RFC 3261 19.1.1) get it on every SIP address with a
/// telephone number that we send: request-URI, From, To and P-Asserted-Identity. Inside a dialog the request-URI is the PBX's own Contact and stays.
struct IPPBX: TrunkPlugin {
  static let identity = PluginIdentity(id: "ip-pbx", version: "0.1.0", description: "IP PBX: user=phone on numbers")
  static let hooks: PluginHooks = [.requestOut]

  private let dialect: String
  private let marksNumbers: Bool
  private var marked: UInt64 = 0

  init(settings: String, host: PluginHost) throws(SettingsRefused) {
    dialect = host.setting("dialect") ?? "generic"
    guard dialect == "generic" else { throw SettingsRefused("dialect \(dialect) is not known; use generic") }
    marksNumbers = host.setting("user-phone") == "true"
  }

  mutating func requestOut(_ message: borrowing Message, at now: Int64) -> Verdict {
    guard marksNumbers else { return .pass }
    if !message.isInDialog { mark(.requestURI, on: message) }
    mark(.from, on: message)
    mark(.to, on: message)
    mark(.assertedIdentity, on: message)
    return .pass
  }

  private mutating func mark(_ owner: Message.Owner, on message: borrowing Message) {
    // A tel URI is a number without saying so, and has no host.
    guard message.part(.host, of: owner) != nil, let user = message.part(.user, of: owner), isNumber(user) else { return }
    guard message.uriParameter("user", of: owner) == nil else { return }
    if message.setURIParameter("user", of: owner, to: "phone") { marked &+= 1 }
  }

  private func isNumber(_ user: [UInt8]) -> Bool {
    let number = user.prefix { $0 != UInt8(ascii: ";") }
    let digits = number.first == UInt8(ascii: "+") ? number.dropFirst() : number
    return !digits.isEmpty && digits.allSatisfy { (0x30...0x39).contains($0) }
  }

  func describe() -> String {
    "dialect \(dialect), " + (marksNumbers ? "user=phone on \(marked) addresses" : "user=phone off")
  }
}
