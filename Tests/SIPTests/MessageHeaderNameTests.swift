import SIP
import Testing

@Suite("Header names")
struct MessageHeaderNameTests {
  @Test("Every name is found by its full form in any case — RFC 3261 7.3.1", arguments: HeaderName.allCases)
  func roundTrip(name: HeaderName) {
    guard name != .other else { return }
    let text = String(describing: name.spelling)
    #expect(HeaderName(spelling: Array(text.utf8)) == name)
    #expect(HeaderName(spelling: Array(text.uppercased().utf8)) == name)
    #expect(HeaderName(spelling: Array(text.lowercased().utf8)) == name)
  }

  @Test("A name with one byte changed, more or less is another name", arguments: HeaderName.allCases)
  func wholeName(name: HeaderName) {
    guard name != .other else { return }
    let text = Array(String(describing: name.spelling).utf8)
    for i in text.indices {
      var changed = text
      changed[i] = UInt8(ascii: "_")
      #expect(HeaderName(spelling: changed) == .other)
      changed[i] = text[i] ^ 0x20
      if text[i] == UInt8(ascii: "-") { #expect(HeaderName(spelling: changed) == .other) }
    }
    #expect(HeaderName(spelling: text + [UInt8(ascii: "x")]) == .other)
    // "To" without its last letter is the compact form.
    if text.count > 2 { #expect(HeaderName(spelling: text.dropLast()) != name) }
  }

  @Test("What is no name is .other", arguments: ["", " ", "To ", "T o", "q", "-", "Content-Lengt\0", "Via:", "Vi\u{e9}"])
  func notNames(text: String) { #expect(HeaderName(spelling: Array(text.utf8)) == .other) }

  @Test("The compact forms are those of the registry, in either case, and no other letter is a name — RFC 3261 7.3.3")
  func compact() {
    let registry: [Character: HeaderName] = [
      "i": .callID, "m": .contact, "e": .contentEncoding, "l": .contentLength, "c": .contentType, "f": .from, "s": .subject,
      "k": .supported, "t": .to, "v": .via, "o": .event, "u": .allowEvents, "r": .referTo, "b": .referredBy,
      "x": .sessionExpires, "a": .acceptContact, "j": .rejectContact, "d": .requestDisposition, "y": .identity, "n": .identityInfo,
    ]
    for letter in "abcdefghijklmnopqrstuvwxyz" {
      #expect(HeaderName(spelling: Array(String(letter).utf8)) == registry[letter] ?? .other)
      #expect(HeaderName(spelling: Array(letter.uppercased().utf8)) == registry[letter] ?? .other)
    }
  }
}
