public import Addressing
import CTandemShims
import Glibc

/// The machine's network devices and their addresses, over route netlink (libnl). A value: a snapshot of one moment; `NetworkWatcher` tells when to take the next.
public struct NetworkInterfaces: Sendable, Equatable {
  public struct Device: Sendable, Equatable {
    public var index: UInt32
    public var name: String
    /// Switched on by the administrator.
    public var isUp: Bool
    /// The link works; true for devices without a notion of it.
    public var hasCarrier: Bool
    /// Bytes.
    public var mtu: Int
    /// Six bytes; `nil` when the device is no Ethernet.
    public var mac: [UInt8]?
    public var addresses: [Address]
    /// Switched on, and its link works.
    public var isServing: Bool { isUp && hasCarrier }
  }
  public struct Address: Sendable, Equatable {
    public var prefix: IPPrefix
    /// False while IPv6 looks for a duplicate, or has found one.
    public var isUsable: Bool
  }
  /// By index.
  public var devices: [Device]

  public init(devices: [Device]) { self.devices = devices }

  public static func now() throws(SystemCallError) -> NetworkInterfaces {
    var raw = tandem_devices()
    _ = try retrying("netlink", "network devices") { tandem_devices_read(&raw) }
    defer { tandem_devices_free(&raw) }
    let addresses = UnsafeBufferPointer(start: raw.addresses, count: Int(raw.address_count))
    let devices = UnsafeBufferPointer(start: raw.devices, count: Int(raw.device_count)).map { device in
      Device(
        index: device.index, name: text(device.name), isUp: device.up, hasCarrier: device.carrier, mtu: Int(device.mtu),
        mac: device.has_mac ? withUnsafeBytes(of: device.mac) { Array($0) } : nil,
        addresses: addresses.filter { $0.index == device.index }.compactMap { entry in
          guard let ip = entry.address.transportAddress?.ip, let prefix = IPPrefix(ip, length: Int(entry.prefix_length)) else { return nil }
          return Address(prefix: prefix, isUsable: !entry.tentative)
        })
    }
    return NetworkInterfaces(devices: devices.sorted { $0.index < $1.index })
  }

  public func device(named name: String) -> Device? { devices.first { $0.name == name } }
  /// The device that has this very address.
  public func device(having ip: IPAddress) -> Device? { devices.first { $0.addresses.contains { $0.prefix.address == ip } } }
  /// Whether a socket can be bound to it: one of the addresses, or any of 127/8, which the loopback device answers for whole.
  public func canBind(_ ip: IPAddress) -> Bool {
    devices.contains { device in
      device.addresses.contains { $0.isUsable && ($0.prefix.address == ip || (ip.isLoopback && $0.prefix.address.isLoopback && $0.prefix.contains(ip))) }
    }
  }

  /// Gives a device an address. One that is there already is no error.
  public static func add(_ prefix: IPPrefix, to device: Device) throws(SystemCallError) {
    var address = tandem_address(TransportAddress(prefix.address, 0))
    let result = tandem_device_add_address(device.index, &address, Int32(prefix.length))
    if result < 0, result != -EEXIST {
      throw SystemCallError(
        "netlink", errno: -result, object: "address \(prefix) on device \(device.name)", advice: advice(-result, "ip address add \(prefix) dev \(device.name)"))
    }
  }
  /// Takes an address from a device.
  public static func remove(_ prefix: IPPrefix, from device: Device) throws(SystemCallError) {
    var address = tandem_address(TransportAddress(prefix.address, 0))
    let result = tandem_device_remove_address(device.index, &address, Int32(prefix.length))
    if result < 0, result != -EADDRNOTAVAIL {
      throw SystemCallError(
        "netlink", errno: -result, object: "address \(prefix) on device \(device.name)",
        advice: advice(-result, "ip address delete \(prefix) dev \(device.name)"))
    }
  }
  /// Switches a device on; one that is on already stays so.
  public static func bringUp(_ device: Device) throws(SystemCallError) { try turn(device, on: true) }
  /// Switches a device off.
  public static func takeDown(_ device: Device) throws(SystemCallError) { try turn(device, on: false) }

  private static func turn(_ device: Device, on: Bool) throws(SystemCallError) {
    let result = tandem_device_switch(device.index, on)
    if result < 0 {
      throw SystemCallError(
        "netlink", errno: -result, object: "device \(device.name)", advice: advice(-result, "ip link set \(device.name) \(on ? "up" : "down")"))
    }
  }

  private static func advice(_ errno: Int32, _ byHand: String) -> String? {
    switch errno {
    case EPERM, EACCES: "setting it needs CAP_NET_ADMIN: grant it, or leave `device` out of the interface and run `\(byHand)`"
    case ENODEV: "there is no such device: `ip link` lists those there are"
    default: nil
    }
  }

  private static func text(_ name: some Any) -> String {
    withUnsafeBytes(of: name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}

/// Becomes readable when a device or an address comes, goes or changes.
public final class NetworkWatcher: Sendable {
  public let descriptor: Descriptor
  public init() throws(SystemCallError) {
    descriptor = Descriptor(owning: try retrying("netlink", "network changes") { tandem_devices_watch() })
  }
  /// Whether anything changed since the last call; take a new snapshot then.
  public func changed() -> Bool { tandem_devices_drain(descriptor.number) != 0 }
}
