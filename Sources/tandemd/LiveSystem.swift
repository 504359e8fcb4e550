import Calls
import Configuration
import Control
import Linux
import Routing
import Timing

/// What a commit acts on: devices, listeners, the exchange, the names that are resolved. Belongs to the control thread.
final class LiveSystem {
  /// Set once the thread runs, before anything is applied.
  var signalling: SignallingThread?
  /// `nil`: names are not looked up.
  var resolving: ResolvingThread?
  /// Why the last commit does not run although it should: a device or an address of it was not there at start. Then nothing runs, and it is tried again.
  var trouble: String?
  let certificates = CertificateShelf()
  private let log: Log
  /// In force.
  private var running: Configuration?
  /// What is set on devices for what runs, or for what is to run and can not yet.
  private var interfaces: [InterfaceBinding.Item] = []
  /// When what could not run is tried again.
  private var retryAt: Instant?
  /// When lost addresses and routes are set again, and when they were last.
  private var mendAt: Instant?
  private var mended = Instant(nanoseconds: 0)
  /// Between two tries, and between two mendings: somebody else's programs may take away what we set.
  private static let pause = Gap.seconds(1)

  init(log: Log) { self.log = log }

  /// Lets the live system follow a configuration. When it throws, interfaces, listeners and exchange are as before.
  func apply(_ configuration: Configuration, _ routing: RoutingTable) throws(ControlError) {
    var change = try change(to: configuration)
    do throws(ControlError) {
      try change.add()
      try run(configuration, routing)
    } catch {
      change.takeBack()
      throw error
    }
    settle(change)
  }

  private func run(_ configuration: Configuration, _ routing: RoutingTable) throws(ControlError) {
    let new = Exchange.Setup(configuration: configuration, routing: routing)
    switch signalling?.reconfigure(new, tls: certificates.material(configuration)) {
    case .done: serve(configuration)
    case .refused(let error): throw ControlError(.refused, node: "listener", "\(error)")
    case .noAnswer, nil: throw ControlError(.unavailable, "the signalling thread did not answer; nothing was changed")
    }
  }

  /// A configuration runs: what only others wanted is removed.
  private func settle(_ change: InterfaceBinding) {
    interfaces = change.wanted
    trouble = nil
    retryAt = nil
    // With the first address of a network Linux may take the others of it away (promote_secondaries).
    if change.removeUnwanted() { mend() }
  }

  // MARK: What must run and can not yet

  /// At a start: nothing runs for now, and why.
  func wait(_ error: any Error) {
    let reason = (error as? ControlError)?.text ?? "\(error)"
    if reason != trouble {
      log.write(.error, "the last commit can not run, so nothing does; it is tried again every second: \(reason)")
    }
    trouble = reason
    retryAt = MonotonicClock.now() + Self.pause
  }

  /// When `tick` wants to be called.
  var due: Instant? { [retryAt, mendAt, certificates.due].compactMap { $0 }.min() }

  /// What could not run at start may run now; what was lost is set again. `configuration`: the last commit.
  func tick(_ configuration: Configuration, at now: Instant) {
    if let retryAt, retryAt <= now { tryAgain(configuration) }
    if let mendAt, mendAt <= now { mend() }
    renewCertificates(at: now)
  }

  /// Files were replaced: connections made from now on use what is in them.
  private func renewCertificates(at now: Instant) {
    let (lines, isNew) = certificates.look(at: now)
    for line in lines { log.write(line.level, line.text) }
    guard isNew, let running, signalling?.renew(certificates.material(running)) != true else { return }
    log.write(.error, "the signalling thread did not take over the new certificates; commit again")
  }

  /// Unlike at a commit, what it set stays when it fails: it is to run.
  private func tryAgain(_ configuration: Configuration) {
    do {
      let change = try prepared(configuration)
      try run(configuration, RoutingTable(configuration))
      settle(change)
      log.write(.notice, "the last commit runs now")
    } catch { wait(error) }
  }

  /// What the daemon starts with: its interfaces are set; its peers' names are looked up from when the resolving thread is there.
  func start(_ configuration: Configuration) throws -> Exchange.Setup {
    _ = try prepared(configuration)
    let first = Exchange.Setup(configuration: configuration, routing: try RoutingTable(configuration))
    serve(configuration)
    return first
  }

  /// What it starts with for its connections; what can not be had is said, and keeps nothing else from running.
  func startCertificates(_ configuration: Configuration) -> SignallingTLS {
    let material = certificates.material(configuration)
    for (listener, trouble) in zip(configuration.listeners, material.troubles) {
      if let trouble { log.write(.error, "listener \(listener.name) can make no connections: \(trouble)") }
    }
    return material
  }

  // MARK: Interfaces

  /// Addresses or routes of what runs were lost: their device came back, or somebody took them away.
  func interfacesLost() { mendAt = max(MonotonicClock.now(), mended + Self.pause) }

  private func mend() {
    mendAt = nil
    mended = MonotonicClock.now()
    guard let running else { return }
    do throws(ControlError) { _ = try prepared(running) } catch { log.write(.warning, error.text) }
  }

  /// What the configuration wants of the devices is set, and remembered as set.
  private func prepared(_ configuration: Configuration) throws(ControlError) -> InterfaceBinding {
    var change = try change(to: configuration)
    interfaces += change.wanted.filter { !interfaces.contains($0) }
    try change.add()
    return change
  }

  private func change(to configuration: Configuration) throws(ControlError) -> InterfaceBinding {
    // Where no device is named nothing is asked of netlink: it also works where there is none.
    let isNamed = !interfaces.isEmpty || configuration.interfaces.contains { $0.device != nil }
    do throws(SystemCallError) {
      return InterfaceBinding(from: interfaces, to: configuration, on: isNamed ? try NetworkInterfaces.now() : NetworkInterfaces(devices: []), log: log)
    } catch {
      throw ControlError(.unavailable, node: "interface", "\(error)")
    }
  }

  /// The calls that would lose their listener; none when the signalling thread does not answer: then there is no commit either.
  func callsLosingListener(_ configuration: Configuration) -> [(listener: String, calls: Int)] {
    signalling?.ask { exchange, _ in exchange.callsLosingListener(to: configuration) } ?? []
  }

  private func serve(_ configuration: Configuration) {
    running = configuration
    resolving?.follow(configuration)
    certificates.serve(configuration, at: MonotonicClock.now())
  }
}
