/// What was read once from the header fields that every message has.
struct Essentials: Sendable {
  struct Found: OptionSet, Sendable {
    let rawValue: UInt8
    static let via = Found(rawValue: 1)
    static let from = Found(rawValue: 2)
    static let to = Found(rawValue: 4)
    static let callID = Found(rawValue: 8)
    static let cseq = Found(rawValue: 16)
    static let all: Found = [.via, .from, .to, .callID, .cseq]
  }

  /// Those present and sound.
  var sound = Found()
  /// -1 when absent.
  var maxForwards: Int16 = -1
  var cseqNumber: UInt32 = 0
  var callID = Extent()
  var via = ViaLayout()
  var from = AddressLayout()
  var to = AddressLayout()
}

extension Essentials {
  /// Reads the first field of a name again; what is absent or malformed becomes empty. Gives the CSeq if it was that.
  mutating func read(_ name: HeaderName, _ reader: inout ByteReader) -> CSeq? {
    var reason: StaticString = ""
    switch name {
    case .via:
      let layout = ViaLayout(&reader, reason: &reason)
      via = layout ?? ViaLayout()
      note(.via, layout != nil)
    case .from:
      let layout = AddressLayout(&reader, reason: &reason)
      from = layout ?? AddressLayout()
      note(.from, layout != nil)
    case .to:
      let layout = AddressLayout(&reader, reason: &reason)
      to = layout ?? AddressLayout()
      note(.to, layout != nil)
    case .callID:
      let whole = Extent(reader.at, reader.end)
      let isSound = reader.skipCallID()
      callID = isSound ? whole : Extent()
      note(.callID, isSound)
    case .cseq:
      let sequence = CSeq(&reader)
      cseqNumber = sequence?.number ?? 0
      note(.cseq, sequence != nil)
      return sequence
    case .maxForwards:
      let hops = reader.number(upTo: 255)
      maxForwards = reader.isAtEnd ? hops.map { Int16(truncatingIfNeeded: $0) } ?? -1 : -1
    default: break
    }
    return nil
  }

  private mutating func note(_ header: Found, _ isSound: Bool) {
    if isSound { sound.insert(header) } else { sound.remove(header) }
  }
}

// MARK: - What moves along when a field is copied byte for byte
extension Essentials {
  /// Takes over what another message knows of its first field of that name, whose value stands `shift` bytes further on here. False for those that are as quickly read.
  mutating func adopt(_ name: HeaderName, of other: Essentials, shift: UInt32) -> Bool {
    switch name {
    case .via:
      via = other.via.moved(by: shift)
      note(.via, other.sound.contains(.via))
    case .from:
      from = other.from.moved(by: shift)
      note(.from, other.sound.contains(.from))
    case .to:
      to = other.to.moved(by: shift)
      note(.to, other.sound.contains(.to))
    case .callID:
      callID = other.callID.moved(by: shift)
      note(.callID, other.sound.contains(.callID))
    default: return false
    }
    return true
  }
}

extension Extent {
  /// An extent of nothing stays where it is.
  @inline(__always) fileprivate func moved(by shift: UInt32) -> Extent {
    guard !isEmpty else { return self }
    var moved = self
    moved.start &+= shift
    moved.end &+= shift
    return moved
  }
}

extension URILayout {
  fileprivate func moved(by shift: UInt32) -> URILayout {
    var moved = self
    moved.whole = whole.moved(by: shift)
    moved.user = user.moved(by: shift)
    moved.host = host.moved(by: shift)
    moved.parameters = parameters.moved(by: shift)
    moved.headers = headers.moved(by: shift)
    return moved
  }
}

extension AddressLayout {
  fileprivate func moved(by shift: UInt32) -> AddressLayout {
    var moved = self
    moved.whole = whole.moved(by: shift)
    moved.display = display.moved(by: shift)
    moved.uri = uri.moved(by: shift)
    moved.parameters = parameters.moved(by: shift)
    moved.tag = tag.moved(by: shift)
    return moved
  }
}

extension ViaLayout {
  fileprivate func moved(by shift: UInt32) -> ViaLayout {
    var moved = self
    moved.whole = whole.moved(by: shift)
    moved.host = host.moved(by: shift)
    moved.branch = branch.moved(by: shift)
    moved.received = received.moved(by: shift)
    moved.parameters = parameters.moved(by: shift)
    return moved
  }
}
