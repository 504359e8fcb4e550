import SIP

/// Credentials go to nobody: no trunk has any yet, so no challenge is ever answered.
struct CredentialChecker: Checker {
  let name = "Credentials"

  mutating func observe(_ event: TraceEvent) -> String? {
    guard case .sent(let signal) = event.what, let message = signal.message else { return nil }
    if message.value(.authorization) != nil || message.value(.proxyAuthorization) != nil { return "credentials left: \(signal.summary)" }
    return nil
  }
}
