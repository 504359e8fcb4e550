import Addressing
import Calls
import Configuration
import Linux

// `large-message tcp`: a UDP listener takes and makes TCP connections at its address too.
extension SignallingLoop {
  /// Opens and closes the TCP sides as the configuration wants them. One that can not be bound keeps nothing else from running.
  func followCompanions() {
    for endpoint in endpoints where endpoint.listener.transport == .udp {
      let isWanted = configuration.trunks.contains { $0.listener == Int(endpoint.index) && configuration.peers[$0.peer].sendsLargeOverTCP }
      guard isWanted != (endpoint.companion != nil) else { continue }
      if let companion = endpoint.companion {
        poll.remove(companion.descriptor)
        endpoint.companion = nil
        continue
      }
      do throws(SystemCallError) {
        let listener = try StreamListener(
          binding: endpoint.listener.address, label: "listener \(endpoint.listener.name), large messages", dscp: endpoint.listener.dscp)
        try poll.add(listener.descriptor, key: PollKey.companion(endpoint.number).rawValue)
        endpoint.companion = listener
      } catch {
        say(.warning, "large messages can be sent by TCP and not be taken: \(error)")
      }
    }
  }
}
