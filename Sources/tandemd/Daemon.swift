import Addressing
import Calls
import Configuration
import Control
import Glibc
import Linux
import Routing
import SIP
import Timing

/// The appliance's process: joins the parts and serves the control side on the first thread until it is told to stop.
///
/// ```
/// first thread   control socket, commits, call records, log lines, netlink
/// resolving      DNS for peers that are domains                     (ResolvingThread)
/// signalling     one shard: SIP sockets and the exchange            (SignallingThread)
/// media          the relay's sockets                                (MediaThread)
/// watchdog       tells the service manager that the other two turn  (Watchdog)
/// farewell       signals, and the end in time                       (Farewell)
/// ```
final class Daemon {
  private enum Key {
    static let farewell: UInt64 = 0
    static let records: UInt64 = 1
    static let network: UInt64 = 2
    static let notes: UInt64 = 3
    static let control: UInt64 = 16
  }

  private let options: Options
  private let log: Log
  private let notifier = SystemdNotifier()
  private let farewell: Farewell
  /// No second daemon on our folders.
  private let state: StateFolder
  private let runtimeLock: FolderLock
  private let poll: EventPoll
  private let records: RecordKeeper
  private let notes: NoteKeeper
  private let live: LiveSystem
  private let plugins: PluginFolder
  private let signalling: SignallingThread
  private let desk: ConfigurationDesk
  private let network: NetworkWatcher?
  private let control: ControlConnections
  private var isRunning = true

  /// `sockets`: what the service manager kept of the daemon before us.
  init(_ options: Options, log: Log, signals: SignalWatcher, sockets: DescriptorStore) throws {
    self.options = options
    self.log = log
    farewell = try Farewell(signals, log: log)
    // Before anything in them is touched.
    let state = try StateFolder(options.stateDirectory)
    self.state = state
    if let trouble = state.trouble { log.write(.error, trouble) }
    try Files.makeFolder(options.runtimeDirectory, mode: 0o755)
    runtimeLock = try FolderLock(options.runtimeDirectory, option: "--runtime-dir")
    let socket = try ControlSocket(path: RuntimeDirectory.controlSocket(in: options.runtimeDirectory), mode: 0o666)
    let binary = Options.binaryPath()
    let memory = ProbeMemory(runtimeDirectory: options.runtimeDirectory, daemon: binary)
    let plugins = PluginFolder(options.pluginDirectory, daemon: binary, memory: memory, log: log)
    self.plugins = plugins
    let files = ConfigurationFiles(directory: options.stateDirectory, unkept: state.trouble)
    records = try RecordKeeper(path: options.stateDirectory + "/calls.sqlite", log: log)
    notes = try NoteKeeper(log: log)

    live = LiveSystem(log: log)
    let modules = plugins.plugins.map { YANGContext.PluginModule(id: $0.id, text: $0.yang) }
    desk = ConfigurationDesk(
      ConfigurationDesk.Dependencies(
        context: { () throws(ConfigurationError) in try YANGContext(plugins: modules) }, apply: live.apply,
        callsLosingListener: live.callsLosingListener, certificateProblems: live.certificates.problems, certificateWarnings: live.certificates.warnings),
      files: files, saved: files.load())
    let restored = desk.restored()
    if let trouble = desk.trouble { log.write(.error, trouble) }
    let (box, lines) = (records.mailbox, notes.mailbox)
    let live = self.live
    func serve(_ configuration: Configuration) throws -> SignallingThread {
      let start = try live.start(configuration)
      let exchange = Exchange(
        shard: 0, setup: start, plugins: plugins.tables, random: SecureRandom.source(), wallClock: WallClock.atInstantZero(), at: MonotonicClock.now(),
        clock: { MonotonicClock.now() })
      return try SignallingThread(
        exchange: exchange, setup: start, tls: live.startCertificates(configuration),
        outlets: SignallingThread.Outlets(
          record: { record, ladder in box.post(RecordKeeper.Finished(record: record, ladder: ladder)) },
          note: { lines.post($0) }),
        store: sockets)
    }
    let signalling: SignallingThread
    do { signalling = try serve(restored ?? Configuration()) } catch {
      // Somebody must be able to put it right: the command line works, and a device may yet appear.
      live.wait(error)
      signalling = try serve(Configuration())
    }
    self.signalling = signalling
    live.signalling = signalling
    // Calls to a domain find no target until its first answer; nothing else waits for it.
    let resolving = try ResolvingThread(
      located: { found in signalling.locate(found) },
      note: { text, isTrouble in log.write(isTrouble ? .warning : .notice, text) })
    live.resolving = resolving
    if let restored { resolving.follow(restored) }
    poll = try EventPoll()
    network = try? NetworkWatcher()
    let service = ControlService(
      Daemon.dependencies(plugins: plugins, signalling: signalling, records: records, notes: notes, desk: desk, live: live, network: network, state: state),
      desk: desk)
    control = try ControlConnections(service, socket: socket, poll: poll, firstKey: Key.control)
    try poll.add(farewell.descriptor, key: Key.farewell)
    try poll.add(records.mailbox.descriptor, key: Key.records)
    try poll.add(notes.mailbox.descriptor, key: Key.notes)
    if let network { try poll.add(network.descriptor, key: Key.network) }
    try seed(isEmpty: restored == nil)
  }

  /// Decided: `--config` seeds an empty state directory; afterwards the last commit wins, and start says which it took. A directory whose last commit can not be read
  /// is not empty: somebody decides.
  private func seed(isEmpty: Bool) throws {
    if isEmpty, desk.trouble != nil { return log.write(.notice, "nothing runs until somebody commits") }
    guard isEmpty else {
      if let file = options.configFile { log.write(.notice, "the last commit in \(options.stateDirectory) is in force; \(file) is only for an empty one") }
      return log.write(.notice, "configuration: \(desk.summary)")
    }
    guard let file = options.configFile else {
      return log.write(.notice, "no configuration yet: use `tandem` (`configure`, `set ...`, `commit`), or start with --config FILE")
    }
    guard let bytes = try Files.read(file) else {
      throw SystemCallError("open", errno: ENOENT, object: file, advice: "name a file of set lines or JSON after --config")
    }
    let result = try desk.seed(String(decoding: bytes, as: UTF8.self), from: file)
    for warning in result.warnings { log.write(.warning, warning) }
    log.write(.notice, "configuration: taken from \(file)")
  }

  private static func dependencies(
    plugins: PluginFolder, signalling: SignallingThread, records: RecordKeeper, notes: NoteKeeper, desk: ConfigurationDesk, live: LiveSystem,
    network: NetworkWatcher?, state: StateFolder
  ) -> ControlDependencies {
    var wants = ControlDependencies(version: Version.text, started: WallClock.now(), exchange: ExchangeQuestions(signalling))
    wants.plugins = {
      let used = Dictionary(grouping: desk.running.peers, by: \.type).mapValues(\.count)
      return
        (plugins.plugins.map {
          PluginStatus(id: $0.id, version: $0.version, file: $0.file, state: "loaded", reason: $0.summary, peers: used[$0.id] ?? 0)
        }
        + plugins.refused.map {
          PluginStatus(id: $0.id, version: "", file: $0.id + ".so", state: "refused", reason: $0.reason, peers: used[$0.id] ?? 0)
        }).sorted { $0.id < $1.id }
    }
    wants.certificates = live.certificates.statuses
    wants.off = {
      var off = [SystemStatus.Off(what: "fast path", why: "media is relayed by sockets in this version")]
      if SystemdNotifier().watchdog == nil { off.append(.init(what: "watchdog", why: "not started by a service manager that watches")) }
      if network == nil { off.append(.init(what: "interface events", why: "no netlink socket")) }
      if let trouble = state.trouble { off.append(.init(what: "what is kept", why: trouble)) }
      if let trouble = desk.trouble { off.append(.init(what: "the last commit", why: trouble)) }
      if let trouble = live.trouble { off.append(.init(what: "the last commit", why: trouble)) }
      if let trouble = records.trouble { off.append(.init(what: "call records", why: trouble)) }
      return off
    }
    wants.counters = { [("mailbox.notes-refused", notes.mailbox.refused), ("mailbox.records-refused", records.mailbox.refused)] }
    if let store = records.store { wants.takeRecords(from: store) { records.write() } }
    return wants
  }

  // MARK: Running

  func run() {
    // In this order: the manager watches from the moment we are ready.
    notifier.ready()
    Watchdog.start(notifier, signalling)
    log.write(.notice, "tandemd \(Version.text) is up: control socket in \(options.runtimeDirectory)")
    while isRunning {
      turn(nil)
      live.tick(desk.running, at: MonotonicClock.now())
    }
    stop()
  }

  private func turn(_ timeout: Gap?) {
    var ready: [EventPoll.Ready] = []
    poll.wait(patience(timeout)) { ready.append($0) }
    if let due = records.due, due <= MonotonicClock.now() { records.write() }
    for event in ready {
      switch event.key {
      case Key.farewell:
        farewell.heard()
        isRunning = false
      case Key.records: records.begin(at: MonotonicClock.now())
      case Key.notes: notes.write()
      case Key.network: networkChanged()
      default: control.handle(event)
      }
    }
  }

  /// `timeout`, but never longer than a batch of records may wait, and the live system until it is mended.
  private func patience(_ timeout: Gap?) -> Gap? {
    let now = MonotonicClock.now()
    return ([records.due, live.due].compactMap { $0 }.map { max(Gap(nanoseconds: 0), $0.since(now)) } + [timeout].compactMap { $0 }).min()
  }

  private func networkChanged() {
    guard network?.changed() == true, let devices = try? NetworkInterfaces.now() else { return }
    var isLost = false
    for interface in desk.running.interfaces {
      let device = interface.device.map { devices.device(named: $0) } ?? interface.addresses.first.flatMap { devices.device(having: $0.address) }
      let isMissing = interface.addresses.contains { !devices.canBind($0.address) }
      let state =
        isMissing ? (device == nil && interface.device != nil ? "without its device" : "without an address") : device.map(\.isServing) ?? true ? "up" : "down"
      let isNew = interfaceStates[interface.name] != state
      // A device that came, or came back, has lost its addresses or its routes.
      if interface.device != nil, device != nil, isMissing || (isNew && state == "up") { isLost = true }
      guard isNew else { continue }
      if interfaceStates[interface.name] != nil || state != "up" {
        log.write(state == "up" ? .notice : .warning, "interface \(interface.name) is \(state)", [("TANDEM_INTERFACE", interface.name)])
      }
      interfaceStates[interface.name] = state
    }
    if isLost { live.interfacesLost() }
  }
  private var interfaceStates: [String: String] = [:]

  /// Until calls can outlive the process: SIGTERM ends them with BYE, then their records are written, then the plugins are closed. Each step has its share of
  /// `Farewell.whole`, whatever peers and plugins do.
  private func stop() {
    notifier.stopping()
    let deadline = (farewell.began ?? MonotonicClock.now()) + Farewell.calls
    let up = signalling.ask(limit: Farewell.question) { exchange, now in
      exchange.endAllCalls(at: now)
      return exchange.liveCalls
    }
    if let up, up > 0 { log.write(.notice, "stopping: ending \(up) calls") }
    var left = up
    while let some = left, some > 0, MonotonicClock.now() < deadline {
      turn(.milliseconds(20))
      left = signalling.ask(limit: Farewell.question) { exchange, _ in exchange.liveCalls }
    }
    if let left, left > 0 { log.write(.warning, "stopping: the far side of \(left) calls did not answer in time") }
    records.write()
    // Behind the calls: a plugin is told of the end of each of its calls first.
    let closed: Void? = left == nil ? nil : signalling.close(limit: Farewell.question)
    if closed == nil { log.write(.error, "stopping: the signalling thread does not answer; plugins are not closed") }
    signalling.stop()
    records.write()
    notes.write()
    log.write(.notice, "stopped")
  }
}

/// Feeds the service manager's watchdog from a thread of its own, as long as the engine threads go round: a slow disk or a long commit on the first thread must not look like a hang, and a hang must.
enum Watchdog {
  static func start(_ notifier: SystemdNotifier, _ signalling: SignallingThread) {
    guard let limit = notifier.watchdog else { return }
    let pause = Gap(nanoseconds: limit.nanoseconds / 4)
    try? Thread.spawn(name: "watchdog") {
      guard let clock = try? EventPoll() else { return }
      while true {
        // Half of it: a thread that hangs is noticed then, and the manager waits its whole limit from the last word on.
        if signalling.isTurning(at: MonotonicClock.now(), within: Gap(nanoseconds: limit.nanoseconds / 2)) { notifier.alive() }
        clock.wait(pause) { _ in }
      }
    }
  }
}
