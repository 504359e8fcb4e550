import Addressing
import Media
import SDP
import Testing

@Suite struct FlowPrograms {
  private let signalling = IPAddress(192, 0, 2, 99)

  private func program(
    _ lines: String = "", connection: String = "192.0.2.1", port: Int = 4000, mediaNAT: Bool = false, sources: [IPPrefix] = [],
    check: MediaSourceCheck = .tuple
  ) throws -> FlowProgram {
    let text = "v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 \(connection)\nt=0 0\nm=audio \(port) RTP/AVP 96\n\(lines)\n"
    let remote = try SessionDescription(parsing: Array(text.utf8)[...])
    return FlowProgram(remote: remote, stream: 0, mediaNAT: mediaNAT, mediaSources: sources, signallingSource: signalling, check: check)
  }

  @Test("Under tuple the peer is heard from exactly where it receives — RFC 4961") func tuple() throws {
    let program = try program("a=rtpmap:96 opus/48000/2")
    #expect(program == FlowProgram(rtp: at("192.0.2.1", 4000), rtcp: at("192.0.2.1", 4001), source: .tuple, clockRate: 48_000))
  }

  @Test("RTCP goes to, and comes from, where a=rtcp says — RFC 3605") func rtcp() throws {
    let program = try program("a=rtcp:9000 IN IP4 192.0.2.5")
    #expect(program.rtcp == at("192.0.2.5", 9000) && program.rtcpSource == at("192.0.2.5", 9000))
  }

  @Test("A peer that holds us gets no RTP, still RTCP, and is heard — RFC 3264 5.1", arguments: ["a=sendonly", "a=inactive"]) func hold(_ line: String) throws {
    let program = try program(line)
    #expect(program.rtp == nil && program.rtpSource == at("192.0.2.1", 4000) && program.rtcp == at("192.0.2.1", 4001))
  }

  @Test("An old-style hold stops both and names nobody — RFC 3264 8.4") func oldStyleHold() throws {
    let program = try program(connection: "0.0.0.0", mediaNAT: true)
    #expect(program.rtp == nil && program.rtcp == nil && program.rtpSource == nil && program.rtcpSource == nil)
    #expect(program.source == .learn([block("192.0.2.99")]))
  }

  @Test("media-nat learns from the signalled address, the signalling's source and the media sources") func learn() throws {
    let program = try program("a=rtcp:9000 IN IP4 192.0.2.5", mediaNAT: true, sources: [block("198.18.0.0/15"), block("192.0.2.5/32")])
    #expect(program.source == .learn([block("192.0.2.1"), block("192.0.2.5"), block("192.0.2.99"), block("198.18.0.0/15")]))
    #expect(program.rtp == at("192.0.2.1", 4000))
  }

  @Test("The wider checks are the operator's choice") func checks() throws {
    #expect(try program(check: .address).source == .address)
    #expect(try program(sources: [block("198.18.0.0/15")], check: .prefix).source == .prefix([block("192.0.2.1"), block("198.18.0.0/15")]))
  }

  @Test("Under address any port of the signalled host is heard, under prefix any host of the blocks; replies go where was signalled") func wider() {
    let scene = Scene(alice: .address)
    #expect(scene.fromAlice(rtp(1), source: at("192.0.2.1", 9), at: ms(0)) == Scene.bob)
    #expect(scene.fromAlice(rtp(2), source: at("192.0.2.2", 4000), at: ms(0)) == nil)
    #expect(scene.fromBob(rtp(1), at: ms(0)) == Scene.alice)
    scene.programAlice(.prefix([block("192.0.2.0/24")]))
    #expect(scene.fromAlice(rtp(3), source: at("192.0.2.2", 9), at: ms(0)) == Scene.bob)
    #expect(scene.fromAlice(rtp(4), source: Scene.mallory, at: ms(0)) == nil)
    #expect(scene.fromBob(rtp(2), at: ms(0)) == Scene.alice)
  }
}
