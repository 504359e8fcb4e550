import Configuration
import Routing
import SIP
import Trunks

// What an attempt's INVITE says of the caller beside From, and the headers that both trunks let through.
extension Call {
  /// The attempt under way hides the caller behind the route's number (`suppress-caller-id`).
  private var isSubstituted: Bool { attempts.indices.contains(nextAttempt - 1) && attempts[nextAttempt - 1].isSubstituted }

  /// P-Asserted-Identity crosses where both trunks say so (`forward-pai`), its number translated like the caller's; Privacy always does (RFC 3323, 3325).
  func passIdentity(to message: inout SIPMessage, leg: Int, _ environment: CallEnvironment) {
    guard let request = legs[0].request else { return }
    let asserts = environment.settings(of: legs[leg].trunk).forwardPAI && environment.settings(of: legs[0].trunk).forwardPAI
    if asserts, let value = request.value(.pAssertedIdentity), let asserted = try? NameAddress(parsing: value), let number = asserted.uri.number {
      // Its own number, not From's: From is what the caller says, this is what the network vouches for. Of a hidden caller it vouches for the substitute.
      let translated = isSubstituted ? legs[leg].calling : environment.routing.asserted(number, on: legs[leg].trunk)
      if !translated.isEmpty {
        message.append(
          .pAssertedIdentity,
          LegMessages.address(number: translated, host: environment.trunks.ownHost(legs[leg].trunk), displayName: nil))
      }
    }
    let known: [StaticString] = ["id", "header", "session", "user", "none", "critical"]
    if let privacy = request.value(.privacy) {
      let kept = privacy.split(separator: UInt8(ascii: ";")).compactMap { part in
        known.first { word in word.withUTF8Buffer { part.filter { $0 != 0x20 }.elementsEqual($0) } }
      }
      if !kept.isEmpty {
        message.append(.privacy) { out in
          for (index, word) in kept.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ";")) }
            LegMessages.append(word, to: &out)
          }
        }
      }
    }
  }

  /// `pass-header`: every field of that name, in order, whole; none that names a hidden caller.
  func passHeaders(to message: inout SIPMessage, leg: Int, _ environment: CallEnvironment) {
    guard let request = legs[0].request else { return }
    let incoming = environment.settings(of: legs[0].trunk).passHeaders
    for name in environment.settings(of: legs[leg].trunk).passHeaders where incoming.contains(name) {
      if isSubstituted, Call.headersOfTheCaller.contains(name.lowercased()) { continue }
      var passed = 0
      for value in request.values(named: name.utf8) where value.count <= CallLimits.passedHeaderBytes && passed < CallLimits.passedHeaderFields {
        message.append(named: name.utf8, value)
        passed += 1
      }
    }
  }

  /// Headers that say who calls (RFC 3323 4.1, RFC 3325, 3892, 5806, 7044, 8224), in full and compact form. Looked up, never iterated.
  private static let headersOfTheCaller: Set<String> = [
    "p-asserted-identity", "p-preferred-identity", "remote-party-id", "identity", "y", "identity-info", "n", "history-info", "diversion", "referred-by", "b",
    "reply-to", "call-info",
  ]
}
