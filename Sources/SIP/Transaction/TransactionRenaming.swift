extension TransactionLayer {
  /// After a commit listeners have other indexes: `listeners[old]` is the new one, `nil` for one that is gone (nothing can be sent there any more).
  public mutating func rename(listeners: [Int?]) {
    func renamed(_ listener: UInt16) -> UInt16 {
      let index = Int(listener)
      guard listeners.indices.contains(index), let new = listeners[index], let fits = UInt16(exactly: new) else { return .max }
      return fits
    }
    for slot in 0..<clients.endIndex where clients.isInUse(slot) { clients[slot].flow.listener = renamed(clients[slot].flow.listener) }
    for slot in 0..<servers.endIndex where servers.isInUse(slot) { servers[slot].flow.listener = renamed(servers[slot].flow.listener) }
  }
}
