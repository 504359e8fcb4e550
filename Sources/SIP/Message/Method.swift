/// A SIP method (RFC 3261 section 7.1 and the IANA registry). Methods are case-sensitive.
public enum Method: Hashable, Sendable {
  case invite, ack, cancel, bye, options
  case register, prack, subscribe, notify, publish, info, refer, message, update
  /// A well-formed token that is none of the above; answered with 501.
  case other([UInt8])

  /// The method a token names. Bytes that no token may hold are kept here and written as `-`.
  @inlinable public init(token: some Collection<UInt8>) {
    self = token.withBytes { Method(bytes: $0) }
  }

  @usableFromInline init(bytes: UnsafeBufferPointer<UInt8>) {
    self = bytes.baseAddress.flatMap { Method(known: ByteReader($0, from: 0, to: bytes.count), 0, bytes.count) } ?? .other(Array(bytes))
  }

  /// The token for the wire.
  public var token: [UInt8] {
    var out: [UInt8] = []
    append(to: &out)
    return out
  }

  /// Writes the token.
  public func append(to out: inout [UInt8]) {
    if let text = spelling {
      out.append(text)
    } else if case .other(let bytes) = self {
      for byte in bytes { out.append(ByteClass.token.contains(byte) ? byte : UInt8(ascii: "-")) }
    }
  }

  /// The token of a method known by name.
  var spelling: StaticString? {
    switch self {
    case .invite: "INVITE"
    case .ack: "ACK"
    case .cancel: "CANCEL"
    case .bye: "BYE"
    case .options: "OPTIONS"
    case .register: "REGISTER"
    case .prack: "PRACK"
    case .subscribe: "SUBSCRIBE"
    case .notify: "NOTIFY"
    case .publish: "PUBLISH"
    case .info: "INFO"
    case .refer: "REFER"
    case .message: "MESSAGE"
    case .update: "UPDATE"
    case .other: nil
    }
  }

  /// The method spelled by the bytes of a range, if known by name.
  init?(known reader: ByteReader, _ start: Int, _ end: Int) {
    let candidate: Method
    switch (end &- start, reader.byte(start)) {
    case (6, UInt8(ascii: "I")): candidate = .invite
    case (3, UInt8(ascii: "A")): candidate = .ack
    case (3, UInt8(ascii: "B")): candidate = .bye
    case (6, UInt8(ascii: "C")): candidate = .cancel
    case (7, UInt8(ascii: "O")): candidate = .options
    case (8, UInt8(ascii: "R")): candidate = .register
    case (5, UInt8(ascii: "P")): candidate = .prack
    case (9, UInt8(ascii: "S")): candidate = .subscribe
    case (6, UInt8(ascii: "N")): candidate = .notify
    case (7, UInt8(ascii: "P")): candidate = .publish
    case (4, UInt8(ascii: "I")): candidate = .info
    case (5, UInt8(ascii: "R")): candidate = .refer
    case (7, UInt8(ascii: "M")): candidate = .message
    case (6, UInt8(ascii: "U")): candidate = .update
    default: return nil
    }
    guard let text = candidate.spelling, end <= reader.end else { return nil }
    let spelled = text.utf8Start
    for i in 0..<(end &- start) where reader.base[start &+ i] != spelled[i] { return nil }
    self = candidate
  }
}

extension [UInt8] {
  @inline(__always) mutating func append(_ text: StaticString) {
    append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
