import Addressing
import SDP
import Testing

@Suite struct Reading {
  @Test("What real equipment writes is read, written again and read as the same — RFC 8866 section 5", arguments: Sample.all)
  func roundTrip(_ sample: [UInt8]) throws {
    let once = try parse(sample)
    let again = try parse(once.encoded())
    #expect(again == once)
    #expect(again.encoded() == once.encoded())
  }

  @Test("Streams, formats, addresses and attributes come out as written") func content() throws {
    let video = try parse(Sample.video)
    #expect(video.origin == .init(sessionID: 8822, version: 8823, address: IPAddress(192, 0, 2, 77)))
    #expect(video.connection == IPAddress(192, 0, 2, 77))
    #expect(video.attributes == [.init(name: bytes("sendonly"))])
    #expect(video.media.map { text($0.kind) } == ["audio", "video", "application"])
    #expect(video.media.map(\.port) == [5004, 5006, 5070])
    #expect(video.media.map { text($0.proto) } == ["RTP/AVP", "RTP/AVP", "UDP/BFCP"])
    #expect(video.media[0].formats == [bytes("96"), bytes("18")])
    #expect(video.media[1].connection == IPAddress(192, 0, 2, 78))
    #expect(video.media[2].formats == [bytes("*")])
    #expect(video.media[0].attributes[1] == .init(name: bytes("fmtp"), value: bytes("96 useinbandfec=1;maxaveragebitrate=20000")))
    #expect(try parse(Sample.t38).media.map(\.port) == [0, 17012])
    #expect(try parse(Sample.teamsLike).media[0].attributes.count == 17)
  }

  @Test("User, name, information, URI, e-mail, telephone, bandwidth, times, zones and keys are dropped") func dropped() throws {
    let written = text(try parse(Sample.video))
    for line in ["room", "Conference", "screen", "example.com", "617", "1984", "1856", "3034423619", "7d", "2882844526", "prompt", "microphone"] {
      #expect(!written.contains(line), "\(line)")
    }
    #expect(written.hasPrefix("v=0\no=- 8822 8823 IN IP4 192.0.2.77\ns=-\nc=IN IP4 192.0.2.77\nt=0 0\na=sendonly\nm=audio 5004 RTP/AVP 96 18\n"))
  }

  @Test("LF alone, no end of the last line and empty lines after it are taken, as real peers send them") func lineEnds() throws {
    let reference = try parse(Sample.asterisk)
    let lf = Sample.asterisk.filter { $0 != 13 }
    #expect(try parse(lf) == reference)
    #expect(try parse(Array(lf.dropLast())) == reference)
    #expect(try parse(Array(Sample.asterisk.dropLast(2))) == reference)
    #expect(try parse(Array(Sample.asterisk.dropLast())) == reference)
    #expect(try parse(Sample.asterisk + bytes("\r\n\r\n")) == reference)
  }

  @Test("An array slice that does not begin at 0 is read alike") func slice() throws {
    let padded = bytes("noise") + Sample.baresip + bytes("noise")
    #expect(try SessionDescription(parsing: padded[5..<(padded.count - 5)]) == parse(Sample.baresip))
  }

  @Test("Lines out of order, extra spaces, a name in o=, no s= and no t= are taken") func lenient() throws {
    let odd = try parse("v=0\no=- 1 1 IN IP4 pbx.example.com\nm=audio  4000 RTP/AVP 0  8 \na=sendonly\nb=AS:64\nc=IN IP4 192.0.2.1")
    #expect(odd.origin.address == IPAddress(0, 0, 0, 0))
    #expect(odd.media[0].formats == [bytes("0"), bytes("8")])
    #expect(odd.media[0].connection == IPAddress(192, 0, 2, 1))
  }

  @Test("A refused stream without formats is read and written with one") func refusedWithoutFormats() throws {
    let description = try parse(session(media: "video 0 RTP/AVP"))
    #expect(text(description).hasSuffix("m=video 0 RTP/AVP 0\n"))
  }

  @Test("A port count of one is taken — RFC 8866 5.14") func portCount() throws {
    #expect(try parse(session(media: "audio 49170/1 RTP/AVP 0")).media[0].port == 49170)
  }

  @Test(
    "What breaks the grammar is refused, with the line — RFC 8866 section 9",
    arguments: [
      ("", 0), ("v=1", 1), ("o=- 1 1 IN IP4 192.0.2.1", 1), ("v=0\ns=-", 2), ("v=0", 1), ("v=0\n\no=- 1 1 IN IP4 192.0.2.1", 2),
      ("v=0\no=- 1 IN IP4 192.0.2.1", 2), ("v=0\no=- x 1 IN IP4 192.0.2.1", 2), ("v=0\no=- 18446744073709551616 1 IN IP4 192.0.2.1", 2),
      ("v=0\no=- 1 1 IN IP4 192.0.2.1 more", 2), ("v=0\no=- 1 1 TN IP4 192.0.2.1", 2), ("v=0\no=- 1 1 IN IP5 192.0.2.1", 2),
      ("v=0\no=- 1 1 IN IP6 192.0.2.1", 2),
      (session("v=0"), 7), (session("o=- 1 1 IN IP4 192.0.2.1"), 7), (session("t=0 0"), 7), (session("x=1"), 7), (session("a"), 7),
      (session("a=:x"), 7), (session("a=bad name:x"), 7), (session("a=x\ry"), 7), (session("a=x\u{0}y"), 7), (session("c=IN IP4"), 7),
      (session("c=IN IP4 192.0.2.1 1"), 7), (session("c=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1"), 8), (session("c=IN IP4 192.0.2.!"), 7),
      (session("c=IN IP6 [2001:db8::1]"), 7), (session("c=IN IP4 2001:db8::1"), 7),
      (session(connection: "c=IN IP4 192.0.2.1\nc=IN IP4 192.0.2.1"), 5), (session(connection: ""), 5),
      (session(media: "audio 65536 RTP/AVP 0"), 6), (session(media: "audio -1 RTP/AVP 0"), 6), (session(media: "audio 4000/2 RTP/AVP 0"), 6),
      (session(media: "audio 4000/0 RTP/AVP 0"), 6), (session(media: "audio 4000/ RTP/AVP 0"), 6), (session(media: "audio 4000 RTP/AVP"), 6),
      (session(media: "audio 4000"), 6), (session(media: "audio\t4000 RTP/AVP 0"), 6), (session(media: "audio 4000 RTP//AVP 0\u{7f}"), 6),
      (session(media: "audio 4000 /AVP 0"), 6), (session(media: "au(dio 4000 RTP/AVP 0"), 6),
      (session(media: "audio 99999999999999999999999 RTP/AVP 0"), 6),
    ])
  func malformed(_ given: (text: String, line: Int)) throws {
    // `crlf` ends the last line as well; the empty text is to be empty.
    let wire = given.text.isEmpty ? [] : Sample.crlf(given.text)
    let failure = #expect(throws: SessionDescription.ParseFailure.self) { try parse(wire) }
    guard case .syntax(let line, _) = failure else {
      Issue.record("refused otherwise: \(String(describing: failure))")
      return
    }
    #expect(line == given.line)
  }

  @Test(
    "A host name or a multicast group in c= is refused as such",
    arguments: ["IP4 media.example.com", "IP4 224.2.1.1/127", "IP4 239.1.1.1", "IP6 ff15::101/3", "IP4 192.0.2.1/127"])
  func unsupportedAddress(_ address: String) {
    #expect(throws: SessionDescription.ParseFailure.unsupportedAddress) { try parse(session("c=IN \(address)")) }
  }

  @Test("A name under .invalid in c= is an IPv6 peer's old-style hold — RFC 6157 3.1") func invalidName() throws {
    let held = try parse(session(connection: "c=IN IP6 hold.invalid"))
    #expect(held.connection == IPAddress("::"))
    #expect(held.isHeld(0))
  }

  @Test("A description without streams is refused as such") func noMedia() {
    #expect(throws: SessionDescription.ParseFailure.noMedia) { try parse("v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nt=0 0") }
  }

  @Test("The bounds hold, and the last allowed value passes") func bounds() throws {
    let formats = (0..<64).map(String.init).joined(separator: " ")
    #expect(try parse(session(media: "audio 4000 RTP/AVP \(formats)")).media[0].formats.count == 64)
    #expect(throws: SessionDescription.ParseFailure.tooLarge) { try parse(session(media: "audio 4000 RTP/AVP \(formats) 64")) }

    let streams = Array(repeating: "m=audio 0 RTP/AVP 0", count: 63).joined(separator: "\n")
    #expect(try parse(session(streams)).media.count == 64)
    #expect(throws: SessionDescription.ParseFailure.tooLarge) { try parse(session(streams + "\nm=audio 0 RTP/AVP 0")) }

    let attributes = Array(repeating: "a=x", count: 512).joined(separator: "\n")
    #expect(try parse(session(attributes)).media[0].attributes.count == 512)
    #expect(throws: SessionDescription.ParseFailure.tooLarge) { try parse(session(attributes + "\na=x")) }

    let start = Sample.crlf(session()).count
    let fill = "a=" + String(repeating: "x", count: 65_536 - start - 4)
    #expect(try parse(session(fill)).media[0].attributes[0].name.count == 65_536 - start - 4)
    #expect(throws: SessionDescription.ParseFailure.tooLarge) { try parse(session(fill + "x")) }
  }

  @Test("Nothing that is read can trap: every prefix and every single changed byte of the samples") func mutilated() {
    for sample in Sample.all {
      for length in 0...sample.count { exercise(Array(sample.prefix(length))) }
      for index in sample.indices {
        for byte in [10, 32, 255] as [UInt8] {
          var changed = sample
          changed[index] = byte
          exercise(changed)
        }
      }
    }
  }

  /// Reads, and calls everything a description answers; what was read must survive being written.
  private func exercise(_ wire: [UInt8]) {
    guard let description = try? parse(wire) else { return }
    #expect((try? parse(description.encoded())) == description)
    for index in -1...description.media.count {
      _ = (description.direction(of: index), description.isHeld(index), description.rtpDestination(of: index))
      _ = (description.rtcpDestination(of: index), description.clockRate(of: index))
    }
    _ = description.crossing(to: nil).encoded()
    _ = description.crossing(to: (IPAddress(198, 51, 100, 1), [40_000])).encoded()
  }
}
