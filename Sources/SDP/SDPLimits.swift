/// The bounds of one session description. A call needs a few streams of a dozen formats; the largest descriptions met in the field (browsers
/// offering every codec, candidates included) stay below 16 KiB and 300 attributes.
enum SDPLimits {
  /// Bytes of the whole description: what one UDP datagram can carry.
  static let bytes = 65_536
  /// m-lines. Above what any endpoint offers; each may cost a port pair.
  static let media = 64
  /// Formats of one m-line: half of the payload types there are.
  static let formats = 64
  /// Attributes, session's and streams' together.
  static let attributes = 512
}
