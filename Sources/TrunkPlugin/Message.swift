import CTandemTrunk

/// The message of the running hook. It can not be copied, so it can not be kept; the host would not answer for it afterwards anyway.
///
/// Reading gives `nil` for what is not there; editing gives false when the host refused (headers that hold the message
/// together are not a plugin's: see the header).
public struct Message: ~Copyable {
  let context: UnsafeMutablePointer<tt_context>
  let handle: tt_message
  private var host: UnsafePointer<tt_host_v1> { context.pointee.host }

  /// Whose address is meant.
  public struct Owner: Sendable {
    let name: StaticString
    /// The first address of this header.
    public static func header(_ name: StaticString) -> Owner { Owner(name: name) }
    public static let requestURI = Owner(name: "")
    public static let from = Owner(name: "From")
    public static let to = Owner(name: "To")
    public static let contact = Owner(name: "Contact")
    public static let assertedIdentity = Owner(name: "P-Asserted-Identity")
  }
  public enum Part: Int32, Sendable { case uri = 0, user, host, displayName }

  public var method: [UInt8] { collect { host.pointee.method(context, handle, $0, $1) } ?? [] }
  public func isMethod(_ name: StaticString) -> Bool {
    method.elementsEqual(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }
  /// 0 for a request.
  public var status: Int32 { host.pointee.status(context, handle) }
  /// Responses only; failures stay failures. The reason phrase becomes the default one.
  @discardableResult public func setStatus(_ status: Int32) -> Bool {
    host.pointee.set_status(context, handle, status, tt_bytes()) == TT_OK
  }
  /// Whether To has a tag: a request inside a dialog, whose request-URI is the peer's own.
  public var isInDialog: Bool {
    guard let to = header("To") else { return false }
    let tag: StaticString = ";tag="
    let wanted = UnsafeBufferPointer(start: tag.utf8Start, count: tag.utf8CodeUnitCount)
    let end = to.lastIndex(of: UInt8(ascii: ">")) ?? 0
    let parameters = to[end...].filter { $0 != 0x20 && $0 != 0x09 }.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
    return parameters.indices.contains { parameters[$0...].starts(with: wanted) }
  }

  public func header(_ name: StaticString, _ index: UInt32 = 0) -> [UInt8]? {
    collect { host.pointee.header(context, handle, name.bytes, index, $0, $1) }
  }
  @discardableResult public func setHeader(_ name: StaticString, _ value: [UInt8]) -> Bool {
    value.withBytes { host.pointee.set_header(context, handle, name.bytes, $0) } == TT_OK
  }
  @discardableResult public func addHeader(_ name: StaticString, _ value: [UInt8]) -> Bool {
    value.withBytes { host.pointee.add_header(context, handle, name.bytes, $0) } == TT_OK
  }
  @discardableResult public func removeHeader(_ name: StaticString) -> Bool {
    host.pointee.remove_header(context, handle, name.bytes) == TT_OK
  }

  public func part(_ part: Part, of owner: Owner) -> [UInt8]? {
    collect { host.pointee.part(context, handle, owner.name.bytes, part.rawValue, $0, $1) }
  }
  @discardableResult public func set(_ part: Part, of owner: Owner, to value: [UInt8]) -> Bool {
    value.withBytes { host.pointee.set_part(context, handle, owner.name.bytes, part.rawValue, $0) } == TT_OK
  }
  public func uriParameter(_ name: StaticString, of owner: Owner) -> [UInt8]? {
    collect { host.pointee.uri_parameter(context, handle, owner.name.bytes, name.bytes, $0, $1) }
  }
  @discardableResult public func setURIParameter(_ name: StaticString, of owner: Owner, to value: StaticString) -> Bool {
    host.pointee.set_uri_parameter(context, handle, owner.name.bytes, name.bytes, value.bytes) == TT_OK
  }
  @discardableResult public func removeURIParameter(_ name: StaticString, of owner: Owner) -> Bool {
    host.pointee.remove_uri_parameter(context, handle, owner.name.bytes, name.bytes) == TT_OK
  }

  /// The name of the trunk it travels on.
  public var trunk: [UInt8] { collect { host.pointee.trunk(context, handle, $0, $1) } ?? [] }
  /// A leaf of this plugin's module in the trunk-configuration in force there.
  public func trunkSetting(_ path: StaticString, _ index: UInt32 = 0) -> [UInt8]? {
    collect { host.pointee.trunk_setting(context, handle, path.bytes, index, $0, $1) }
  }
}
