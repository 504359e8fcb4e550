import Addressing
import Configuration
import Control
import Linux

/// What the configuration asks of this machine's network: where an interface names a device, its addresses are set, it is switched on, and its gateway gets a
/// routing table of its own, through netlink. An interface without a device sets nothing (its addresses must exist, which the commit has checked).
///
/// A commit goes in three steps, so that one that is refused later has changed nothing, and sockets are never without their address:
/// ```
///   add what is new ─▶ (listeners are bound) ─▶ remove what is not wanted any more
///                              └─ refused ─▶ take back what was added
/// ```
/// What stood on the device before and is in the configuration counts as the configuration's. One value is one such change.
struct InterfaceBinding {
  /// One thing that is there or not.
  enum Item: Hashable {
    case address(IPPrefix, device: String)
    case isUp(device: String)
    case route(SourceRoute)
    case rule(SourceRule)
  }
  /// Routing tables begin here: far from those people number by hand.
  static let firstTable: UInt32 = 506_000
  /// Interfaces with a gateway on one device.
  static let tablesOfDevice = 16

  /// In the order in which they are added.
  let wanted: [Item]
  private let before: [Item]
  private var added: [Item] = []
  private let network: NetworkInterfaces
  private let log: Log

  /// `before`: what earlier configurations had set.
  init(from before: [Item], to configuration: Configuration, on network: NetworkInterfaces, log: Log) {
    self.before = before
    wanted = Self.items(of: configuration, on: network)
    self.network = network
    self.log = log
  }

  static func items(of configuration: Configuration, on network: NetworkInterfaces) -> [Item] {
    var items: [Item] = []
    var tables: [UInt32: UInt32] = [:]
    for interface in configuration.interfaces {
      guard let name = interface.device, let device = network.device(named: name) else { continue }
      items += interface.addresses.map { .address($0, device: name) }
      items.append(.isUp(device: name))
      guard !interface.gateways.isEmpty else { continue }
      let place = tables[device.index, default: 0]
      tables[device.index] = place + 1
      let table = firstTable &+ device.index &* UInt32(tablesOfDevice) &+ place
      for gateway in interface.gateways {
        let own = interface.addresses.filter { $0.address.family == gateway.family }
        items += own.map { .route(SourceRoute(table: table, device: device.index, destination: $0.network, gateway: nil)) }
        items.append(.route(SourceRoute(table: table, device: device.index, destination: .everything(gateway.family), gateway: gateway)))
        items += own.map { .rule(SourceRule(source: $0.address, table: table)) }
      }
    }
    return items
  }

  /// Adds what is not there. When it throws, some of it may be: `takeBack`.
  mutating func add() throws(ControlError) {
    do throws(SystemCallError) {
      for item in wanted where try set(item) {
        added.append(item)
        log.write(.notice, "\(item) set")
      }
    } catch {
      throw ControlError(.refused, node: "interface", "\(error)")
    }
  }

  /// The commit is refused: what `add` added goes again.
  mutating func takeBack() {
    for item in added.reversed() { remove(item) }
    added = []
    // A route that a new one had replaced.
    for case .route(let route) in before { try? route.add() }
  }

  /// The commit holds: what only configurations before it wanted goes. Whether there was any.
  func removeUnwanted() -> Bool {
    let kept = Set(wanted)
    // A device stays switched on: others may use it.
    let unwanted = before.reversed().filter { item in if case .isUp = item { false } else { !kept.contains(item) } }
    for item in unwanted { remove(item) }
    return !unwanted.isEmpty
  }

  /// Whether it was not there before.
  private func set(_ item: Item) throws(SystemCallError) -> Bool {
    switch item {
    case .address(let prefix, let name):
      guard let device = network.device(named: name), !device.addresses.contains(where: { $0.prefix == prefix }) else { return false }
      try NetworkInterfaces.add(prefix, to: device)
      return true
    case .isUp(let name):
      guard let device = network.device(named: name), !device.isUp else { return false }
      try NetworkInterfaces.bringUp(device)
      return true
    // Setting them again does no harm, and brings back what somebody took away by hand.
    case .route(let route): try route.add()
    case .rule(let rule): try rule.add()
    }
    return !before.contains(item)
  }

  private func remove(_ item: Item) {
    do throws(SystemCallError) {
      switch item {
      case .address(let prefix, let name):
        guard let device = try NetworkInterfaces.now().device(named: name), device.addresses.contains(where: { $0.prefix == prefix }) else { return }
        try NetworkInterfaces.remove(prefix, from: device)
      case .isUp(let name):
        guard let device = try NetworkInterfaces.now().device(named: name) else { return }
        try NetworkInterfaces.takeDown(device)
      case .route(let route): try route.remove()
      case .rule(let rule): try rule.remove()
      }
      log.write(.notice, "\(item) removed")
    } catch {
      log.write(.warning, "\(item) could not be removed: \(error)")
    }
  }
}

extension InterfaceBinding.Item: CustomStringConvertible {
  var description: String {
    switch self {
    case .address(let prefix, let device): "device \(device): address \(prefix)"
    case .isUp(let device): "device \(device) switched on:"
    case .route(let route): "\(route)"
    case .rule(let rule): "\(rule)"
    }
  }
}
