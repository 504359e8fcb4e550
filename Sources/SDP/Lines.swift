import Addressing

/// The parts of an `m=` line but its port.
struct MediaHead {
  var kind: Bytes
  var proto: Bytes
  /// Separated by single spaces.
  var formats: Bytes
}

/// Attribute lines of a section of a description's text, one after the other.
struct AttributeLines {
  struct Line {
    /// Behind `a=`.
    var whole: Bytes
    /// Of the name; the whole line for a property attribute.
    var nameLength: Int
    var name: Bytes { whole.part(0, nameLength) }
    var value: Bytes? { nameLength == whole.count ? nil : whole.part(nameLength &+ 1, whole.count) }
    /// The value from its start; empty for a property attribute.
    @inline(__always) func value(behind name: StaticString) -> Bytes? {
      nameLength == name.utf8CodeUnitCount && nameLength < whole.count && whole.begins(with: name) ? whole.part(nameLength &+ 1, whole.count) : nil
    }
  }
  private let bytes: Bytes
  private var at: Int
  private let end: Int

  init(_ bytes: Bytes, _ start: Int, _ end: Int) {
    self.bytes = bytes
    at = start
    self.end = Swift.min(end, bytes.count)
  }

  @inline(__always) mutating func next() -> Line? {
    guard at &+ 2 < end else { return nil }
    let start = at &+ 2
    let lineEnd = bytes.lineControl(from: start)
    at = lineEnd &+ 2
    var colon = start
    while colon < lineEnd, bytes[colon] != UInt8(ascii: ":") { colon &+= 1 }
    return Line(whole: bytes.part(start, lineEnd), nameLength: colon &- start)
  }
}

extension SessionDescription {
  /// Where the session's attributes end.
  var sessionEnd: Int { streams.first.map { Int($0.start) } ?? text.count }

  func head(of index: Int, in bytes: Bytes) -> MediaHead {
    let start = Int(streams[index].start) &+ 2
    let line = bytes.part(start, bytes.lineControl(from: start))
    var at = 0
    let nothing = Bytes(start: nil, count: 0)
    let kind = line.takeField(&at) ?? nothing
    _ = line.takeField(&at)
    let proto = line.takeField(&at) ?? nothing
    return MediaHead(kind: kind, proto: proto, formats: line.part(at &+ 1, line.count))
  }

  /// The stream's own `c=`.
  func ownAddress(of index: Int, in bytes: Bytes) -> IPAddress? {
    let place = streams[index]
    guard place.hasConnection else { return nil }
    // `c=IN IP4 ` and behind the address CRLF; the line stands just before the attributes.
    let end = Int(place.attributes) &- 2
    var start = end
    while start > Int(place.start), bytes[start &- 1] != UInt8(ascii: " ") { start &-= 1 }
    return IPAddress(bytes.part(start, end))
  }
}
