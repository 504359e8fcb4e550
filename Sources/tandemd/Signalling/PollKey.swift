/// What the poll reports on: 32 bits of kind, 32 of number.
enum PollKey {
  case mailbox
  case endpoint(UInt32)
  case connection(UInt32)
  /// The TCP side of a UDP endpoint.
  case companion(UInt32)

  var rawValue: UInt64 {
    switch self {
    case .mailbox: 0
    case .endpoint(let number): 1 << 32 | UInt64(number)
    case .connection(let id): 2 << 32 | UInt64(id)
    case .companion(let number): 3 << 32 | UInt64(number)
    }
  }
  init(rawValue: UInt64) {
    let number = UInt32(truncatingIfNeeded: rawValue)
    switch rawValue >> 32 {
    case 1: self = .endpoint(number)
    case 2: self = .connection(number)
    case 3: self = .companion(number)
    default: self = .mailbox
    }
  }
}
