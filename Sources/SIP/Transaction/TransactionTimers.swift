import Timing

/// The intervals of RFC 3261 table 4 (and RFC 6026 section 8.4) for one transaction: its transport decides which are zero or never set.
///
/// | timer | value | over a reliable transport |
/// | --- | --- | --- |
/// | A | T1, doubling | never set |
/// | B, F, H, L, M | 64*T1 | the same |
/// | D, J | 64*T1 | zero |
/// | E | T1, doubling up to T2 | never set |
/// | G | T1, doubling up to T2 | never set |
/// | I, K | T4 | zero |
///
/// A timer of zero length is set like any other and is due at once: the owner fires what is due after every event.
struct TransactionTiming {
  let t1: Gap
  let t2: Gap
  let t4: Gap
  let isReliable: Bool

  init(_ timers: TransactionLayer.Timers, isReliable: Bool) {
    t1 = timers.t1
    t2 = timers.t2
    t4 = timers.t4
    self.isReliable = isReliable
  }

  /// B, F, H, L, M: how long a transaction is tried, or its answer may still be repeated.
  var lifetime: Gap { t1 * 64 }
  /// D, J: how long repeated messages of the far side may still come in after the final response.
  var absorbing: Gap { isReliable ? .zero : t1 * 64 }
  /// I, K: how long a message stays in the network.
  var lingering: Gap { isReliable ? .zero : t4 }
}

/// When each timer of one machine fires: a fixed table indexed by the machine's own enumeration of timers.
///
/// A machine never waits for anything itself; its owner asks for `earliest`, comes back at that instant with `due`, and fires
/// the timer. Timers due at the same instant fire in the order of the enumeration, so that a run can be repeated.
struct TimerTable<Timer: RawRepresentable & CaseIterable & Sendable>: Sendable where Timer.RawValue == UInt8, Timer.AllCases == [Timer] {
  /// `.never` means not set. Five are enough for any of the machines.
  private var instants = InlineArray<5, Instant>(repeating: .never)

  /// `nil` = not set.
  subscript(timer: Timer) -> Instant? {
    get {
      let at = instants[Int(timer.rawValue)]
      return at == .never ? nil : at
    }
    set { instants[Int(timer.rawValue)] = newValue ?? .never }
  }

  var earliest: Instant? {
    var first = Instant.never
    for index in instants.indices where instants[index] < first { first = instants[index] }
    return first == .never ? nil : first
  }

  /// The earliest timer that is due, taken out of the table.
  mutating func takeDue(at now: Instant) -> Timer? {
    guard let first = earliest, first <= now else { return nil }
    for index in instants.indices where instants[index] == first {
      instants[index] = .never
      return Timer(rawValue: UInt8(index))
    }
    return nil
  }

  mutating func stopAll() { instants = InlineArray(repeating: .never) }
}

extension Gap {
  static let zero = Gap(nanoseconds: 0)
}

extension Instant {
  /// No instant of a running system reaches it: three centuries after the start.
  static let never = Instant(nanoseconds: .max)
}
