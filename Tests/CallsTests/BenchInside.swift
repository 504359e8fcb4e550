@testable import Calls

extension Bench {
  /// Entries of calls in the queue of deadlines.
  var pendingDeadlines: Int { exchange.deadlines.count }
}
