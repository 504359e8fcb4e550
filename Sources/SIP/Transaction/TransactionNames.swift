// Names of transactions inside a stored call.
extension TransactionLayer.ClientID {
  /// As read back from a call's record.
  public init(restoring rawValue: UInt64) { self.init(rawValue: rawValue) }
}

extension TransactionLayer.ServerID {
  /// As read back from a call's record.
  public init(restoring rawValue: UInt64) { self.init(rawValue: rawValue) }
}
