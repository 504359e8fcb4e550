import COpenSSL

/// What is worth knowing of one certificate, read out of it once.
public struct CertificateFacts: Sendable, Equatable {
  /// Distinguished names, RFC 2253, cut at 255 bytes.
  public var subject: String
  public var issuer: String
  /// Seconds since 1970.
  public var notBefore: Int64
  public var notAfter: Int64
  public var names: CertificateNames

  init(_ certificate: OpaquePointer) {
    subject = Self.text(X509_get_subject_name(certificate))
    issuer = Self.text(X509_get_issuer_name(certificate))
    notBefore = tandem_certificate_time(X509_get0_notBefore(certificate))
    notAfter = tandem_certificate_time(X509_get0_notAfter(certificate))
    names = Self.names(of: certificate)
  }

  private static func text(_ name: OpaquePointer?) -> String {
    guard let name else { return "" }
    var text = [CChar](repeating: 0, count: 256)
    let count = tandem_certificate_name_text(name, &text, Int32(text.count))
    return String(decoding: text.prefix(Int(count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  static func names(of certificate: OpaquePointer) -> CertificateNames {
    var found: [CertificateNames.Alternative] = []
    withUnsafeMutablePointer(to: &found) { list in
      tandem_certificate_names(certificate, list) { context, kind, bytes, count in
        guard let list = context?.assumingMemoryBound(to: [CertificateNames.Alternative].self), list.pointee.count < CertificateNames.most else { return }
        let bytes = Array(UnsafeBufferPointer(start: bytes, count: Int(max(0, count))))
        switch Int(kind) {
        case TANDEM_NAME_DNS: list.pointee.append(.dns(bytes))
        case TANDEM_NAME_URI: list.pointee.append(.uri(bytes))
        default: list.pointee.append(.ip(bytes))
        }
      }
    }
    return CertificateNames(found)
  }

  /// Why it does not hold at `now` (seconds since 1970); `nil`: it does.
  public func failure(at now: Int64) -> TLSFailure? {
    if now < notBefore { return .notYetValid(from: notBefore) }
    return now > notAfter ? .expired(notAfter) : nil
  }
  /// Whole days it still holds; negative once it has expired.
  public func daysLeft(at now: Int64) -> Int64 {
    let left = notAfter.subtractingReportingOverflow(now).partialValue
    return left >= 0 ? left / 86_400 : -((-left + 86_399) / 86_400)
  }
}

/// A day as people write it, UTC.
public func day(_ time: Int64) -> String {
  // Days since 0000-03-01, in eras of 400 years.
  let days = (time >= 0 ? time / 86_400 : -((-time + 86_399) / 86_400)) + 719_468
  guard (0..<4_000_000).contains(days) else { return "a date that can not be written" }
  let era = days / 146_097
  let dayOfEra = days % 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shifted = (5 * dayOfYear + 2) / 153
  let month = shifted < 10 ? shifted + 3 : shifted - 9
  let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
  return "\(year)-\(two(month))-\(two(dayOfYear - (153 * shifted + 2) / 5 + 1))"
}
