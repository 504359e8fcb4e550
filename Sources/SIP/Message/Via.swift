public import Addressing

/// One Via value (RFC 3261 section 20.42, RFC 3581): where a request came through, and so where its response goes.
///
/// Strict in grammar; the protocol must be `SIP/2.0`. A transport we do not speak is sound, since any hop further down may have used it.
public struct Via: Sendable {
  let storage: ArraySlice<UInt8>
  let layout: ViaLayout

  @inline(__always) init(storage: ArraySlice<UInt8>, layout: ViaLayout) {
    self.storage = storage
    self.layout = layout
  }

  /// Reads one whole value; blanks around it are passed over.
  public init(parsing bytes: ArraySlice<UInt8>) throws(SIPURI.Malformed) {
    var reason: StaticString = "an empty Via"
    let read: ViaLayout?? = bytes.read { reader in
      guard let layout = ViaLayout(&reader, reason: &reason) else { return nil }
      guard reader.isAtEnd else {
        reason = "something behind a Via value"
        return nil
      }
      return layout
    }
    guard let layout = read ?? nil else { throw SIPURI.Malformed(reason: reason) }
    self.init(storage: bytes, layout: layout)
  }

  /// `nil` for a transport we do not speak (SCTP, WS ...).
  @inline(__always) public var transport: Transport? { layout.transport }
  public var host: ArraySlice<UInt8> { layout.host.slice(of: storage) }
  public var port: UInt16? { layout.port == 0 ? nil : layout.port }
  /// `nil` when absent; a branch without the magic cookie `z9hG4bK` is given as it stands.
  public var branch: ArraySlice<UInt8>? { layout.branch.isEmpty ? nil : layout.branch.slice(of: storage) }
  /// Whether the branch begins with `z9hG4bK` (any case, 8.1.1.7) and so names its transaction alone.
  public var hasMagicCookie: Bool { layout.hasMagicCookie }
  public var received: ArraySlice<UInt8>? { layout.received.isEmpty ? nil : layout.received.slice(of: storage) }
  public enum Rport: Sendable, Equatable { case absent, requested, value(UInt16) }
  public var rport: Rport { layout.rport }
  /// The value as written, up to its end or the comma.
  public var bytes: ArraySlice<UInt8> { layout.whole.slice(of: storage) }
  /// Another parameter's value without quotes; an empty slice for a flag, `nil` when absent. Name ignores case (give it in lower case).
  public func parameter(_ name: StaticString) -> ArraySlice<UInt8>? {
    storage.parameterExtent(name, from: layout.parameters).map { storage.plainValue($0) }
  }
}

/// Where the parts of a Via value stand, as offsets into the bytes it was read from.
struct ViaLayout: Sendable {
  var transport: Transport?
  var hasMagicCookie = false
  /// 0 when none is written.
  var port: UInt16 = 0
  var rport = Via.Rport.absent
  var whole = Extent()
  var host = Extent()
  var branch = Extent()
  var received = Extent()
  var parameters = Extent()

  init() {}

  /// Reads one value and leaves the reader at the comma behind it or at the end.
  @inline(__always) init?(_ reader: inout ByteReader, reason: inout StaticString) {
    reader.skipBlanks()
    let start = reader.at
    guard ViaLayout.skipProtocol(&reader), readTransport(&reader) else {
      reason = "a Via's protocol, which must be SIP/2.0/ and a transport"
      return nil
    }
    guard let host = Host(&reader, blanks: true) else {
      reason = "a Via's host or port"
      return nil
    }
    self.host = host.extent
    port = host.port
    guard readParameters(&reader, reason: &reason) else { return nil }
    whole = Extent(start, reader.at)
    reader.skipBlanks()
    guard reader.isAtEnd || reader.current == UInt8(ascii: ",") else {
      reason = "something behind a Via value"
      return nil
    }
  }

  /// `SIP / 2.0 /`, blanks around the slashes.
  @inline(__always) private static func skipProtocol(_ reader: inout ByteReader) -> Bool {
    let start = reader.at
    guard reader.matches(start, start &+ 3, "sip") else { return false }
    reader.at = start &+ 3
    reader.skipBlanks()
    guard reader.take(UInt8(ascii: "/")) else { return false }
    reader.skipBlanks()
    guard reader.take(UInt8(ascii: "2")), reader.take(UInt8(ascii: ".")), reader.take(UInt8(ascii: "0")) else { return false }
    reader.skipBlanks()
    guard reader.take(UInt8(ascii: "/")) else { return false }
    reader.skipBlanks()
    return true
  }

  /// The transport token and the blanks that must follow it.
  @inline(__always) private mutating func readTransport(_ reader: inout ByteReader) -> Bool {
    let start = reader.at
    reader.skip(.token)
    let end = reader.at
    reader.skipBlanks()
    guard end > start, reader.at > end else { return false }
    if end &- start == 3 {
      if reader.matches(start, end, "udp") {
        transport = .udp
      } else if reader.matches(start, end, "tcp") {
        transport = .tcp
      } else if reader.matches(start, end, "tls") {
        transport = .tls
      }
    }
    return true
  }

  @inline(__always) private mutating func readParameters(_ reader: inout ByteReader, reason: inout StaticString) -> Bool {
    let start = reader.at
    while true {
      let behind = reader.at
      reader.skipBlanks()
      guard reader.current == UInt8(ascii: ";") else {
        reader.at = behind
        break
      }
      guard let parameter = HeaderParameter(&reader), take(parameter, reader) else {
        reason = "a parameter of a Via"
        return false
      }
    }
    parameters = Extent(start, reader.at)
    return true
  }

  /// Remembers the parameters that transactions and responses live by. A second branch, received or rport is malformed.
  @inline(__always) private mutating func take(_ parameter: HeaderParameter, _ reader: ByteReader) -> Bool {
    let start = Int(parameter.name.start)
    let end = Int(parameter.name.end)
    switch end &- start {
    case 6 where reader.matches(start, end, "branch"):
      guard branch.isEmpty, parameter.isToken else { return false }
      branch = parameter.value
      let value = Int(branch.start)
      hasMagicCookie = branch.count >= 7 && reader.matches(value, value &+ 7, "z9hg4bk")
    case 8 where reader.matches(start, end, "received"):
      guard received.isEmpty, !parameter.value.isEmpty else { return false }
      received = parameter.value
    case 5 where reader.matches(start, end, "rport"):
      guard rport == .absent else { return false }
      rport = .requested
      guard !parameter.value.isEmpty else { return true }
      var digits = ByteReader(reader.base, from: Int(parameter.value.start), to: Int(parameter.value.end))
      guard let number = digits.number(upTo: 65_535), digits.isAtEnd, number > 0 else { return false }
      rport = .value(UInt16(truncatingIfNeeded: number))
    default: break
    }
    return true
  }
}
