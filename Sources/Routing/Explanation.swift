/// The sentences of one decision, in the order things were decided. Exists only when they are wanted: `explanation?.say(...)` builds no sentence otherwise.
final class Explanation {
  private(set) var sentences: [String] = []

  func say(_ sentence: String) { sentences.append(sentence) }

  static func shown(_ number: [UInt8]) -> String {
    number.isEmpty ? "(none)" : String(decoding: number, as: UTF8.self)
  }
  static func list(_ names: [String]) -> String { names.joined(separator: ", ") }
}
