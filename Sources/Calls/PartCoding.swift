import Addressing
import Authentication
import Media
import Records
import Routing
import SDP
import SIP
import Timing

// How the values of the layers below are written inside a call's record.

extension RecordWriter {
  mutating func write(integer value: Int) { write(Int64(value)) }
  mutating func write(optional value: Int?) { write(Int64(value ?? Int(Int64.min))) }
  mutating func write(optional value: Instant?) { write(value?.nanoseconds ?? Int64.min) }
}

extension RecordReader {
  mutating func integer() throws(Damage) -> Int { Int(try read(Int64.self)) }
  mutating func optionalInteger() throws(Damage) -> Int? {
    let value = try read(Int64.self)
    return value == .min ? nil : Int(value)
  }
  mutating func optionalInstant() throws(Damage) -> Instant? {
    let value = try read(Int64.self)
    return value == .min ? nil : Instant(nanoseconds: value)
  }
  mutating func optionalTime() throws(Damage) -> Double? {
    let bits = try read(UInt64.self)
    return bits == .max ? nil : Double(bitPattern: bits)
  }
  mutating func optionalIdentifier() throws(Damage) -> UInt64? {
    let value = try read(UInt64.self)
    return value == .max ? nil : value
  }
  mutating func enumeration<T>(_ make: (UInt8) -> T?) throws(Damage) -> T {
    guard let value = make(try read(UInt8.self)) else { throw .invalid }
    return value
  }
}

extension IPAddress: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(family.rawValue)
    if family == .v6 { w.write(high) }
    w.write(low)
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let family = try r.enumeration(Family.init(rawValue:))
    let high: UInt64 = family == .v6 ? try r.read() : 0
    let low: UInt64 = try r.read()
    self = family == .v4 ? IPAddress(v4: UInt32(truncatingIfNeeded: low)) : IPAddress(v6High: high, low: low)
  }
}

extension TransportAddress: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(ip)
    w.write(port)
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) { self.init(try r.read(), try r.read()) }
}

extension SIP.Flow: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(listener)
    w.write(transport.rawValue)
    w.write(remote)
    w.write(connection)
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(listener: try r.read(), transport: try r.enumeration(Transport.init(rawValue:)), remote: try r.read(), connection: try r.read())
  }
}

/// Messages are kept as they go on the wire. Only whole ones (received, or built as an answer) are kept in a call.
extension SIPMessage: Recordable {
  public func write(to w: inout RecordWriter) { w.write(encoded()) }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let bytes: [UInt8] = try r.read()
    guard let message = try? SIPMessage(parsing: bytes) else { throw .invalid }
    self = message
  }
}

extension Dialog: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(state.rawValue)
    for part in [callID, localTag, remoteTag, localAddress, remoteAddress, remoteTarget] { w.write(part) }
    w.write(UInt32(routeSet.count))
    for route in routeSet { w.write(route) }
    w.write(localSequence)
    w.write(optional: remoteSequence.map { Int($0) })
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(
      state: try r.enumeration(State.init(rawValue:)), callID: try r.read(), localTag: try r.read(), remoteTag: try r.read(),
      localAddress: try r.read(), remoteAddress: try r.read(), remoteTarget: try r.read(), routeSet: [], localSequence: 0, remoteSequence: nil)
    for _ in 0..<(try r.read(UInt32.self)) { routeSet.append(try r.read()) }
    localSequence = try r.read()
    remoteSequence = try r.optionalInteger().map { UInt32(truncatingIfNeeded: $0) }
  }
}

extension Trial: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(UInt32(steps.count))
    for step in steps {
      w.write(step.origin.rawValue)
      w.write(step.realm)
      w.write(step.nonce)
      w.write(integer: step.answers)
      w.write(step.field)
    }
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init()
    for _ in 0..<(try r.read(UInt32.self)) {
      let origin = try r.enumeration(Challenge.Origin.init(rawValue:))
      var step = Step(origin: origin, realm: try r.read())
      step.nonce = try r.read()
      step.answers = try r.integer()
      step.field = try r.read()
      steps.append(step)
    }
  }
}

extension AnswerRepetition: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(nextAt.nanoseconds)
    w.write(interval.nanoseconds)
    w.write(endsAt.nanoseconds)
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(sentAt: Instant(nanoseconds: 0))
    nextAt = Instant(nanoseconds: try r.read())
    interval = Gap(nanoseconds: try r.read())
    endsAt = Instant(nanoseconds: try r.read())
  }
}

/// As text: it was read from text, or is about to be written as text.
extension SessionDescription: Recordable {
  public func write(to w: inout RecordWriter) { w.write(encoded()) }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let bytes: [UInt8] = try r.read()
    guard let description = try? SessionDescription(parsing: bytes[...]) else { throw .invalid }
    self = description
  }
}

extension OfferAnswer: Recordable {
  public func write(to w: inout RecordWriter) {
    let parts = parts
    w.write(parts.state.rawValue)
    w.write(parts.sessionID)
    w.write(parts.local)
    w.write(parts.remote)
    // Nearly always what holds.
    let isLocal = parts.lastSent == parts.local
    w.write(isLocal)
    if !isLocal { w.write(parts.lastSent) }
    w.write(parts.isPending)
    if parts.isPending {
      w.write(parts.localBefore)
      w.write(parts.remoteBefore)
    }
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let state = try r.enumeration(State.init(rawValue:))
    let sessionID: UInt64 = try r.read()
    let local: SessionDescription? = try r.read()
    let remote: SessionDescription? = try r.read()
    let lastSent: SessionDescription? = try r.read(Bool.self) ? local : try r.read()
    let isPending: Bool = try r.read()
    let localBefore: SessionDescription? = isPending ? try r.read() : nil
    let remoteBefore: SessionDescription? = isPending ? try r.read() : nil
    self.init(
      Parts(
        state: state, sessionID: sessionID, local: local, remote: remote, lastSent: lastSent, isPending: isPending, localBefore: localBefore,
        remoteBefore: remoteBefore))
  }
}

extension MediaAnchor: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(realm)
    w.write(bind)
    w.write(advertised)
    w.write(UInt32(ports.count))
    for port in ports { w.write(port) }
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(realm: try r.read(), bind: try r.read(), advertised: try r.read(), ports: [])
    for _ in 0..<(try r.read(UInt32.self)) { ports.append(try r.read()) }
  }
}

extension StreamStatistics: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(side.rawValue)
    w.write(integer: stream)
    for count in [packets, bytes, rtcpPackets, expected, lost, jitter.bitPattern, strangers, discarded, forwarded] { w.write(count) }
    w.write(clockRate)
    w.write(optional: lastPacketAt)
    w.write(optional: lastRTCPAt)
    w.write(source)
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(side: try r.enumeration(MediaSide.init(rawValue:)), stream: try r.integer())
    packets = try r.read()
    bytes = try r.read()
    rtcpPackets = try r.read()
    expected = try r.read()
    lost = try r.read()
    jitter = Double(bitPattern: try r.read())
    strangers = try r.read()
    discarded = try r.read()
    forwarded = try r.read()
    clockRate = try r.read()
    lastPacketAt = try r.optionalInstant()
    lastRTCPAt = try r.optionalInstant()
    source = try r.read()
  }
}

extension Call.Attempt: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(integer: trunk)
    w.write(Array(route.utf8))
    w.write(Array(usage.utf8))
    w.write(called)
    w.write(calling)
    w.write(isSubstituted)
    w.write(contact)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let trunk = try r.integer()
    let route = String(decoding: try r.read([UInt8].self), as: UTF8.self)
    let usage = String(decoding: try r.read([UInt8].self), as: UTF8.self)
    self.init(trunk: trunk, route: route, usage: usage, called: try r.read(), calling: try r.read(), isSubstituted: try r.read())
    contact = try r.read()
  }
}

extension Ladder.Entry: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(at.nanoseconds)
    w.write(leg)
    w.write(sent)
    w.write(method.token)
    w.write(status)
    w.write(sequence)
    w.write(hasSDP)
    w.write(remote)
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let at = Instant(nanoseconds: try r.read())
    let leg: UInt8 = try r.read()
    let sent: Bool = try r.read()
    let method = SIP.Method(token: try r.read([UInt8].self))
    self.init(at: at, leg: leg, sent: sent, method: method, status: try r.read(), sequence: try r.read(), hasSDP: try r.read(), remote: try r.read())
  }
}

extension MediaWatch: Recordable {
  public func write(to w: inout RecordWriter) {
    w.write(limit.nanoseconds)
    w.write(answered.nanoseconds)
    w.write(UInt32(watched.count))
    for entry in watched {
      w.write(entry.side.rawValue)
      w.write(integer: entry.stream)
      w.write(entry.isHeld)
      w.write(entry.isOff)
      w.write(entry.since.nanoseconds)
      w.write(optional: entry.lastRTP)
      w.write(optional: entry.lastRTCP)
    }
  }
  public init(from r: inout RecordReader) throws(RecordReader.Damage) {
    self.init(limit: Gap(nanoseconds: try r.read()), answered: Instant(nanoseconds: try r.read()))
    for _ in 0..<(try r.read(UInt32.self)) {
      let side = try r.enumeration(MediaSide.init(rawValue:))
      let stream = try r.integer()
      let isHeld: Bool = try r.read()
      let isOff: Bool = try r.read()
      var entry = Watched(side: side, stream: stream, since: Instant(nanoseconds: try r.read()))
      entry.isHeld = isHeld
      entry.isOff = isOff
      entry.lastRTP = try r.optionalInstant()
      entry.lastRTCP = try r.optionalInstant()
      watched.append(entry)
    }
  }
}

extension SessionTimer: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(mode.rawValue)
    w.write(integer: interval)
    w.write(optional: actAt)
    w.write(optional: endsAt)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let mode = try r.enumeration(Mode.init(rawValue:))
    let interval = try r.integer()
    guard (1...SessionTerms.longest).contains(interval) else { throw .invalid }
    self.init(mode: mode, interval: interval, actAt: try r.optionalInstant(), endsAt: try r.optionalInstant())
  }
}

extension SessionAsk: Recordable {
  func write(to w: inout RecordWriter) {
    w.write(expires != nil)
    w.write(integer: expires?.seconds ?? 0)
    w.write(expires?.refresher?.rawValue ?? 0xFF as UInt8)
    w.write(integer: minimum)
    w.write(knowsTimers)
  }
  init(from r: inout RecordReader) throws(RecordReader.Damage) {
    let isThere: Bool = try r.read()
    let seconds = try r.integer()
    let refresher = SessionExpires.Refresher(rawValue: try r.read())
    self.init(
      expires: isThere ? SessionExpires(seconds: seconds, refresher: refresher) : nil, minimum: try r.integer(), knowsTimers: try r.read())
  }
}
