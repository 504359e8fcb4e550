import Timing

/// What all instances of one plugin share in a table: its time budget, and the counters that show what it did wrong.
///
/// A hook that takes longer than `TrunkLimits.hookBudget` is an overrun; `TrunkLimits.overruns` of them within `overrunWindow`
/// take the plugin out: its trunks are down and refuse new requests until the next commit or start. Messages of dialogs that
/// are up still pass through its hooks: to bypass them would leak what they hide.
final class PluginWatch {
  let id: String
  private(set) var isOut = false
  private(set) var overruns: UInt64 = 0
  private var recent: [Instant] = []
  /// Calls of host functions with a handle that was dead.
  var deadHandles: UInt64 = 0
  /// Edits that were not allowed or malformed.
  var refusedEdits: UInt64 = 0
  /// Lines a plugin logged that nobody took in time.
  var droppedNotes: UInt64 = 0

  init(id: String) { self.id = id }

  func spent(_ time: Gap, at now: Instant) {
    guard time > TrunkLimits.hookBudget else { return }
    overruns &+= 1
    recent.removeAll { now.since($0) > TrunkLimits.overrunWindow }
    recent.append(now)
    if recent.count >= TrunkLimits.overruns {
      isOut = true
      recent = []
    }
  }

  /// A commit gives it another chance.
  func readmit() {
    isOut = false
    recent = []
  }

  var reason: String {
    "plugin \(id) took more than \(TrunkLimits.hookBudget.milliseconds) ms in \(TrunkLimits.overruns) hooks within \(TrunkLimits.overrunWindow.milliseconds / 1000) s; out of routing until the next commit or restart"
  }
}
