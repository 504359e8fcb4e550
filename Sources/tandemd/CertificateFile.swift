import Configuration
import Linux
import TLS

/// What is wrong with a file of a certificate.
struct CertificateProblem: Error, Equatable {
  var certificate: String
  /// `chain-file`, `key-file`, `trust-file`.
  var leaf: String
  var file: String
  var problem: String
  var accepted: String?

  var error: ConfigurationError { ConfigurationError(node: "certificate \(certificate) \(leaf)", value: file, problem: problem, accepted: accepted) }
}

/// The files of a certificate, read and checked.
enum CertificateFile {
  /// `nil` when the certificate has no chain.
  static func identity(_ certificate: Configuration.Certificate) throws(CertificateProblem) -> TLSIdentity? {
    guard let chainFile = certificate.chainFile, let keyFile = certificate.keyFile else { return nil }
    let chain = try read(certificate, "chain-file", chainFile)
    try checkRights(certificate, keyFile)
    let key = try read(certificate, "key-file", keyFile)
    do throws(TLSFileProblem) {
      let identity = try TLSIdentity(chain: chain, key: key)
      // OpenSSL refuses some keys only when they are put to use.
      _ = try TLSContext(.server, identity: identity, trust: nil, verification: .off)
      return identity
    } catch {
      switch error.part {
      case .key where error.text.contains("another"):
        throw problem(
          certificate, "key-file", keyFile, "is not the key of the first certificate in \(chainFile)", "the private key that certificate was made for")
      case .key: throw problem(certificate, "key-file", keyFile, error.text, "a private key in PEM form without a passphrase")
      default:
        throw problem(
          certificate, "chain-file", chainFile, error.text, "certificates in PEM form, our own first, with an RSA key of 2048 bits or more or an EC key")
      }
    }
  }

  /// `nil` when the certificate names no authorities.
  static func trust(_ certificate: Configuration.Certificate) throws(CertificateProblem) -> TLSTrust? {
    guard let file = certificate.trustFile else { return nil }
    let bytes = try read(certificate, "trust-file", file)
    do throws(TLSFileProblem) { return try TLSTrust(bytes) } catch {
      throw problem(certificate, "trust-file", file, error.text, "certificates of authorities in PEM form, one after the other")
    }
  }

  private static func problem(_ certificate: Configuration.Certificate, _ leaf: String, _ file: String, _ text: String, _ accepted: String?)
    -> CertificateProblem
  {
    CertificateProblem(certificate: certificate.name, leaf: leaf, file: file, problem: text, accepted: accepted)
  }

  private static func read(_ certificate: Configuration.Certificate, _ leaf: String, _ file: String) throws(CertificateProblem) -> [UInt8] {
    do throws(SystemCallError) {
      if let bytes = try Files.read(file, bound: CertificateShelf.fileBound) { return bytes }
    } catch {
      throw problem(certificate, leaf, file, "can not be read: \(SystemCallError.words(error.errno))", "a file that the user of tandemd may read")
    }
    throw problem(certificate, leaf, file, "is not there", "the path of a file on this machine")
  }

  private static func checkRights(_ certificate: Configuration.Certificate, _ file: String) throws(CertificateProblem) {
    guard let mode = Files.mode(file), mode & 0o077 != 0 else { return }
    throw problem(
      certificate, "key-file", file, "may be read by others than its owner (mode \(String(mode & 0o777, radix: 8)))", "mode 600: `chmod 600 \(file)`")
  }
}
