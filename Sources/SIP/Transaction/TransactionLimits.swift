/// The bounds of the transaction layer, one shard each.
public enum TransactionLimits {
  /// Client and server transactions alive at once. One call over UDP keeps some hundred transaction-seconds (timers L, M and J
  /// run 32 s each), so this is room for about 10,000 calls a second; a million idle ones take about 600 MB. Beyond it a new
  /// request is refused with a stateless 503 and counted (`refused-full`); our own requests are bounded by the calls that send them.
  public static let liveTransactions = 1_000_000
  /// RFC 3261 18.1.1: a request of more bytes does not surely fit into one packet.
  public static let datagramBytes = 1_300
}
