/// Where the parts of an address value stand, as offsets into the bytes it was read from.
struct AddressLayout: Sendable {
  enum DisplayForm: UInt8, Sendable { case absent, plain, escaped }

  var displayForm = DisplayForm.absent
  var whole = Extent()
  /// Without its quotes.
  var display = Extent()
  var uri = URILayout()
  var parameters = Extent()
  var tag = Extent()

  init() {}

  /// Reads one value and leaves the reader at the comma behind it or at the end.
  @inline(__always) init?(_ reader: inout ByteReader, reason: inout StaticString) {
    reader.skipBlanks()
    let start = reader.at
    guard readName(&reader, reason: &reason) else { return nil }
    if reader.take(UInt8(ascii: "<")) {
      guard let uri = URILayout(&reader, bare: false, reason: &reason) else { return nil }
      self.uri = uri
      guard reader.take(UInt8(ascii: ">")) else {
        reason = "a URI that does not end at its >"
        return nil
      }
    } else {
      guard displayForm == .absent else {
        reason = "a display name without <URI> behind it"
        return nil
      }
      guard let uri = URILayout(&reader, bare: true, reason: &reason) else { return nil }
      self.uri = uri
    }
    guard readParameters(&reader, reason: &reason) else { return nil }
    whole = Extent(start, reader.at)
    reader.skipBlanks()
    guard reader.isAtEnd || reader.current == UInt8(ascii: ",") else {
      reason = "something behind an address"
      return nil
    }
  }

  /// display-name = *(token LWS) / quoted-string. A token before a colon is a URI's scheme, and there is no name.
  @inline(__always) private mutating func readName(_ reader: inout ByteReader, reason: inout StaticString) -> Bool {
    let start = reader.at
    if reader.current == UInt8(ascii: "<") { return true }
    if reader.current == UInt8(ascii: "\"") {
      var sawEscape = false
      guard reader.skipQuoted(sawEscape: &sawEscape) else {
        reason = "a quoted string that does not end"
        return false
      }
      displayForm = sawEscape ? .escaped : .plain
      display = Extent(start &+ 1, reader.at &- 1)
      reader.skipBlanks()
      return true
    }
    reader.skip(.token)
    if reader.current == UInt8(ascii: ":") {
      reader.at = start
      return true
    }
    var end = reader.at
    while end > start {
      reader.skipBlanks()
      guard reader.skip(.token) > 0 else { break }
      end = reader.at
    }
    guard end > start, reader.current == UInt8(ascii: "<") else {
      reason = "a display name that needs quotes"
      return false
    }
    displayForm = .plain
    display = Extent(start, end)
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
      guard let parameter = HeaderParameter(&reader) else {
        reason = "a parameter of an address"
        return false
      }
      if parameter.name.count == 3, reader.matches(Int(parameter.name.start), Int(parameter.name.end), "tag") {
        // Two tags would let two readers see two dialogs.
        guard tag.isEmpty, parameter.isToken else {
          reason = "an empty or second tag, or one that is no token"
          return false
        }
        tag = parameter.value
      }
    }
    parameters = Extent(start, reader.at)
    return true
  }
}
