import Addressing
import SIP
import Testing

@Suite("Messages as they are read")
struct MessageParsingTests {
  @Test("Everything a message must have is there after parsing — RFC 3261 8.1.1")
  func essentials() throws {
    let message = try SIPMessage(parsing: Sample.invite)
    #expect(message.isRequest)
    #expect(message.method == .invite)
    #expect(message.status == 0)
    #expect(message.requestURI.text == "sip:+14155550100@gw.example.com:5060;transport=udp;user=phone")
    #expect(message.callID.text == "a84b4c76e66710@pc33.atlanta.example.com")
    #expect(message.cseqNumber == 314159)
    #expect(message.maxForwards == 70)
    #expect(message.from.displayName?.text == "Alice Liddell")
    #expect(message.from.tag?.text == "1928301774")
    #expect(message.from.uri.scheme == .sips)
    #expect(message.from.uri.user?.text == "alice")
    #expect(message.to.displayName?.text == "Bob \"B\" Builder")
    #expect(message.to.tag == nil)
    #expect(message.topVia.transport == .udp)
    #expect(message.topVia.host.text == "192.0.2.10")
    #expect(message.topVia.port == 5060)
    #expect(message.topVia.branch?.text == "z9hG4bK776asdhds")
    #expect(message.topVia.rport == .requested)
    #expect(message.contact?.uri.host.text == "192.0.2.10")
    #expect(message.body.text == "v=0\r\n")
  }
}
