import Addressing
import Timing

/// One stream of one side in the relay: its program, its latches, what was received.
///
/// The program is kept taken apart, so that a packet touches the fields it needs and no reference is counted for it.
struct RelayFlow: Sendable {
  /// Whose it is; `side` and `stream` name it in reports.
  private(set) var statistics: StreamStatistics
  /// Of the port it has; a destination of another family can not be reached from there.
  let local: TransportAddress
  /// Index of the flow of the same stream on the other side.
  var peer: Int?
  /// False once its side was given up; its place in the relay then waits for another.
  private(set) var isOpen = true
  private enum Rule: UInt8, Sendable { case none, tuple, address, prefix, learn }
  /// `none`: not programmed.
  private var rule = Rule.none
  /// Of `prefix` and `learn`.
  private var blocks: [IPPrefix] = []
  private var rtp: TransportAddress?
  private var rtcp: TransportAddress?
  private var rtpSource: TransportAddress?
  private var rtcpSource: TransportAddress?
  private var clockRate: UInt32 = 8000
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
    report.clockRate = clockRate
    switch rule {
    case .learn: report.source = rtpLatch.locked
    case .tuple: report.source = rtpSource
    case .address, .prefix, .none: report.source = nil
    }
    return report
  }

  mutating func close() { isOpen = false }

  /// It belongs to another side from now on.
  mutating func take(_ side: MediaSide) { statistics.side = side }

  /// A new program opens a latch only when the signalling says something new: another source address, or blocks the locked tuple is not in.
  mutating func program(_ new: FlowProgram) {
    // Old-style hold hides the address; it does not change whom we hear.
    let newSource = new.rtpSource ?? rtpSource
    let newRTCPSource = new.rtcpSource ?? rtcpSource
    if case .learn(let blocks) = new.source, rule == .learn, newSource == rtpSource {
      if let locked = rtpLatch.locked, !blocks.contains(locked.ip) { rtpLatch.open() }
      if let locked = rtcpLatch.locked, !blocks.contains(locked.ip) || newRTCPSource != rtcpSource { rtcpLatch.open() }
    } else {
      rtpLatch.open()
      rtcpLatch.open()
    }
    (rtpSource, rtcpSource, clockRate) = (newSource, newRTCPSource, new.clockRate)
    // An address of another family can not be reached from this port.
    rtp = new.rtp.flatMap { $0.ip.family == local.ip.family ? $0 : nil }
    rtcp = new.rtcp.flatMap { $0.ip.family == local.ip.family ? $0 : nil }
    switch new.source {
    case .tuple: (rule, blocks) = (.tuple, [])
    case .address: (rule, blocks) = (.address, [])
    case .prefix(let given): (rule, blocks) = (.prefix, given)
    case .learn(let given): (rule, blocks) = (.learn, given)
    }
  }

  /// Where a packet for this side goes; `nil` = nowhere.
  func destination(isRTCP: Bool) -> TransportAddress? {
    guard let signalled = isRTCP ? rtcp : rtp else { return nil }
    guard rule == .learn else { return signalled }
    return (isRTCP ? rtcpLatch.locked : rtpLatch.locked) ?? signalled
  }

  /// Judges and counts an RTP packet. True: it is the peer's.
  mutating func takesRTP(_ packet: UnsafeRawBufferPointer, from source: TransportAddress, at now: Instant) -> Bool {
    guard rule != .none else { return discard() }
    let header = RTPHeader(packet)
    if rule == .learn {
      // Only a valid packet moves a latch; an invalid one is a stranger's unless it comes from where we listen already.
      guard let header else { return rtpLatch.locked == source ? discard() : refuse() }
      guard learns(header, from: source, at: now) else { return refuse() }
    } else if !admits(source, signalled: rtpSource) {
      return refuse()
    }
    guard let header else { return discard() }
    reception.received(header, clockRate: clockRate, at: now)
    statistics.packets &+= 1
    statistics.bytes &+= UInt64(packet.count)
    statistics.lastPacketAt = now
    return true
  }

  /// Judges and counts an RTCP packet. True: it is the peer's.
  mutating func takesRTCP(_ packet: UnsafeRawBufferPointer, from source: TransportAddress, at now: Instant) -> Bool {
    guard rule != .none else { return discard() }
    let header = RTCPHeader(packet)
    if rule == .learn {
      guard let header else { return rtcpLatch.locked == source ? discard() : refuse() }
      guard learns(header, from: source, at: now) else { return refuse() }
    } else if !admits(source, signalled: rtcpSource) {
      return refuse()
    }
    guard let header else { return discard() }
    rtcpSSRC = header.ssrc
    statistics.rtcpPackets &+= 1
    statistics.lastRTCPAt = now
    return true
  }

  private mutating func learns(_ header: RTPHeader, from source: TransportAddress, at now: Instant) -> Bool {
    let before = rtpLatch.locked
    let isAllowed = before != nil || blocks.contains(source.ip)
    guard rtpLatch.takes(source, at: now, isAllowed: isAllowed, isContinuing: reception.isContinued(by: header)) else { return false }
    if let before, before != source { rtcpMayFollow = true }
    return true
  }

  private mutating func learns(_ header: RTCPHeader, from source: TransportAddress, at now: Instant) -> Bool {
    // RTCP comes from where RTP comes from, or from where a=rtcp says.
    let isBesideRTP = rtpLatch.locked == nil || source.ip == rtpLatch.locked?.ip || source == rtcpSource
    let isAllowed = rtcpLatch.locked != nil || isBesideRTP && blocks.contains(source.ip)
    // RTCP has no sequence and is silent for seconds anyhow: its port moves only when RTP has moved, or is silent too.
    let isContinuing = header.ssrc == rtcpSSRC && (rtcpMayFollow || rtpLatch.isSilent(at: now))
    guard rtcpLatch.takes(source, at: now, isAllowed: isAllowed, isContinuing: isContinuing) else { return false }
    rtcpMayFollow = false
    return true
  }

  /// Rules that need no memory.
  private func admits(_ source: TransportAddress, signalled: TransportAddress?) -> Bool {
    switch rule {
    case .tuple: source == signalled
    case .address: source.ip == signalled?.ip
    case .prefix: blocks.contains(source.ip)
    case .learn, .none: false
    }
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

extension [IPPrefix] {
  fileprivate func contains(_ address: IPAddress) -> Bool {
    for block in self where block.contains(address) { return true }
    return false
  }
}
