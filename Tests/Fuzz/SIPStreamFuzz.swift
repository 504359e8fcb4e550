import SIP

/// Any bytes as a stream: however they are cut, the same messages come out, and nothing traps.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPStream(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  let whole = frames(bytes, chunk: max(size, 1))
  let single = frames(bytes, chunk: 1)
  let uneven = frames(bytes, chunk: 7)
  precondition(whole == single && whole == uneven, "the cut of the stream changed its messages")
  for frame in whole where frame.kind == 0 { _ = try? SIPMessage(parsing: frame.bytes) }
  return 0
}

struct Frame: Equatable {
  var kind: Int
  var bytes: [UInt8]
}

func frames(_ bytes: [UInt8], chunk: Int) -> [Frame] {
  var framer = StreamFramer()
  var out: [Frame] = []
  var at = 0
  while at < bytes.count {
    let end = min(at + chunk, bytes.count)
    framer.receive(bytes[at..<end])
    at = end
    while let output = framer.next() {
      switch output {
      case .message(let message): out.append(Frame(kind: 0, bytes: message))
      case .ping: out.append(Frame(kind: 1, bytes: []))
      case .pong: out.append(Frame(kind: 3, bytes: []))
      case .broken: out.append(Frame(kind: 2, bytes: framer.brokenHead ?? []))
      }
    }
    precondition(framer.heldBytes <= SIPLimits.messageBytes)
  }
  return out
}
