/// The command line without its terminal: lines in; text for people, text for errors and whether it worked out. The same for a prompt, for arguments and for files.
///
/// It talks to the daemon through one closure (a frame out, the frame that answers) and reads files through another, so it can be run against a server in the same process.
public struct Shell {
  /// The daemon could not be reached; one sentence with what to do.
  public struct Unreachable: Error, Sendable {
    public var text: String
    public init(_ text: String) { self.text = text }
  }
  public struct Outcome: Sendable, Equatable {
    public var output = ""
    public var errors = ""
    public var worked = true
    /// The operator wants to leave.
    public var ends = false
  }
  public private(set) var mode = CommandMode.operational
  public var json: Bool
  /// Columns of the terminal.
  public var width: Int
  private let interactive: Bool
  private let exchange: ([UInt8]) throws(Unreachable) -> [UInt8]
  /// `nil` when it cannot be read.
  private let readFile: (String) -> Result<String, Unreachable>
  /// The candidate was changed here and not committed or discarded since.
  private var hasEdited = false

  public init(
    interactive: Bool, json: Bool = false, width: Int = Int.max, readFile: @escaping (String) -> Result<String, Unreachable>,
    exchange: @escaping ([UInt8]) throws(Unreachable) -> [UInt8]
  ) {
    self.interactive = interactive
    self.json = json
    self.width = width
    self.readFile = readFile
    self.exchange = exchange
  }

  public var prompt: String { mode == .operational ? "tandem> " : "tandem# " }

  public mutating func run(_ line: String) -> Outcome {
    do throws(ControlError) {
      let parsed = try CommandParser(mode: mode, changesAnywhere: !interactive).parse(line)
      return try carryOut(parsed)
    } catch {
      return Outcome(errors: "error: \(error.text)\n", worked: false)
    }
  }

  /// Every line of a text; stops at the first that fails, so that a `commit` at the end never commits half a file. `name` stands before errors.
  public mutating func run(text: String, name: String) -> Outcome {
    var whole = Outcome()
    let lines = CommandWords.lines(of: text)
    var index = 0
    while index < lines.count, whole.worked, !whole.ends {
      let changes = lines[index...].prefix(ControlLimits.editLines).prefix { isChange($0.line) }
      let outcome = changes.isEmpty ? self.run(lines[index].line) : edit(Array(changes), name: name)
      if changes.isEmpty, !outcome.worked { whole.errors += "\(name):\(lines[index].number): " }
      index += max(1, changes.count)
      whole.output += outcome.output
      whole.errors += outcome.errors
      whole.worked = outcome.worked
      whole.ends = outcome.ends
    }
    whole.ends = false
    return whole
  }

  /// The lines of a file; `-` is standard input.
  public mutating func run(file: String) -> Outcome {
    switch readFile(file) {
    case .failure(let failure): Outcome(errors: "error: \(file): \(failure.text)\n", worked: false)
    case .success(let text): run(text: text, name: file == "-" ? "<stdin>" : file)
    }
  }

  /// What is to be said when no line will follow: that the candidate still waits.
  public func farewell() -> String {
    guard hasEdited, let text = try? ask(.compare(rollback: nil)) as? Comparison, !text.text.isEmpty else { return "" }
    return "note: the candidate has changes that do not run yet: `tandem compare` shows them, `tandem commit` lets them run, `tandem discard` drops them\n"
  }

  /// What may stand at the end of the line; from the daemon, or without it the command words alone.
  public func completions(_ line: String) -> Completions {
    if let answer = try? ask(.complete(line: line, mode: mode)) as? Completions { return answer }
    let unknown = CompletionSources(configuration: { _, _, _ in [.init("<node>", "the daemon knows; it does not answer")] })
    return Completions(line: line, mode: mode, sources: unknown)
  }

  /// Whether a `?` typed at the end of this line asks for help; inside quotes it is a character of a pattern.
  public static func isHelp(questionMarkAfter line: String) -> Bool { CommandWords(line).openQuote == nil }
}

extension Shell {
  private mutating func carryOut(_ parsed: ParsedCommand) throws(ControlError) -> Outcome {
    switch parsed.command {
    case .nothing: return Outcome()
    case .configure:
      mode = .configuration
      return Outcome()
    case .exit:
      if mode == .operational { return Outcome(ends: true) }
      mode = .operational
      return Outcome(output: interactive ? farewell() : "")
    case .load(let file, let how):
      switch readFile(file) {
      case .failure(let failure): throw ControlError(.refused, node: "load \(how.rawValue)", value: file, failure.text)
      case .success(let text): return try show(.load(text: text, how: how), json: parsed.json)
      }
    case .ask(let call): return try show(call, json: parsed.json)
    }
  }

  private mutating func show(_ call: ControlCall, json: Bool) throws(ControlError) -> Outcome {
    var call = call
    if self.json, case .showConfiguration(var query) = call, query.form == .tree {
      query.form = .json
      call = .showConfiguration(query)
    }
    let answer = try ask(call)
    switch call {
    case .edit, .load, .rollback: hasEdited = true
    case .commit, .discard: hasEdited = false
    default: break
    }
    let asJSON = (json || self.json) && !(answer is ConfigurationText)
    if asJSON, case .edit = call { return Outcome() }
    return Outcome(output: asJSON ? answer.json : answer.text(width: width))
  }

  private func ask(_ call: ControlCall) throws(ControlError) -> any Answer {
    let frame: [UInt8]
    do throws(Unreachable) { frame = try exchange(VarlinkClient.frame(call)) } catch { throw ControlError(.unavailable, error.text) }
    return try VarlinkClient.answer(to: call.method, from: frame)
  }

  /// Neighbouring `set` and `delete` lines, with the blank lines and comments between them, go to the daemon together: a file of thousands is one step for the candidate.
  private func isChange(_ line: String) -> Bool {
    let words = line.drop { $0 == " " || $0 == "\t" }
    return words.isEmpty || words.hasPrefix("#") || words.hasPrefix("set ") || words.hasPrefix("delete ")
  }

  private mutating func edit(_ lines: [(number: Int, line: String)], name: String) -> Outcome {
    let texts = lines.map { String($0.line.drop { $0 == " " || $0 == "\t" }) }
    guard texts.contains(where: { !$0.isEmpty && !$0.hasPrefix("#") }) else { return Outcome() }
    do throws(ControlError) { return try show(.edit(lines: texts), json: false) } catch {
      let errors = error.problems.map { problem in
        (problem.line.map { "\(name):\($0 &+ (lines.first?.number ?? 1) - 1): " } ?? "\(name): ") + "error: \(problem.text)\n"
      }
      return Outcome(errors: errors.joined(), worked: false)
    }
  }
}
