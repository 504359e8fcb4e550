import CTandemTrunk
import Testing

@testable import Trunks

@Suite("Editing an address part by part — RFC 3261 19.1.1, 20.10")
struct URIEditTests {
  private func edited(_ value: String, _ change: (inout AddressEdit) -> Int32) -> String {
    guard var address = AddressEdit(Array(value.utf8)[...]) else { return "malformed" }
    let answer = change(&address)
    return answer == 0 ? String(decoding: address.bytes, as: UTF8.self) : "\(answer)"
  }
  private func set(_ part: Int32, _ new: String) -> (inout AddressEdit) -> Int32 { { $0.setPart(part, Array(new.utf8)) } }

  @Test(
    "Everything that is not replaced keeps its bytes",
    arguments: [
      ("<sip:a:pw@h:5070;x=1;lr?to=b>;tag=t", TT_PART_USER, "+1", "<sip:+1@h:5070;x=1;lr?to=b>;tag=t"),
      ("<sip:a@h:5070;x=1>;tag=t", TT_PART_HOST, "[2001:db8::1]", "<sip:a@[2001:db8::1]:5070;x=1>;tag=t"),
      ("sip:a@h;tag=t", TT_PART_HOST, "g", "<sip:a@g>;tag=t"),
      ("\"x \\\" <y>\" <sip:h>", TT_PART_USER, "u", "\"x \\\" <y>\" <sip:u@h>"),
      ("Bob <sip:a@[::1]:5060>", TT_PART_HOST, "h", "Bob <sip:a@h:5060>"),
      ("<tel:+1-2;phone-context=x>;tag=t", TT_PART_USER, "+3", "<tel:+3;phone-context=x>;tag=t"),
      ("Bob <sip:a@h>", TT_PART_DISPLAY, "", "<sip:a@h>"),
      ("<sip:a@h>;tag=t", TT_PART_DISPLAY, "A \"b\"", "\"A \\\"b\\\"\" <sip:a@h>;tag=t"),
      ("Bob <sip:a@h>;tag=t", TT_PART_URI, "tel:+1", "Bob <tel:+1>;tag=t"),
      ("<sip:a@h>", TT_PART_USER, "", "<sip:h>"),
    ])
  func parts(value: String, part: Int32, new: String, expected: String) { #expect(edited(value, set(part, new)) == expected) }

  @Test(
    "What can not stand in a part is malformed",
    arguments: [
      (TT_PART_USER, "a@b"), (TT_PART_USER, "a>b"), (TT_PART_USER, "a b"), (TT_PART_HOST, "a:1"), (TT_PART_HOST, ""), (TT_PART_HOST, "a;b"),
      (TT_PART_HOST, "[a"),
      (TT_PART_URI, "nonsense"), (TT_PART_URI, "sip:a@h>;tag=x"), (TT_PART_DISPLAY, "a\r\nb"),
    ])
  func malformed(part: Int32, new: String) { #expect(edited("<sip:a@h>", set(part, new)) == "\(TT_MALFORMED)") }

  @Test("Parameters are found in any case, set, replaced and removed")
  func parameters() {
    #expect(edited("<sip:a@h;User=ip;lr>") { $0.setParameter(Array("user".utf8)[...], Array("phone".utf8)) } == "<sip:a@h;user=phone;lr>")
    #expect(edited("<sip:a@h>") { $0.setParameter(Array("lr".utf8)[...], []) } == "<sip:a@h;lr>")
    #expect(edited("<sip:a@h;LR>") { $0.removeParameter(Array("lr".utf8)[...]) } == "<sip:a@h>")
    #expect(edited("<sip:a@h>") { $0.setParameter(Array("a;b".utf8)[...], []) } == "\(TT_MALFORMED)")
    #expect(edited("<urn:service:sos>") { $0.setParameter(Array("a".utf8)[...], []) } == "\(TT_MALFORMED)")
  }
}
