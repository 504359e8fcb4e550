import Addressing
import CTandemShims
import Glibc

extension tandem_address {
  init(_ address: TransportAddress) {
    self.init()
    family = address.ip.family.rawValue
    high = address.ip.high
    low = address.ip.low
    port = address.port
  }
  /// `nil` for another family.
  var transportAddress: TransportAddress? {
    switch family {
    case 4: TransportAddress(IPAddress(v4: UInt32(truncatingIfNeeded: low)), port)
    case 6: TransportAddress(IPAddress(v6High: high, low: low), port)
    default: nil
    }
  }
}

/// What to do about a refused bind, as a clause.
func bindAdvice(_ errno: Int32, _ transport: String, _ address: TransportAddress) -> String? {
  switch errno {
  case EADDRINUSE: "another program has this port: `ss -lnp\(transport == "udp" ? "u" : "t") 'sport = :\(address.port)'` names it"
  case EADDRNOTAVAIL: "no device has this address: `ip address` lists those there are"
  case EACCES: "a port below 1024 needs CAP_NET_BIND_SERVICE: grant it or take a higher port"
  case EMFILE, ENFILE: "no file descriptors are left: raise LimitNOFILE"
  default: nil
  }
}
