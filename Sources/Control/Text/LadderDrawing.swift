/// A SIP ladder in ASCII: the caller's peer, ourselves, then one line for each outgoing leg; time runs down, in seconds since the first message.
///
///     SECONDS   acme             tandem              hq
///       0.000    |-- INVITE (SDP) ->|                 |
///       0.004    |                  |- INVITE (SDP) ->|
///
/// An arrow to a leg farther right passes through the lines between. Legs are bounded by what a call may try; nothing is folded.
struct LadderDrawing {
  private let ladder: LadderStatus
  /// Column 0 is the incoming leg's peer, 1 ourselves, 2... the outgoing legs' peers.
  private let columns: Int
  /// From one life line to the next.
  private let pitch: Int
  /// Width of the seconds with their indent, and the distance to the first life line.
  private let timeWidth: Int
  private static let margin = 8
  /// More legs than this are drawn on the last line; a call tries fewer.
  private static let mostLegs = 16

  init(_ ladder: LadderStatus) {
    self.ladder = ladder
    let legs = min(max(2, ladder.trunks.count, (ladder.entries.map(\.leg).max() ?? 0) + 1), Self.mostLegs)
    columns = legs + 1
    // "|", at least two strokes and a blank on either side of the label, the arrow head.
    pitch = max((ladder.entries.map { printable($0.label).count }.max() ?? 0) + 7, 16)
    timeWidth = max(9, (ladder.entries.map { decimal($0.milliseconds / 1000, 3).count }.max() ?? 0) + 2)
  }

  func text() -> String {
    if ladder.entries.isEmpty { return "No SIP message of call \(printable(ladder.call)) is kept.\n" }
    var lines = [header(names, time: "SECONDS"), header(remotes, time: "")]
    for entry in ladder.entries { lines.append(row(entry)) }
    if ladder.omitted > 0 { lines.append("\(ladder.omitted) messages in the middle are left out.") }
    return lines.filter { !$0.isEmpty }.map { $0 + "\n" }.joined()
  }

  private var names: [String] {
    (0..<columns).map { column in
      if column == 1 { return "tandem" }
      let leg = leg(at: column)
      let name = ladder.trunks.indices.contains(leg) ? ladder.trunks[leg] : ""
      return name.isEmpty ? (leg == 0 ? "caller" : "leg \(leg)") : name
    }
  }
  private var remotes: [String] {
    (0..<columns).map { column in column == 1 ? "" : ladder.entries.first { $0.leg == leg(at: column) }?.remote ?? "" }
  }

  /// Names centred on their life lines, each cut to the room it has.
  private func header(_ texts: [String], time: String) -> String {
    var line = pad(time, timeWidth, .right)
    for (column, text) in texts.enumerated() {
      let shown = String(printable(text).prefix(pitch - 2))
      let start = max(position(column) - shown.count / 2, line.count + 1)
      if !shown.isEmpty { line = pad(line, start, .left) + shown }
    }
    return line.contains { $0 != " " } ? line : ""
  }

  private func row(_ entry: LadderStatus.Entry) -> String {
    var line = Array(pad("", position(columns - 1) + 1, .left))
    line.replaceSubrange(0..<timeWidth, with: pad(decimal(entry.milliseconds / 1000, 3), timeWidth, .right))
    for column in 0..<columns { line[position(column)] = "|" }
    let far = column(of: entry.leg)
    let (left, right) = (position(min(far, 1)), position(max(far, 1)))
    let toRight = entry.sent == (far > 1)
    for index in (left + 1)..<right { line[index] = "-" }
    line[toRight ? right - 1 : left + 1] = toRight ? ">" : "<"
    // The label stands in the gap beside the far end, so that it never covers a life line.
    let label = Array(" \(printable(entry.label)) ")
    let gapStart = far > 1 ? right - pitch : left
    let start = gapStart + 1 + (pitch - 1 - label.count) / 2
    line.replaceSubrange(start..<(start + label.count), with: label)
    return String(line)
  }

  private func position(_ column: Int) -> Int { timeWidth + Self.margin + column * pitch }
  private func column(of leg: Int) -> Int { leg <= 0 ? 0 : min(leg + 1, columns - 1) }
  private func leg(at column: Int) -> Int { column == 0 ? 0 : column - 1 }
}
