import Addressing
import Configuration
import Control
import Linux

/// What the configuration asks of this machine's network: where an interface names a device, its addresses are set and it is switched on, through netlink.
/// An interface without a device sets nothing (its addresses must exist, which the commit has checked).
enum InterfaceBinding {
  static func apply(_ configuration: Configuration, log: Log) throws(ControlError) {
    guard configuration.interfaces.contains(where: { $0.device != nil }) else { return }
    do throws(SystemCallError) {
      let network = try NetworkInterfaces.now()
      for interface in configuration.interfaces {
        guard let name = interface.device, let device = network.device(named: name) else { continue }
        for prefix in interface.addresses where !device.addresses.contains(where: { $0.prefix.address == prefix.address }) {
          try NetworkInterfaces.add(prefix, to: device)
          log.write(.notice, "interface \(interface.name): \(prefix) set on \(name)")
        }
        if !device.isUp {
          try NetworkInterfaces.bringUp(device)
          log.write(.notice, "interface \(interface.name): \(name) switched on")
        }
      }
    } catch {
      throw ControlError(.refused, node: "interface", "\(error)")
    }
  }
}
