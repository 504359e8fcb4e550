/// The leaves of a plugin's subtree, by path, as the host function `setting` looks them up.
///
/// The text comes from libyang's RFC 7951 printer at commit, and is read once for each instance that opens, so that a plugin
/// in C needs no JSON library for what is nearly always a handful of flat leaves. It is a reader for exactly that: no numbers (a
/// leaf stays text), no writer, no general tree. Top members of other modules are left out; module prefixes are dropped.
/// Bounds: `TrunkLimits.settingsDepth` and `settingsLeaves`; text that breaks them, or is no JSON, is `nil`.
struct PluginSettings {
  private(set) var leaves: [(path: [UInt8], value: [UInt8])] = []

  init() {}

  /// `module`: the plugin's id, which is its YANG module's name.
  init?(_ json: String, module: String) {
    var reader = Reader(text: Array(json.utf8), module: Array(module.utf8))
    guard reader.skip() == UInt8(ascii: "{"), reader.object(at: [], depth: 0), reader.skip() == nil else { return nil }
    leaves = reader.leaves
  }

  /// The value number `index` of a leaf or leaf-list. Few leaves: a linear search.
  func value(_ path: some Collection<UInt8>, _ index: UInt32 = 0) -> [UInt8]? {
    var left = index
    for leaf in leaves where leaf.path.elementsEqual(path) {
      if left == 0 { return leaf.value }
      left -= 1
    }
    return nil
  }

  /// What `open` gets: `{"name":...,"peer":{...},"trunks":[{"name":...,"settings":{...}}]}`.
  static func document(peer: String, settings: String, trunks: [(name: String, settings: String)]) -> String {
    let list = trunks.map { "{\"name\":\(quoted($0.name)),\"settings\":\($0.settings)}" }.joined(separator: ",")
    return "{\"name\":\(quoted(peer)),\"peer\":\(settings),\"trunks\":[\(list)]}"
  }

  private static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

extension PluginSettings {
  /// One pass over the text; every function returns `nil` or false on text that is no JSON.
  private struct Reader {
    let text: [UInt8]
    let module: [UInt8]
    var at = 0
    var leaves: [(path: [UInt8], value: [UInt8])] = []

    init(text: [UInt8], module: [UInt8]) {
      self.text = text
      self.module = module
    }

    /// Skips white space and looks at the next byte.
    mutating func skip() -> UInt8? {
      while at < text.count, text[at] == 0x20 || (0x09...0x0D).contains(text[at]) { at += 1 }
      return at < text.count ? text[at] : nil
    }
    mutating func take(_ byte: Unicode.Scalar) -> Bool {
      guard skip() == UInt8(ascii: byte) else { return false }
      at += 1
      return true
    }

    mutating func object(at path: [UInt8], depth: Int) -> Bool {
      guard depth < TrunkLimits.settingsDepth, take("{") else { return false }
      if take("}") { return true }
      repeat {
        guard let name = string(), take(":") else { return false }
        let colon = name.firstIndex(of: UInt8(ascii: ":"))
        let isOurs = colon.map { depth > 0 || name[..<$0].elementsEqual(module) } ?? true
        let local = colon.map { Array(name[($0 + 1)...]) } ?? name
        let before = leaves.count
        guard value(at: path.isEmpty ? local : path + [UInt8(ascii: "/")] + local, depth: depth + 1) else { return false }
        if !isOurs { leaves.removeSubrange(before...) }
      } while take(",")
      return take("}")
    }

    /// Scalars of a list share the list's path (leaf-list); members that are objects get their number as a step.
    mutating func array(at path: [UInt8], depth: Int) -> Bool {
      guard depth < TrunkLimits.settingsDepth, take("[") else { return false }
      if take("]") { return true }
      var number = 0
      repeat {
        let step = skip() == UInt8(ascii: "{") ? path + Array("/\(number)".utf8) : path
        guard value(at: step, depth: depth + 1) else { return false }
        number += 1
      } while take(",")
      return take("]")
    }

    mutating func value(at path: [UInt8], depth: Int) -> Bool {
      switch skip() {
      case UInt8(ascii: "{"): return object(at: path, depth: depth)
      case UInt8(ascii: "["): return array(at: path, depth: depth)
      case UInt8(ascii: "\""): return string().map { keep(path, $0) } ?? false
      default:
        let start = at
        while at < text.count, text[at] > 0x20, !",]}".utf8.contains(text[at]) { at += 1 }
        let word = Array(text[start..<at])
        guard let first = word.first, "-0123456789tfn".utf8.contains(first) else { return false }
        // RFC 7951 6.9: a leaf of type empty is [null]; it is there, and its text is empty.
        return keep(path, word.elementsEqual("null".utf8) ? [] : word)
      }
    }

    mutating func keep(_ path: [UInt8], _ value: [UInt8]) -> Bool {
      guard leaves.count < TrunkLimits.settingsLeaves else { return false }
      leaves.append((path, value))
      return true
    }

    mutating func string() -> [UInt8]? {
      guard take("\"") else { return nil }
      var out: [UInt8] = []
      while at < text.count {
        let byte = text[at]
        at += 1
        if byte == UInt8(ascii: "\"") { return out }
        guard byte == UInt8(ascii: "\\") else {
          out.append(byte)
          continue
        }
        guard at < text.count, let character = escaped() else { return nil }
        out.append(contentsOf: String(character).utf8)
      }
      return nil
    }

    mutating func escaped() -> Character? {
      let byte = text[at]
      at += 1
      switch byte {
      case UInt8(ascii: "n"): return "\n"
      case UInt8(ascii: "t"): return "\t"
      case UInt8(ascii: "r"): return "\r"
      case UInt8(ascii: "b"): return "\u{8}"
      case UInt8(ascii: "f"): return "\u{C}"
      case UInt8(ascii: "u"): return unicode()
      default: return Character(Unicode.Scalar(byte))
      }
    }

    /// Four digits, or two times four when they are a surrogate pair.
    mutating func unicode() -> Character? {
      guard let first = hexadecimal() else { return nil }
      guard (0xD800...0xDBFF).contains(first) else { return Unicode.Scalar(first).map { Character($0) } }
      guard at + 1 < text.count, text[at] == UInt8(ascii: "\\"), text[at + 1] == UInt8(ascii: "u") else { return nil }
      at += 2
      guard let second = hexadecimal(), (0xDC00...0xDFFF).contains(second) else { return nil }
      return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)).map { Character($0) }
    }
    mutating func hexadecimal() -> UInt32? {
      guard at + 4 <= text.count else { return nil }
      defer { at += 4 }
      return UInt32(String(decoding: text[at..<(at + 4)], as: UTF8.self), radix: 16)
    }
  }
}
