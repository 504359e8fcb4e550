extension HeaderName {
  /// The full form of the name as we write it; empty for `.other`.
  public var spelling: StaticString {
    switch self {
    case .other: ""
    case .accept: "Accept"
    case .acceptEncoding: "Accept-Encoding"
    case .acceptLanguage: "Accept-Language"
    case .alertInfo: "Alert-Info"
    case .allow: "Allow"
    case .allowEvents: "Allow-Events"
    case .authenticationInfo: "Authentication-Info"
    case .authorization: "Authorization"
    case .callID: "Call-ID"
    case .callInfo: "Call-Info"
    case .contact: "Contact"
    case .contentDisposition: "Content-Disposition"
    case .contentEncoding: "Content-Encoding"
    case .contentLanguage: "Content-Language"
    case .contentLength: "Content-Length"
    case .contentType: "Content-Type"
    case .cseq: "CSeq"
    case .date: "Date"
    case .diversion: "Diversion"
    case .event: "Event"
    case .expires: "Expires"
    case .from: "From"
    case .geolocation: "Geolocation"
    case .geolocationRouting: "Geolocation-Routing"
    case .historyInfo: "History-Info"
    case .identity: "Identity"
    case .inReplyTo: "In-Reply-To"
    case .maxForwards: "Max-Forwards"
    case .mimeVersion: "MIME-Version"
    case .minExpires: "Min-Expires"
    case .minSE: "Min-SE"
    case .pAssertedIdentity: "P-Asserted-Identity"
    case .pEarlyMedia: "P-Early-Media"
    case .pPreferredIdentity: "P-Preferred-Identity"
    case .path: "Path"
    case .privacy: "Privacy"
    case .priority: "Priority"
    case .proxyAuthenticate: "Proxy-Authenticate"
    case .proxyAuthorization: "Proxy-Authorization"
    case .proxyRequire: "Proxy-Require"
    case .rack: "RAck"
    case .reason: "Reason"
    case .recordRoute: "Record-Route"
    case .referSub: "Refer-Sub"
    case .referTo: "Refer-To"
    case .referredBy: "Referred-By"
    case .replaces: "Replaces"
    case .replyTo: "Reply-To"
    case .require: "Require"
    case .retryAfter: "Retry-After"
    case .route: "Route"
    case .rseq: "RSeq"
    case .server: "Server"
    case .serviceRoute: "Service-Route"
    case .sessionExpires: "Session-Expires"
    case .subject: "Subject"
    case .subscriptionState: "Subscription-State"
    case .supported: "Supported"
    case .timestamp: "Timestamp"
    case .to: "To"
    case .unsupported: "Unsupported"
    case .userAgent: "User-Agent"
    case .userToUser: "User-to-User"
    case .via: "Via"
    case .warning: "Warning"
    case .wwwAuthenticate: "WWW-Authenticate"
    case .acceptContact: "Accept-Contact"
    case .rejectContact: "Reject-Contact"
    case .requestDisposition: "Request-Disposition"
    case .identityInfo: "Identity-Info"
    }
  }

  /// The compact form (IANA registry), in lower case; `nil` when there is none.
  public var compactForm: UInt8? {
    switch self {
    case .acceptContact: UInt8(ascii: "a")
    case .referredBy: UInt8(ascii: "b")
    case .contentType: UInt8(ascii: "c")
    case .requestDisposition: UInt8(ascii: "d")
    case .contentEncoding: UInt8(ascii: "e")
    case .from: UInt8(ascii: "f")
    case .callID: UInt8(ascii: "i")
    case .rejectContact: UInt8(ascii: "j")
    case .supported: UInt8(ascii: "k")
    case .contentLength: UInt8(ascii: "l")
    case .contact: UInt8(ascii: "m")
    case .identityInfo: UInt8(ascii: "n")
    case .event: UInt8(ascii: "o")
    case .referTo: UInt8(ascii: "r")
    case .subject: UInt8(ascii: "s")
    case .to: UInt8(ascii: "t")
    case .allowEvents: UInt8(ascii: "u")
    case .via: UInt8(ascii: "v")
    case .sessionExpires: UInt8(ascii: "x")
    case .identity: UInt8(ascii: "y")
    default: nil
    }
  }
}
