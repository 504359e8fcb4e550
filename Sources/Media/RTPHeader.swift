/// What is read of an RTP packet (RFC 3550 5.1). `nil` from the initializer: no valid packet.
struct RTPHeader {
  var payloadType: UInt8
  var sequence: UInt16
  var timestamp: UInt32
  var ssrc: UInt32

  /// Checks as RFC 3550 A.1: version 2, a payload type that is no RTCP packet's, room for the contributing sources and the header
  /// extension that the first byte announces, a padding count that fits.
  init?(_ packet: UnsafeRawBufferPointer) {
    guard packet.count >= 12, packet[0] >> 6 == 2 else { return nil }
    payloadType = packet[1] & 0x7f
    // 72...76 are RTCP 200...204 with what would be the marker bit.
    guard !(72...76).contains(payloadType) else { return nil }
    var header = 12 + 4 * Int(packet[0] & 0x0f)
    if packet[0] & 0x10 != 0 {
      guard packet.count >= header + 4 else { return nil }
      header += 4 + 4 * (Int(packet[header + 2]) << 8 | Int(packet[header + 3]))
    }
    guard packet.count >= header else { return nil }
    if packet[0] & 0x20 != 0 {
      let padding = Int(packet[packet.count - 1])
      guard padding > 0, header + padding <= packet.count else { return nil }
    }
    sequence = UInt16(packet[2]) << 8 | UInt16(packet[3])
    timestamp = packet.word(at: 4)
    ssrc = packet.word(at: 8)
  }
}

/// What is read of an RTCP packet (RFC 3550 6.4): that it is one, and whose.
struct RTCPHeader {
  var ssrc: UInt32

  /// Version 2, packet type 192...223 (RFC 5761 section 4), the first packet's length within the datagram, a sender.
  init?(_ packet: UnsafeRawBufferPointer) {
    guard packet.count >= 8, packet[0] >> 6 == 2, (192...223).contains(packet[1]) else { return nil }
    let words = Int(packet[2]) << 8 | Int(packet[3])
    guard words >= 1, 4 * (words + 1) <= packet.count else { return nil }
    ssrc = packet.word(at: 4)
  }
}

extension UnsafeRawBufferPointer {
  /// Four bytes in network order. The caller has checked the length.
  fileprivate func word(at offset: Int) -> UInt32 {
    UInt32(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }
}
