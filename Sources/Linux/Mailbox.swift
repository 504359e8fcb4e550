/// What other threads leave for one: appended in order under a lock, with one ring of the bell for as many as lie there; the owner takes all at once each turn.
///
/// Bounded, since a thread that hangs must not take the memory with it: `post` says false when full, and the sender decides
/// (a media thread that lets 65,536 commands lie is about to be killed by the watchdog anyway).
public final class Mailbox<Message: Sendable>: Sendable {
  /// 65,536: what the media thread can have to tell of 10,000 calls that end at once, several times over.
  public static var bound: Int { 65_536 }

  private struct Box {
    var messages: [Message] = []
    var refused: UInt64 = 0
  }
  private let waiting = Lock(Box())
  private let bell: EventSignal
  private let bound: Int

  /// `bound`: messages that may lie there.
  public init(bound: Int = Mailbox.bound) throws(SystemCallError) {
    bell = try EventSignal()
    self.bound = bound
  }

  /// Messages it had no room for, since the start.
  public var refused: UInt64 { waiting.withLock { $0.refused } }

  /// To be watched by the owner's poll.
  public var descriptor: Descriptor { bell.descriptor }

  /// False when the box is full; the message is not in it then.
  @discardableResult
  public func post(_ message: Message) -> Bool {
    let others = waiting.withLock { box -> Int in
      let others = box.messages.count
      if others < bound { box.messages.append(message) } else { box.refused &+= 1 }
      return others
    }
    // The first one rings; those behind it are found together with it.
    if others == 0 { bell.ring() }
    return others < bound
  }

  /// Stops the bell and leaves the messages: for an owner that lets more gather. It must `take` by a time of its own, since the bell does not ring again before.
  public func hush() { bell.clear() }

  /// All that is there, in the order it was posted. `box` is emptied first and changes places with the mailbox's, so neither allocates in the long run.
  public func take(into box: inout [Message]) {
    box.removeAll(keepingCapacity: true)
    // Before looking: a ring that comes after the look is for the next turn.
    bell.clear()
    waiting.withLock { swap(&$0.messages, &box) }
  }
}
