/// The header fields Tandem knows by name; a header with any other name is `.other` and its name stands in the message.
/// Full and compact forms (RFC 3261 section 7.3.3) are the same value; comparison ignores case.
public enum HeaderName: UInt8, Sendable, Hashable, CaseIterable {
  case other
  case accept, acceptEncoding, acceptLanguage, alertInfo, allow, allowEvents, authenticationInfo, authorization
  case callID, callInfo, contact, contentDisposition, contentEncoding, contentLanguage, contentLength, contentType
  case cseq, date, diversion, event, expires, from, geolocation, geolocationRouting, historyInfo, identity, inReplyTo
  case maxForwards, mimeVersion, minExpires, minSE, pAssertedIdentity, pEarlyMedia, pPreferredIdentity, path, privacy
  case priority, proxyAuthenticate, proxyAuthorization, proxyRequire, rack, reason, recordRoute, referSub, referTo
  case referredBy, replaces, replyTo, require, retryAfter, route, rseq, server, serviceRoute, sessionExpires, subject
  case subscriptionState, supported, timestamp, to, unsupported, userAgent, userToUser, via, warning, wwwAuthenticate

  /// The name for a spelling as on the wire, full or compact, any case; `.other` when it is none of ours. (A trunk plugin names headers by bytes.)
  public init(spelling: some Collection<UInt8>) { fatalError() }
}
