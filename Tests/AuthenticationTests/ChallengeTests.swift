import Authentication
import Testing
import Timing

@Suite struct ChallengeTests {
  private func read(_ field: String) -> [Challenge] { Challenge.all(in: bytes(field)[...], origin: .proxy) }

  @Test("The challenge of RFC 3261 22.3 is read whole")
  func whole() {
    let found = read(
      #"Digest realm="atlanta.com", domain="sip:ss1.carrier.com", qop="auth,auth-int", nonce="f84f1cec41e6cbe5aea9c8e88d359", opaque="5c", stale=FALSE, algorithm=MD5"#
    )
    #expect(
      found == [
        Challenge(origin: .proxy, realm: bytes("atlanta.com"), nonce: bytes("f84f1cec41e6cbe5aea9c8e88d359"), opaque: bytes("5c"), protection: .auth)
      ])
  }

  @Test(
    "What a challenge says, in any case and order, with blanks or without — RFC 7616 3.3",
    arguments: [
      (#"digest NONCE="n",REALM="r""#, DigestAlgorithm.md5, false, Challenge.Protection.legacy, false),
      (#"Digest  realm = "r" ,, nonce="n", algorithm=sha-256, qop="auth""#, .sha256, false, .auth, false),
      (#"Digest realm="r", nonce="n", algorithm=SHA-512-256-sess, qop="auth-int", stale=true"#, .sha512Truncated256, true, .authInt, true),
      (#"Digest realm="r", nonce="n", algorithm="MD5", qop=auth, stale="TRUE""#, .md5, false, .auth, true),
      (#"Digest realm="r", nonce="n", qop="future,AUTH", stale=maybe, userhash=false, charset=UTF-8"#, .md5, false, .auth, false),
    ] as [(String, DigestAlgorithm, Bool, Challenge.Protection, Bool)])
  func forms(field: String, algorithm: DigestAlgorithm, isSession: Bool, protection: Challenge.Protection, isStale: Bool) throws {
    let found = try #require(read(field).first)
    #expect(found.realm == bytes("r") && found.nonce == bytes("n"))
    #expect(found.algorithm == algorithm && found.isSession == isSession && found.protection == protection && found.isStale == isStale)
  }

  @Test("Several challenges in one field are read in order; other schemes and unknown algorithms are passed over — RFC 7235 2.1, RFC 8760 2.4")
  func several() {
    let field =
      #"Negotiate, Basic realm="b", Kerberos abc/+12==, Digest realm="r", nonce="1", algorithm=SHA-256, Digest realm="r", nonce="2", algorithm=AKAv1-MD5, Bearer a="b", c=d, Digest nonce="3", realm="s""#
    #expect(read(field).map { text($0.nonce) } == ["1", "3"])
  }

  @Test(
    "A field that is malformed anywhere yields nothing: nobody knows what belongs to what",
    arguments: [
      "", ",", "Digest", "Digest ", "Digest realm", #"Digest realm="r""#, #"Digest nonce="n""#, #"Digest realm="r", nonce="""#, #"Digest realm="r, nonce="n""#,
      #"Digest realm="r" nonce="n""#, #"Digest realm="r", nonce="n", realm="s""#, #"Digest realm="r", nonce="n", NONCE="m""#, #"Digest realm=r, nonce="n""#,
      #"Digest realm="r", nonce=n"#, #"Digest realm="r", nonce="n", opaque=o"#, #"Digest realm="r", nonce="n", algorithm=ROT13"#,
      #"Digest realm="r", nonce="n", qop="other""#, #"Digest realm="r", nonce="n", qop="""#, #"Digest realm="r", nonce="n\"#,
      #"Digest="x", realm="r", nonce="n""#,
      #"Digest realm="r", nonce="n", =x"#, #"Digest realm="r", nonce="n", x="#, "Digest realm=\"r\", nonce=\"n\u{0}\"", #"Basic realm="r""#,
    ])
  func malformed(field: String) { #expect(read(field).isEmpty) }

  @Test("Bounds: values, parameters, challenges and the field itself")
  func bounds() {
    let long = String(repeating: "n", count: AuthenticationLimits.valueBytes)
    #expect(read(#"Digest realm="r", nonce="\#(long)""#).count == 1)
    #expect(read(#"Digest realm="r", nonce="\#(long)n""#).isEmpty)
    let many = (0..<AuthenticationLimits.parameters).map { "p\($0)=1" }.joined(separator: ",")
    #expect(read(#"Digest realm="r", nonce="n", \#(many)"#).isEmpty)
    let one = #"Digest realm="r", nonce="n""#
    #expect(read(Array(repeating: one, count: AuthenticationLimits.challenges).joined(separator: ", ")).count == AuthenticationLimits.challenges)
    #expect(read(Array(repeating: one, count: AuthenticationLimits.challenges + 1).joined(separator: ", ")).isEmpty)
    #expect(read(String(repeating: " ", count: AuthenticationLimits.fieldBytes) + one).isEmpty)
  }

  @Test("What is written is read back the same")
  func encoding() {
    for algorithm in DigestAlgorithm.allCases {
      for protection in [Challenge.Protection.legacy, .auth, .authInt] {
        let challenge = Challenge(
          origin: .proxy, realm: bytes("a\\\"b"), nonce: bytes("n="), opaque: bytes(""), algorithm: algorithm, isSession: protection == .authInt,
          isStale: protection == .auth, protection: protection)
        #expect(Challenge.all(in: challenge.encoded[...], origin: .proxy) == [challenge])
      }
    }
  }

  @Test("No bytes at all are a trap, for challenges and for credentials")
  func anything() {
    var random = RandomSource(seed: 3)
    let seeds = [
      #"Digest realm="r", nonce="n", opaque="o", algorithm=SHA-256-sess, qop="auth,auth-int", stale=true, Basic abc=="#,
      #"Digest username="u", realm="r", nonce="n", uri="sip:x", response="00", cnonce="c", qop=auth, nc=00000001, algorithm=MD5"#,
    ]
    for round in 0..<20_000 {
      var field = bytes(seeds[round % 2])
      for _ in 0...(random.next() % 4) {
        let at = Int(random.next() % UInt64(field.count))
        switch random.next() % 3 {
        case 0: field[at] = UInt8(truncatingIfNeeded: random.next())
        case 1: if field.count > 1 { field.remove(at: at) }
        default: field.insert(bytes("\",=\\ ")[Int(random.next() % 5)], at: at)
        }
      }
      for challenge in Challenge.all(in: field[...], origin: .server) {
        #expect(!challenge.nonce.isEmpty)
        #expect(Challenge.all(in: challenge.encoded[...], origin: .server) == [challenge])
      }
      _ = Credentials(parsing: field[...])
    }
  }
}
