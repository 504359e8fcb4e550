import COpenSSL

/// What sessions of one kind have in common: who we are, whom we believe, what is asked of the other end. Immutable once made.
///
/// TLS 1.2 and 1.3 with forward secrecy and authenticated encryption; no renegotiation, no compression. Sessions are not resumed: connections live for days, and so
/// every handshake is judged by the certificates and rules of its own moment. A server with `further` identities presents the one whose names include the one the client
/// asked for (RFC 6066 section 3), else the first.
public final class TLSContext: @unchecked Sendable {
  public enum Role: Sendable, Equatable { case server, client }
  public enum Verification: Sendable, Equatable {
    /// The other end is asked for nothing and believed everything.
    case off
    /// A server asks for a certificate; a client without one is taken. What is shown must hold.
    case optional
    case required
  }

  public let role: Role
  public let verification: Verification
  let context: OpaquePointer
  private let further: [(names: CertificateNames, context: OpaquePointer)]

  /// Throws when OpenSSL does not want the identity: a key that is too short, as a rule.
  public init(_ role: Role, identity: TLSIdentity?, further: [TLSIdentity] = [], trust: TLSTrust?, verification: Verification) throws(TLSFileProblem) {
    self.role = role
    self.verification = verification
    context = try Self.make(role, identity, trust)
    var others: [(names: CertificateNames, context: OpaquePointer)] = []
    for other in further {
      do throws(TLSFileProblem) { others.append((other.facts.names, try Self.make(role, other, trust))) } catch {
        SSL_CTX_free(context)
        others.forEach { SSL_CTX_free($0.context) }
        throw error
      }
    }
    self.further = others
    if !others.isEmpty {
      tandem_tls_on_server_name(context) { session, _, _ in
        guard let session, let name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name) else { return SSL_TLSEXT_ERR_NOACK }
        return TLSSession.of(session)?.wasAsked(for: String(cString: name)) == true ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK
      }
    }
  }

  deinit {
    SSL_CTX_free(context)
    further.forEach { SSL_CTX_free($0.context) }
  }

  private static func make(_ role: Role, _ identity: TLSIdentity?, _ trust: TLSTrust?) throws(TLSFileProblem) -> OpaquePointer {
    guard let context = tandem_tls_context(role == .server ? 1 : 0) else { throw TLSFileProblem(.chain, "OpenSSL makes no context: \(errorText())") }
    if let identity {
      guard SSL_CTX_use_certificate(context, identity.certificate) == 1, SSL_CTX_use_PrivateKey(context, identity.key) == 1 else {
        let why = errorText()
        SSL_CTX_free(context)
        throw TLSFileProblem(.chain, "is not taken by OpenSSL: \(why)")
      }
      for certificate in identity.intermediates { _ = tandem_tls_add_chain(context, certificate) }
    }
    if let trust {
      SSL_CTX_set1_cert_store(context, trust.store)
      if role == .server { for authority in trust.named { tandem_tls_name_authority(context, authority) } }
    }
    ERR_clear_error()
    return context
  }

  /// The context of the identity for that server name; `nil`: the first is as good as any.
  func context(for name: String) -> OpaquePointer? { further.first { $0.names.match(name) }?.context }
}

/// The oldest error of this thread in OpenSSL's words; the others are forgotten.
func errorText() -> String {
  let error = ERR_get_error()
  ERR_clear_error()
  guard error != 0, let words = ERR_reason_error_string(error) else { return "no reason is given" }
  return String(cString: words)
}
