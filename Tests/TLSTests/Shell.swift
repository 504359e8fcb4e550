import Glibc
import Linux
import Testing

/// Runs a line of shell; its output, or an error with it.
enum Shell {
  struct Failed: Error { var text: String }

  static func run(_ line: String) throws -> String {
    guard let pipe = popen("(\(line)) 2>/dev/null", "r") else { throw Failed(text: "popen") }
    var text: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    while true {
      let got = fread(&part, 1, part.count, pipe)
      if got == 0 { break }
      text += part[..<got]
    }
    let status = pclose(pipe)
    let output = String(decoding: text, as: UTF8.self)
    guard status == 0 else { throw Failed(text: "\(line): status \(status): \(output)") }
    return output
  }
  static func bytes(_ path: String) throws -> [UInt8] { try #require(try Files.read(path)) }
}

extension String {
  var trimmed: String { String(self.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed()) }
}
