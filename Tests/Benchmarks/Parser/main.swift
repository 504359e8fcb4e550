// Tandem's parser on one message: benchmark-parser index|eager|description COUNT FILE prints nanoseconds of processor time for each.
// report.py runs it beside libosip2 and Sofia-SIP.
import Addressing
import Glibc
import SDP
import SIP

/// As the daemon reads a message: every line into the index, the grammar of the start line and of Via, From, To, Call-ID, CSeq, Max-Forwards and
/// Content-Length checked.
@inline(never) func measuredIndex(_ bytes: [UInt8]) -> Int {
  guard let message = try? SIPMessage(parsing: bytes) else { fatalError("the message was refused") }
  return message.callID.count
}

/// Everything a peer parses when it is handed the message: each header of a type taken apart, with its URIs and parameters.
@inline(never) func measuredEager(_ bytes: [UInt8]) -> Int {
  guard let message = try? SIPMessage(parsing: bytes) else { fatalError("the message was refused") }
  var sum = message.requestURI.count + Int(message.cseqNumber) + (message.maxForwards ?? 0)
  if let uri = try? SIPURI(parsing: message.requestURI) { sum += uri.host.count + (uri.parameter("user")?.count ?? 0) }
  sum += message.topVia.host.count + Int(message.topVia.port ?? 0) + (message.topVia.branch?.count ?? 0)
  for via in message.values(.via).dropFirst() {
    guard let via = try? Via(parsing: via) else { fatalError("a Via was refused") }
    sum += via.host.count + Int(via.port ?? 0) + (via.branch?.count ?? 0) + (via.received?.count ?? 0)
  }
  sum += parts(message.from) + parts(message.to)
  for name in [HeaderName.contact, .recordRoute, .pAssertedIdentity] {
    for value in message.values(name) {
      guard let address = try? NameAddress(parsing: value) else { fatalError("an address was refused") }
      sum += parts(address)
    }
  }
  for name in [HeaderName.allow, .supported, .accept] {
    for value in message.values(name) { sum += value.count }
  }
  for name in [HeaderName.sessionExpires, .minSE, .userAgent, .date, .contentType] { sum += message.value(name)?.count ?? 0 }
  return sum
}

func parts(_ address: NameAddress) -> Int {
  address.uri.host.count + (address.uri.user?.count ?? 0) + (address.tag?.count ?? 0) + (address.displayName?.count ?? 0)
    + (address.uri.parameter("user")?.count ?? 0)
}

@inline(never) func measuredDescription(_ body: ArraySlice<UInt8>) -> Int {
  guard let description = try? SessionDescription(parsing: body), let address = description.rtpDestination(of: 0) else {
    fatalError("the description was refused")
  }
  return Int(address.port)
}

func processorTime() -> Int {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return time.tv_sec * 1_000_000_000 + time.tv_nsec
}

guard CommandLine.arguments.count == 4, let count = Int(CommandLine.arguments[2]), count > 0, let file = fopen(CommandLine.arguments[3], "rb") else {
  fatalError("usage: benchmark-parser index|eager|description COUNT FILE")
}
var bytes = [UInt8](repeating: 0, count: 65_536)
bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
guard let body = try? SIPMessage(parsing: bytes).body else { fatalError("the message was refused") }
var began = 0
var sum = 0
// The first tenth warms up.
for turn in -(count / 10)..<count {
  if turn == 0 { began = processorTime() }
  switch CommandLine.arguments[1] {
  case "index": sum &+= measuredIndex(bytes)
  case "eager": sum &+= measuredEager(bytes)
  default: sum &+= measuredDescription(body)
  }
}
print(CommandLine.arguments[1], (processorTime() - began) / count)
precondition(sum != 0)
