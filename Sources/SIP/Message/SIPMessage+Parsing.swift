extension SIPMessage {
  /// Why bytes are no message, and whether anybody can be told.
  public struct ParseFailure: Error, Sendable {
    /// What the peer should be told (400, 413, 414, 416 (unknown scheme), 505 ...).
    public let status: Int
    /// The rule that was broken, for the log; a full stop would end it.
    public let reason: StaticString
    /// The message as far as it could be read; not `nil` only for a request whose Via, From, To, Call-ID and CSeq are sound, so that
    /// it can be answered (never an ACK). Otherwise: silence.
    public let answerable: SIPMessage?
  }

  /// Parses one whole datagram, or one framed stream message. After success all of the accessors below that are not
  /// optional are valid: From, To, Call-ID, CSeq, every Via (and Max-Forwards' syntax) have been checked strictly.
  public init(parsing bytes: [UInt8]) throws(ParseFailure) {
    guard bytes.count <= SIPLimits.messageBytes else {
      throw ParseFailure(status: 413, reason: "a message of more than 65535 bytes", answerable: nil)
    }
    var reading = MessageReading()
    bytes.withUnsafeBufferPointer { reading.readHead($0) }
    arena = bytes
    if reading.isFolded { reading.unfold(&arena) }
    arena.withUnsafeBufferPointer { reading.readValues($0) }
    index = reading.index
    method = reading.method
    statusCode = reading.statusCode
    target = reading.target
    content = reading.content
    essentials = reading.essentials
    guard let defect = reading.defect else { return }
    let isAnswerable = reading.isRequest && method != .ack && essentials.sound == .all
    throw ParseFailure(status: defect.status, reason: defect.reason, answerable: isAnswerable ? self : nil)
  }

  /// What a reader of the wire would find wrong with the message as it stands, or `nil`: for messages edited by others (trunk plugins).
  public var defect: StaticString? {
    do {
      _ = try SIPMessage(parsing: encoded())
      return nil
    } catch {
      return error.reason
    }
  }
}
