import Addressing
import Configuration
import Linux
import Media

/// Binds the relay's ports on the signalling thread and hands them to the media thread, and remembers which ports each side has: a side that is opened again keeps those that stay.
///
/// Binding is a few microseconds; a hop to the media thread and back would cost more than it and delay the answer that needs the ports.
struct MediaPorts {
  private struct Side: Hashable {
    var session: UInt64
    var side: MediaSide
  }
  private var anchors: [Side: MediaAnchor] = [:]
  private let media: MediaThread
  private var realms: [Configuration.MediaRealm]

  /// Bytes the kernel holds for one port: a second of audio, if the thread should be away for so long.
  private static let receiveBuffer = 64 << 10

  init(media: MediaThread, realms: [Configuration.MediaRealm]) {
    self.media = media
    self.realms = realms
  }
  mutating func reconfigure(_ realms: [Configuration.MediaRealm]) { self.realms = realms }

  /// Carries a command out or passes it on; the event that answers it at once, if one does.
  mutating func carryOut(_ command: MediaCommand) -> MediaEvent? {
    switch command {
    case .open(let session, let side, let anchor): return open(session, side, anchor)
    case .release(let session, let side): anchors[Side(session: session, side: side)] = nil
    case .move(let session, let side, let target, let place):
      anchors[Side(session: target, side: place)] = anchors.removeValue(forKey: Side(session: session, side: side))
    case .close(let session): for side in MediaSide.allCases { anchors[Side(session: session, side: side)] = nil }
    case .program, .report: break
    }
    media.post(.command(command))
    return nil
  }

  private mutating func open(_ session: UInt64, _ side: MediaSide, _ anchor: MediaAnchor) -> MediaEvent {
    let key = Side(session: session, side: side)
    let old = anchors[key]
    do throws(SystemCallError) {
      var bound: [MediaThread.BoundPort] = []
      for (stream, port) in anchor.ports.enumerated() where port != 0 {
        if let old, old.bind == anchor.bind, stream < old.ports.count, old.ports[stream] == port { continue }
        bound.append(try bind(anchor, port))
        bound.append(try bind(anchor, port &+ 1))
      }
      guard media.post(.open(session: session, side: side, anchor: anchor, bound: bound)) else {
        return .refused(session: session, side: side, reason: "the media thread does not answer")
      }
      anchors[key] = anchor
      return .opened(session: session, side: side)
    } catch {
      return .refused(session: session, side: side, reason: error.description)
    }
  }

  private func bind(_ anchor: MediaAnchor, _ port: UInt16) throws(SystemCallError) -> MediaThread.BoundPort {
    var options = DatagramSocket.Options()
    options.receiveBuffer = MediaPorts.receiveBuffer
    options.collectsErrors = false
    var label: String?
    if Int(anchor.realm) < realms.count {
      options.dscp = realms[Int(anchor.realm)].dscp
      label = "media-realm \(realms[Int(anchor.realm)].name)"
    }
    let local = TransportAddress(anchor.bind, port)
    return MediaThread.BoundPort(local: local, socket: try DatagramSocket(binding: local, label: label, options: options))
  }
}
