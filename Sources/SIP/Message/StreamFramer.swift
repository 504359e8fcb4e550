/// Cuts a byte stream into messages by Content-Length (RFC 3261 section 18.3); CRLF keep-alives (RFC 5626 3.5.1) fall out.
///
/// Bounded by `SIPLimits.messageBytes`: a stream that breaks the bound or has no Content-Length is `broken` for good and must be closed.
/// The cost is linear in the bytes however they are cut: the search for the end of a header section goes on where it stopped.
/// The framer reads no more than it must; what it hands out can still be malformed for `SIPMessage`, but both see the same boundaries.
///
///     boundary ──CRLF──▶ boundary ──CRLF──▶ ping     boundary ──other──▶ head ──CRLFCRLF──▶ body ──length──▶ boundary
public struct StreamFramer: Sendable {
  public enum Output: Sendable {
    case message([UInt8])
    /// A double CRLF arrived: answer with a single CRLF.
    case ping
    /// The single CRLF that answers a ping of ours (`expectPong`).
    case pong
    /// The stream can not be read on; close the connection. `brokenHead` may hold a request to answer with `brokenStatus` first.
    case broken(reason: StaticString)
  }

  private enum State: Sendable {
    /// Between messages; whether one CRLF stood here already.
    case boundary(afterLineEnd: Bool)
    /// In a header section, searched up to this offset.
    case head(searched: Int)
    /// The length of the whole message is known.
    case body(total: Int)
    case broken
  }

  private var buffer: [UInt8] = []
  /// Bytes of `buffer` that were handed out.
  private var start = 0
  private var state = State.boundary(afterLineEnd: false)
  /// After `broken`: the header section that could not be framed, with its empty line, if it was whole. Parsing it tells whether
  /// somebody can be answered (400, RFC 3261 18.3).
  public private(set) var brokenHead: [UInt8]?
  /// What to answer it with: 513 when the message is larger than we read (RFC 3261 21.5.7: it is the message that is bounded, head and body, and not the
  /// body alone, which 413 would say), else 400.
  public private(set) var brokenStatus = 400

  /// A ping of ours has gone out: the next CRLF between messages is its answer.
  private var isPongExpected = false

  public init() {}

  /// We have sent a double CRLF (RFC 5626 4.4.1).
  public mutating func expectPong() { isPongExpected = true }

  /// Bytes held back for want of more; at most `SIPLimits.messageBytes` once `next` has given `nil`.
  public var heldBytes: Int { buffer.count - start }

  @inlinable public mutating func receive(_ bytes: some Collection<UInt8>) {
    if bytes.withContiguousStorageIfAvailable({ take($0) }) == nil { Array(bytes).withUnsafeBufferPointer { take($0) } }
  }

  @usableFromInline mutating func take(_ bytes: UnsafeBufferPointer<UInt8>) {
    if case .broken = state { return }
    buffer.append(contentsOf: bytes)
  }

  /// `nil` when more bytes are needed.
  public mutating func next() -> Output? {
    while true {
      let step: Step
      switch state {
      case .broken: return nil
      case .boundary(let afterLineEnd): step = readBoundary(afterLineEnd)
      case .head(let searched): step = readHead(searched)
      case .body(let total): step = buffer.count - start >= total ? .output(.message(cut(total))) : .needMore
      }
      switch step {
      case .needMore: return nil
      case .goOn: continue
      case .output(let output): return output
      }
    }
  }

  private enum Step { case needMore, goOn, output(Output) }

  private mutating func readBoundary(_ afterLineEnd: Bool) -> Step {
    guard start < buffer.count else {
      discard()
      return .needMore
    }
    if buffer[start] == UInt8(ascii: "\n") { return fail("a bare LF between messages") }
    guard buffer[start] == UInt8(ascii: "\r") else {
      state = .head(searched: 0)
      return .goOn
    }
    guard start + 1 < buffer.count else { return .needMore }
    guard buffer[start + 1] == UInt8(ascii: "\n") else { return fail("a bare CR between messages") }
    start += 2
    if isPongExpected, !afterLineEnd {
      isPongExpected = false
      return .output(.pong)
    }
    // A lone CRLF is a late answer to a ping of ours, or an old habit before a message (7.5); nothing follows from it.
    state = .boundary(afterLineEnd: !afterLineEnd)
    return afterLineEnd ? .output(.ping) : .goOn
  }

  private mutating func readHead(_ searched: Int) -> Step {
    guard let end = endOfHead(from: start + searched) else {
      let held = buffer.count - start
      guard held <= SIPLimits.messageBytes else { return fail("a header section of more than 65535 bytes") }
      // The empty line may have begun in the last three bytes.
      state = .head(searched: max(held - 3, 0))
      return .needMore
    }
    let length = contentLength(upTo: end)
    if case .number(let bytes) = length, bytes <= SIPLimits.messageBytes, end - start + bytes <= SIPLimits.messageBytes {
      state = .body(total: end - start + bytes)
      return .goOn
    }
    brokenHead = Array(buffer[start..<end])
    switch length {
    case .absent: return fail("a message without Content-Length on a stream")
    case .malformed: return fail("a Content-Length that is no number, or two that differ")
    case .number:
      brokenStatus = 513
      return fail("a message of more than 65535 bytes")
    }
  }

  /// The offset behind the first empty line.
  private func endOfHead(from first: Int) -> Int? {
    buffer.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return nil }
      let reader = ByteReader(base, from: 0, to: bytes.count)
      var at = reader.nextControl(from: first)
      while at + 3 < bytes.count {
        if bytes[at] == UInt8(ascii: "\r"), bytes[at + 1] == UInt8(ascii: "\n"), bytes[at + 2] == UInt8(ascii: "\r"),
          bytes[at + 3] == UInt8(ascii: "\n")
        {
          return at + 4
        }
        at = reader.nextControl(from: at + 1)
      }
      return nil
    }
  }

  private enum Length { case absent, malformed, number(Int) }

  /// What the header lines up to `end` say about the body. Lines that are malformed otherwise are the parser's to refuse.
  private func contentLength(upTo end: Int) -> Length {
    buffer.withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress, end <= bytes.count else { return .absent }
      var reader = ByteReader(base, from: start, to: end)
      var found = Length.absent
      while reader.skipLine() {
        let name = reader.at
        let count = reader.skip(.token)
        guard count > 0, HeaderName(base + name, count: count) == .contentLength else { continue }
        // A blank before the colon is a name to some readers and none to others.
        guard reader.take(UInt8(ascii: ":")), let number = reader.foldedNumber() else {
          return .malformed
        }
        if case .number(let before) = found, before != Int(number) { return .malformed }
        found = .number(Int(number))
      }
      return found
    }
  }

  private mutating func cut(_ total: Int) -> [UInt8] {
    state = .boundary(afterLineEnd: false)
    if start == 0, buffer.count == total {
      defer { buffer = [] }
      return buffer
    }
    let message = Array(buffer[start..<(start + total)])
    start += total
    // Moves no more bytes than were handed out, so the cost stays linear.
    if start * 2 >= buffer.count { discard() }
    return message
  }

  private mutating func discard() {
    guard start > 0 else { return }
    if start == buffer.count {
      // An idle connection keeps no large buffer.
      buffer.removeAll(keepingCapacity: buffer.capacity <= 4_096)
    } else {
      buffer.removeFirst(start)
    }
    start = 0
  }

  private mutating func fail(_ reason: StaticString) -> Step {
    state = .broken
    buffer = []
    start = 0
    return .output(.broken(reason: reason))
  }
}

extension ByteReader {
  /// To behind the next CRLF; `false` when none is left.
  fileprivate mutating func skipLine() -> Bool {
    while true {
      at = nextControl(from: at)
      guard !isAtEnd else { return false }
      if current == UInt8(ascii: "\r"), byte(at &+ 1) == UInt8(ascii: "\n") {
        at &+= 2
        return true
      }
      at &+= 1
    }
  }

  /// Blanks and folds (CRLF before a blank).
  private mutating func skipFoldedBlanks() {
    while true {
      skipBlanks()
      guard current == UInt8(ascii: "\r"), byte(at &+ 1) == UInt8(ascii: "\n"), byte(at &+ 2).isBlank else { return }
      at &+= 2
    }
  }

  /// A number that fills its header line, folded or not; the reader is left at the line's end. One that is too large for 32 bits is the largest that is not:
  /// either way more than we read.
  fileprivate mutating func foldedNumber() -> UInt32? {
    skipFoldedBlanks()
    let first = at
    let value = number(upTo: .max) ?? .max
    // No digit stood there.
    guard at > first else { return nil }
    skipFoldedBlanks()
    guard current == UInt8(ascii: "\r"), byte(at &+ 1) == UInt8(ascii: "\n") else { return nil }
    return value
  }
}
