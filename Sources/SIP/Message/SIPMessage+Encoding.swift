import Addressing

extension SIPMessage {
  /// The bytes for the wire: start line, fields in order, one Content-Length that is right, body. Every line ends in CRLF.
  public func encoded() -> [UInt8] {
    var out: [UInt8] = []
    // Two characters more for every field that stood without a blank, and the lines that are not in the arena.
    out.reserveCapacity(arena.count + 4 * index.count + 96)
    encodeStartLine(to: &out)
    arena.withUnsafeBufferPointer { buffer in
      encodeFields(buffer, to: &out)
      out.append("Content-Length: ")
      out.appendDecimal(UInt64(max(content.count, 0)))
      out.append("\r\n\r\n")
      out.append(contentsOf: content.part(of: buffer))
    }
    return out
  }

  private func encodeStartLine(to out: inout [UInt8]) {
    if statusCode == 0 {
      method.append(to: &out)
      out.append(UInt8(ascii: " "))
      out.append(contentsOf: target.slice(of: arena))
      out.append(" SIP/2.0\r\n")
    } else {
      out.append("SIP/2.0 ")
      out.appendDecimal(UInt64(statusCode))
      out.append(UInt8(ascii: " "))
      out.append(contentsOf: target.slice(of: arena))
      out.append("\r\n")
    }
  }

  /// Fields that stand line after line in the arena go out in one copy.
  private func encodeFields(_ buffer: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) {
    var run = Extent()
    for field in index where field.name != .contentLength {
      let end = Int(field.value.end)
      let isWholeLine = end + 1 < buffer.count && buffer[end] == UInt8(ascii: "\r") && buffer[end + 1] == UInt8(ascii: "\n")
      if isWholeLine, run.end == field.nameStart {
        run.end = field.value.end + 2
        continue
      }
      out.append(contentsOf: run.part(of: buffer))
      run = Extent()
      if isWholeLine {
        run = Extent(Int(field.nameStart), end + 2)
      } else {
        out.append(contentsOf: field.spelling.part(of: buffer))
        out.append(": ")
        out.append(contentsOf: field.value.part(of: buffer))
        out.append("\r\n")
      }
    }
    out.append(contentsOf: run.part(of: buffer))
  }
}

extension Extent {
  @inline(__always) fileprivate func part(of buffer: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard start <= end, Int(end) <= buffer.count else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(rebasing: buffer[Int(start)..<Int(end)])
  }
}
