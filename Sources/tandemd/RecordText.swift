import Addressing
import Control
import Records

/// Call records and ladders as JSON, written straight into bytes. Read back by `JSONDecoder` into the same values, which the tests hold it to.
///
/// A record is written for every call: `JSONEncoder` took longer for one and its ladder than the exchange for the whole call.
struct RecordText {
  private(set) var bytes: [UInt8] = []
  private var isFirst = true

  var text: String { String(decoding: bytes, as: UTF8.self) }

  init(_ record: CallRecord) {
    bytes.reserveCapacity(1024)
    open("{")
    write("id", record.id)
    write("began", record.began)
    if let answered = record.answered { write("answered", answered) }
    write("ended", record.ended)
    write("outcome", record.outcome.rawValue)
    write("status", record.status)
    if let cause = record.cause { write("cause", cause) }
    write("diagnostic", record.diagnostic)
    write("reason", record.reason)
    if let route = record.route { write("route", route) }
    if let usage = record.usage { write("usage", usage) }
    write("media", record.media)
    list("legs", record.legs) { text, leg in
      text.write("trunk", leg.trunk)
      text.write("callID", leg.callID)
      text.write("remote", leg.remote)
      text.write("called", leg.called)
      text.write("calling", leg.calling)
      text.write("status", leg.status)
    }
    list("streams", record.streams) { text, stream in
      text.write("packets", stream.packets)
      text.write("bytes", stream.bytes)
      text.write("lost", stream.lost)
      text.write("jitterMilliseconds", stream.jitterMilliseconds)
      text.write("strangers", stream.strangers)
    }
    close("}")
  }

  init(_ ladder: LadderStatus) {
    bytes.reserveCapacity(2048)
    open("{")
    write("call", ladder.call)
    key("trunks")
    open("[")
    for trunk in ladder.trunks {
      separate()
      append(trunk)
    }
    close("]")
    list("entries", ladder.entries) { text, entry in
      text.write("milliseconds", entry.milliseconds)
      text.write("leg", entry.leg)
      text.key("sent")
      text.append(entry.sent)
      text.write("method", entry.method)
      text.write("status", entry.status)
      text.write("sequence", entry.sequence)
      text.key("hasSDP")
      text.append(entry.hasSDP)
      text.write("remote", entry.remote)
    }
    write("omitted", ladder.omitted)
    close("}")
  }

  // MARK: JSON
  private mutating func list<Element>(_ name: StaticString, _ elements: [Element], _ body: (inout RecordText, Element) -> Void) {
    key(name)
    open("[")
    for element in elements {
      separate()
      open("{")
      body(&self, element)
      close("}")
    }
    close("]")
  }

  private mutating func write(_ name: StaticString, _ value: String) {
    key(name)
    append(value)
  }
  private mutating func write(_ name: StaticString, _ value: some FixedWidthInteger) {
    key(name)
    bytes.append(contentsOf: value.description.utf8)
  }
  /// What is no number stands as text: a peer's nonsense may have made a jitter of infinity, and it must not cost the record.
  private mutating func write(_ name: StaticString, _ value: Double) {
    key(name)
    if value.isFinite { bytes.append(contentsOf: value.description.utf8) } else { append(value.isNaN ? "nan" : value > 0 ? "inf" : "-inf") }
  }

  private mutating func open(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    isFirst = true
  }
  private mutating func close(_ bracket: Unicode.Scalar) {
    bytes.append(UInt8(ascii: bracket))
    isFirst = false
  }
  private mutating func separate() {
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    isFirst = false
  }
  /// Names are ours and need no escapes.
  private mutating func key(_ name: StaticString) {
    separate()
    bytes.append(UInt8(ascii: "\""))
    bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
    bytes.append(UInt8(ascii: "\""))
    bytes.append(UInt8(ascii: ":"))
  }
  private mutating func append(_ value: Bool) { bytes.append(contentsOf: (value ? "true" : "false").utf8) }

  /// RFC 8259 section 7: quotation mark, backslash and control characters are escaped, all else stands as it is.
  private mutating func append(_ value: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        bytes.append(UInt8(ascii: "\\"))
        bytes.append(byte)
      case 0..<0x20:
        bytes.append(contentsOf: "\\u".utf8)
        bytes.appendHexadecimal(UInt64(byte), digits: 4)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
