import Addressing
import SDP
import Testing

@Suite struct Streams {
  @Test("A stream's direction is its own, else the session's, else sendrecv — RFC 8866 6.7") func direction() throws {
    let video = try parse(Sample.video)
    #expect(video.direction(of: 0) == .sendonly)
    #expect(video.direction(of: 1) == .recvonly)
    #expect(try parse(Sample.ipv6).direction(of: 0) == .sendrecv)
    #expect(try parse(session("a=inactive")).direction(of: 0) == .inactive)
    #expect(video.direction(of: 3) == .inactive)
    #expect(video.direction(of: -1) == .inactive)
  }

  @Test(
    "With c=0.0.0.0 nothing is sent, and the direction reads as the hold it is — RFC 3264 8.4",
    arguments: [
      ("a=sendrecv", SessionDescription.Direction.sendonly), ("", .sendonly), ("a=sendonly", .sendonly), ("a=recvonly", .inactive), ("a=inactive", .inactive),
    ])
  func oldStyleHold(_ given: (line: String, direction: SessionDescription.Direction)) throws {
    let held = try parse(session(given.line, connection: "c=IN IP4 0.0.0.0"))
    #expect(held.direction(of: 0) == given.direction)
    #expect(held.isHeld(0))
    #expect(held.rtpDestination(of: 0) == nil)
    #expect(held.rtcpDestination(of: 0) == nil)
  }

  @Test("Held is who does not want to receive; a stream that is off is not held") func held() throws {
    #expect(try parse(session("a=sendonly")).isHeld(0))
    #expect(try parse(session("a=inactive")).isHeld(0))
    #expect(try !parse(session("a=recvonly")).isHeld(0))
    #expect(try !parse(session("a=sendonly", media: "audio 0 RTP/AVP 0")).isHeld(0))
  }

  @Test("RTP goes to the stream's address, else to the session's; a port of 0 is nowhere") func rtp() throws {
    let video = try parse(Sample.video)
    #expect(video.rtpDestination(of: 0) == TransportAddress(IPAddress(192, 0, 2, 77), 5004))
    #expect(video.rtpDestination(of: 1) == TransportAddress(IPAddress(192, 0, 2, 78), 5006))
    #expect(try parse(Sample.t38).rtpDestination(of: 0) == nil)
    #expect(video.rtpDestination(of: 9) == nil)
  }

  @Test(
    "RTCP goes to a=rtcp, else to the next port — RFC 3605",
    arguments: [
      ("", 4001, "192.0.2.1"), ("a=rtcp:53020", 53020, "192.0.2.1"), ("a=rtcp:53020 IN IP4 126.16.64.4", 53020, "126.16.64.4"),
      ("a=rtcp:53020 IN IP6 2001:db8::4", 53020, "2001:db8::4"), ("a=rtcp:53020 IN IP4 host.example.com", 53020, "192.0.2.1"),
      ("a=rtcp:x", 4001, "192.0.2.1"), ("a=rtcp:70000", 4001, "192.0.2.1"), ("a=rtcp", 4001, "192.0.2.1"),
      ("a=rtcp:53020 IN IP6 126.16.64.4", 53020, "192.0.2.1"),
    ])
  func rtcp(_ given: (line: String, port: UInt16, address: String)) throws {
    #expect(try parse(session(given.line)).rtcpDestination(of: 0) == TransportAddress(#require(IPAddress(given.address)), given.port))
  }

  @Test(
    "RTCP has nowhere to go at port 0, at a multicast or unspecified address and above 65535",
    arguments: [
      "a=rtcp:0", "a=rtcp:53020 IN IP4 224.0.0.1", "a=rtcp:53020 IN IP4 0.0.0.0",
    ])
  func noRTCP(_ line: String) throws {
    #expect(try parse(session(line)).rtcpDestination(of: 0) == nil)
    #expect(try parse(session(media: "audio 65535 RTP/AVP 0")).rtcpDestination(of: 0) == nil)
  }

  @Test("rtcp-mux counts only when both sides wrote it — RFC 5761 5.1.1") func multiplexed() throws {
    let offer = try parse(session("a=rtcp-mux\na=rtcp:4101"))
    #expect(offer.rtcpDestination(of: 0)?.port == 4101)
    #expect(offer.rtcpDestination(of: 0, multiplexed: true)?.port == 4000)
  }

  @Test("The clock rate is the first format's — RFC 3551") func clockRate() throws {
    #expect(try parse(Sample.video).clockRate(of: 0) == 48_000)
    #expect(try parse(Sample.ipv6).clockRate(of: 0) == 8_000)
    #expect(try parse(session(media: "audio 4000 RTP/AVP 10")).clockRate(of: 0) == 44_100)
    #expect(try parse(session(media: "audio 4000 RTP/AVP 96")).clockRate(of: 0) == nil)
    #expect(try parse(session("a=rtpmap:96 x/0", media: "audio 4000 RTP/AVP 96")).clockRate(of: 0) == nil)
    #expect(try parse(Sample.t38).clockRate(of: 1) == nil)
  }
}
