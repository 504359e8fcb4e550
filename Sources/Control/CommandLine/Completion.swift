/// What Tab and `?` need to know of the live system; the daemon fills it, without it only the command words are offered.
public struct CompletionSources {
  public var calls: () -> [Completions.Word]
  public var trunks: () -> [Completions.Word]
  /// What may stand at this place of the configuration tree: the words before and the beginning of the one being typed. `deleting`: only what exists.
  public var configuration: (_ words: [String], _ partial: String, _ deleting: Bool) -> [Completions.Word]
  public init(
    calls: @escaping () -> [Completions.Word] = { [] }, trunks: @escaping () -> [Completions.Word] = { [] },
    configuration: @escaping (_ words: [String], _ partial: String, _ deleting: Bool) -> [Completions.Word] = { _, _, _ in [] }
  ) {
    self.calls = calls
    self.trunks = trunks
    self.configuration = configuration
  }
}

extension Completions {
  /// What may stand at the end of `line`: words that begin like the one being typed, all that may follow between words.
  public init(line: String, mode: CommandMode, sources: CompletionSources) {
    let parts = CommandWords(line)
    let (before, partial) = parts.beingTyped
    if parts.pipe != nil {
      self.init(
        words: parts.pipe?.count ?? 0 <= 1 ? Self.pipes(before).filter { $0.word.hasPrefix(parts.endsBetweenWords ? "" : parts.pipe?.last?.text ?? "") } : [])
      return
    }
    guard let place = try? CommandGrammar.walk(before, CommandGrammar.steps(mode)) else {
      self.init(words: [])
      return
    }
    let all = Self.following(place, partial, sources)
    self.init(words: Array(all.filter { $0.isPlaceholder || $0.word.hasPrefix(partial) }.prefix(ControlLimits.completions)))
  }

  private static func following(_ place: CommandGrammar.Place, _ partial: String, _ sources: CompletionSources) -> [Word] {
    let deleting = place.path.first == "delete" || place.path.first == "show"
    if place.inTail { return sources.configuration(place.tail, partial, deleting) }
    if let option = place.pending { return value(option.value ?? "", option.description, sources) }
    var words: [Word] = []
    for step in place.next {
      switch step.token {
      case .keyword(let word): words.append(Word(word, step.description))
      case .value(let name): words += value(name, step.description, sources)
      case .configuration: words += sources.configuration([], partial, deleting)
      case .operational:
        words += CommandGrammar.operational.compactMap { inner in
          if case .keyword(let word) = inner.token, word != "configure", word != "exit" { Word(word, inner.description) } else { nil }
        }
      }
    }
    words += place.options.map { Word($0.keyword, $0.description) }
    if place.ends { words.append(Word("<enter>", "do it")) }
    return words
  }

  private static func value(_ name: String, _ description: String, _ sources: CompletionSources) -> [Word] {
    let live = name == "call" ? sources.calls() : name == "trunk" ? sources.trunks() : []
    return live.isEmpty ? [Word("<\(name)>", description)] : live
  }

  private static func pipes(_ words: [String]) -> [Word] {
    let isConfiguration = words.first == "show" && (words.count == 1 || words[1] == "configuration")
    let json = [Word("json", "for programs")]
    return isConfiguration ? json + [Word("set", "as set lines"), Word("compare", "against what ran N commits ago")] : json
  }

  /// What Tab adds to the line: the rest of the only word and a blank, or as much as all words share; empty when that is nothing.
  public func insertion(after partial: String) -> String {
    let real = words.filter { !$0.isPlaceholder }.map(\.word)
    guard let first = real.first else { return "" }
    if real.count == 1 {
      let typed = CommandWords.quoted(first)
      return typed.hasPrefix(partial) ? String(typed.dropFirst(partial.count)) + " " : ""
    }
    let shared = real.dropFirst().reduce(first) { commonPrefix($0, $1) }
    return shared.hasPrefix(partial) ? String(shared.dropFirst(partial.count)) : ""
  }
}

private func commonPrefix(_ a: String, _ b: String) -> String { String(zip(a, b).prefix { $0 == $1 }.map(\.0)) }
