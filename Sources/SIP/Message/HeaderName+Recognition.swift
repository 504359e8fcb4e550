extension HeaderName {
  /// The name for a spelling as on the wire, full or compact, any case; `.other` when it is none of ours. (A trunk plugin names headers by bytes.)
  @inlinable public init(spelling: some Collection<UInt8>) {
    self = spelling.withBytes { HeaderName(spelling: $0) }
  }

  /// The same for callers on a per-message path in other modules: not generic, so nothing is left to specialise there.
  public init(spelling: UnsafeBufferPointer<UInt8>) {
    self = spelling.baseAddress.map { HeaderName($0, count: spelling.count) } ?? .other
  }

  /// Length and one or two letters leave one candidate; then the whole name is compared. Any bytes may be given; what is known is a token.
  @inline(__always) init(_ name: UnsafePointer<UInt8>, count: Int) {
    switch count {
    case 2...20:
      let candidate = HeaderName.candidate(name, count)
      self = candidate.isSpelled(name, count) ? candidate : .other
    case 1: self = HeaderName(compact: name[0] | 0x20)
    default: self = .other
    }
  }

  private init(compact letter: UInt8) {
    self =
      switch letter {
      case UInt8(ascii: "a"): .acceptContact
      case UInt8(ascii: "b"): .referredBy
      case UInt8(ascii: "c"): .contentType
      case UInt8(ascii: "d"): .requestDisposition
      case UInt8(ascii: "e"): .contentEncoding
      case UInt8(ascii: "f"): .from
      case UInt8(ascii: "i"): .callID
      case UInt8(ascii: "j"): .rejectContact
      case UInt8(ascii: "k"): .supported
      case UInt8(ascii: "l"): .contentLength
      case UInt8(ascii: "m"): .contact
      case UInt8(ascii: "n"): .identityInfo
      case UInt8(ascii: "o"): .event
      case UInt8(ascii: "r"): .referTo
      case UInt8(ascii: "s"): .subject
      case UInt8(ascii: "t"): .to
      case UInt8(ascii: "u"): .allowEvents
      case UInt8(ascii: "v"): .via
      case UInt8(ascii: "x"): .sessionExpires
      case UInt8(ascii: "y"): .identity
      default: .other
      }
  }

  /// Compares the whole name, case folded, eight bytes at a time.
  @inline(__always) private func isSpelled(_ name: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let text = spelling
    guard text.utf8CodeUnitCount == count else { return false }
    let a = UnsafeRawPointer(name)
    let b = UnsafeRawPointer(text.utf8Start)
    if count >= 8 {
      var i = 0
      while i &+ 8 < count {
        guard HeaderName.sameFolded(a, b, i, UInt64.self) else { return false }
        i &+= 8
      }
      return HeaderName.sameFolded(a, b, count &- 8, UInt64.self)
    }
    if count >= 4 {
      return HeaderName.sameFolded(a, b, 0, UInt32.self) && HeaderName.sameFolded(a, b, count &- 4, UInt32.self)
    }
    return HeaderName.sameFolded(a, b, 0, UInt16.self) && HeaderName.sameFolded(a, b, count &- 2, UInt16.self)
  }

  /// Our spelling is letters and hyphens. Of a letter (bit 6 set) either case will do, a hyphen must be a hyphen: so bit 5 is passed over
  /// exactly where bit 6 of our spelling is set, and no byte but the two cases of a letter agrees.
  @inline(__always) private static func sameFolded<Word: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ a: UnsafeRawPointer, _ b: UnsafeRawPointer, _ offset: Int, _: Word.Type
  ) -> Bool {
    let x = a.loadUnaligned(fromByteOffset: offset, as: Word.self)
    let y = b.loadUnaligned(fromByteOffset: offset, as: Word.self)
    return (x ^ y) & ~((y &>> 1) & Word(truncatingIfNeeded: 0x2020_2020_2020_2020 as UInt64)) == 0
  }

  /// The only name of this length that begins so. Reads `name` below `count` alone.
  private static func candidate(_ name: UnsafePointer<UInt8>, _ count: Int) -> HeaderName {
    @inline(__always) func letter(_ offset: Int) -> UInt8 { name[offset] | 0x20 }
    switch count {
    case 2: return .to
    case 3: return .via
    case 4:
      switch letter(0) {
      case UInt8(ascii: "c"): return .cseq
      case UInt8(ascii: "d"): return .date
      case UInt8(ascii: "f"): return .from
      case UInt8(ascii: "p"): return .path
      default: return letter(1) == UInt8(ascii: "a") ? .rack : .rseq
      }
    case 5:
      switch letter(0) {
      case UInt8(ascii: "a"): return .allow
      case UInt8(ascii: "e"): return .event
      default: return .route
      }
    case 6:
      switch letter(0) {
      case UInt8(ascii: "a"): return .accept
      case UInt8(ascii: "m"): return .minSE
      case UInt8(ascii: "r"): return .reason
      default: return .server
      }
    case 7:
      switch letter(0) {
      case UInt8(ascii: "c"): return letter(1) == UInt8(ascii: "a") ? .callID : .contact
      case UInt8(ascii: "e"): return .expires
      case UInt8(ascii: "p"): return .privacy
      case UInt8(ascii: "r"): return .require
      case UInt8(ascii: "s"): return .subject
      default: return .warning
      }
    case 8:
      switch letter(2) {
      case UInt8(ascii: "e"): return .identity
      case UInt8(ascii: "i"): return .priority
      case UInt8(ascii: "f"): return .referTo
      default: return letter(4) == UInt8(ascii: "a") ? .replaces : .replyTo
      }
    case 9:
      switch letter(0) {
      case UInt8(ascii: "c"): return .callInfo
      case UInt8(ascii: "d"): return .diversion
      case UInt8(ascii: "r"): return .referSub
      case UInt8(ascii: "s"): return .supported
      default: return .timestamp
      }
    case 10: return letter(0) == UInt8(ascii: "a") ? .alertInfo : .userAgent
    default: return longCandidate(name, count)
    }
  }

  private static func longCandidate(_ name: UnsafePointer<UInt8>, _ count: Int) -> HeaderName {
    @inline(__always) func letter(_ offset: Int) -> UInt8 { name[offset] | 0x20 }
    switch count {
    case 11:
      switch letter(0) {
      case UInt8(ascii: "g"): return .geolocation
      case UInt8(ascii: "i"): return .inReplyTo
      case UInt8(ascii: "m"): return .minExpires
      case UInt8(ascii: "r"): return letter(2) == UInt8(ascii: "f") ? .referredBy : .retryAfter
      default: return .unsupported
      }
    case 12:
      switch letter(0) {
      case UInt8(ascii: "a"): return .allowEvents
      case UInt8(ascii: "c"): return .contentType
      case UInt8(ascii: "h"): return .historyInfo
      case UInt8(ascii: "m"): return letter(1) == UInt8(ascii: "a") ? .maxForwards : .mimeVersion
      case UInt8(ascii: "r"): return .recordRoute
      default: return .userToUser
      }
    case 13:
      switch letter(0) {
      case UInt8(ascii: "a"): return .authorization
      case UInt8(ascii: "i"): return .identityInfo
      case UInt8(ascii: "p"): return letter(1) == UInt8(ascii: "-") ? .pEarlyMedia : .proxyRequire
      default: return .serviceRoute
      }
    case 14:
      switch letter(0) {
      case UInt8(ascii: "a"): return .acceptContact
      case UInt8(ascii: "c"): return .contentLength
      default: return .rejectContact
      }
    case 15:
      switch letter(7) {
      case UInt8(ascii: "e"): return .acceptEncoding
      case UInt8(ascii: "l"): return .acceptLanguage
      default: return .sessionExpires
      }
    case 16:
      switch letter(0) {
      case UInt8(ascii: "c"): return letter(8) == UInt8(ascii: "e") ? .contentEncoding : .contentLanguage
      default: return .wwwAuthenticate
      }
    case 18: return letter(0) == UInt8(ascii: "p") ? .proxyAuthenticate : .subscriptionState
    case 19:
      switch letter(0) {
      case UInt8(ascii: "a"): return .authenticationInfo
      case UInt8(ascii: "c"): return .contentDisposition
      case UInt8(ascii: "g"): return .geolocationRouting
      case UInt8(ascii: "p"): return letter(1) == UInt8(ascii: "-") ? .pAssertedIdentity : .proxyAuthorization
      default: return .requestDisposition
      }
    case 20: return .pPreferredIdentity
    default: return .other
    }
  }
}
