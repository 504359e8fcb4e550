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
  case acceptContact, rejectContact, requestDisposition, identityInfo

  /// Whether the header's grammar is a comma-separated list, so that several fields and one field with commas mean the same
  /// (RFC 3261 7.3.1). Where a comma is part of the value (Date, Subject, credentials, comments) it is not.
  var isList: Bool {
    switch self {
    case .accept, .acceptEncoding, .acceptLanguage, .alertInfo, .allow, .allowEvents, .callInfo, .contact, .contentEncoding,
      .contentLanguage, .diversion, .geolocation, .historyInfo, .inReplyTo, .pAssertedIdentity, .pEarlyMedia,
      .pPreferredIdentity, .path, .proxyRequire, .reason, .recordRoute, .require, .route, .serviceRoute, .supported,
      .unsupported, .userToUser, .via, .warning, .acceptContact, .rejectContact, .requestDisposition:
      true
    default: false
    }
  }
}
