/// Rows in aligned columns for a terminal. The last column may be prose: where the width is known it is folded at words, below its own beginning; nothing is ever cut off.
/// Lines carry no trailing blanks.
struct TextTable {
  enum Alignment { case left, right }
  private let titles: [String]
  private let alignments: [Alignment]
  private var rows: [[String]] = []
  /// Blanks between columns.
  private static let gap = 2
  /// A last column narrower than this is not folded: one word a line reads worse than a long line.
  private static let narrowest = 16

  /// A title that begins with ">" stands over numbers: the column is aligned to the right.
  init(_ titles: String...) {
    self.titles = titles.map { $0.hasPrefix(">") ? String($0.dropFirst()) : $0 }
    alignments = titles.map { $0.hasPrefix(">") ? .right : .left }
  }

  /// As many cells as there are titles; an empty cell is shown as "-".
  mutating func add(_ cells: String...) {
    precondition(cells.count == titles.count)
    rows.append(cells.map { $0.isEmpty ? "-" : printable($0) })
  }

  func text(width: Int) -> String {
    let widths = titles.indices.map { column in ([titles[column]] + rows.map { $0[column] }).map(\.count).max() ?? 0 }
    return ([titles] + rows).map { line($0, widths, width) }.joined(separator: "\n") + "\n"
  }

  private func line(_ cells: [String], _ widths: [Int], _ width: Int) -> String {
    let last = cells.count - 1
    var head = ""
    for column in 0..<last { head += pad(cells[column], widths[column], alignments[column]) + String(repeating: " ", count: Self.gap) }
    if alignments[last] == .right { return trimmed(head + pad(cells[last], widths[last], .right)) }
    let room = width - head.count
    guard room >= Self.narrowest, cells[last].count > room else { return trimmed(head + cells[last]) }
    let indent = String(repeating: " ", count: head.count)
    return folded(cells[last], to: room).enumerated().map { trimmed(($0.offset == 0 ? head : indent) + $0.element) }.joined(separator: "\n")
  }
}

/// A list of `name  value` lines with the values aligned; entries whose value is empty are left out.
func properties(_ entries: [(String, String)]) -> String {
  let shown = entries.filter { !$0.1.isEmpty }
  let width = shown.map(\.0.count).max() ?? 0
  return shown.map { "\(pad($0.0, width, .left))  \(printable($0.1))\n" }.joined()
}

func pad(_ text: String, _ width: Int, _ alignment: TextTable.Alignment) -> String {
  let blanks = String(repeating: " ", count: max(0, width - text.count))
  return alignment == .left ? text + blanks : blanks + text
}

/// Text from the wire may carry terminal escapes: every control character becomes "?".
public func printable(_ text: String) -> String {
  guard text.unicodeScalars.contains(where: isControl) else { return text }
  var shown = String.UnicodeScalarView()
  for scalar in text.unicodeScalars { shown.append(isControl(scalar) ? "?" : scalar) }
  return String(shown)
}
private func isControl(_ scalar: Unicode.Scalar) -> Bool { scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) }

private func trimmed(_ line: String) -> String {
  var line = Substring(line)
  while line.last == " " { line.removeLast() }
  return String(line)
}

private func folded(_ text: String, to width: Int) -> [String] {
  var lines: [String] = []
  var current = ""
  for word in text.split(separator: " ") {
    if !current.isEmpty, current.count + 1 + word.count > width {
      lines.append(current)
      current = ""
    }
    current += (current.isEmpty ? "" : " ") + word
  }
  return lines + [current]
}
