import Addressing
import Authentication
import SIP
import Timing

/// Credentials go only to their trunk, which asked for them; no request is repeated for ever; and a challenge of our BYE that has an answer is answered,
/// or the far side would never know that the call is over.
struct CredentialChecker: Checker {
  let name = "Credentials"
  /// Parties with an account in the configuration.
  let accounts: [Party]
  /// No commit takes a trunk away or gives it another name, and no name its address; only then is a repetition owed.
  let isSteady: Bool

  private struct Farewell: Sendable {
    var party: Party
    var dialog: [UInt8]
    var carried: Set<[UInt8]>
    var isAnswered = false
  }
  /// Our BYEs by branch.
  private var farewells: [[UInt8]: Farewell] = [:]
  /// Dialogs whose BYE was challenged, until it goes out again.
  private var owed: [(dialog: [UInt8], until: Instant)] = []
  private var challenged: Set<[UInt8]> = []
  /// Of each Call-ID: first INVITEs with credentials.
  private var repetitions: [[UInt8]: Set<[UInt8]>] = [:]

  init(accounts: [Party], isSteady: Bool = true) {
    self.accounts = accounts
    self.isSteady = isSteady
  }

  mutating func observe(_ event: TraceEvent) -> String? {
    if let late = owed.first(where: { $0.until < event.at }) { return "a challenged BYE was not sent again: \(String(decoding: late.dialog, as: UTF8.self))" }
    switch event.what {
    case .sent(let signal):
      guard let message = signal.message, message.isRequest, let party = Party.owning(signal.remote.ip) else { return nil }
      return sent(message, to: party)
    case .delivered(let signal):
      guard let message = signal.message, !message.isRequest, let party = Party.owning(signal.remote.ip) else { return nil }
      delivered(message, from: party, at: event.at)
    default: break
    }
    return nil
  }

  private mutating func sent(_ message: SIPMessage, to party: Party) -> String? {
    let fields = message.values(.authorization) + message.values(.proxyAuthorization)
    for field in fields {
      guard let credentials = Credentials(parsing: field) else { return "credentials that can not be read: \(String(decoding: field, as: UTF8.self))" }
      if !accounts.contains(party) { return "credentials to \(party.name), which has no account" }
      if credentials.user != Array(SimulatedParty.user(of: party).utf8) { return "another trunk's credentials to \(party.name)" }
      if !challenged.contains(party.mark) { return "credentials to \(party.name), which never asked" }
    }
    let branch = Array(message.topVia.branch ?? [])
    if message.method == .invite, message.to.tag == nil, !fields.isEmpty {
      repetitions[Array(message.callID), default: []].insert(branch)
      let bound = 1 + AuthenticationLimits.spaces * AuthenticationLimits.answers
      if repetitions[Array(message.callID)]?.count ?? 0 > bound { return "one INVITE was repeated more than \(bound) times" }
    }
    if message.method == .bye {
      let dialog = AcknowledgementChecker.dialog(message, local: message.from.tag, remote: message.to.tag)
      if farewells[branch] == nil {
        owed.removeAll { $0.dialog == dialog }
        farewells[branch] = Farewell(party: party, dialog: dialog, carried: Set(fields.compactMap { Credentials(parsing: $0)?.realm }))
      }
    }
    return nil
  }

  private mutating func delivered(_ message: SIPMessage, from party: Party, at now: Instant) {
    guard message.status == 401 || message.status == 407 else {
      if message.status >= 200, let branch = message.topVia.branch { farewells[Array(branch)]?.isAnswered = true }
      return
    }
    challenged.insert(party.mark)
    guard message.method == .bye, let branch = message.topVia.branch, let farewell = farewells[Array(branch)], !farewell.isAnswered,
      farewell.dialog == AcknowledgementChecker.dialog(message, local: message.from.tag, remote: message.to.tag), message.count(of: .via) == 1
    else { return }
    farewells[Array(branch)]?.isAnswered = true
    let challenges =
      message.values(.wwwAuthenticate).flatMap { Challenge.all(in: $0, origin: .server) }
      + message.values(.proxyAuthenticate).flatMap { Challenge.all(in: $0, origin: .proxy) }
    // One that carried credentials may rightly be over; a damaged realm is still a realm.
    guard isSteady, accounts.contains(party), farewell.party == party, farewell.carried.isEmpty, !challenges.isEmpty else { return }
    owed.append((farewell.dialog, now + .seconds(1)))
  }
}
