import COpenSSL

/// One TLS session without its socket: bytes of the wire go in and come out, text goes in and comes out.
///
/// ```
///   handshaking ──▶ established ──▶ ended (the far side said so)          any ──▶ failed
/// ```
/// After `receive` call `advance` until it is established, then `read` until there is nothing; after anything take `takeOutput` to the wire, also after a failure: the alert
/// that tells the far side is in it. Belongs to one thread.
///
/// What a certificate must be (RFC 5922 7, RFC 5280): a chain to the context's authorities, valid at the moment given, for server or client use (decided: a client may
/// show one for servers only), and named like one of `candidates`. The result is *which* of them it is. With verification off nobody is named.
/// It does not look at revocation.
public final class TLSSession {
  /// Somebody the other end may be.
  public struct Candidate: Sendable, Equatable {
    /// The caller's own word for it.
    public var id: Int
    /// Host names and addresses, one of which its certificate must stand for.
    public var names: [String]
    /// No wildcards.
    public var isStrict: Bool
    public init(id: Int, names: [String], isStrict: Bool = false) {
      self.id = id
      self.names = names
      self.isStrict = isStrict
    }
  }
  public enum Phase: Sendable, Equatable {
    case handshaking, established, ended
    case failed(TLSFailure)
  }
  public enum Read: Sendable, Equatable {
    case bytes(Int)
    case nothing
    case ended
    case failed(TLSFailure)
  }
  /// Intermediates in a chain.
  private static let depth: Int32 = 8

  public private(set) var phase = Phase.handshaking
  /// Who the other end is: the ids of the candidates its certificate stands for. `nil`: it showed none, or none was asked for.
  public private(set) var identified: [Int]?
  /// Of the certificate that was shown.
  public private(set) var peer: CertificateFacts?
  private let context: TLSContext
  private let candidates: [Candidate]
  private let session: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  /// What verification found wrong; OpenSSL itself only says that something was.
  private var objection: TLSFailure?

  /// `serverName`: what a client asks for (SNI); a host name, no address. `now`: seconds since 1970.
  public init?(_ context: TLSContext, candidates: [Candidate], serverName: String? = nil, now: Int64) {
    guard let session = SSL_new(context.context) else { return nil }
    guard let incoming = BIO_new(BIO_s_mem()), let outgoing = BIO_new(BIO_s_mem()) else {
      SSL_free(session)
      return nil
    }
    self.context = context
    self.candidates = candidates
    self.session = session
    self.incoming = incoming
    self.outgoing = outgoing
    SSL_set_bio(session, incoming, outgoing)
    SSL_set_ex_data(session, 0, Unmanaged.passUnretained(self).toOpaque())
    tandem_tls_verify_as(session, now, TLSSession.depth)
    let mode =
      switch context.verification {
      case .off: SSL_VERIFY_NONE
      case .optional: SSL_VERIFY_PEER
      case .required: SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
      }
    SSL_set_verify(session, mode) { isGood, store in
      guard let store, let session = tandem_tls_session_of(store) else { return 0 }
      return TLSSession.of(session)?.judge(isGood != 0, store) == true ? 1 : 0
    }
    switch context.role {
    case .server: SSL_set_accept_state(session)
    case .client:
      SSL_set_connect_state(session)
      if let serverName { _ = tandem_tls_ask_for(session, serverName) }
    }
  }

  deinit { SSL_free(session) }

  static func of(_ session: OpaquePointer) -> TLSSession? {
    SSL_get_ex_data(session, 0).map { Unmanaged<TLSSession>.fromOpaque($0).takeUnretainedValue() }
  }

  func wasAsked(for name: String) -> Bool {
    guard let other = context.context(for: name) else { return false }
    SSL_set_SSL_CTX(session, other)
    return true
  }

  // MARK: Judging the other end's certificate

  private func judge(_ isGood: Bool, _ store: OpaquePointer) -> Bool {
    guard isGood else {
      objection = objection ?? Self.failure(X509_STORE_CTX_get_error(store), of: X509_STORE_CTX_get_current_cert(store))
      return context.verification == .off
    }
    guard X509_STORE_CTX_get_error_depth(store) == 0, let certificate = X509_STORE_CTX_get_current_cert(store) else { return true }
    if let failure = identify(certificate) {
      objection = failure
      // The alert that fits: the certificate is sound, but not for this.
      X509_STORE_CTX_set_error(store, failure == .wrongUse ? X509_V_ERR_INVALID_PURPOSE : X509_V_ERR_HOSTNAME_MISMATCH)
      return false
    }
    return true
  }

  private func identify(_ certificate: OpaquePointer) -> TLSFailure? {
    let uses = Int(tandem_certificate_uses(certificate))
    let wanted = context.role == .client ? TANDEM_USE_SERVER : TANDEM_USE_SERVER | TANDEM_USE_CLIENT
    guard uses & wanted != 0 else { return .wrongUse }
    let names = CertificateFacts.names(of: certificate)
    let found = candidates.filter { one in one.names.contains { names.match($0, isStrict: one.isStrict) } }.map(\.id)
    guard !found.isEmpty else { return .wrongName(names: names.texts) }
    identified = found
    return nil
  }

  private static func failure(_ error: Int32, of certificate: OpaquePointer?) -> TLSFailure {
    let facts = certificate.map { CertificateFacts($0) }
    switch error {
    case X509_V_ERR_CERT_HAS_EXPIRED: return .expired(facts?.notAfter ?? 0)
    case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid(from: facts?.notBefore ?? 0)
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return .selfSigned
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
      X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return .unknownAuthority(issuer: facts?.issuer ?? "")
    case X509_V_ERR_EE_KEY_TOO_SMALL, X509_V_ERR_CA_KEY_TOO_SMALL, X509_V_ERR_CA_MD_TOO_WEAK:
      return .weak(String(cString: X509_verify_cert_error_string(Int(error))))
    default: return .untrusted(String(cString: X509_verify_cert_error_string(Int(error))))
    }
  }

  // MARK: From the wire

  /// Bytes that came. OpenSSL keeps them until they are used: read before more are given.
  public func receive(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBytes { bytes in
      if bytes.count > 0 { _ = BIO_write(incoming, bytes.baseAddress, Int32(clamping: bytes.count)) }
    }
  }

  /// Goes on with the handshake as far as the bytes there are let it; a client's begins with the first call.
  public func advance() -> Phase {
    guard phase == .handshaking else { return phase }
    ERR_clear_error()
    let result = SSL_do_handshake(session)
    if result == 1 {
      phase = established()
    } else {
      let error = SSL_get_error(session, result)
      if error != SSL_ERROR_WANT_READ, error != SSL_ERROR_WANT_WRITE { phase = .failed(reason(error, objection)) }
    }
    return phase
  }

  private func established() -> Phase {
    let certificate = SSL_get1_peer_certificate(session)
    defer { X509_free(certificate) }
    if let certificate { peer = CertificateFacts(certificate) }
    guard context.verification != .off else { return .established }
    // Asked for once more: a session must not depend on a callback that was not made.
    if certificate == nil, context.verification == .required { return .failed(.missing) }
    if certificate != nil, identified == nil { return .failed(.wrongName(names: peer?.names.texts ?? [])) }
    return .established
  }

  /// Text that came, into `buffer`; the first `.bytes(n)` of it are valid after.
  public func read(into buffer: inout [UInt8]) -> Read {
    guard phase == .established else { return phase == .ended ? .ended : .nothing }
    ERR_clear_error()
    let result = buffer.withUnsafeMutableBytes { SSL_read(session, $0.baseAddress, Int32(clamping: $0.count)) }
    if result > 0 { return .bytes(Int(result)) }
    let error = SSL_get_error(session, result)
    switch error {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .nothing
    case SSL_ERROR_ZERO_RETURN:
      phase = .ended
      return .ended
    default:
      let why = reason(error, objection)
      phase = .failed(why)
      return .failed(why)
    }
  }

  // MARK: To the wire

  /// Text to send, all of it; only once the session is established.
  public func write(_ bytes: [UInt8]) {
    guard phase == .established else { return }
    ERR_clear_error()
    var done = 0
    while done < bytes.count {
      let result = bytes.withUnsafeBytes { SSL_write(session, $0.baseAddress! + done, Int32(clamping: $0.count - done)) }
      guard result > 0 else {
        phase = .failed(reason(SSL_get_error(session, result), objection))
        return
      }
      done += Int(result)
    }
  }

  /// Tells the far side that nothing more comes.
  public func finish() {
    ERR_clear_error()
    if phase == .established { SSL_shutdown(session) }
    ERR_clear_error()
  }

  /// What must go to the wire now.
  public func takeOutput() -> [UInt8] {
    let count = BIO_ctrl_pending(outgoing)
    guard count > 0 else { return [] }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = Int(max(0, BIO_read(outgoing, buffer.baseAddress, Int32(clamping: count))))
    }
  }

  // MARK: Looking at it

  /// `TLSv1.3`.
  public var version: String { SSL_get_version(session).map { String(cString: $0) } ?? "" }
  /// `TLS_AES_256_GCM_SHA384`.
  public var cipher: String {
    guard let cipher = SSL_get_current_cipher(session), let name = SSL_CIPHER_get_name(cipher) else { return "" }
    return String(cString: name)
  }
}
