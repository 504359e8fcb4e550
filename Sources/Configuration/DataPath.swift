/// A data path as libyang writes it, `/tandem:peer[name='hq']/port`, taken apart.
struct DataPath {
  struct Step {
    var name: String
    var keys: [String]
    /// The value of a leaf-list entry, `[.='x']`.
    var value: String?
  }
  var steps: [Step] = []

  /// The words an operator would type to get there.
  var words: String { steps.flatMap { [$0.name] + $0.keys }.map(\.asConfigurationWord).joined(separator: " ") }

  /// From a message's path: `Data location "/...", line number 3.` or `Schema location "/..."`. Empty when it holds none.
  init(message: String) {
    guard let begin = message.firstIndex(of: "/") else { return }
    var rest = message[begin...].unicodeScalars[...]
    while rest.first == "/" {
      rest.removeFirst()
      guard let step = Self.takeStep(&rest) else { return }
      steps.append(step)
    }
  }

  private static func takeStep(_ rest: inout Substring.UnicodeScalarView.SubSequence) -> Step? {
    let full = rest.prefix { $0 != "/" && $0 != "[" && $0 != "\"" }
    rest = rest.dropFirst(full.count)
    let name = String(full).split(separator: ":").last.map(String.init) ?? String(full)
    guard !name.isEmpty else { return nil }
    var step = Step(name: name, keys: [], value: nil)
    while rest.first == "[" {
      rest.removeFirst()
      let key = rest.prefix { $0 != "=" }
      rest = rest.dropFirst(key.count + 1)
      guard let quote = rest.first, quote == "'" || quote == "\"" else { return step }
      rest.removeFirst()
      let value = rest.prefix { $0 != quote }
      rest = rest.dropFirst(value.count + 2)
      if String(key) == "." { step.value = String(value) } else { step.keys.append(String(value)) }
    }
    return step
  }
}
