/// Why a call of `io.tandem.control` was not carried out: the error's name on the wire, and what a person needs to put it right.
public struct ControlError: Error, Sendable, Equatable {
  public enum Name: String, Sendable, CaseIterable {
    /// What was asked cannot be: each problem names the node, the value and what would be accepted.
    case refused = "Refused"
    /// The named call, trunk or commit does not exist.
    case notFound = "NotFound"
    /// The caller may read but not change.
    case permissionDenied = "PermissionDenied"
    /// A part of the daemon that the answer needs is off or did not answer.
    case unavailable = "Unavailable"
    /// The frame was no Varlink call, or too long; the connection is closed behind it.
    case malformedCall = "MalformedCall"
  }
  public var name: Name
  public var problems: [Problem]
  public init(_ name: Name, _ problems: [Problem]) {
    self.name = name
    self.problems = problems
  }
  public init(_ name: Name, node: String = "", value: String = "", line: Int? = nil, _ message: String) {
    self.init(name, [Problem(node: node, value: value, message: message, line: line)])
  }
  /// One line a problem.
  public var text: String { problems.map(\.text).joined(separator: "\n") }
}

/// One thing that is wrong: where, what stands there, and a clause with the rule and what would be accepted.
public struct Problem: Sendable, Equatable, Codable {
  /// As the command line writes it (`voice-route national pattern`); empty when no node is to blame.
  public var node: String
  public var value: String
  public var message: String
  /// Which line of what was sent, from 1.
  public var line: Int?
  public init(node: String = "", value: String = "", message: String, line: Int? = nil) {
    self.node = node
    self.value = value
    self.message = message
    self.line = line
  }
  public var text: String {
    let clause = value.isEmpty ? message : "'\(value)' \(message)"
    return printable(node.isEmpty ? clause : "\(node): \(clause)")
  }
}
