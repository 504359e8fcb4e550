import Addressing
import CTandemShims
import Glibc

/// Makes a socket of the address's family, non-blocking and closed on exec; IPv6 sockets take IPv6 only, so that both families can be bound side by side.
func makeSocket(_ type: __socket_type, for ip: IPAddress, object: String) throws(SystemCallError) -> Descriptor {
  let flags = Int32(type.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  let domain = ip.family == .v4 ? AF_INET : AF_INET6
  let descriptor = Descriptor(
    owning: try retrying(
      "socket", object,
      advice: {
        $0 == EMFILE || $0 == ENFILE
          ? "no file descriptors are left: raise LimitNOFILE"
          : $0 == EAFNOSUPPORT ? "this kernel has IPv6 switched off: use an IPv4 address" : nil
      }
    ) { orErrno(socket(domain, flags, 0)) })
  if ip.family == .v6 { setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
  return descriptor
}

/// Sets an option that the socket can also do without; false when the kernel would not have it.
@discardableResult
func setOption(_ descriptor: Descriptor, _ level: Int32, _ name: Int32, _ value: Int32) -> Bool {
  var value = value
  return setsockopt(descriptor.number, level, name, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
}

func getOption(_ descriptor: Descriptor, _ level: Int32, _ name: Int32) -> Int32? {
  var value: Int32 = 0
  var length = socklen_t(MemoryLayout<Int32>.size)
  return getsockopt(descriptor.number, level, name, &value, &length) == 0 ? value : nil
}

/// Marks what leaves with a DSCP (RFC 2474), 0...63.
func setDSCP(_ descriptor: Descriptor, _ dscp: UInt8, _ family: IPAddress.Family) {
  let field = Int32(dscp & 0x3f) << 2
  if family == .v4 {
    setOption(descriptor, Int32(IPPROTO_IP), IP_TOS, field)
  } else {
    setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_TCLASS, field)
  }
}

/// The address a socket ended up with: port 0 asks the kernel for one.
func localAddress(of descriptor: Descriptor, object: String) throws(SystemCallError) -> TransportAddress {
  var address = tandem_address()
  _ = try retrying("getsockname", object) { tandem_local_address(descriptor.number, &address) }
  guard let found = address.transportAddress else { throw SystemCallError("getsockname", errno: EAFNOSUPPORT, object: object) }
  return found
}
