import Addressing
import Configuration
import Control
import Linux
import TLS
import Timing

/// The certificates of the configuration as they are in their files: read and checked at commit, read again when the files change.
///
/// ```
///   file ──▶ TLSIdentity / TLSTrust ──▶ SignallingTLS (contexts) ──▶ signalling thread
///   every `interval`: other size, time or inode? ──▶ read again; what is sound takes the old one's place, what is not leaves it and is said once
/// ```
/// Files are looked at rather than watched: a renewal that replaces them by rename, by writing or behind a symbolic link is seen alike, and two files that belong together
/// and are written one after the other are taken once they fit. A start never fails over a certificate: its listener's connections do, everything else runs.
/// Belongs to the first thread.
final class CertificateShelf {
  /// How soon new files are used.
  static let interval = Gap.seconds(5)
  /// From when on an end is warned of.
  static let warningDays: Int64 = 30
  /// The largest PEM file read; the system's authorities are a quarter of a megabyte.
  static let fileBound = 8 << 20
  static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

  private struct Item {
    /// Of its files, when they were read last.
    var seen: [String]
    var identity: TLSIdentity?
    var trust: TLSTrust?
    /// Why a part is missing, or is older than its file.
    var trouble: CertificateProblem?
  }
  /// What runs, and what a candidate names. Looked up, never iterated.
  private var items: [Configuration.Certificate: Item] = [:]
  private var system: (seen: String, trust: TLSTrust)?
  private var configuration = Configuration()
  private let wallClock: () -> Double
  private(set) var due: Instant?
  private var warnedOn: [String: Int64] = [:]

  init(wallClock: @escaping () -> Double = WallClock.now) { self.wallClock = wallClock }
  private var now: Int64 { Int64(wallClock()) }

  // MARK: At commit

  /// What is wrong with the files of a configuration that wants to run; one whose certificate ran out while it was in force may still be committed.
  func problems(_ configuration: Configuration) -> [ConfigurationError] {
    var problems: [ConfigurationError] = []
    for certificate in configuration.certificates {
      let item = load(certificate)
      if let trouble = item.trouble {
        problems.append(trouble.error)
      } else if let facts = item.identity?.facts, let failure = facts.failure(at: now), !self.configuration.certificates.contains(certificate) {
        let (when, accepted) =
          switch failure {
          case .expired(let when): ("expired on \(day(when))", "a certificate that holds: get a new one, replace the files and commit again")
          default: ("is not valid before \(day(facts.notBefore))", "a certificate that holds already; is the clock right?")
          }
        problems.append(
          ConfigurationError(
            node: "certificate \(certificate.name) chain-file", value: certificate.chainFile, problem: when, accepted: accepted))
      }
    }
    if wantsSystemAuthorities(configuration), authorities() == nil {
      let name = configuration.certificates.first { $0.trustFile == nil }?.name ?? ""
      problems.append(
        ConfigurationError(
          node: "certificate \(name) trust-file", problem: "is not set, and this system has no authorities of its own (\(Self.systemAuthorities))",
          accepted: "a file with the authorities the peers' certificates lead to"))
    }
    return problems
  }

  /// What a commit says besides.
  func warnings(_ configuration: Configuration) -> [String] {
    configuration.certificates.compactMap { certificate in
      guard let facts = load(certificate).identity?.facts else { return nil }
      if facts.failure(at: now) != nil { return "certificate \(certificate.name) expired on \(day(facts.notAfter)): peers will refuse it; replace its files" }
      return ending(certificate.name, facts)
    }
      + configuration.listeners.filter { $0.transport == .tls && !$0.verifyPeer }.map {
        "listener \($0.name) verify-peer false: anybody between us and a peer can listen in and speak for it"
      }
  }

  private func ending(_ name: String, _ facts: CertificateFacts) -> String? {
    let days = facts.daysLeft(at: now)
    guard days < Self.warningDays else { return nil }
    return "certificate \(name) expires on \(day(facts.notAfter)), in \(days) days: replace its files before, they are taken over by themselves"
  }

  /// What the signalling thread needs for a configuration.
  func material(_ configuration: Configuration) -> SignallingTLS {
    var material = SignallingTLS()
    let loaded = configuration.certificates.map { load($0) }
    func trust(_ index: Int) -> TLSTrust? { configuration.certificates[index].trustFile == nil ? authorities() : loaded[index].trust }
    // Contexts that are the same are made once.
    var made: [ContextKey: TLSContext] = [:]
    for (index, listener) in configuration.listeners.enumerated() {
      guard listener.transport == .tls, let own = listener.certificate, loaded.indices.contains(own) else {
        material.servers.append(nil)
        material.troubles.append(nil)
        continue
      }
      let verification: TLSContext.Verification = listener.verifyPeer ? listener.isClientCertificateOptional ? .optional : .required : .off
      let further = listener.furtherCertificates.compactMap { loaded.indices.contains($0) ? loaded[$0].identity : nil }
      var trouble =
        loaded[own].identity == nil ? loaded[own].trouble?.error.description ?? "certificate \(configuration.certificates[own].name) has no chain-file" : nil
      if listener.verifyPeer, trust(own) == nil { trouble = trouble ?? loaded[own].trouble?.error.description ?? "there are no authorities to verify peers by" }
      var server: TLSContext?
      if trouble == nil {
        do throws(TLSFileProblem) {
          server = try TLSContext(.server, identity: loaded[own].identity, further: further, trust: trust(own), verification: verification)
        } catch { trouble = "certificate \(configuration.certificates[own].name): it \(error.text)" }
      }
      material.servers.append(server)
      material.troubles.append(trouble)
      guard trouble == nil else { continue }
      for trunk in configuration.trunks where trunk.listener == index {
        let target = SignallingTLS.Target(listener: index, peer: trunk.peer)
        let theirs = configuration.peers[trunk.peer].certificate
        let identity = theirs.flatMap { configuration.certificates[$0].chainFile == nil ? nil : $0 } ?? own
        let authority = theirs.flatMap { configuration.certificates[$0].trustFile == nil ? nil : $0 } ?? own
        let key = ContextKey(identity: identity, authority: authority, isVerified: listener.verifyPeer)
        let context =
          made[key]
          ?? (try? TLSContext(
            .client, identity: loaded[identity].identity, trust: trust(authority), verification: listener.verifyPeer ? .required : .off))
        made[key] = context
        material.clients[target] = context
      }
    }
    return material
  }

  private struct ContextKey: Hashable {
    var identity: Int
    var authority: Int
    var isVerified: Bool
  }

  /// This configuration runs.
  func serve(_ configuration: Configuration, at now: Instant) {
    self.configuration = configuration
    let wanted = Set(configuration.certificates)
    items = items.filter { wanted.contains($0.key) }
    due = configuration.certificates.isEmpty ? nil : now + Self.interval
  }

  // MARK: While it runs

  /// Looks at the files again. The lines for the log, and whether something is new.
  func look(at now: Instant) -> (lines: [(level: Log.Level, text: String)], isNew: Bool) {
    guard let due, due <= now else { return ([], false) }
    self.due = now + Self.interval
    var lines: [(level: Log.Level, text: String)] = []
    var isNew = false
    for certificate in configuration.certificates {
      guard let old = items[certificate], seen(certificate) != old.seen else { continue }
      let new = load(certificate)
      if let trouble = new.trouble {
        if trouble != old.trouble { lines.append((.error, "certificate \(certificate.name): the new files are not used: \(trouble.error)")) }
        continue
      }
      isNew = true
      let until = new.identity.map { ", valid until \(day($0.facts.notAfter))" } ?? ""
      lines.append((.notice, "certificate \(certificate.name): the new files are used from now on\(until)"))
    }
    let before = system?.seen
    if wantsSystemAuthorities(configuration), authorities() != nil, let before, system?.seen != before { isNew = true }
    return (lines + endings(), isNew)
  }

  /// Once a day, for each that ends soon.
  private func endings() -> [(level: Log.Level, text: String)] {
    configuration.certificates.compactMap { certificate in
      guard let facts = items[certificate]?.identity?.facts, facts.daysLeft(at: now) < Self.warningDays, warnedOn[certificate.name] != now / 86_400 else {
        return nil
      }
      warnedOn[certificate.name] = now / 86_400
      if facts.failure(at: now) != nil {
        return (.error, "certificate \(certificate.name) expired on \(day(facts.notAfter)): peers refuse it; replace its files")
      }
      return ending(certificate.name, facts).map { (.warning, $0) }
    }
  }

  /// Each certificate that runs, as it is used.
  func statuses() -> [CertificateStatus] {
    configuration.certificates.map { certificate in
      let item = items[certificate]
      let facts = item?.identity?.facts
      let state: String
      switch facts?.failure(at: now) {
      case .expired: state = "expired"
      case .some: state = "early"
      case nil:
        let endsSoon = facts.map { $0.daysLeft(at: now) < Self.warningDays } ?? false
        state = item?.trouble != nil ? "failed" : endsSoon ? "ends soon" : "good"
      }
      return CertificateStatus(
        name: certificate.name, state: state, reason: item?.trouble?.error.description ?? "", names: facts?.names.texts ?? [], issuer: facts?.issuer,
        ends: facts.map { Double($0.notAfter) }, authorities: item?.trust?.count)
    }
  }

  // MARK: Files

  private func seen(_ certificate: Configuration.Certificate) -> [String] {
    [certificate.chainFile, certificate.keyFile, certificate.trustFile].map { $0.flatMap(Files.identity) ?? "" }
  }

  /// From the files if they are others than before; parts that can not be read are as they were, with why.
  private func load(_ certificate: Configuration.Certificate) -> Item {
    let seen = seen(certificate)
    let old = items[certificate]
    if let old, old.seen == seen, old.trouble == nil || !seen.contains("") { return old }
    var item = Item(seen: seen, identity: old?.identity, trust: old?.trust)
    do throws(CertificateProblem) {
      let identity = try CertificateFile.identity(certificate)
      let trust = try CertificateFile.trust(certificate)
      if identity != nil { item.identity = identity }
      if trust != nil { item.trust = trust }
    } catch { item.trouble = error }
    items[certificate] = item
    return item
  }

  private func wantsSystemAuthorities(_ configuration: Configuration) -> Bool {
    configuration.listeners.contains { listener in
      listener.transport == .tls && listener.verifyPeer && listener.certificate.map { configuration.certificates[$0].trustFile == nil } ?? false
    }
  }

  private func authorities() -> TLSTrust? {
    let seen = Files.identity(Self.systemAuthorities)
    if let system, system.seen == seen { return system.trust }
    guard let seen, let bytes = try? Files.read(Self.systemAuthorities, bound: Self.fileBound), let trust = try? TLSTrust(bytes) else { return system?.trust }
    system = (seen, trust)
    return trust
  }
}
