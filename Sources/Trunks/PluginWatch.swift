import Timing

/// What all instances of one plugin share in a table: its time budget, and the counters that show what it did wrong.
///
/// A hook that takes longer than `TrunkLimits.hookBudget` is an overrun. `TrunkLimits.overruns` of them within `overrunWindow`
/// take the plugin out, if they are at least one in `overrunShare` hooks of that time: a plugin that blocks, blocks for a kind of message; a
/// busy machine that takes the thread's turn away hits one hook in thousands. Out means that its trunks are down and refuse new requests until the next commit or start. Messages of dialogs that
/// are up still pass through its hooks: to bypass them would leak what they hide.
final class PluginWatch {
  let id: String
  private(set) var isOut = false
  private(set) var overruns: UInt64 = 0
  /// The window that runs: when it began, hooks and overruns in it.
  private var began: Instant?
  private var hooks = 0
  private var recent = 0
  /// Calls of host functions with a handle that was dead.
  var deadHandles: UInt64 = 0
  /// Edits that were not allowed or malformed.
  var refusedEdits: UInt64 = 0
  /// Lines a plugin logged that nobody took in time.
  var droppedNotes: UInt64 = 0

  init(id: String) { self.id = id }

  func spent(_ time: Gap, at now: Instant) {
    if began.map({ now.since($0) > TrunkLimits.overrunWindow }) ?? true { (began, hooks, recent) = (now, 0, 0) }
    hooks &+= 1
    guard time > TrunkLimits.hookBudget else { return }
    overruns &+= 1
    recent &+= 1
    if recent >= TrunkLimits.overruns, recent &* TrunkLimits.overrunShare >= hooks { isOut = true }
  }

  /// A commit gives it another chance.
  func readmit() {
    isOut = false
    began = nil
  }

  var reason: String {
    "plugin \(id) took more than \(TrunkLimits.hookBudget.milliseconds) ms in \(TrunkLimits.overruns) hooks within \(TrunkLimits.overrunWindow.milliseconds / 1000) s; out of routing until the next commit or restart"
  }
}
