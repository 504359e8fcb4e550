/// `[display-name] <URI>;parameters` as in From, To, Contact, Route, P-Asserted-Identity (RFC 3261 section 20.10).
///
/// One value: a list is split before (`SIPMessage.values`). Without `<>` every parameter belongs to the header and not to the URI.
public struct NameAddress: Sendable {
  let storage: ArraySlice<UInt8>
  let layout: AddressLayout

  @inline(__always) init(storage: ArraySlice<UInt8>, layout: AddressLayout) {
    self.storage = storage
    self.layout = layout
  }

  /// Reads one whole value; blanks around it are passed over.
  public init(parsing bytes: ArraySlice<UInt8>) throws(SIPURI.Malformed) {
    var reason: StaticString = "an empty address"
    let read: AddressLayout?? = bytes.read { reader in
      guard let layout = AddressLayout(&reader, reason: &reason) else { return nil }
      guard reader.isAtEnd else {
        reason = "something behind an address"
        return nil
      }
      return layout
    }
    guard let layout = read ?? nil else { throw SIPURI.Malformed(reason: reason) }
    self.init(storage: bytes, layout: layout)
  }

  /// Without quotes, escapes resolved; `nil` when absent.
  public var displayName: ArraySlice<UInt8>? {
    let written = layout.display.slice(of: storage)
    switch layout.displayForm {
    case .absent: return nil
    case .plain: return written
    case .escaped: return written.withoutQuotedPairs[...]
    }
  }
  @inline(__always) public var uri: SIPURI { SIPURI(storage: storage, layout: layout.uri) }
  public var tag: ArraySlice<UInt8>? { layout.tag.isEmpty ? nil : layout.tag.slice(of: storage) }
  /// The value as written, up to its end or the comma.
  public var bytes: ArraySlice<UInt8> { layout.whole.slice(of: storage) }
  /// A header parameter's value without quotes; an empty slice for a flag, `nil` when absent. Name ignores case (give it in lower case).
  public func parameter(_ name: StaticString) -> ArraySlice<UInt8>? {
    guard !layout.parameters.isEmpty else { return nil }
    return storage.parameterExtent(name, from: layout.parameters).map { storage.plainValue($0) }
  }
}
