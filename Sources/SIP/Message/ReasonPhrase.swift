extension SIPMessage {
  /// The default reason phrase of a status (RFC 3261 section 21 and the IANA registry); for others that of its class.
  public static func defaultReason(_ status: Int) -> StaticString {
    switch status {
    case ..<400: successReason(status)
    case ..<500: clientReason(status)
    case ..<600: serverReason(status)
    default: globalReason(status)
    }
  }

  private static func successReason(_ status: Int) -> StaticString {
    switch status {
    case 100: "Trying"
    case 180: "Ringing"
    case 181: "Call Is Being Forwarded"
    case 182: "Queued"
    case 183: "Session Progress"
    case 199: "Early Dialog Terminated"
    case 200: "OK"
    case 202: "Accepted"
    case 204: "No Notification"
    case 300: "Multiple Choices"
    case 301: "Moved Permanently"
    case 302: "Moved Temporarily"
    case 305: "Use Proxy"
    case 380: "Alternative Service"
    case ..<200: "Progress"
    case ..<300: "OK"
    default: "Redirection"
    }
  }

  private static func clientReason(_ status: Int) -> StaticString {
    switch status {
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 402: "Payment Required"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 406: "Not Acceptable"
    case 407: "Proxy Authentication Required"
    case 408: "Request Timeout"
    case 410: "Gone"
    case 412: "Conditional Request Failed"
    case 413: "Request Entity Too Large"
    case 414: "Request-URI Too Long"
    case 415: "Unsupported Media Type"
    case 416: "Unsupported URI Scheme"
    case 417: "Unknown Resource-Priority"
    case 420: "Bad Extension"
    case 421: "Extension Required"
    case 422: "Session Interval Too Small"
    case 423: "Interval Too Brief"
    case 424: "Bad Location Information"
    case 425: "Bad Alert Message"
    case 428: "Use Identity Header"
    case 429: "Provide Referrer Identity"
    case 430: "Flow Failed"
    case 433: "Anonymity Disallowed"
    case 436: "Bad Identity Info"
    case 437: "Unsupported Credential"
    case 438: "Invalid Identity Header"
    case 439: "First Hop Lacks Outbound Support"
    case 440: "Max-Breadth Exceeded"
    case 469: "Bad Info Package"
    case 470: "Consent Needed"
    case 480: "Temporarily Unavailable"
    case 481: "Call/Transaction Does Not Exist"
    case 482: "Loop Detected"
    case 483: "Too Many Hops"
    case 484: "Address Incomplete"
    case 485: "Ambiguous"
    case 486: "Busy Here"
    case 487: "Request Terminated"
    case 488: "Not Acceptable Here"
    case 489: "Bad Event"
    case 491: "Request Pending"
    case 493: "Undecipherable"
    case 494: "Security Agreement Required"
    default: "Bad Request"
    }
  }

  private static func serverReason(_ status: Int) -> StaticString {
    switch status {
    case 500: "Server Internal Error"
    case 501: "Not Implemented"
    case 502: "Bad Gateway"
    case 503: "Service Unavailable"
    case 504: "Server Time-out"
    case 505: "Version Not Supported"
    case 513: "Message Too Large"
    case 555: "Push Notification Service Not Supported"
    case 580: "Precondition Failure"
    default: "Server Internal Error"
    }
  }

  private static func globalReason(_ status: Int) -> StaticString {
    switch status {
    case 600: "Busy Everywhere"
    case 603: "Decline"
    case 604: "Does Not Exist Anywhere"
    case 606: "Not Acceptable"
    case 607: "Unwanted"
    case 608: "Rejected"
    default: "Global Failure"
    }
  }
}
