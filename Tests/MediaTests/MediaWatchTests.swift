import Media
import Testing
import Timing

@Suite struct MediaWatching {
  private func report(_ side: MediaSide = .incoming, stream: Int = 0, rtp: Int? = nil, rtcp: Int? = nil) -> StreamStatistics {
    var entry = StreamStatistics(side: side, stream: stream)
    entry.lastPacketAt = rtp.map { ms($0 * 1_000) }
    entry.lastRTCPAt = rtcp.map { ms($0 * 1_000) }
    return entry
  }
  private func s(_ seconds: Int) -> Instant { ms(seconds * 1_000) }
  private var watch: MediaWatch { MediaWatch(limit: .seconds(30), answered: s(0)) }

  @Test("A stream that was never heard is not watched") func neverHeard() {
    var watch = watch
    expect(watch.observe([report(), report(.outgoing)], at: s(1_000)), is: nil)
  }

  @Test("RTP that stops for the limit is silence, from its last packet") func stops() {
    var watch = watch
    expect(watch.observe([report(rtp: 10)], at: s(39)), is: nil)
    expect(watch.observe([report(rtp: 10)], at: s(40)), is: .init(side: .incoming, stream: 0, since: s(10)))
  }

  @Test("RTCP keeps a stream alive whose RTP pauses, and the other way round") func either() {
    var watch = watch
    expect(watch.observe([report(rtp: 10, rtcp: 35)], at: s(60)), is: nil)
    expect(watch.observe([report(rtp: 50, rtcp: 35)], at: s(79)), is: nil)
    expect(watch.observe([report(rtp: 50, rtcp: 35)], at: s(80))?.since, is: s(50))
  }

  @Test("On hold only RTCP counts, from the moment of the hold") func onHold() {
    var watch = watch
    expect(watch.observe([report(rtp: 10, rtcp: 5)], at: s(10)), is: nil)
    watch.hold(stream: 0, true, at: s(20))
    // Music on hold is RTP and counts for nothing.
    expect(watch.observe([report(rtp: 49, rtcp: 5)], at: s(49)), is: nil)
    expect(watch.observe([report(rtp: 50, rtcp: 5)], at: s(50))?.since, is: s(20))
    expect(watch.observe([report(rtp: 50, rtcp: 45)], at: s(70)), is: nil)
  }

  @Test("A peer without RTCP is not watched on hold") func holdWithoutRTCP() {
    var watch = watch
    expect(watch.observe([report(rtp: 10)], at: s(10)), is: nil)
    watch.hold(stream: 0, true, at: s(20))
    expect(watch.observe([report(rtp: 10)], at: s(10_000)), is: nil)
  }

  @Test("After the hold the clock starts anew; saying the same again does not restart it") func afterHold() {
    var watch = watch
    expect(watch.observe([report(rtp: 10)], at: s(10)), is: nil)
    watch.hold(stream: 0, true, at: s(20))
    watch.hold(stream: 0, false, at: s(500))
    watch.hold(stream: 0, false, at: s(520))
    expect(watch.observe([report(rtp: 10)], at: s(529)), is: nil)
    expect(watch.observe([report(rtp: 10)], at: s(530))?.since, is: s(500))
  }

  @Test("A stream that is switched off is not watched; back again it has the whole limit — RFC 3264 8.2") func switchedOff() {
    var watch = watch
    expect(watch.observe([report(rtp: 10), report(.outgoing, rtp: 10)], at: s(10)), is: nil)
    watch.switchOff(stream: 0, true, at: s(20))
    expect(watch.observe([report(rtp: 10), report(.outgoing, rtp: 10)], at: s(300)), is: nil)
    watch.switchOff(stream: 0, false, at: s(310))
    watch.switchOff(stream: 0, false, at: s(320))
    expect(watch.observe([report(rtp: 10), report(.outgoing, rtp: 10)], at: s(339)), is: nil)
    expect(watch.observe([report(rtp: 10), report(.outgoing, rtp: 10)], at: s(340))?.since, is: s(310))
  }

  @Test("Early media counts from the answer") func earlyMedia() {
    var watch = MediaWatch(limit: .seconds(30), answered: s(100))
    expect(watch.observe([report(rtp: 10)], at: s(129)), is: nil)
    expect(watch.observe([report(rtp: 10)], at: s(130))?.since, is: s(100))
  }

  @Test("Each side and stream is watched for itself; the first silent one is named") func sides() {
    var watch = watch
    expect(
      watch.observe([report(rtp: 60), report(.outgoing, rtp: 10), report(.outgoing, stream: 1, rtp: 5)], at: s(61)),
      is: .init(side: .outgoing, stream: 0, since: s(10)))
  }
}
