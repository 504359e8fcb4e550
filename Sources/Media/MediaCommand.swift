/// What call control asks of the media plane. Commands of one session are carried out in order.
public enum MediaCommand: Sendable, Equatable {
  /// Bind the ports of one side. Answered by `.opened` or `.refused`.
  /// A second `open` of the same side changes its anchor: streams whose port stayed keep their socket and their counts.
  case open(session: UInt64, side: MediaSide, anchor: MediaAnchor)
  /// Where one stream's media goes on that side and whom we hear there; replaces what held before. Nothing is forwarded to or from a side without it.
  case program(session: UInt64, side: MediaSide, stream: Int, FlowProgram)
  /// Send the counts of one session as they are now. Answered by `.report`.
  case report(session: UInt64)
  /// Give up the ports of one side (an attempt that failed).
  case release(session: UInt64, side: MediaSide)
  /// One side becomes another side, of this session or of another: its ports, its programs and its counts go along. What was there is given up.
  case move(session: UInt64, side: MediaSide, to: UInt64, as: MediaSide)
  /// The call has ended: stop forwarding, give up all ports. Answered by `.closed` with the final counts.
  case close(session: UInt64)
}

/// The two sides of a relayed call, towards the caller's trunk and towards the called trunk; and one that waits to take the place of either: its ports are bound, and
/// nothing is forwarded to or from it.
public enum MediaSide: UInt8, Sendable, Equatable, CaseIterable {
  case incoming = 0, outgoing = 1, standby = 2
}

public enum MediaEvent: Sendable, Equatable {
  case opened(session: UInt64, side: MediaSide)
  /// A port could not be bound (in use by somebody else, no descriptors left).
  case refused(session: UInt64, side: MediaSide, reason: String)
  /// Final counts, one entry a side and stream, incoming side first.
  case closed(session: UInt64, [StreamStatistics])
  /// Answer to `MediaCommand.report`.
  case report(session: UInt64, [StreamStatistics])
}
