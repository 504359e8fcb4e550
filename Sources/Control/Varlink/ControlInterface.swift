/// The interface as Varlink describes it, for `GetInterfaceDescription` and for people who write their own client. A test holds it to the methods and structs in code.
public enum ControlInterface {
  public static let name = "io.tandem.control"

  public static let description = """
    # Tandem, a voice edge: what runs, what would happen to a call, and the configuration.
    # Times are seconds since 1970 UTC. Root, the daemon's own user and group tandem may change; every local user may read.
    interface io.tandem.control

    type Problem (node: string, value: string, message: string, line: ?int)

    type TrunkStatus (name: string, state: string, reason: string, peer: string, listener: string, calls: int, maxCalls: int)

    type PeerTarget (transport: string, address: string, name: ?string, origin: string, state: string, reason: ?string, secondsLeft: ?int, secondsFailing: ?int)
    type PeerStatus (name: string, type: string, address: string, resolved: []string, targets: []PeerTarget, state: string, reason: string, description: string, alarms: []string)

    type ListenerStatus (name: string, transport: string, address: string, publicAddress: ?string, state: string, reason: string)

    # A TCP or TLS connection. direction: in, out. peer: by its certificate.
    type ConnectionStatus (
      listener: string, transport: string, remote: string, direction: string, state: string, peer: ?string, cipher: ?string, certificateEnds: ?float,
      age: float, quiet: float
    )

    type CertificateStatus (
      name: string, state: string, reason: string, names: []string, issuer: ?string, ends: ?float, authorities: ?int
    )

    type InterfaceStatus (name: string, device: ?string, addresses: []string, state: string, reason: string)

    type PluginStatus (id: string, version: string, file: string, state: string, reason: string, peers: int)

    type LegStatus (trunk: string, callID: string, remote: string, dialog: string, localMedia: ?string, remoteMedia: ?string)

    type StreamStatus (
      side: string, stream: int, packets: int, bytes: int, rtcpPackets: int, lost: int, lossPercent: float, jitterMilliseconds: float,
      forwarded: int, strangers: int, discarded: int, source: ?string
    )

    type CallStatus (
      id: string, state: string, calling: string, called: string, incomingTrunk: string, outgoingTrunk: ?string, route: ?string,
      began: float, answered: ?float, seconds: float, media: string, mediaReason: string, legs: []LegStatus, streams: []StreamStatus
    )

    type RecordLeg (trunk: string, callID: string, remote: string, called: string, calling: string, status: int)

    type RecordStream (packets: int, bytes: int, lost: int, jitterMilliseconds: float, strangers: int)

    # A call that has ended. legs: incoming first, then each attempt. streams: what came in on the incoming and on the outgoing leg.
    type CallRecord (
      id: string, began: float, answered: ?float, ended: float, outcome: string, status: int, cause: ?int, diagnostic: int, reason: string,
      route: ?string, usage: ?string, media: string, legs: []RecordLeg, streams: []RecordStream, mos: ?float
    )

    type LadderEntry (
      milliseconds: float, leg: int, sent: bool, method: string, status: int, sequence: int, hasSDP: bool, remote: string
    )

    type Realm (name: string, addresses: []string, capacityCalls: int, portsInUse: int, ports: int)

    type Flow (call: string, path: string, reason: string, streams: []StreamStatus)

    type Off (what: string, why: string)

    type Counter (name: string, value: int)

    type Attempt (trunk: string, route: string, usage: string, called: string, calling: string)

    type Word (word: string, description: string)

    method ListTrunks() -> (trunks: []TrunkStatus)

    method ListPeers() -> (peers: []PeerStatus)

    method ListListeners() -> (listeners: []ListenerStatus)

    method ListConnections() -> (connections: []ConnectionStatus)

    method ListCertificates() -> (certificates: []CertificateStatus)

    method ListInterfaces() -> (interfaces: []InterfaceStatus)

    method ListPlugins() -> (plugins: []PluginStatus)

    # Calls that are up.
    method ListCalls() -> (calls: []CallStatus)

    # The call if it is up, else its record.
    method GetCall(id: string) -> (call: ?CallStatus, record: ?CallRecord)

    method GetLadder(id: string) -> (call: string, trunks: []string, entries: []LadderEntry, omitted: int)

    # Calls that have ended, newest first; limit is 50 unless said, at most 10000.
    method ListCallHistory(limit: ?int) -> (calls: []CallRecord)

    method GetMedia() -> (realms: []Realm, flows: []Flow)

    method GetSystem() -> (
      version: string, hostname: ?string, started: float, uptime: float, calls: int, configuration: string, hasUncommittedChanges: bool,
      off: []Off
    )

    method GetCounters() -> (counters: []Counter)

    # What the routing engine would do with a call to number that comes in on trunk (may be left out when there is only one).
    method TestNumber(number: string, calling: ?string, trunk: ?string, candidate: ?bool) -> (
      number: string, trunk: string, normalized: ?string, outcome: string, attempts: []Attempt, status: ?int, diagnostic: ?int,
      refusal: ?string, reasons: []string
    )

    method ClearCall(id: string) -> (message: ?string, warnings: []string)

    # Lines that begin with set or delete, applied to the candidate: all of them or, with Refused, none.
    method Edit(lines: []string) -> (message: ?string, warnings: []string)

    # Set lines or RFC 7951 JSON laid over the candidate, or in its place.
    method Load(text: string, how: (merge, override)) -> (message: ?string, warnings: []string)

    # path: only what lies below these words. rollback: for the form compare, against how many commits back.
    method ShowConfiguration(source: ?(running, candidate), form: ?(tree, set, json, compare), path: ?[]string, rollback: ?int) -> (text: string)

    # What the candidate changes in what runs, or in what ran rollback commits ago.
    method Compare(rollback: ?int) -> (text: string)

    method Check() -> (changes: int, warnings: []string, isCheck: bool)

    method Commit(comment: ?string) -> (changes: int, warnings: []string, isCheck: bool)

    # The candidate becomes what ran this many commits ago; 0 is what runs now.
    method Rollback(rollback: int) -> (message: ?string, warnings: []string)

    method Discard() -> (message: ?string, warnings: []string)

    # What may stand at the end of a command line.
    method Complete(line: string, mode: (operational, configuration)) -> (words: []Word)

    error Refused (problems: []Problem)

    error NotFound (problems: []Problem)

    error PermissionDenied (problems: []Problem)

    error Unavailable (problems: []Problem)

    # The connection is closed behind it.
    error MalformedCall (problems: []Problem)

    """

  static let serviceDescription = """
    # The Varlink service interface, present on every service.
    interface org.varlink.service

    method GetInfo() -> (vendor: string, product: string, version: string, url: string, interfaces: []string)

    method GetInterfaceDescription(interface: string) -> (description: string)

    error InterfaceNotFound (interface: string)

    error MethodNotFound (method: string)

    error InvalidParameter (parameter: string)

    """
}
