// Addresses are written as text in stored snapshots and control messages.

extension IPAddress: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = IPAddress(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an IP address: \(text)"))
    }
    self = value
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension IPPrefix: Codable {
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let value = IPPrefix(text) else {
      throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not an address prefix: \(text)"))
    }
    self = value
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension TransportAddress: Codable {
  private enum Keys: String, CodingKey { case ip, port }
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Keys.self)
    self.init(try container.decode(IPAddress.self, forKey: .ip), try container.decode(UInt16.self, forKey: .port))
  }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(ip, forKey: .ip)
    try container.encode(port, forKey: .port)
  }
}

extension Transport: Codable {
  public var name: String {
    switch self {
    case .udp: "udp"
    case .tcp: "tcp"
    case .tls: "tls"
    }
  }
  public init?(name: String) {
    guard let found = Transport.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}
