import Control
import Testing

@Suite struct SecretMaskTests {
  @Test(
    "what stands behind a secret's name is hidden in every form",
    arguments: [
      ("set peer acme password hunter2\n", "set peer acme password ***\n"), ("  auth-password 'a b'\n  port 5060", "  auth-password ***\n  port 5060"),
      ("+set peer acme itsp:Password \"x\ny\"\n-set a b", "+set peer acme itsp:Password ***\n-set a b"),
      (#"  "itsp:password": "x","#, #"  "itsp:password": "***","#), (#"  "pin": "1""#, #"  "pin": "***""#),
      ("set trunk password-less port 5", "set trunk password-less port 5"), ("", ""), ("password", "password"),
    ])
  func masked(_ text: String, _ shown: String) { #expect(SecretMask.masked(text) == shown) }
}
