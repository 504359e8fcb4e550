import Addressing
import Calls
import Configuration
import Control
import Linux
import Routing

/// What a commit acts on: devices, peers' names, listeners, the exchange. Belongs to the control thread.
final class LiveSystem {
  /// Set once the thread runs, before anything is applied.
  var signalling: SignallingThread?
  private let log: Log

  init(log: Log) { self.log = log }

  /// Lets the live system follow a configuration. When it throws, listeners and exchange are as before.
  func apply(_ configuration: Configuration, _ routing: RoutingTable) throws(ControlError) {
    try InterfaceBinding.apply(configuration, log: log)
    let setup = Exchange.Setup(configuration: configuration, routing: routing, resolved: LiveSystem.resolve(configuration))
    switch signalling?.reconfigure(setup) {
    case .done: break
    case .refused(let error): throw ControlError(.refused, node: "listener", "\(error)")
    case .noAnswer, nil: throw ControlError(.unavailable, "the signalling thread did not answer; nothing was changed")
    }
  }

  static func setup(_ configuration: Configuration) throws -> Exchange.Setup {
    Exchange.Setup(configuration: configuration, routing: try RoutingTable(configuration), resolved: resolve(configuration))
  }

  /// The addresses of peers that are named by a domain, as of now.
  private static func resolve(_ configuration: Configuration) -> [[IPAddress]] {
    configuration.peers.map { peer in
      if case .domain(let name) = peer.address { NameLookup.addresses(of: name) } else { [] }
    }
  }
}
