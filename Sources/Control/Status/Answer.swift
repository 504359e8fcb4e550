/// What a method answers: one struct that travels as JSON and that `show` prints as text. What the text says is in the struct, so `--json` says no less.
public protocol Answer: Codable, Sendable, Equatable {
  /// For people. `width`: columns of the terminal, `Int.max` where nobody counts. Ends in a newline unless empty.
  func text(width: Int) -> String
}

extension Answer {
  /// For programs: the struct as indented JSON with sorted keys.
  public var json: String { (try? jsonBytes(self, pretty: true)).map { String(decoding: $0, as: UTF8.self) + "\n" } ?? "{}\n" }
}

/// The answer of methods that only do: an optional sentence about what was done, and warnings.
public struct Done: Answer {
  public var message: String?
  public var warnings: [String]
  public init(message: String? = nil, warnings: [String] = []) {
    self.message = message
    self.warnings = warnings
  }
  public func text(width: Int) -> String {
    ((message.map { [$0] } ?? []) + warnings.map { "warning: \($0)" }).map { printable($0) + "\n" }.joined()
  }
}
