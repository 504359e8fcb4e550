extension SIPURI {
  /// RFC 3261 19.1.4 for `sip` and `sips`, RFC 3966 section 4 for `tel`; other schemes byte for byte. Header parts must be the same bytes.
  public func isEquivalent(to other: SIPURI) -> Bool {
    guard scheme == other.scheme else { return false }
    switch scheme {
    case .urn, .other: return bytes == other.bytes
    case .tel:
      return number.map { $0.map(\.lowercased) } == other.number.map { $0.map(\.lowercased) } && agreesOnAllParameters(with: other)
    case .sip, .sips: break
    }
    // The user part is case-sensitive once escapes are resolved; the host is not; an absent port is not the default port.
    guard user == other.user, port == other.port, host.count == other.host.count else { return false }
    guard zip(host, other.host).allSatisfy({ $0.lowercased == $1.lowercased }) else { return false }
    guard layout.headers.slice(of: storage) == other.layout.headers.slice(of: other.storage) else { return false }
    return agreesOnParameters(with: other) && other.agreesOnParameters(with: self)
  }

  /// A parameter in both must have the same value; user, ttl, method, maddr and transport must not stand in one alone.
  private func agreesOnParameters(with other: SIPURI) -> Bool {
    for (name, value) in parameterList {
      if let theirs = other.parameterList.first(where: { SIPURI.sameText($0.name, name) }) {
        guard SIPURI.sameText(value, theirs.value) else { return false }
      } else if SIPURI.binding.contains(where: { SIPURI.sameText(name, $0[...]) }) {
        return false
      }
    }
    return true
  }

  private func agreesOnAllParameters(with other: SIPURI) -> Bool {
    let ours = parameterList
    let theirs = other.parameterList
    return ours.count == theirs.count
      && ours.allSatisfy { one in theirs.contains { SIPURI.sameText($0.name, one.name) && SIPURI.sameText($0.value, one.value) } }
  }

  private static let binding: [[UInt8]] = ["user", "ttl", "method", "maddr", "transport"].map { Array($0.utf8) }

  private static func sameText(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
    let left = unescaped(a)
    let right = unescaped(b)
    return left.count == right.count && zip(left, right).allSatisfy { $0.lowercased == $1.lowercased }
  }

  private var parameterList: [(name: ArraySlice<UInt8>, value: ArraySlice<UInt8>)] {
    parameters.split(separator: UInt8(ascii: ";")).map { part in
      guard let equal = part.firstIndex(of: UInt8(ascii: "=")) else { return (part, part[part.endIndex...]) }
      return (part[..<equal], part[(equal + 1)...])
    }
  }
}
