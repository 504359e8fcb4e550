/// Every bound of the SIP module in one place; each has a reason, and a counter where the transaction layer meets it.
public enum SIPLimits {
  /// A datagram can carry no more; streams are held to the same bound so that both legs see the same messages.
  public static let messageBytes = 65_535
  /// Header fields in one message: five times what the largest real INVITE carries.
  public static let headerFields = 256
  /// Via, Route and Record-Route values: Max-Forwards starts at 70.
  public static let routeValues = 70
  /// A Request-URI beyond this is answered 414: four times the longest a torture test or a location URI needs.
  public static let requestURIBytes = 4_096
  /// A header name: no registered one has more than 32 characters.
  public static let headerNameBytes = 128
}
