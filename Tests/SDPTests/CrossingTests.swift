import Addressing
import SDP
import Testing

@Suite struct Crossing {
  private let ours = IPAddress(198, 51, 100, 1)

  @Test("A relayed description carries formats, maps, packet times and direction, and our address and ports") func relayed() throws {
    let crossed = try parse(Sample.asterisk).crossing(to: (ours, [40_000]))
    #expect(
      text(crossed) == """
        v=0
        o=- 0 0 IN IP4 198.51.100.1
        s=-
        c=IN IP4 198.51.100.1
        t=0 0
        m=audio 40000 RTP/AVP 8 0 9 101
        a=rtpmap:8 PCMA/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:9 G722/8000
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-16
        a=ptime:20
        a=maxptime:150
        a=sendrecv

        """)
  }

  @Test("Streams that are no RTP/AVP audio keep their place with port 0 — RFC 3264 section 6") func places() throws {
    let crossed = try parse(Sample.video).crossing(to: (ours, [40_000, 40_002, 40_004]))
    #expect(crossed.media.map(\.port) == [40_000, 0, 0])
    #expect(crossed.media.map { text($0.kind) } == ["audio", "video", "application"])
    #expect(crossed.media[1].formats == [bytes("97")])
    #expect(crossed.media[1].attributes.isEmpty)
    #expect(crossed.media[0].attributes.last == .init(name: bytes("sendonly")))
    #expect(try parse(Sample.teamsLike).crossing(to: (ours, [40_000])).media[0].port == 0)
    #expect(try parse(Sample.t38).crossing(to: nil).media.map(\.port) == [0, 0])
  }

  @Test(
    "Only RTP/AVP audio with a port and a payload type can be relayed",
    arguments: [
      ("audio 4000 RTP/AVP 0", true), ("audio 0 RTP/AVP 0", false), ("audio 4000 RTP/AVPF 0", false), ("audio 4000 RTP/SAVP 0", false),
      ("video 4000 RTP/AVP 0", false), ("audio 4000 RTP/AVP x", false), ("audio 4000 RTP/AVP 128", false), ("audio 4000 RTP/AVP x 8", true),
    ])
  func relayable(_ given: (media: String, kept: Bool)) throws {
    let description = try parse(session(media: given.media))
    #expect(description.relayableStreams == (given.kept ? [0] : []))
    #expect((description.crossing(to: (ours, [40_000])).media[0].port != 0) == given.kept)
  }

  @Test("A stream that is off names one format, which stands for nothing") func oneFormat() throws {
    #expect(try parse(session(media: "video 4000 RTP/AVP 97 98 99")).crossing(to: nil).media[0].formats == [bytes("97")])
  }

  @Test("A stream we have no port for is switched off") func noPort() throws {
    let description = try parse(session("m=audio 4002 RTP/AVP 8"))
    #expect(description.crossing(to: (ours, [40_000])).media.map(\.port) == [40_000, 0])
    #expect(description.crossing(to: (ours, [0, 40_002])).media.map(\.port) == [0, 40_002])
  }

  @Test("Maps of formats that are not offered, unprintable and ill-formed values do not cross; each payload type crosses once") func values() throws {
    let lines = [
      "a=rtpmap:0 PCMU/8000", "a=rtpmap:0 PCMA/8000", "a=rtpmap:3 GSM/8000", "a=fmtp:3 x", "a=fmtp:0 a\u{1}b", "a=fmtp:0 good=1", "a=fmtp:0",
      "a=rtpmap:96 evil", "a=rtpmap:96 a/b", "a=rtpmap:96 a/8000 tail", "a=ptime:x", "a=ptime:20;x", "a=ptime:30", "a=maxptime:1.5", "a=maxptime",
    ].joined(separator: "\n")
    let crossed = try parse(session(lines, media: "audio 4000 RTP/AVP 0 96 00 0")).crossing(to: (ours, [40_000]))
    #expect(
      text(crossed).hasSuffix(
        "m=audio 40000 RTP/AVP 0 96\na=rtpmap:0 PCMU/8000\na=fmtp:0 good=1\na=ptime:30\na=maxptime:1.5\na=sendrecv\n"))
  }

  @Test("Direct media passes the peer's own addresses, ports and a=rtcp, and nothing more") func direct() throws {
    let crossed = try parse(
      session(
        "a=rtcp:53020 IN IP4 126.16.64.4\na=candidate:x\na=rtcp-mux\nm=audio 4002 RTP/AVP 8\nc=IN IP4 192.0.2.9\nm=video 4004 RTP/AVP 31\nc=IN IP4 10.1.2.3")
    ).crossing(to: nil)
    #expect(
      text(crossed) == """
        v=0
        o=- 0 0 IN IP4 192.0.2.1
        s=-
        c=IN IP4 192.0.2.1
        t=0 0
        m=audio 4000 RTP/AVP 0
        a=sendrecv
        a=rtcp:53020 IN IP4 126.16.64.4
        m=audio 4002 RTP/AVP 8
        c=IN IP4 192.0.2.9
        a=sendrecv
        m=video 0 RTP/AVP 31

        """)
    #expect(crossed.rtpDestination(of: 1) == TransportAddress(IPAddress(192, 0, 2, 9), 4002))
  }

  @Test("Direct media names the session's address only where a kept stream uses it") func directAddress() throws {
    let crossed = try parse(session("c=IN IP4 192.0.2.9", connection: "c=IN IP4 10.9.9.9")).crossing(to: nil)
    #expect(crossed.connection == IPAddress(192, 0, 2, 9))
    #expect(!text(crossed).contains("10.9.9.9"))
  }

  @Test("An old-style hold crosses as a modern one — RFC 3264 8.4") func hold() throws {
    let crossed = try parse(session(connection: "c=IN IP4 0.0.0.0")).crossing(to: (ours, [40_000]))
    #expect(crossed.direction(of: 0) == .sendonly)
    #expect(crossed.connection == ours)
  }

  @Test("No byte of one leg appears on the other outside the allow-list, whatever it writes where") func leaksNothing() throws {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0...UInt64.max, using: &random)
    var generator = Xorshift(state: seed | 1)
    for round in 0..<500 {
      let wire = secretive(&generator)
      let description = try parse(wire)
      let crossed = text(description.crossing(to: (ours, description.media.map { _ in 40_000 })))
      #expect(!crossed.contains("SECRET"), "seed \(seed), round \(round):\n\(wire)\n->\n\(crossed)")
      #expect(!crossed.contains("10.66.66."), "seed \(seed), round \(round)")
      #expect(!crossed.contains("6666"), "seed \(seed), round \(round)")
      let direct = text(description.crossing(to: nil))
      #expect(!direct.contains("SECRET"), "seed \(seed), round \(round)")
    }
  }

  /// A description that says SECRET, 10.66.66.x or 6666 in every place the allow-list does not name, in a random arrangement.
  private func secretive(_ random: inout Xorshift) -> String {
    let sessionLines = [
      "s=SECRET", "i=SECRET", "u=http://SECRET", "e=SECRET", "p=SECRET", "b=AS:6666", "t=6666 6666", "k=prompt:SECRET", "a=tool:SECRET", "a=SECRET",
      "a=group:BUNDLE SECRET", "a=rtpmap:0 SECRET/8000", "a=fmtp:0 SECRET", "a=ptime:6666",
    ]
    let streamLines = [
      "i=SECRET", "b=TIAS:6666", "k=clear:SECRET", "a=SECRET:SECRET", "a=candidate:1 1 UDP 1 10.66.66.2 6666 typ host", "a=ice-pwd:SECRET",
      "a=crypto:1 X inline:SECRET", "a=fingerprint:sha-256 SECRET", "a=ssrc:6666 cname:SECRET", "a=rtcp:6666 IN IP4 10.66.66.3", "a=label:SECRET",
      "a=rtpmap:99 SECRET/8000", "a=fmtp:99 SECRET", "a=rtpmap:8 PCMA/8000", "a=fmtp:8 ok", "a=sendonly:SECRET", "a=sendrecv", "a=inactive",
      "a=extmap:1 urn:SECRET", "a=ptime:20 SECRET", "a=ptime:SECRET", "a=ptime:20", "a=rtpmap:0 PCMU/8000 SECRET", "a=rtpmap:8 SECRET", "a=rtcp-mux",
    ]
    var lines = ["v=0", "o=SECRET 6666 66666 IN IP4 10.66.66.1", "c=IN IP4 10.66.66.4"]
    lines += random.some(of: sessionLines)
    for _ in 0...random.below(3) {
      lines.append(random.one(of: ["m=audio 26666 RTP/AVP 8 0", "m=audio 26666 RTP/AVP 0", "m=audio 0 RTP/AVP 8", "m=audio 26666 RTP/AVP SECRET 8"]))
      if random.below(2) == 0 { lines.append("c=IN IP4 10.66.66.5") }
      lines += random.some(of: streamLines)
    }
    return lines.joined(separator: "\n")
  }
}

/// A small generator whose runs can be repeated from the seed a failure prints.
struct Xorshift {
  var state: UInt64
  mutating func below(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state % UInt64(bound))
  }
  mutating func one(of lines: [String]) -> String { lines[below(lines.count)] }
  /// A random choice in random order.
  mutating func some(of lines: [String]) -> [String] {
    var left = lines
    var out: [String] = []
    while !left.isEmpty {
      let line = left.remove(at: below(left.count))
      if below(3) != 0 { out.append(line) }
    }
    return out
  }
}
