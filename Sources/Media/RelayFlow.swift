import Addressing
import Timing

/// One stream of one side in the relay: its program, its latches, what was received.
struct RelayFlow: Sendable {
  /// Whose it is; `side` and `stream` name it in reports.
  private(set) var statistics: StreamStatistics
  /// Of the port it has; a destination of another family can not be reached from there.
  let local: TransportAddress
  /// Index of the flow of the same stream on the other side.
  var peer: Int?
  private var program: FlowProgram?
  private var rtpLatch = SourceLatch()
  private var rtcpLatch = SourceLatch()
  private var rtcpSSRC: UInt32?
  /// RTP moved to another port of its address, and RTCP was not heard since.
  private var rtcpMayFollow = false
  private var reception = Reception()

  init(side: MediaSide, stream: Int, local: TransportAddress) {
    statistics = StreamStatistics(side: side, stream: stream)
    self.local = local
  }

  var report: StreamStatistics {
    var report = statistics
    report.expected = reception.expected
    report.lost = reception.lost
    report.jitter = reception.jitter
    switch program?.source {
    case .learn: report.source = rtpLatch.locked
    case .tuple: report.source = program?.rtpSource
    case .address, .prefix, nil: report.source = nil
    }
    return report
  }

  /// A new program opens a latch only when the signalling says something new: another source address, or blocks the locked tuple is not in.
  mutating func program(_ new: FlowProgram) {
    let old = program
    var new = new
    // Old-style hold hides the address; it does not change whom we hear.
    new.rtpSource = new.rtpSource ?? old?.rtpSource
    new.rtcpSource = new.rtcpSource ?? old?.rtcpSource
    if case .learn(let blocks) = new.source, case .learn = old?.source, new.rtpSource == old?.rtpSource {
      if let locked = rtpLatch.locked, !blocks.contains(locked.ip) { rtpLatch.open() }
      if let locked = rtcpLatch.locked, !blocks.contains(locked.ip) || new.rtcpSource != old?.rtcpSource { rtcpLatch.open() }
    } else {
      rtpLatch.open()
      rtcpLatch.open()
    }
    program = new
  }

  /// Where a packet for this side goes; `nil` = nowhere.
  func destination(isRTCP: Bool) -> TransportAddress? {
    guard let program, let signalled = isRTCP ? program.rtcp : program.rtp else { return nil }
    var destination = signalled
    if case .learn = program.source { destination = (isRTCP ? rtcpLatch.locked : rtpLatch.locked) ?? signalled }
    return destination.ip.family == local.ip.family ? destination : nil
  }

  /// Judges and counts an RTP packet. True: it is the peer's.
  mutating func takesRTP(_ packet: UnsafeRawBufferPointer, from source: TransportAddress, at now: Instant) -> Bool {
    guard let program else { return discard() }
    let header = RTPHeader(packet)
    if case .learn(let blocks) = program.source {
      // Only a valid packet moves a latch; an invalid one is a stranger's unless it comes from where we listen already.
      guard let header else { return rtpLatch.locked == source ? discard() : refuse() }
      let before = rtpLatch.locked
      let isAllowed = before != nil || blocks.contains(source.ip)
      guard rtpLatch.takes(source, at: now, isAllowed: isAllowed, isContinuing: reception.isContinued(by: header)) else { return refuse() }
      if let before, before != source { rtcpMayFollow = true }
    } else if !program.source.admits(source, signalled: program.rtpSource) {
      return refuse()
    }
    guard let header else { return discard() }
    reception.received(header, clockRate: program.clockRate, at: now)
    statistics.packets &+= 1
    statistics.bytes &+= UInt64(packet.count)
    statistics.lastPacketAt = now
    return true
  }

  /// Judges and counts an RTCP packet. True: it is the peer's.
  mutating func takesRTCP(_ packet: UnsafeRawBufferPointer, from source: TransportAddress, at now: Instant) -> Bool {
    guard let program else { return discard() }
    let header = RTCPHeader(packet)
    if case .learn(let blocks) = program.source {
      guard let header else { return rtcpLatch.locked == source ? discard() : refuse() }
      // RTCP comes from where RTP comes from, or from where a=rtcp says.
      let isBesideRTP = rtpLatch.locked == nil || source.ip == rtpLatch.locked?.ip || source == program.rtcpSource
      let isAllowed = rtcpLatch.locked != nil || isBesideRTP && blocks.contains(source.ip)
      // RTCP has no sequence and is silent for seconds anyhow: its port moves only when RTP has moved, or is silent too.
      let isContinuing = header.ssrc == rtcpSSRC && (rtcpMayFollow || rtpLatch.isSilent(at: now))
      guard rtcpLatch.takes(source, at: now, isAllowed: isAllowed, isContinuing: isContinuing) else { return refuse() }
      rtcpMayFollow = false
    } else if !program.source.admits(source, signalled: program.rtcpSource) {
      return refuse()
    }
    guard let header else { return discard() }
    rtcpSSRC = header.ssrc
    statistics.rtcpPackets &+= 1
    statistics.lastRTCPAt = now
    return true
  }

  mutating func countForwarded() { statistics.forwarded &+= 1 }
  mutating func countDiscarded() { statistics.discarded &+= 1 }

  private mutating func discard() -> Bool {
    countDiscarded()
    return false
  }
  private mutating func refuse() -> Bool {
    statistics.strangers &+= 1
    return false
  }
}

extension FlowProgram.SourceRule {
  /// Rules that need no memory.
  fileprivate func admits(_ source: TransportAddress, signalled: TransportAddress?) -> Bool {
    switch self {
    case .tuple: source == signalled
    case .address: source.ip == signalled?.ip
    case .prefix(let blocks): blocks.contains(source.ip)
    case .learn: false
    }
  }
}

extension [IPPrefix] {
  fileprivate func contains(_ address: IPAddress) -> Bool {
    for block in self where block.contains(address) { return true }
    return false
  }
}
