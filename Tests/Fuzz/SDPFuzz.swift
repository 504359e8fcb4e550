import Addressing
import SDP

/// One description, read and put to every use a call makes of it. A trap, or a broken promise below, is a finding:
/// what was read is written so that it reads the same; what crosses reads again, keeps its streams in their places and crosses unchanged a second time;
/// nothing but printable bytes and line ends crosses.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let wire = Array(UnsafeBufferPointer(start: start, count: count))
  guard let description = try? SessionDescription(parsing: wire[...]) else { return 0 }
  precondition(reread(description) == description, "what was written reads otherwise")
  for index in -1...description.media.count {
    _ = (description.direction(of: index), description.isHeld(index), description.clockRate(of: index))
    _ = (description.rtpDestination(of: index), description.rtcpDestination(of: index))
  }
  let ours = IPAddress(192, 0, 2, 1)
  let ports = description.media.indices.map { UInt16(40_000 + 2 * $0) }
  for anchor in [nil, (ours, ports)] as [(address: IPAddress, ports: [UInt16])?] {
    let crossed = description.crossing(to: anchor)
    precondition(crossed.media.map(\.kind) == description.media.map(\.kind), "a stream lost its place")
    precondition(crossed.encoded().allSatisfy { $0 == 13 || $0 == 10 || (0x20...0x7e).contains($0) }, "an unprintable byte crossed")
    precondition(reread(crossed) == crossed, "what crossed reads otherwise")
    precondition(crossed.crossing(to: anchor) == crossed, "a second crossing changed it")
    exchange(crossed, origin: ours)
  }
  return 0
}

private func reread(_ description: SessionDescription) -> SessionDescription? {
  let text = description.encoded()
  return try? SessionDescription(parsing: text[...])
}

/// Offered by us, answered by them; offered by them, answered by us.
private func exchange(_ description: SessionDescription, origin: IPAddress) {
  var leg = OfferAnswer(sessionID: 1)
  do throws(OfferAnswer.Violation) {
    let offer = try leg.send(offer: description, origin: origin)
    precondition(reread(offer) == offer, "our offer reads otherwise")
    try leg.received(answer: description)
    try leg.received(offer: description)
    let answer = try leg.send(answer: description, origin: origin)
    precondition(reread(answer) == answer, "our answer reads otherwise")
    precondition(answer.media.count == description.media.count, "an answer with another number of streams")
    var isPlain = true
    for index in description.media.indices {
      let wanted = description.direction(of: index)
      isPlain = isPlain && wanted == .sendrecv && description.media[index].port != 0
      // RFC 3264 6 and 6.1.
      precondition(description.media[index].port != 0 || answer.media[index].port == 0, "a stream offered with port 0 is taken")
      precondition(answer.media[index].port == 0 || fits(answer.direction(of: index), wanted), "a direction the offer does not leave")
    }
    precondition(!isPlain || answer == offer, "the same description under another version")
  } catch {
    preconditionFailure("a lawful exchange was refused")
  }
}

/// Whether a stream offered in one direction may be answered in the other, each as its sender sees it.
private func fits(_ answered: SessionDescription.Direction, _ offered: SessionDescription.Direction) -> Bool {
  switch offered {
  case .sendrecv: true
  case .sendonly: answered == .recvonly || answered == .inactive
  case .recvonly: answered == .sendonly || answered == .inactive
  case .inactive: answered == .inactive
  }
}
