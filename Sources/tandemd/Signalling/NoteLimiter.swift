import Calls
import Timing

/// Holds back floods of log lines before they leave the signalling thread: each kind of line has a burst and a rate of its own, so that garbage on the wire fills
/// neither the journal nor the mailbox in front of it, and the first line of another kind still comes through.
///
/// A kind is the place in our code that wrote the line, and for a plugin's lines the plugin. What was held back is told by `summaries`: a line a kind, with the count and
/// the last text.
struct NoteLimiter {
  /// Lines of a kind at once: every trunk of a middling site may go down together and be named.
  static let burst: Int64 = 100
  /// Ten lines a second from then on.
  static let interval = Gap.milliseconds(100)
  /// Kinds that are told apart; our own are a few dozen, the others plugins. What comes beyond shares one budget.
  static let kinds = 256

  private struct Budget {
    /// When the whole burst would be there again.
    var fullAt: Instant
    var heldBack: UInt64 = 0
    var last: Exchange.Note
  }
  private var budgets: [String: Budget] = [:]
  /// Lines held back since the start.
  private(set) var heldBack: UInt64 = 0

  /// Whether the line may go out.
  mutating func admit(_ note: Exchange.Note, at now: Instant) -> Bool {
    let kind = kind(of: note)
    var budget = budgets[kind] ?? Budget(fullAt: now, last: note)
    defer { budgets[kind] = budget }
    let start = max(budget.fullAt, now)
    guard start.since(now).nanoseconds <= Self.interval.nanoseconds * (Self.burst - 1) else {
      budget.heldBack &+= 1
      budget.last = note
      heldBack &+= 1
      return false
    }
    budget.fullAt = start + Self.interval
    return true
  }

  /// One line for each kind of which lines were held back since it was last asked.
  mutating func summaries() -> [Exchange.Note] {
    var lines: [Exchange.Note] = []
    for (kind, var budget) in budgets.sorted(by: { $0.key < $1.key }) where budget.heldBack > 0 {
      var note = budget.last
      note.text = "\(budget.heldBack) more lines like this were left out: \(note.text)"
      lines.append(note)
      budget.heldBack = 0
      budgets[kind] = budget
    }
    return lines
  }

  private func kind(of note: Exchange.Note) -> String {
    let plugin = note.fields.first { $0.name.description == "TANDEM_PLUGIN" }?.value
    let kind = "\(note.kind) \(plugin ?? "")"
    return budgets[kind] != nil || budgets.count < Self.kinds ? kind : ""
  }
}
