public import Addressing

/// What a resolver is asked: a name and a type of record, class IN.
public struct DNSQuestion: Hashable, Sendable, CustomStringConvertible {
  /// Raw values are the numbers of the wire (RFC 1035 3.2.2, 3596, 2782, 3403).
  public enum Kind: UInt16, Sendable, Hashable { case a = 1, aaaa = 28, srv = 33, naptr = 35 }
  public var kind: Kind
  public var name: DomainName

  public init(_ kind: Kind, _ name: DomainName) {
    self.kind = kind
    self.name = name
  }

  /// `SRV _sip._udp.example.com`.
  public var description: String {
    let type =
      switch kind {
      case .a: "A"
      case .aaaa: "AAAA"
      case .srv: "SRV"
      case .naptr: "NAPTR"
      }
    return "\(type) \(name)"
  }
}

/// One record that answers a question.
public enum DNSRecord: Hashable, Sendable {
  case address(IPAddress)
  case service(Service)
  case pointer(Pointer)

  /// SRV, RFC 2782.
  public struct Service: Hashable, Sendable {
    /// Lower is tried first.
    public var priority: UInt16
    /// The share of it among those of the same priority.
    public var weight: UInt16
    public var port: UInt16
    public var target: DomainName
    public init(priority: UInt16, weight: UInt16, port: UInt16, target: DomainName) {
      self.priority = priority
      self.weight = weight
      self.port = port
      self.target = target
    }
  }

  /// NAPTR, RFC 3403 4.1.
  public struct Pointer: Hashable, Sendable {
    public var order: UInt16
    public var preference: UInt16
    /// As they came, in any case.
    public var flags: [UInt8]
    public var service: [UInt8]
    public var hasExpression: Bool
    public var replacement: DomainName
    public init(order: UInt16, preference: UInt16, flags: [UInt8], service: [UInt8], hasExpression: Bool = false, replacement: DomainName) {
      self.order = order
      self.preference = preference
      self.flags = flags
      self.service = service
      self.hasExpression = hasExpression
      self.replacement = replacement
    }

    /// RFC 3263 4.1: what an "s" record says it leads to; `nil` for services and flags that mean nothing to us.
    public var transport: Transport? {
      func reads(_ bytes: [UInt8], _ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes.count == $0.count && zip(bytes, $0).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 | 0x20 && $1 | 0x20 >= 0x61) } }
      }
      guard reads(flags, "S"), !hasExpression, !replacement.isRoot else { return nil }
      if reads(service, "SIP+D2U") { return .udp }
      if reads(service, "SIP+D2T") { return .tcp }
      if reads(service, "SIPS+D2T") { return .tls }
      return nil
    }
  }
}

/// What became of a question.
public enum DNSAnswer: Hashable, Sendable {
  /// At least one; for how many seconds they hold: the least of theirs and of the aliases on the way.
  case records([DNSRecord], seconds: UInt32)
  /// The name does not exist, or has no record of that type (RFC 2308); for how many seconds that holds, where it was said.
  case nothing(seconds: UInt32?)
  /// Nobody answered, or not with an answer; why.
  case failed(String)
}
