import Testing

@testable import SIP

@Suite("Character sets")
struct MessageByteClassTests {
  static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
  static let alphanumeric = letters + "0123456789"
  static let unreserved = alphanumeric + "-_.!~*'()"
  static let token = alphanumeric + "-.!%*_+`'~"

  @Test("The table of sets is the grammar's — RFC 3261 25.1")
  func table() {
    let sets: [(ByteClass, String)] = [
      (.token, Self.token), (.alphanumeric, Self.alphanumeric), (.user, Self.unreserved + "&=+$,;?/"), (.password, Self.unreserved + "&=+$,"),
      (.uriParameter, Self.unreserved + "[]/:&+$"), (.uriHeader, Self.unreserved + "[]/?:+$"), (.uri, Self.unreserved + ";/?:@&=+$,"),
      (.bareURI, Self.unreserved + "/:@&=+$"), (.scheme, Self.alphanumeric + "+-."), (.word, Self.token + "()<>:\\\"/[]?{}"),
      (.telephone, "0123456789abcdefABCDEF*#-.()"), (.parameterValue, Self.token + "[]:"), (.listDelimiter, "\",<>"),
    ]
    for (set, members) in sets {
      for byte in UInt8.min...UInt8.max { #expect(set.contains(byte) == members.utf8.contains(byte)) }
    }
  }
}
