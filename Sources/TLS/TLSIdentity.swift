import COpenSSL

/// Why PEM bytes are no identity or no authorities; a clause about the file.
public struct TLSFileProblem: Error, Sendable, Equatable {
  public enum Part: Sendable, Equatable { case chain, key, trust }
  public var part: Part
  public var text: String
  init(_ part: Part, _ text: String) {
    self.part = part
    self.text = text
  }
}

/// Who we are: a certificate with its intermediates, and its private key. Immutable; OpenSSL counts references, so it may be used by several threads.
public final class TLSIdentity: @unchecked Sendable {
  /// Certificates taken of one chain.
  static let chainLength = 16

  public let facts: CertificateFacts
  let certificate: OpaquePointer
  let intermediates: [OpaquePointer]
  let key: OpaquePointer

  /// Bytes of PEM files, our own certificate first. Throws naming the part that is wrong.
  public init(chain: [UInt8], key: [UInt8]) throws(TLSFileProblem) {
    let certificates = readCertificates(chain, most: TLSIdentity.chainLength)
    guard let first = certificates.first else { throw TLSFileProblem(.chain, "holds no certificate in PEM form") }
    var isEncrypted: Int32 = 0
    let pkey = key.withUnsafeBytes { bytes -> OpaquePointer? in
      guard let pem = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return nil }
      defer { BIO_free(pem) }
      return tandem_read_key(pem, &isEncrypted)
    }
    ERR_clear_error()
    guard let pkey else {
      certificates.forEach { X509_free($0) }
      throw TLSFileProblem(
        .key, isEncrypted != 0 ? "is encrypted: `openssl pkey -in FILE -out FILE` takes its passphrase off" : "holds no private key in PEM form")
    }
    guard X509_check_private_key(first, pkey) == 1 else {
      ERR_clear_error()
      certificates.forEach { X509_free($0) }
      EVP_PKEY_free(pkey)
      throw TLSFileProblem(.key, "is the key of another certificate")
    }
    facts = CertificateFacts(first)
    certificate = first
    intermediates = Array(certificates.dropFirst())
    self.key = pkey
  }

  deinit {
    X509_free(certificate)
    intermediates.forEach { X509_free($0) }
    EVP_PKEY_free(key)
  }
}

/// Whom we believe: the authorities that other ends' certificates must lead to, or those certificates themselves. Immutable, like an identity.
public final class TLSTrust: @unchecked Sendable {
  /// The system's bundle has 150.
  static let authorities = 4_096

  public let count: Int
  let store: OpaquePointer
  /// The names of up to `named` authorities, told to clients; more would not fit into what some of them read.
  let named: [OpaquePointer]
  private static let named = 32

  public init(_ bytes: [UInt8]) throws(TLSFileProblem) {
    let certificates = readCertificates(bytes, most: TLSTrust.authorities)
    guard !certificates.isEmpty, let store = X509_STORE_new() else { throw TLSFileProblem(.trust, "holds no certificate in PEM form") }
    for certificate in certificates { X509_STORE_add_cert(store, certificate) }
    ERR_clear_error()
    named = certificates.count <= TLSTrust.named ? certificates : []
    if named.isEmpty { certificates.forEach { X509_free($0) } }
    self.store = store
    count = certificates.count
  }

  deinit {
    X509_STORE_free(store)
    named.forEach { X509_free($0) }
  }
}

/// The certificates of a PEM file in its order; what else stands there is passed over. The caller frees them.
private func readCertificates(_ bytes: [UInt8], most: Int) -> [OpaquePointer] {
  var found: [OpaquePointer] = []
  bytes.withUnsafeBytes { bytes in
    guard let pem = BIO_new_mem_buf(bytes.baseAddress, Int32(clamping: bytes.count)) else { return }
    while found.count < most, let certificate = PEM_read_bio_X509(pem, nil, nil, nil) { found.append(certificate) }
    BIO_free(pem)
  }
  ERR_clear_error()
  return found
}
