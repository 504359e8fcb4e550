public import Addressing
import Glibc

/// Host names to addresses through the system's resolver (getaddrinfo). It blocks for as long as the resolver likes, half a minute by its defaults: for a thread of its own.
public enum NameLookup {
  /// The addresses of `name` in the resolver's order, each once; empty when it is not known now.
  public static func addresses(of name: String) -> [IPAddress] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    hints.ai_flags = AI_ADDRCONFIG
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [IPAddress] = []
    var next = list
    while let entry = next {
      var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(entry.pointee.ai_addr, entry.pointee.ai_addrlen, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0,
        let address = IPAddress(host.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "%")) }.map { UInt8(bitPattern: $0) }), !found.contains(address)
      {
        found.append(address)
      }
      next = entry.pointee.ai_next
    }
    return found
  }
}
