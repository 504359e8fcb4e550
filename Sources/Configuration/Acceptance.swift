import CYANG

extension YANGContext {
  /// What a leaf takes, as a phrase: `udp, tcp or tls`, `a whole number from 0 to 63`. `existing` are the names a reference may be, when known.
  func acceptance(of leaf: SchemaNode, existing: [String]? = nil) -> String {
    guard let type = leaf.type else { return "nothing" }
    if type.pointee.basetype == LY_TYPE_LEAFREF {
      let target = referenceTarget(of: leaf) ?? "something"
      guard let existing else { return "the name of a \(target)" }
      if existing.isEmpty { return "the name of a \(target), and there is none yet: set \(target) NAME ..." }
      return Self.alternatives(existing)
    }
    let text = phrase(forTypeOf: leaf) ?? phrase(of: type)
    return leaf.units.map { text + " (" + $0 + ")" } ?? text
  }

  /// The words that may stand here and what each does: enumerations and booleans.
  func choices(of leaf: SchemaNode) -> [(word: String, summary: String)] {
    guard let type = leaf.type else { return [] }
    return choices(of: type)
  }

  private func choices(of type: UnsafePointer<lysc_type>) -> [(word: String, summary: String)] {
    switch type.pointee.basetype {
    case LY_TYPE_BOOL: return [("true", ""), ("false", "")]
    case LY_TYPE_ENUM:
      return type.withMemoryRebound(to: lysc_type_enum.self, capacity: 1) { type in
        (0..<yang_count(type.pointee.enums)).map { index in
          let item = type.pointee.enums[index]
          return (String(cString: item.name), item.dsc.map { String(cString: $0) } ?? "")
        }
      }
    case LY_TYPE_UNION: return members(of: type).flatMap(choices(of:))
    default: return []
    }
  }

  private func members(of union: UnsafePointer<lysc_type>) -> [UnsafePointer<lysc_type>] {
    union.withMemoryRebound(to: lysc_type_union.self, capacity: 1) { union in
      (0..<yang_count(union.pointee.types)).compactMap { union.pointee.types[$0].map { UnsafePointer($0) } }
    }
  }

  private func phrase(of type: UnsafePointer<lysc_type>) -> String {
    switch type.pointee.basetype {
    case LY_TYPE_BOOL, LY_TYPE_ENUM: return Self.alternatives(choices(of: type).map(\.word))
    case LY_TYPE_INT8, LY_TYPE_INT16, LY_TYPE_INT32, LY_TYPE_INT64, LY_TYPE_UINT8, LY_TYPE_UINT16, LY_TYPE_UINT32, LY_TYPE_UINT64:
      return numberPhrase(type)
    case LY_TYPE_STRING: return stringPhrase(type)
    case LY_TYPE_UNION: return Self.alternatives(members(of: type).map(phrase(of:)))
    case LY_TYPE_EMPTY: return "no value"
    default: return "a value of its YANG type"
    }
  }

  private func numberPhrase(_ type: UnsafePointer<lysc_type>) -> String {
    let unsigned = type.pointee.basetype.rawValue < LY_TYPE_DEC64.rawValue
    let ranges = type.withMemoryRebound(to: lysc_type_num.self, capacity: 1) { type -> [String] in
      guard let range = type.pointee.range else { return [] }
      return (0..<yang_count(range.pointee.parts)).map { index in
        let part = range.pointee.parts[index]
        let low = unsigned ? "\(part.min_u64)" : "\(part.min_64)"
        let high = unsigned ? "\(part.max_u64)" : "\(part.max_64)"
        return low == high ? low : "\(low) to \(high)"
      }
    }
    return ranges.isEmpty ? "a whole number" : "a whole number: " + Self.alternatives(ranges)
  }

  private func stringPhrase(_ type: UnsafePointer<lysc_type>) -> String {
    type.withMemoryRebound(to: lysc_type_str.self, capacity: 1) { type in
      var text = "text"
      if let length = type.pointee.length, let part = length.pointee.parts {
        text += part[0].max_u64 == UInt64.max ? "" : " of \(part[0].min_u64) to \(part[0].max_u64) characters"
      }
      for index in 0..<yang_count(type.pointee.patterns) {
        guard let pattern = type.pointee.patterns[index] else { continue }
        if let said = pattern.pointee.emsg { return String(cString: said) }
        text += (index == 0 ? " that matches " : " and ") + String(cString: pattern.pointee.expr)
      }
      return text
    }
  }

  /// What a reference refers to, in a word: `trunk`, `pstn-usage`.
  func referenceTarget(of leaf: SchemaNode) -> String? {
    guard let path = referencePath(of: leaf) else { return nil }
    let steps = path.split(separator: "/").map { $0.split(separator: ":").last.map(String.init) ?? String($0) }
    guard let last = steps.last else { return nil }
    return steps.count > 1 && (last == "name" || last == "scope") ? steps[steps.count - 2] : last
  }

  /// The path a reference has in the module's text, with prefixes: `/t:trunk/t:name`.
  func referencePath(of leaf: SchemaNode) -> String? {
    leaf.type.flatMap { yang_leafref_path($0) }.map { String(cString: $0) }
  }

  /// `a, b or c`, at most the first 30.
  static func alternatives(_ words: [String]) -> String {
    let most = 30
    if words.count > most { return words.prefix(most).joined(separator: ", ") + " or one of \(words.count - most) more" }
    guard let last = words.last, words.count > 1 else { return words.first ?? "" }
    return words.dropLast().joined(separator: ", ") + " or " + last
  }

  // MARK: values

  /// The canonical form of a value of a leaf or leaf-list, or what is wrong with it. Whether a reference's target exists is not asked.
  func canonical(_ value: String, for leaf: SchemaNode) -> Result<String, ValueProblem> {
    var canonical: UnsafePointer<CChar>?
    let code = lyd_value_validate(raw, leaf.raw, value, value.utf8.count, nil, nil, &canonical)
    defer { if let canonical { lydict_remove(raw, canonical) } }
    if code == LY_SUCCESS || code == LY_EINCOMPLETE { return .success(canonical.map { String(cString: $0) } ?? value) }
    let messages = takeMessages()
    return .failure(ValueProblem(clause: clause(about: value, type: leaf.type, message: messages.last?.text ?? "")))
  }

  struct ValueProblem: Error {
    /// `is out of range`
    var clause: String
  }

  private func clause(about value: String, type: UnsafePointer<lysc_type>?, message: String) -> String {
    guard let type else { return "has no type" }
    switch type.pointee.basetype {
    case LY_TYPE_INT8, LY_TYPE_INT16, LY_TYPE_INT32, LY_TYPE_INT64, LY_TYPE_UINT8, LY_TYPE_UINT16, LY_TYPE_UINT32, LY_TYPE_UINT64:
      let digits = value.hasPrefix("-") ? value.dropFirst() : value[...]
      return !digits.isEmpty && digits.utf8.allSatisfy { $0 >= 48 && $0 <= 57 } ? "is out of range" : "is not a whole number"
    case LY_TYPE_BOOL, LY_TYPE_ENUM: return "is not one of the words"
    case LY_TYPE_LEAFREF:
      return type.withMemoryRebound(to: lysc_type_leafref.self, capacity: 1) {
        clause(about: value, type: $0.pointee.realtype.map { UnsafePointer($0) }, message: message)
      }
    case LY_TYPE_STRING: return message.contains("length") ? "is too short or too long" : "does not have the right form"
    default: return "does not have the right form"
    }
  }
}

/// The word of a list that is nearest to a mistyped one: at most a third of its letters, and no more than three, added, lost, changed or swapped.
func nearest(to word: String, among candidates: [String]) -> String? {
  let most = min(3, max(1, word.unicodeScalars.count / 3))
  var best: (word: String, distance: Int)?
  for candidate in candidates {
    let distance = editDistance(Array(word.unicodeScalars), Array(candidate.unicodeScalars))
    if distance <= most, distance < best?.distance ?? Int.max { best = (candidate, distance) }
  }
  return best?.word ?? candidates.first { word.count >= 3 && $0.hasPrefix(word) }
}

private func editDistance(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
  // Words of a schema are short; a longer one is compared by its beginning.
  let a = Array(a.prefix(64)), b = Array(b.prefix(64))
  var beforeLast = [Int](repeating: 0, count: b.count + 1)
  var last = Array(0...b.count)
  for i in 0..<a.count {
    var row = [Int](repeating: i + 1, count: b.count + 1)
    for j in 0..<b.count {
      row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1) }
    }
    beforeLast = last
    last = row
  }
  return last[b.count]
}
