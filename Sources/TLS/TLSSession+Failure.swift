import COpenSSL

extension TLSSession {
  /// What became of the last call.
  func reason(_ error: Int32, _ objection: TLSFailure?) -> TLSFailure {
    defer { ERR_clear_error() }
    if let objection { return objection }
    let code = ERR_peek_error()
    // The stream ended without a word.
    guard code != 0 else { return .closed }
    guard tandem_error_library(code) == ERR_LIB_SSL else { return .other(text(code)) }
    let reason = tandem_error_reason(code)
    switch reason {
    case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_UNKNOWN_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION: return .protocolVersion
    case SSL_R_NO_SHARED_CIPHER: return .noSharedCipher
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .missing
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_BAD_RECORD_TYPE, SSL_R_PACKET_LENGTH_TOO_LONG: return .notTLS
    case SSL_R_NO_CERTIFICATE_ASSIGNED, SSL_R_NO_CERTIFICATE_SET: return .withoutIdentity
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return .closed
    // Alerts of the far side are numbered from here (SSL_AD_REASON_OFFSET).
    case 1_000...1_255: return .refused(alert(reason - 1_000) ?? text(code))
    default: return .other(text(code))
    }
  }

  private func text(_ code: UInt) -> String { ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)" }
  private func alert(_ number: Int32) -> String? { SSL_alert_desc_string_long(number).map { String(cString: $0) } }
}
