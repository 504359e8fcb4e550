public import Timing

/// Whether a call's media is still alive, told from reports (decided: liveness).
///
/// A stream of a side is watched from the first RTP or RTCP heard on it *in this call*: a peer that never sends is not silent, it is quiet. From then on it must
/// be heard within `limit`: by RTP or RTCP, on hold by RTCP alone, and a peer without RTCP is not watched on hold. Time counts from the latest
/// of: the last packet, the answer, the last change between held and not held, the return of a stream that was switched off; while it is off it is not watched.
/// Not for images, direct media or before the answer: the owner makes the watch when the call is answered and asks for relayed audio only.
public struct MediaWatch: Sendable, Equatable {
  /// 30 s by default elsewhere: six RTCP intervals of 5 s.
  public let limit: Gap
  public struct Watched: Sendable, Equatable {
    public var side: MediaSide
    public var stream: Int
    public var isHeld = false
    /// Port 0 in a description of either side (RFC 3264 8.2).
    public var isOff = false
    /// Answer, or the last change of `isHeld` or `isOff`.
    public var since: Instant
    public var lastRTP: Instant?
    public var lastRTCP: Instant?
    public init(side: MediaSide, stream: Int, since: Instant) {
      self.side = side
      self.stream = stream
      self.since = since
    }
  }
  /// In order of first mention; as many as the reports have entries. Set only to put a stored watch back.
  public var watched: [Watched] = []
  public let answered: Instant

  /// Silence that lasted `limit`.
  public struct Silence: Sendable, Equatable {
    public var side: MediaSide
    public var stream: Int
    /// Nothing counted since then.
    public var since: Instant
    public init(side: MediaSide, stream: Int, since: Instant) {
      self.side = side
      self.stream = stream
      self.since = since
    }
  }

  public init(limit: Gap, answered: Instant) {
    self.limit = limit
    self.answered = answered
  }

  /// The stream went on hold or came back, on either side's wish: hold stops RTP of both.
  public mutating func hold(stream: Int, _ isHeld: Bool, at now: Instant) {
    for side in [MediaSide.incoming, .outgoing] {
      let index = index(of: side, stream)
      guard watched[index].isHeld != isHeld else { continue }
      watched[index].isHeld = isHeld
      watched[index].since = now
    }
  }

  /// The stream was switched off or came back, on either side's wish.
  public mutating func switchOff(stream: Int, _ isOff: Bool, at now: Instant) {
    for side in [MediaSide.incoming, .outgoing] {
      let index = index(of: side, stream)
      guard watched[index].isOff != isOff else { continue }
      watched[index].isOff = isOff
      watched[index].since = now
    }
  }

  /// A report as of `now`: the first stream that has been silent for `limit`, incoming side first; `nil` while all live.
  public mutating func observe(_ report: [StreamStatistics], at now: Instant) -> Silence? {
    for entry in report {
      let index = index(of: entry.side, entry.stream)
      watched[index].lastRTP = entry.lastPacketAt
      watched[index].lastRTCP = entry.lastRTCPAt
    }
    for entry in report {
      let stream = watched[index(of: entry.side, entry.stream)]
      if let since = Self.quietSince(stream), now >= since + limit { return Silence(side: entry.side, stream: entry.stream, since: since) }
    }
    return nil
  }

  /// Since when nothing that counts was heard; `nil` when the stream is not watched.
  private static func quietSince(_ stream: Watched) -> Instant? {
    guard !stream.isOff, let last = stream.isHeld ? stream.lastRTCP : [stream.lastRTP, stream.lastRTCP].compactMap({ $0 }).max() else { return nil }
    return max(last, stream.since)
  }

  private mutating func index(of side: MediaSide, _ stream: Int) -> Int {
    if let index = watched.firstIndex(where: { $0.side == side && $0.stream == stream }) { return index }
    watched.append(Watched(side: side, stream: stream, since: answered))
    return watched.count - 1
  }
}
