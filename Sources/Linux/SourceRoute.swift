public import Addressing
import CTandemShims
import Glibc

/// A route of an interface's own routing table, over route netlink. Tables of their own keep a machine with several interfaces honest: what is sent from an
/// interface's address leaves through that interface's gateway, whatever the main table says.
public struct SourceRoute: Sendable, Hashable, CustomStringConvertible {
  /// Number of the routing table; the kernel's own are below 256.
  public var table: UInt32
  /// Index of the device.
  public var device: UInt32
  public var destination: IPPrefix
  /// `nil`: the destination is on the link.
  public var gateway: IPAddress?

  public init(table: UInt32, device: UInt32, destination: IPPrefix, gateway: IPAddress?) {
    self.table = table
    self.device = device
    self.destination = destination
    self.gateway = gateway
  }

  public var description: String { "route \(destination)\(gateway.map { " via \($0)" } ?? "") in table \(table)" }

  /// Sets it, in place of another one to the same destination in that table.
  public func add() throws(SystemCallError) { try change(adding: true) }
  /// One that is not there is no error.
  public func remove() throws(SystemCallError) { try change(adding: false) }

  private func change(adding: Bool) throws(SystemCallError) {
    var wanted = tandem_source_route()
    wanted.table = table
    wanted.device = device
    wanted.destination = tandem_address(TransportAddress(destination.address, 0))
    wanted.prefix_length = UInt8(destination.length)
    if let gateway {
      wanted.gateway = tandem_address(TransportAddress(gateway, 0))
      wanted.has_gateway = true
    }
    try checked(tandem_source_route_change(&wanted, adding), "\(self)", adding: adding)
  }
}

/// What is sent from `source` looks into routing table `table` first.
public struct SourceRule: Sendable, Hashable, CustomStringConvertible {
  public var source: IPAddress
  public var table: UInt32

  public init(source: IPAddress, table: UInt32) {
    self.source = source
    self.table = table
  }

  public var description: String { "rule from \(source) to table \(table)" }

  /// One that is there already is no error.
  public func add() throws(SystemCallError) { try change(adding: true) }
  /// One that is not there is no error.
  public func remove() throws(SystemCallError) { try change(adding: false) }

  private func change(adding: Bool) throws(SystemCallError) {
    var address = tandem_address(TransportAddress(source, 0))
    try checked(tandem_source_rule_change(&address, table, adding), "\(self)", adding: adding)
  }
}

private func checked(_ result: Int32, _ object: String, adding: Bool) throws(SystemCallError) {
  let harmless = adding ? [-EEXIST] : [-ENODEV, -ESRCH, -ENOENT]
  if result >= 0 || harmless.contains(result) { return }
  let isForbidden = result == -EPERM || result == -EACCES
  let advice = isForbidden ? "setting it needs CAP_NET_ADMIN: grant it, or leave `device` out of the interface and route by hand" : nil
  throw SystemCallError("netlink", errno: -result, object: object, advice: advice)
}
