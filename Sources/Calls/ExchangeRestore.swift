import Records

// What a restart does with one call, done to a running one: the simulator's proof that a call's state is all in its value.
extension Exchange {
  /// The live calls in the order of their slots, by the number that media sessions and tags carry.
  public var liveCallNumbers: [UInt64] { table.ids.map(\.rawValue) }

  /// Writes a call out as the journal will hold it, reads it back, and goes on with the copy. Nothing but the call is touched: the transaction
  /// layer, the ports and the queue of actions stay as they are, so that what follows must be what would have followed anyway.
  ///
  /// A call at rest is such bytes already: they are read and written again, and it rests on.
  ///
  /// False when the bytes could not be read back, were not read to their end, or the copy does not write the same bytes again;
  /// then the call is left as it was. True for a call that is not there.
  public mutating func rewriteCall(_ number: UInt64) -> Bool {
    let id = CallID(rawValue: number)
    guard let call = table.read(id) else { return true }
    var writer = RecordWriter()
    writer.write(call)
    var reader = RecordReader(writer.bytes)
    guard let copy = try? Call(from: &reader), reader.isAtEnd, copy.id == id else { return false }
    var again = RecordWriter()
    again.write(copy)
    guard again.bytes == writer.bytes else { return false }
    if !table.isResting(id) { _ = table.with(id) { $0 = copy } }
    return true
  }

  /// Calls at rest, of the live ones, and what their records take.
  public var restingCalls: Int { table.restingCount }
  public var restingBytes: Int { table.restingBytes }
}
