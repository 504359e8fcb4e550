import Configuration

/// An ordered list of rules: a dial plan, or one of the two translation lists of a trunk configuration. The first rule that matches decides, alone.
struct NumberRuleList: Sendable {
  struct Rule: Sendable {
    let number: Int
    let pattern: NumberPattern
    let translation: TranslationTemplate
    let translationText: String
  }
  enum Answer: Equatable {
    case unchanged
    case rule(Int, [UInt8])
    /// The rule matched and its result is no number (longer than one may be).
    case tooLong(rule: Int)
  }
  /// As the CLI writes it, without the number: `dial-plan trunk:hq rule`.
  let words: String
  /// Ascending by number.
  let rules: [Rule]

  init(_ rules: [Configuration.NumberRule], words: String) throws(RoutingTable.Problem) {
    self.words = words
    var compiled: [Rule] = []
    for rule in rules.sorted(by: { $0.number < $1.number }) {
      let node = "\(words) \(rule.number)"
      let pattern = try RoutingTable.compile(rule.pattern, node: "\(node) pattern")
      do throws(TranslationTemplate.Fault) {
        let translation = try TranslationTemplate(rule.translation, for: pattern)
        compiled.append(Rule(number: rule.number, pattern: pattern, translation: translation, translationText: rule.translation))
      } catch {
        throw RoutingTable.Problem(node: "\(node) translation", value: rule.translation, message: error.message)
      }
    }
    self.rules = compiled
  }
  var groups: Int { rules.map(\.pattern.groups).max() ?? 0 }

  /// Applies the first rule that matches. `what` names the list in the explanation, which hears of each rule that was tried.
  func translate(_ number: [UInt8], as what: String, _ block: borrowing MatchBlock, _ explanation: Explanation?) -> Answer {
    for rule in rules {
      guard rule.pattern.matches(number, block) else {
        explanation?.say("\(what) \(rule.number) (\(rule.pattern.text)) does not match \(Explanation.shown(number)): \(rule.pattern.mismatch(number, block)).")
        continue
      }
      guard let result = rule.translation.expand(number, block) else {
        explanation?.say(
          "\(what) \(rule.number) (\(rule.pattern.text) to \(rule.translationText)) matches \(Explanation.shown(number)), but the result would have more than \(RoutingLimits.numberBytes) characters."
        )
        return .tooLong(rule: rule.number)
      }
      explanation?.say(
        "\(what) \(rule.number) (\(rule.pattern.text) to \(rule.translationText)) matches: \(Explanation.shown(number)) becomes \(Explanation.shown(result)).")
      return .rule(rule.number, result)
    }
    return .unchanged
  }
}
