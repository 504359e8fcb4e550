import Configuration
import Media
import Records
import SDP
import Timing

// Whether the media of a call that is up still lives (decided: armed once RTP or RTCP was seen on a stream in this call; on hold only RTCP counts;
// never for direct media, which never touches us).
extension Call {
  /// The answer has been given: from now on the streams are watched.
  mutating func watchMedia(_ environment: inout CallEnvironment) {
    guard mediaPath == .relay, sessionOpen else { return }
    let settings = [legs[near].trunk, active.map { legs[$0].trunk } ?? -1].map { environment.settings(of: $0) }
    guard settings.contains(where: { $0.rtcpActiveCalls || $0.rtcpCallsOnHold }) else { return }
    let limit = Gap.seconds(max(1, settings.map(\.rtcpTimeout).min() ?? 30))
    watch = MediaWatch(limit: limit, answered: environment.now)
    watchAt = environment.now + limit
  }

  mutating func askForCounts(_ environment: inout CallEnvironment) {
    guard let watch, sessionOpen else { return watchAt = nil }
    // Asked three times within the limit, so that silence is noticed at most a third of it late.
    watchAt = environment.now + Gap(nanoseconds: max(watch.limit.nanoseconds / 3, 1_000_000_000))
    environment.actions.append(.media(.report(session: id.rawValue)))
  }

  mutating func mediaReported(_ counts: [StreamStatistics], _ environment: inout CallEnvironment) {
    streams = counts
    guard phase == .up, var watch else { return }
    for entry in counts where entry.side == .incoming {
      watch.hold(stream: entry.stream, isHeld(entry.stream), at: environment.now)
      watch.switchOff(stream: entry.stream, isOff(entry.stream), at: environment.now)
    }
    let watched = counts.filter { entry in
      guard entry.side != .standby else { return false }
      let leg = entry.side == .incoming ? near : active ?? near
      let settings = environment.settings(of: legs[leg].trunk)
      return isHeld(entry.stream) ? settings.rtcpCallsOnHold : settings.rtcpActiveCalls
    }
    let silence = watch.observe(watched, at: environment.now)
    self.watch = watch
    guard let silence else { return }
    let leg = silence.side == .incoming ? near : active ?? near
    let seconds = environment.now.since(silence.since).milliseconds / 1000
    end(.answered, status: status, cause: 102, reason: "no RTP or RTCP from \(legs[leg].trunkName) for \(seconds) s", by: nil, &environment)
  }

  /// Either side has switched the stream off, or never had it.
  private func isOff(_ stream: Int) -> Bool {
    [near, active ?? near].contains { leg in legs[leg].offerAnswer.remote.map { $0.port(of: stream) == 0 } ?? false }
  }

  /// Either side has put the stream on hold.
  private func isHeld(_ stream: Int) -> Bool {
    [near, active ?? near].contains { legs[$0].offerAnswer.remote?.isHeld(stream) ?? false }
  }
}
