import CPCRE2
import Synchronization

/// One compiled pattern of a rule or a route.
///
/// PCRE2 on bytes, with `$` only at the very end and no UTF mode (a number is ASCII). JIT where the process may have executable memory, else the
/// interpreter: both give the same answers below the limits (they count steps differently). A match that reaches a limit counts as no match and is counted, so a pattern like `(\d+)+$` costs time once
/// and never stalls a thread. Differs from .NET in one way: named groups are numbered in order with the others.
///
/// Compiled code is only read after `init`, from any thread (pcre2api, "Multithreading"); what a match writes lives in the `MatchBlock`.
final class NumberPattern: Sendable {
  struct Fault: Error, Equatable {
    /// PCRE2's words and where, without the object.
    var message: String
  }

  private nonisolated(unsafe) let code: OpaquePointer
  let text: String
  /// Number of capturing groups, without group 0.
  let groups: Int
  /// What a number must begin with; empty when that is not plain to see.
  let prefix: [UInt8]

  /// `jit` and `prefix` off give the same answers, slower; for comparison.
  init(_ text: String, jit: Bool = true, prefix: Bool = true) throws(Fault) {
    self.text = text
    let bytes = Array(text.utf8)
    self.prefix = prefix ? LiteralPrefix.of(bytes) : []
    guard bytes.count <= RoutingLimits.patternBytes else {
      throw Fault(message: "it has \(bytes.count) bytes, at most \(RoutingLimits.patternBytes) are accepted")
    }
    var error: Int32 = 0
    var offset = 0
    let options = PCRE2_DOLLAR_ENDONLY | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP
    guard let code = pcre2_compile_8(bytes, bytes.count, options, &error, &offset, nil) else {
      throw Fault(message: "\(Self.words(for: error)) at character \(offset + 1)")
    }
    self.code = code
    // Refused without executable memory (MemoryDenyWriteExecute): pcre2_match then interprets.
    if jit { _ = pcre2_jit_compile_8(code, PCRE2_JIT_COMPLETE) }
    var count: UInt32 = 0
    _ = pcre2_pattern_info_8(code, UInt32(PCRE2_INFO_CAPTURECOUNT), &count)
    groups = Int(count)
  }
  deinit { pcre2_code_free_8(code) }

  /// Whether the pattern matches; its groups are then in the block.
  func matches(_ number: [UInt8], _ block: borrowing MatchBlock) -> Bool {
    guard number.starts(with: prefix) else { return false }
    var found = run(number, number.count, 0, block)
    // The JIT's stack is small and fixed; the interpreter's is not, and has its own limit.
    if found == PCRE2_ERROR_JIT_STACKLIMIT { found = run(number, number.count, PCRE2_NO_JIT, block) }
    if found < 0, found != PCRE2_ERROR_NOMATCH { block.limitHits.hits.add(1, ordering: .relaxed) }
    return found > 0
  }

  /// The number of a named group; `nil` if the pattern has none of that name.
  func group(named name: [UInt8]) -> Int? {
    let number = pcre2_substring_number_from_name_8(code, name + [0])
    return number > 0 ? Int(number) : nil
  }

  /// For people: a clause that says why the number does not match. Tries the number's beginnings, so it is for explanations only.
  func mismatch(_ number: [UInt8], _ block: borrowing MatchBlock) -> String {
    let found = run(number, number.count, 0, block)
    if found < 0, found != PCRE2_ERROR_NOMATCH { return "matching was given up after \(RoutingLimits.matchSteps) steps" }
    if reads(number, number.count, block) { return "the number ends too early" }
    guard text.utf8.first == UInt8(ascii: "^") else { return "no part of the number fits" }
    for length in stride(from: number.count - 1, through: 0, by: -1) {
      if run(number, length, 0, block) > 0 { return "the number goes on after its first \(length) characters" }
      if length == 0 || reads(number, length, block) {
        return "\(String(decoding: number[length...length], as: UTF8.self)) does not fit at character \(length + 1)"
      }
    }
    return "the number is empty"
  }
  /// Whether the first `length` bytes are the beginning of something that would match, from the start of the number.
  private func reads(_ number: [UInt8], _ length: Int, _ block: borrowing MatchBlock) -> Bool {
    run(number, length, PCRE2_PARTIAL_HARD, block) == PCRE2_ERROR_PARTIAL && block.group(0).lowerBound == 0
  }

  private func run(_ number: [UInt8], _ length: Int, _ options: UInt32, _ block: borrowing MatchBlock) -> Int32 {
    pcre2_match_8(code, number, length, 0, options, block.data, block.limits)
  }
  private static func words(for error: Int32) -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    guard pcre2_get_error_message_8(error, &buffer, buffer.count) > 0 else { return "PCRE2 error \(error)" }
    return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
  }
}
