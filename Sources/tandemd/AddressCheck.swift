import Addressing
import Configuration
import Linux

/// Whether a configuration fits this machine: every address that is to be bound must be on it; one of an interface with a `device` is put there at commit.
struct AddressCheck {
  private let network: NetworkInterfaces
  private(set) var problems: [ConfigurationError] = []
  /// Of the interfaces: there, put there at commit, or complained of already.
  private var known: [IPAddress] = []

  init(_ configuration: Configuration, _ network: NetworkInterfaces) {
    self.network = network
    for interface in configuration.interfaces { check(interface) }
    for listener in configuration.listeners { check(listener.address.ip, "listener \(listener.name) address") }
    for realm in configuration.mediaRealms { for address in realm.addresses { check(address, "media-realm \(realm.name) address") } }
  }

  private mutating func check(_ interface: Configuration.Interface) {
    guard let device = interface.device else {
      for prefix in interface.addresses where !network.canBind(prefix.address) {
        known.append(prefix.address)
        refuse(
          "interface \(interface.name) address", prefix.description, "is no address of this machine, and without `device` none is set",
          "an address of `ip address`, or `set interface \(interface.name) device D`")
      }
      return
    }
    known += interface.addresses.map(\.address)
    if network.device(named: device) == nil {
      let names = network.devices.map(\.name).joined(separator: ", ")
      refuse("interface \(interface.name) device", device, "is no network device of this machine", names)
    }
  }

  private mutating func check(_ address: IPAddress, _ node: String) {
    if known.contains(address) || network.canBind(address) { return }
    refuse(node, address.description, "is no address of this machine", "an address of `ip address`")
  }

  private mutating func refuse(_ node: String, _ value: String, _ problem: String, _ accepted: String) {
    problems.append(ConfigurationError(node: node, value: value, problem: problem, accepted: accepted))
  }
}
