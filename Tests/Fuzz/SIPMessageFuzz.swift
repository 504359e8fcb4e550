import SIP

/// Any bytes as one SIP message: reading must not trap; what was accepted must survive being written and read again, edited with the
/// fuzzer's own bytes, and answered.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIPMessage(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let bytes = Array(UnsafeBufferPointer(start: data, count: size))
  let message: SIPMessage
  do {
    message = try SIPMessage(parsing: bytes)
  } catch {
    if let answerable = error.answerable { checkAnswer(to: answerable, status: error.status) }
    return 0
  }
  touch(message)
  check(message, readsAgainAs: message.encoded())
  if message.isRequest { checkAnswer(to: message, status: 486) }
  if message.fields.count < 250, size < 60_000 { checkEdits(of: message, with: bytes) }
  return 0
}

/// Every accessor once.
func touch(_ message: SIPMessage) {
  _ = message.contact
  for name in HeaderName.allCases {
    let values = message.values(name)
    precondition(values.count == message.count(of: name))
    precondition(values.first == message.value(name))
    _ = message.lists("100rel", in: name)
    for value in values {
      touch(try? NameAddress(parsing: value))
      touch(try? SIPURI(parsing: value))
      if let via = try? Via(parsing: value) { touch(via) }
    }
  }
  for field in message.fields { precondition(message.value(named: field.spelling) != nil) }
  touch(message.from)
  touch(message.to)
  touch(message.topVia)
  if message.isRequest { touch(try? SIPURI(parsing: message.requestURI)) }
}

func touch(_ address: NameAddress?) {
  guard let address else { return }
  _ = (address.displayName, address.tag, address.parameter("tag"), address.parameter("q"), address.bytes)
  touch(address.uri)
}

func touch(_ uri: SIPURI?) {
  guard let uri else { return }
  precondition(uri.port != 0)
  _ = (uri.user, uri.host, uri.number, uri.parameter("transport"), uri.parameter("lr"), uri.bytes)
}

func touch(_ via: Via) {
  precondition(!via.host.isEmpty)
  _ = (via.transport, via.port, via.branch, via.received, via.rport, via.parameter("maddr"), via.hasMagicCookie)
}

func check(_ message: SIPMessage, readsAgainAs encoded: [UInt8]) {
  guard encoded.count <= SIPLimits.messageBytes else { return }
  do {
    let again = try SIPMessage(parsing: encoded)
    precondition(again.encoded() == encoded, "written differently the second time")
    precondition(again.method == message.method && again.status == message.status)
    precondition(again.callID == message.callID && again.cseqNumber == message.cseqNumber)
    precondition(again.from.tag == message.from.tag && again.to.tag == message.to.tag)
    precondition(again.topVia.branch == message.topVia.branch && again.body == message.body)
    let old = message.fields.filter { $0.name != .contentLength }
    let new = again.fields.filter { $0.name != .contentLength }
    precondition(old.count == new.count, "a field more or less than before")
    for (a, b) in zip(old, new) { precondition(a.name == b.name && a.value == b.value, "a field changed") }
  } catch {
    fatalError("written by us and refused by us: \(error.reason)")
  }
}

func checkAnswer(to request: SIPMessage, status: Int) {
  let answer = SIPMessage(responding: status, to: request, toTag: [0x61, 0x62])
  precondition(answer.to.tag != nil)
  check(answer, readsAgainAs: answer.encoded())
}

/// Whatever an editor hands in, the message keeps its number of lines.
func checkEdits(of message: SIPMessage, with bytes: [UInt8]) {
  let piece = bytes.suffix(200)
  var edited = message
  edited.set(.subject, piece)
  edited.append(named: piece.prefix(20), piece)
  edited.append(named: [0x58], piece)
  edited.prepend(.userAgent, piece)
  edited.remove(.contact)
  edited.set(named: [0x58, 0x2d, 0x41], piece)
  if edited.isRequest {
    edited.replaceFirstValue(of: .route, with: piece)
  } else {
    edited.setStatus(299, reason: piece)
  }
  edited.setBody(bytes, type: "application/octet-stream")
  // The fuzzer's bytes can name headers there may be only one of.
  let name = HeaderName(spelling: piece.prefix(20))
  guard name == .other || name == .contentLength else { return }
  check(edited, readsAgainAs: edited.encoded())
}
