/// Configuration text for people who may read but not change: what stands behind a node whose name ends in `password`, `secret`, `passphrase`, `pin` or `token` is `***`.
///
/// It works on the text, form by form the same: from such a name to the end of its line, also when a quoted value goes over several lines. So it may hide too much
/// of a line that says more behind the secret, never too little.
public enum SecretMask {
  private static let names = ["password", "secret", "passphrase", "pin", "token"]

  public static func masked(_ text: String) -> String {
    CommandWords.lines(of: text).map { masked(line: $0.line) }.joined(separator: "\n")
  }

  private static func masked(line: String) -> String {
    let bytes = Array(line.utf8)
    guard let end = firstEnd(in: bytes) else { return line }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    // RFC 7951: `"itsp:password": "x",`; it stays JSON.
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return head + " ***" }
    return head + "\": \"***\"" + (bytes.last == UInt8(ascii: ",") ? "," : "")
  }

  /// Where the first name of a secret with something behind it ends.
  private static func firstEnd(in bytes: [UInt8]) -> Int? {
    names.compactMap { name -> Int? in
      let name = Array(name.utf8)
      guard bytes.count > name.count else { return nil }
      return (0..<(bytes.count - name.count)).first { start in
        let end = start + name.count
        return bytes[start..<end].elementsEqual(name, by: { $0 | 0x20 == $1 }) && (bytes[end] == UInt8(ascii: " ") || bytes[end] == UInt8(ascii: "\""))
      }.map { $0 + name.count }
    }.min()
  }
}
