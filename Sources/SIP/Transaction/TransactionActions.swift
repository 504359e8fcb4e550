/// What a client transaction's machine asks its owner to do after an event; carried out in the order of the list below.
struct ClientActions: OptionSet, Hashable, Sendable {
  let rawValue: UInt8
  /// Send the bytes the machine now holds (`message`): the request, or the ACK for a non-2xx final response.
  static let transmit = ClientActions(rawValue: 1)
  /// Hand the response to the transaction user.
  static let deliver = ClientActions(rawValue: 2)
  /// Start the CANCEL's own transaction.
  static let sendCancel = ClientActions(rawValue: 4)
  static let reportTimeout = ClientActions(rawValue: 8)
  static let reportTransportFailure = ClientActions(rawValue: 16)
  /// The transaction is over: give its place back.
  static let end = ClientActions(rawValue: 32)
}

/// What a server transaction's machine asks its owner to do after an event; carried out in the order of the list below.
struct ServerActions: OptionSet, Hashable, Sendable {
  let rawValue: UInt8
  /// Send the bytes the machine now holds (`message`): its latest response.
  static let transmit = ServerActions(rawValue: 1)
  /// Hand the ACK to the transaction user (RFC 6026: only in Accepted).
  static let deliverAcknowledgement = ServerActions(rawValue: 2)
  /// No ACK came for a non-2xx final response.
  static let reportUnacknowledged = ServerActions(rawValue: 4)
  /// The transaction user's response has no place in this state (RFC 3261 17.2.1, 17.2.2: discarded); count it.
  static let countDiscarded = ServerActions(rawValue: 8)
  /// The transaction is over: give its place back.
  static let end = ServerActions(rawValue: 16)
}

/// The states of figures 5 to 8 (RFC 3261 section 17, RFC 6026 section 7) without their data: for tests and for looking at, never set.
enum TransactionPhase: UInt8, Sendable {
  case calling, trying, proceeding, completed, confirmed, accepted, terminated
}
