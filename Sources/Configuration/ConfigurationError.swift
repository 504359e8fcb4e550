/// Why a configuration, or one word of it, is refused: which node, which value, what is wrong with it and what would be accepted.
///
/// It is meant to be read. `node` is in the words an operator types (`peer hq-pbx port`); values of nodes that hold secrets are left out.
/// Where several things are wrong at once (a file), the first is the error and the others are in `others`.
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The line of the file or text, from 1; `nil` for a single command or a whole tree.
  public var line: Int?
  /// Empty when no node is concerned (broken JSON).
  public var node: String
  public var value: String?
  /// A clause that follows the value: `is not a port`.
  public var problem: String
  /// A phrase that follows `accepted:`.
  public var accepted: String?
  public var others: [ConfigurationError] = []

  /// Errors shown of one text; more are counted.
  public static let shown = 20

  public init(line: Int? = nil, node: String, value: String? = nil, problem: String, accepted: String? = nil) {
    self.line = line
    self.node = node
    self.value = value
    self.problem = problem
    self.accepted = accepted
  }

  init?(joining errors: [ConfigurationError]) {
    guard let first = errors.first else { return nil }
    self = first
    others = Array(errors.dropFirst())
  }

  /// Without the line and the other errors.
  public var message: String {
    var text = node.isEmpty ? "" : node + ": "
    if let value { text += (Self.holdsSecret(node) ? "the value" : quoted(value)) + " " }
    text += problem
    if let accepted { text += "; accepted: " + accepted }
    return text
  }

  public var description: String {
    let all = [self] + others
    var lines = all.prefix(Self.shown).map { ($0.line.map { "line \($0): " } ?? "") + $0.message }
    if all.count > Self.shown { lines.append("and \(all.count - Self.shown) more") }
    return lines.joined(separator: "\n")
  }

  /// Whether the last word of a path names something that errors and logs never show.
  static func holdsSecret(_ node: String) -> Bool {
    guard let last = node.split(separator: " ").last?.lowercased() else { return false }
    return ["password", "secret", "passphrase", "pin", "token"].contains { last.hasSuffix($0) }
  }

  private func quoted(_ text: String) -> String {
    text.utf8.count > 80 ? "'" + text.prefix(77) + "...'" : "'" + text + "'"
  }
}
