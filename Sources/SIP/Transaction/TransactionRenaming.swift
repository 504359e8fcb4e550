extension TransactionLayer {
  public mutating func rename(listeners: [Int?]) { fatalError() }
}
