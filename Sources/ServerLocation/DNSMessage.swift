import Addressing

/// Reads the answer to one question out of a DNS message (RFC 1035 section 4): records of the asked type, those of an alias (CNAME) included, and how long
/// they hold. Resolving is c-ares' work; its own reader of answers drops the TTLs of SRV and NAPTR, and with it what says when to ask again.
///
/// Every length is checked against the message, names may point only backwards, and what does not fit is `.failed`.
/// Not read: additional records (the addresses of servers are asked for by themselves), DNSSEC.
public struct DNSMessage {
  private let bytes: [UInt8]
  private var place = 0

  public static func answer(_ bytes: [UInt8], to question: DNSQuestion) -> DNSAnswer {
    var message = DNSMessage(bytes: bytes)
    return message.answer(to: question) ?? .failed("the answer can not be read")
  }

  private init(bytes: [UInt8]) { self.bytes = bytes }

  private struct Record {
    var owner: DomainName?
    var type: UInt16
    var seconds: UInt32
    var data: Range<Int>
  }

  private mutating func answer(to question: DNSQuestion) -> DNSAnswer? {
    guard bytes.count >= 12, let flags = number(at: 2), let questions = number(at: 4), let answers = number(at: 6), let authorities = number(at: 8)
    else { return nil }
    // 4.1.1: no error; the name does not exist.
    let code = flags & 0xF
    guard flags & 0x8000 != 0 else { return nil }
    if code != 0, code != 3 { return .failed("the name server answered with error \(code)") }
    place = 12
    for _ in 0..<questions {
      guard skipName(), skip(4) else { return nil }
    }
    var records: [Record] = []
    for _ in 0..<answers {
      guard let record = record() else { return nil }
      if records.count < LocationLimits.recordsPerAnswer { records.append(record) }
    }
    var seconds = UInt32.max
    let owner = alias(of: question.name, in: records, &seconds)
    var found: [DNSRecord] = []
    for record in records where record.type == question.kind.rawValue && record.owner == owner {
      guard let value = value(record, question.kind) else { continue }
      seconds = min(seconds, record.seconds)
      if !found.contains(value) { found.append(value) }
    }
    if !found.isEmpty { return .records(found, seconds: seconds) }
    return .nothing(seconds: negativeSeconds(authorities, aliased: seconds))
  }

  /// The end of the chain of aliases from `name`; the chain's TTLs count too.
  private func alias(of name: DomainName, in records: [Record], _ seconds: inout UInt32) -> DomainName {
    var owner = name
    for _ in 0..<LocationLimits.aliases {
      guard let next = records.first(where: { $0.type == 5 && $0.owner == owner }), let target = self.name(at: next.data.lowerBound)?.name else { break }
      seconds = min(seconds, next.seconds)
      owner = target
    }
    return owner
  }

  /// RFC 2308 5: the lesser of the SOA's TTL and its MINIMUM field.
  private mutating func negativeSeconds(_ authorities: Int, aliased: UInt32) -> UInt32? {
    for _ in 0..<authorities {
      guard let record = record() else { return nil }
      guard record.type == 6, record.data.count >= 22, let minimum = long(at: record.data.upperBound - 4) else { continue }
      return min(record.seconds, minimum, aliased)
    }
    return aliased == .max ? nil : aliased
  }

  private func value(_ record: Record, _ kind: DNSQuestion.Kind) -> DNSRecord? {
    let start = record.data.lowerBound
    switch kind {
    case .a:
      guard record.data.count == 4, let address = long(at: start) else { return nil }
      return .address(IPAddress(v4: address))
    case .aaaa:
      guard record.data.count == 16 else { return nil }
      let words = [0, 4, 8, 12].compactMap { long(at: start + $0) }.map(UInt64.init)
      guard words.count == 4 else { return nil }
      return .address(IPAddress(v6High: words[0] << 32 | words[1], low: words[2] << 32 | words[3]))
    case .srv:
      guard record.data.count >= 7, let priority = number(at: start), let weight = number(at: start + 2), let port = number(at: start + 4),
        let target = name(at: start + 6)?.name
      else { return nil }
      return .service(.init(priority: UInt16(priority), weight: UInt16(weight), port: UInt16(port), target: target))
    case .naptr: return pointer(record)
    }
  }

  private func pointer(_ record: Record) -> DNSRecord? {
    let start = record.data.lowerBound
    guard let order = number(at: start), let preference = number(at: start + 2) else { return nil }
    var next = start + 4
    var texts: [ArraySlice<UInt8>] = []
    for _ in 0..<3 {
      guard next < record.data.upperBound, next + 1 + Int(bytes[next]) <= record.data.upperBound else { return nil }
      let end = next + 1 + Int(bytes[next])
      texts.append(bytes[(next + 1)..<end])
      next = end
    }
    guard next < record.data.upperBound, let replacement = name(at: next)?.name else { return nil }
    return .pointer(
      .init(
        order: UInt16(order), preference: UInt16(preference), flags: Array(texts[0]), service: Array(texts[1]), hasExpression: !texts[2].isEmpty,
        replacement: replacement))
  }

  // MARK: Bytes

  private func number(at place: Int) -> Int? {
    guard place >= 0, place + 2 <= bytes.count else { return nil }
    return Int(bytes[place]) << 8 | Int(bytes[place + 1])
  }
  private func long(at place: Int) -> UInt32? {
    guard let high = number(at: place), let low = number(at: place + 2) else { return nil }
    return UInt32(high) << 16 | UInt32(low)
  }
  private mutating func skip(_ count: Int) -> Bool {
    guard place + count <= bytes.count else { return false }
    place += count
    return true
  }

  private mutating func record() -> Record? {
    guard let owner = name(at: place) else { return nil }
    place = owner.end
    guard let type = number(at: place), let seconds = long(at: place + 4), let length = number(at: place + 8) else { return nil }
    let start = place + 10
    guard start + length <= bytes.count else { return nil }
    place = start + length
    // RFC 2181 8: a TTL with its highest bit set is none.
    return Record(owner: owner.name, type: UInt16(type), seconds: seconds > Int32.max ? 0 : seconds, data: start..<place)
  }

  private mutating func skipName() -> Bool {
    guard let end = name(at: place)?.end else { return false }
    place = end
    return true
  }

  /// The name that begins at `start`, and where it ends there. `name` is `nil` when it can not be written as text; the whole when the bytes are no name.
  /// RFC 1035 4.1.4: a pointer leads to an earlier place, so the way is finite.
  private func name(at start: Int) -> (name: DomainName?, end: Int)? {
    var at = start
    var end: Int?
    var text: [UInt8] = []
    var isText = true
    while at < bytes.count {
      let length = Int(bytes[at])
      switch length {
      case 0: return (isText ? DomainName(text) : nil, end ?? at + 1)
      case 1...63:
        guard at + 1 + length <= bytes.count, text.count <= 255 else { return nil }
        let label = bytes[(at + 1)...(at + length)]
        if label.contains(UInt8(ascii: ".")) { isText = false }
        if !text.isEmpty { text.append(UInt8(ascii: ".")) }
        text += label
        at += 1 + length
      case 0xC0...:
        guard let pointer = number(at: at), pointer & 0x3FFF < at else { return nil }
        end = end ?? at + 2
        at = pointer & 0x3FFF
      default: return nil
      }
    }
    return nil
  }
}
