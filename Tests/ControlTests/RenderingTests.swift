import Records
import Testing

@testable import Control

@Suite struct RenderingTests {
  private let trunks = TrunkList(trunks: [
    TrunkStatus(name: "hq", state: "up", peer: "hq-pbx", listener: "lan-udp", calls: 3, maxCalls: 0),
    TrunkStatus(name: "acme-1", state: "down", reason: "5 OPTIONS in a row got no answer", peer: "acme", listener: "itsp-udp", calls: 12, maxCalls: 100),
  ])

  @Test("columns are aligned, numbers to the right, and no line ends in a blank")
  func table() {
    #expect(
      trunks.text(width: Int.max) == """
        TRUNK   STATE  CALLS  LIMIT  LISTENER  PEER    REASON
        hq      up         3      -  lan-udp   hq-pbx  -
        acme-1  down      12    100  itsp-udp  acme    5 OPTIONS in a row got no answer

        """)
  }

  @Test("a long last column is folded at words below itself where the terminal's width is known")
  func folding() {
    #expect(
      trunks.text(width: 66) == """
        TRUNK   STATE  CALLS  LIMIT  LISTENER  PEER    REASON
        hq      up         3      -  lan-udp   hq-pbx  -
        acme-1  down      12    100  itsp-udp  acme    5 OPTIONS in a row
                                                       got no answer

        """)
  }

  @Test("an empty list says so in a sentence")
  func empty() {
    let texts = [
      TrunkList(trunks: []).text(width: 80), PeerList(peers: []).text(width: 80), ListenerList(listeners: []).text(width: 80),
      InterfaceList(interfaces: []).text(width: 80), PluginList(plugins: []).text(width: 80), CallList(calls: []).text(width: 80),
      CallHistory([]).text(width: 80), ConnectionList(connections: []).text(width: 80), CertificateList(certificates: []).text(width: 80),
    ]
    for text in texts { #expect(text.hasPrefix("No ") && text.hasSuffix(".\n") && text.split(separator: "\n").count == 1) }
    #expect(LadderStatus(call: "x", trunks: [], entries: []).text(width: 80) == "No SIP message of call x is kept.\n")
    #expect(Comparison(text: "").text(width: 80) == "No difference.\n")
  }

  @Test("control characters from the wire never reach the terminal")
  func escapes() {
    let list = CallList(calls: [
      CallStatus(id: "1", state: "up", calling: "\u{1b}[2J", called: "a\nb\u{9b}", incomingTrunk: "hq", began: 0, seconds: 0, media: "relay")
    ])
    let text = list.text(width: Int.max)
    #expect(!text.unicodeScalars.contains { ($0.value < 0x20 && $0 != "\n") || (0x7f...0x9f).contains($0.value) })
    #expect(text.contains("a?b?"))
  }

  @Test("a call's detail shows its legs, why media goes as it does, and each stream")
  func callDetail() {
    let call = CallStatus(
      id: "7f3a", state: "up", calling: "+14255551234", called: "94155550100", incomingTrunk: "hq", outgoingTrunk: "acme-1", route: "national",
      began: 1_700_000_000, answered: 1_700_000_003, seconds: 65, media: "relay", mediaReason: "bypass is off",
      legs: [
        LegStatus(trunk: "hq", callID: "abc", remote: "127.0.0.1:5090", dialog: "confirmed", localMedia: "127.0.0.1:16384", remoteMedia: "127.0.0.1:4000"),
        LegStatus(trunk: "acme-1", callID: "def", remote: "127.0.0.1:5080", dialog: "confirmed"),
      ],
      streams: [StreamStatus(side: "in", stream: 0, packets: 990, lost: 10, expected: 1000, jitterMilliseconds: 2.25, forwarded: 990)])
    #expect(
      CallDetail(call: call).text(width: Int.max) == """
        call         7f3a
        state        up
        from         +14255551234 on hq
        to           94155550100 on acme-1
        route        national
        began        2023-11-14 22:13:20Z
        talking for  00:01:05
        media        relay: bypass is off

        LEG  TRUNK   PEER            DIALOG     OUR MEDIA        PEER'S MEDIA    CALL-ID
        in   hq      127.0.0.1:5090  confirmed  127.0.0.1:16384  127.0.0.1:4000  abc
        out  acme-1  127.0.0.1:5080  confirmed  -                -               def

        FROM  STREAM  PACKETS  LOST  LOSS %  JITTER MS  RTCP  FORWARDED  STRANGERS  DISCARDED  SOURCE
        in         0      990    10    1.00        2.3     0        990          0          0  -

        """)
  }

  @Test("history tells outcome, trunks, status, Q.850 cause and MOS, in text and in JSON alike")
  func history() throws {
    let history = CallHistory([.sample])
    #expect(
      history.text(width: Int.max) == """
        ENDED                 CALL  FROM          TO           IN  OUT     OUTCOME   STATUS  Q.850    TALKED  MEDIA  MOS  REASON
        2023-11-14 22:14:23Z  7f3a  +14255551234  94155550100  hq  acme-1  answered     200     16  00:01:00  relay  4.3  the caller hung up

        """)
    #expect(history.json.contains(#""mos" : 4.33"#))
    #expect(history.json.contains(#""outcome" : "answered""#))
    #expect(try fromJSON(CallHistory.self, Array(history.json.utf8)) == history)
  }

  @Test("a ladder with two attempts: caller on the left, ourselves, a life line for each outgoing leg")
  func ladder() {
    func entry(_ at: Double, _ leg: Int, _ sent: Bool, _ method: String, _ status: Int = 0, sdp: Bool = false) -> LadderStatus.Entry {
      LadderStatus.Entry(milliseconds: at, leg: leg, sent: sent, method: method, status: status, sequence: 1, hasSDP: sdp, remote: "127.0.0.1:50\(80 + leg)")
    }
    let ladder = LadderStatus(
      call: "7f3a", trunks: ["hq", "acme-1", "acme-2"],
      entries: [
        entry(0, 0, false, "INVITE", sdp: true), entry(0.4, 0, true, "INVITE", 100), entry(2, 1, true, "INVITE", sdp: true),
        entry(30, 1, false, "INVITE", 503), entry(31, 1, true, "ACK"), entry(32, 2, true, "INVITE", sdp: true),
        entry(1040, 2, false, "INVITE", 200, sdp: true), entry(1041.6, 0, true, "INVITE", 200, sdp: true),
      ], omitted: 2)
    #expect(
      ladder.text(width: 80) == """
          SECONDS       hq                   tandem                 acme-1                 acme-2
                  127.0.0.1:5080                                127.0.0.1:5081         127.0.0.1:5082
            0.000        |---- INVITE (SDP) --->|                      |                      |
            0.000        |<---- 100 INVITE -----|                      |                      |
            0.002        |                      |---- INVITE (SDP) --->|                      |
            0.030        |                      |<---- 503 INVITE -----|                      |
            0.031        |                      |-------- ACK -------->|                      |
            0.032        |                      |--------------------------- INVITE (SDP) --->|
            1.040        |                      |<------------------------ 200 INVITE (SDP) --|
            1.042        |<- 200 INVITE (SDP) --|                      |                      |
        2 messages in the middle are left out.

        """)
  }

  @Test("an attempt farther right passes through the life lines between, and more than one leg is always drawn")
  func ladderShape() {
    let lines = LadderStatus(
      call: "1", trunks: ["a", "b", "c"],
      entries: [
        .init(milliseconds: 0, leg: 2, sent: true, method: "BYE", status: 0, sequence: 1, hasSDP: false, remote: "r"),
        .init(milliseconds: 5, leg: 2, sent: false, method: "BYE", status: 200, sequence: 1, hasSDP: false, remote: "r"),
      ]
    ).text(width: 80).split(separator: "\n")
    #expect(lines[2].filter { $0 == "|" }.count == 3, "the line of leg b is crossed")
    #expect(lines[2].hasSuffix(">|") && lines[3].hasSuffix("|") && lines[3].contains("|<-"))
  }

  @Test(
    "moments are UTC in the Gregorian calendar",
    arguments: [
      (0.0, "1970-01-01 00:00:00Z"), (951_782_399.9, "2000-02-28 23:59:59Z"), (951_782_400, "2000-02-29 00:00:00Z"), (4_107_542_400, "2100-03-01 00:00:00Z"),
      (-1, "1969-12-31 23:59:59Z"), (Double.nan, "-"), (Double.infinity, "-"), (1e300, "-"),
    ])
  func moments(_ seconds: Double, _ text: String) { #expect(moment(seconds) == text) }

  @Test("numbers that are none are shown as a dash, never trapped on")
  func numbers() {
    #expect([decimal(.nan, 1), decimal(.infinity, 1), duration(.nan), duration(-1), duration(1e300)] == ["-", "-", "-", "-", "-"])
    #expect([decimal(2.25, 1), decimal(-0.05, 2), decimal(7, 0), decimal(0.004, 2)] == ["2.3", "-0.05", "7", "0.00"])
    #expect(duration(90_061) == "1d 01:01:01")
  }

  @Test("MOS falls with loss and jitter and stays between 1 and 4.5 — ITU-T G.107")
  func quality() {
    let clean = VoiceQuality.meanOpinionScore(lossPercent: 0, jitterMilliseconds: 0)
    #expect(clean > 4.3 && clean < 4.5)
    #expect(VoiceQuality.meanOpinionScore(lossPercent: 5, jitterMilliseconds: 0) < clean)
    #expect(VoiceQuality.meanOpinionScore(lossPercent: 0, jitterMilliseconds: 150) < clean)
    #expect(VoiceQuality.meanOpinionScore(lossPercent: 100, jitterMilliseconds: 1e9) >= 1)
    #expect(VoiceQuality.meanOpinionScore([CallRecord.Stream()]) == nil)
  }

  @Test("a number test reads as outcome, attempts and reasons")
  func numberTest() {
    let routed = NumberTest(
      number: "94155550100", trunk: "hq", normalized: "+14155550100", outcome: "routed",
      attempts: [.init(trunk: "acme-1", route: "national", usage: "National", called: "14155550100", calling: "+14255551234")],
      reasons: ["dial-plan trunk:hq rule 10 matched"])
    #expect(
      routed.text(width: 80) == """
        number      94155550100 from hq
        normalized  +14155550100
        outcome     routed

        TRY  TRUNK   CALLED       CALLING       ROUTE     PSTN USAGE
          1  acme-1  14155550100  +14255551234  national  National

        - dial-plan trunk:hq rule 10 matched

        """)
    let refused = NumberTest(number: "5", trunk: "t", normalized: nil, outcome: "refused", status: 404, diagnostic: 12004, refusal: "no route")
    #expect(refused.text(width: 80).contains("outcome     refused with 404, diagnostic 12004: no route\n"))
  }
}
