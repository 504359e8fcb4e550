public import Timing

/// The rules of a run, each in a file of its own: every trace event is shown to all of them, in this order, and the first complaint ends the run.
///
/// A checker knows nothing of the exchange's inside but what a trace event says, so a hand-written trace can break each rule (the tests do).
public struct Checkers: Sendable {
  private var rules: [any Checker]

  /// `t1` of the exchange; `accounts`: the parties whose trunks have one; `isSteady`: neither commits nor names change that.
  public init(t1: Gap, accounts: [Party] = [], isSteady: Bool = true) {
    rules = [
      SeparationChecker(), AddressChecker(), AnswerChecker(t1: t1), AcknowledgementChecker(t1: t1), FarewellChecker(),
      CredentialChecker(accounts: accounts, isSteady: isSteady),
      SequenceChecker(), DialogChecker(), ConservationChecker(), MediaChecker(),
      RecordChecker(), SessionChecker(), TransferChecker(), LivenessChecker(), RestoreChecker(), HealthChecker(t1: t1),
    ]
  }

  public mutating func observe(_ event: TraceEvent) -> Violation? {
    for index in rules.indices {
      if let text = rules[index].observe(event) { return Violation(checker: rules[index].name, text: text, at: event.at) }
    }
    return nil
  }
}

/// One rule.
protocol Checker: Sendable {
  var name: String { get }
  /// What is wrong, in one sentence; `nil`: nothing.
  mutating func observe(_ event: TraceEvent) -> String?
}
