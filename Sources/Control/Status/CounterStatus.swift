/// `show counters`: everything that is counted since the start, in a fixed order.
public struct CounterList: Answer {
  public struct Counter: Codable, Sendable, Equatable {
    /// `udp.received`: the part that counts, a dot, what it counts.
    public var name: String
    public var value: UInt64
    public init(name: String, value: UInt64) {
      self.name = name
      self.value = value
    }
  }
  public var counters: [Counter]
  public init(counters: [Counter]) { self.counters = counters }

  public func text(width: Int) -> String {
    var table = TextTable("COUNTER", ">VALUE")
    for one in counters { table.add(one.name, String(one.value)) }
    return table.text(width: width)
  }
}
