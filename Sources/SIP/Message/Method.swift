/// A SIP method (RFC 3261 section 7.1 and the IANA registry). Methods are case-sensitive.
public enum Method: Hashable, Sendable {
  case invite, ack, cancel, bye, options
  case register, prack, subscribe, notify, publish, info, refer, message, update
  /// A well-formed token that is none of the above; answered with 501.
  case other([UInt8])
}
