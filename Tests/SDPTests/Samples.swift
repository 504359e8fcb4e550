import SDP

/// Descriptions as real equipment writes them, CRLF line ends.
enum Sample {
  static let baresip = crlf(
    """
    v=0
    o=- 2873397496 1530792104 IN IP4 192.0.2.10
    s=-
    c=IN IP4 192.0.2.10
    t=0 0
    a=tool:baresip 1.0.0
    m=audio 20350 RTP/AVP 0 8 101
    b=AS:128
    a=rtpmap:0 PCMU/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-15
    a=sendrecv
    a=label:1
    a=rtcp-rsize
    a=ssrc:3084215123 cname:sip:alice@192.0.2.10
    a=ptime:20
    """)

  static let asterisk = crlf(
    """
    v=0
    o=- 1711276 2 IN IP4 198.51.100.7
    s=Asterisk
    c=IN IP4 198.51.100.7
    t=0 0
    m=audio 16442 RTP/AVP 8 0 9 101
    a=rtpmap:8 PCMA/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:9 G722/8000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16
    a=ptime:20
    a=maxptime:150
    a=sendrecv
    """)

  /// SRTP, ICE and one stream for each way to secure it, as a cloud telephony service offers.
  static let teamsLike = crlf(
    """
    v=0
    o=- 155417 0 IN IP4 203.0.113.20
    s=session
    c=IN IP4 203.0.113.20
    b=CT:1000
    t=0 0
    m=audio 50334 RTP/SAVP 104 9 0 8 13 118 101
    c=IN IP4 203.0.113.20
    a=rtcp:50335
    a=ice-ufrag:Uq7l
    a=ice-pwd:4bd8Jm0Wf0z2sXwKx1VY1Q5p
    a=rtcp-mux
    a=candidate:1 1 UDP 2130706431 203.0.113.20 50334 typ srflx raddr 10.0.0.5 rport 50334
    a=candidate:1 2 UDP 2130705918 203.0.113.20 50335 typ srflx raddr 10.0.0.5 rport 50335
    a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:bm90LWEtcmVhbC1rZXktYnV0LWxvbmctZW5vdWdoIQ==|2^31
    a=sendrecv
    a=rtpmap:104 SILK/16000
    a=rtpmap:9 G722/8000
    a=rtpmap:0 PCMU/8000
    a=rtpmap:8 PCMA/8000
    a=rtpmap:13 CN/8000
    a=rtpmap:118 CN/16000
    a=rtpmap:101 telephone-event/8000
    a=fmtp:101 0-16
    a=ptime:20
    """)

  static let video = crlf(
    """
    v=0
    o=room 8822 8823 IN IP4 192.0.2.77
    s=Conference room
    i=With the large screen
    u=http://example.com/rooms
    e=desk@example.com
    p=+1 617 555 6011
    c=IN IP4 192.0.2.77
    b=AS:1984
    t=3034423619 3042462419
    r=7d 1h 0 25h
    z=2882844526 -1h 2898848070 0
    k=prompt
    a=sendonly
    m=audio 5004 RTP/AVP 96 18
    i=the microphone
    a=rtpmap:96 opus/48000/2
    a=fmtp:96 useinbandfec=1;maxaveragebitrate=20000
    a=fmtp:18 annexb=no
    m=video 5006 RTP/AVP 97
    c=IN IP4 192.0.2.78
    b=AS:1856
    a=rtpmap:97 H264/90000
    a=fmtp:97 profile-level-id=42801F
    a=recvonly
    m=application 5070 UDP/BFCP *
    a=floorctrl:c-s
    """)

  static let t38 = crlf(
    """
    v=0
    o=gateway 3333 3334 IN IP4 192.0.2.200
    s=SIP Call
    c=IN IP4 192.0.2.200
    t=0 0
    m=audio 0 RTP/AVP 0
    m=image 17012 udptl t38
    a=T38FaxVersion:0
    a=T38MaxBitRate:14400
    a=T38FaxRateManagement:transferredTCF
    a=T38FaxUdpEC:t38UDPRedundancy
    """)

  static let ipv6 = crlf(
    """
    v=0
    o=- 77 78 IN IP6 2001:db8::10
    s=-
    c=IN IP6 2001:db8::10
    t=0 0
    m=audio 40000 RTP/AVP 8
    a=rtcp:40100 IN IP6 2001:db8::11
    """)

  static let all = [baresip, asterisk, teamsLike, video, t38, ipv6]

  /// Swift counts "\r\n" as one character: work on bytes.
  static func crlf(_ text: String) -> [UInt8] {
    var out: [UInt8] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) { out += Array(line.utf8) + [13, 10] }
    return out
  }
}

func parse(_ bytes: [UInt8]) throws -> SessionDescription { try SessionDescription(parsing: bytes[...]) }
/// Lines separated by `\n` in the source, CRLF on the wire.
func parse(_ text: String) throws -> SessionDescription { try parse(Sample.crlf(text)) }
func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
func text(_ description: SessionDescription) -> String { text(description.encoded()).replacing("\r\n", with: "\n") }
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A session with one audio stream; `lines` follow its m-line.
func session(_ lines: String = "", media: String = "audio 4000 RTP/AVP 0", connection: String = "c=IN IP4 192.0.2.1") -> String {
  (["v=0", "o=- 1 1 IN IP4 192.0.2.1", "s=-", connection, "t=0 0", "m=\(media)"] + (lines.isEmpty ? [] : [lines]))
    .filter { !$0.isEmpty }.joined(separator: "\n")
}
