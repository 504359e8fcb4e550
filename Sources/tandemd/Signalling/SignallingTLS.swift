import Configuration
import TLS

/// What the connections of a configuration need of its certificates: made on the first thread, which may wait for files, and handed to the signalling thread as a value.
///
/// A part that could not be made is missing here, and its connections fail with the reason in `troubles`; everything else goes on.
struct SignallingTLS: Sendable {
  /// A connection that we open.
  struct Target: Hashable, Sendable {
    var listener: Int
    var peer: Int
  }
  /// By listener index; `nil` for those without TLS, and for those in trouble.
  var servers: [TLSContext?] = []
  /// Of the trunks on listeners with TLS. Looked up, never iterated.
  var clients: [Target: TLSContext] = [:]
  /// By listener index: why its connections can not be made.
  var troubles: [String?] = []

  func server(_ listener: UInt16) -> TLSContext? { servers.indices.contains(Int(listener)) ? servers[Int(listener)] : nil }
  func trouble(_ listener: UInt16) -> String? { troubles.indices.contains(Int(listener)) ? troubles[Int(listener)] : nil }
}
