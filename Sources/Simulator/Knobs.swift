import Authentication
import Timing

/// What one run is like, drawn from its seed. Swarm testing: each fault is off in some runs, so that faults which hide one another get their turn alone.
public struct Knobs: Sendable {
  /// One direction of the way between one party and the exchange.
  struct Line: Sendable {
    var lossPercent = 0
    var duplicatePercent = 0
    /// Replaced by a damaged or truncated copy.
    var damagePercent = 0
    var delayMilliseconds = 10
    /// Drawn anew for each datagram, so that datagrams overtake one another.
    var jitterMilliseconds = 0
  }
  /// Nothing passes for a while.
  struct Outage: Sendable {
    var party: Party
    var from: Instant
    var until: Instant
    /// One direction only: the other still works.
    var towardsExchange: Bool
    var fromExchange: Bool
  }
  struct Crash: Sendable {
    var party: Party
    var at: Instant
    var backAt: Instant
    /// While it is down, datagrams to it come back as unreachable.
    var isReported: Bool
  }
  /// How often, in percent of calls, a party does what.
  struct Manners: Sendable {
    var cancels = 0
    var cancelsAtOnce = 0
    var answersAfterCancel = 0
    var refuses = 20
    var neverAnswers = 0
    var isSilent = 0
    var forks = 0
    var answersTwice = 0
    var neverAcknowledges = 0
    var acknowledgesLate = 0
    var hangsUpBeforeAcknowledging = 0
    var hangsUpBeforeAnswer = 0
    /// In-dialog offers per call, at most.
    var offers = 0
    /// Offers and BYEs fall on whole seconds, so that both sides do the same thing at once.
    var keepsTheBeat = false
    var cancelsOffers = 0
    var refusesOffers = 0
    var offersNothing = 0
    var ignoresOffers = 0
    var earlyMedia = 30
    var routesRecorded = 0
    var foreignContacts = 0
    var otherNode = 0
    var badNumbers = 5
    // Transfers.
    var refers = 0
    var replaces = 0
    var leavesAtOnce = 0
    // Session timers.
    var knowsTimers = 0
    var asksForTimers = 0
    var neglectsTimers = 0
    var takesUpdates = 0
    var findsTooSmall = 0
    /// Of INVITEs and BYEs without credentials.
    var challenges = 0
    var challengesAs: [Challenge.Origin] = []
    var nonceMilliseconds = 60_000
  }

  var towardsExchange: [Line] = []
  var fromExchange: [Line] = []
  var outages: [Outage] = []
  var crashes: [Crash] = []
  var manners: [Manners] = []
  /// T1 of the exchange and of each party, and how long a party takes to say 100.
  var t1 = 500
  var t1OfParties: [Int] = []
  var tryingOfParties: [Int] = []
  /// Which parties use TCP.
  var isStream: [Bool] = []
  /// Streams: of the pieces a message is cut into, how many are not all the rest; of the messages, how many wait for the next.
  var cutPercent = 0
  var gluePercent = 0
  /// Connections cut, and how long an end may not know of it, in seconds.
  var connectionCuts = 0
  var halfOpenSeconds = 0
  /// Of the messages cut into pieces, in how many the connection is cut between two pieces.
  var breakPercent = 0
  /// How often a party does not take a connection of the exchange.
  var refusedConnections = 0
  var calls = 10
  /// Seconds in which calls are placed and faults happen.
  var seconds = 90
  var longestTalk = 40
  var oddRequests = 0
  var garbage = 0
  var strangers = 0
  var storms = 0
  var mediaNAT = false
  var mediaRefusedPercent = 0
  /// The media plane answers at once, or some time later.
  var mediaDelayMilliseconds = 0
  var mediaPairs = 200
  var packetsPerTalk = 6
  var progressTimeout = 10
  var routingTimeout = 60
  var fastFailover = true
  var maxCallDuration = 150
  var mediaSilence = 30
  var maxCalls = 0
  var maxCallRate = 0
  var failsOverOnEverything = false
  var passesIdentity = false
  /// Operator: calls cleared, commits.
  var clearings = 0
  var commits = 0
  /// Names of peers looked up anew.
  var lookUps = 0
  /// The last commit, when faults stop, puts everything back.
  var mendsConfiguration = true
  var stops = false
  /// Whether the trunk to each party has an account; of one that challenges and has none, calls are refused.
  var accounts: [Bool] = [true, true, true]
  /// The providers are domain names: how often DNS changes what it says of one.
  var nameChanges: Int?
  var isDeadNodeReported = false
  /// What becomes of a REFER of each party: an index into `Scene`'s list.
  var referSupport: [Int] = [0, 0, 0]
  /// Which trunks ask for session timers, and of how many seconds.
  var sessionTimers: [Bool] = []
  var sessionInterval = 20
  /// Seconds between OPTIONS; 0: none.
  var optionsInterval = 0
  /// Times in which a party neither hears nor says anything, and forgets nothing.
  var silences: [Crash] = []
  /// In a 503; 0: none is said.
  var retryAfter = 0
  /// Of OPTIONS, how many are answered with 503, with 408, with another refusal.
  var optionsRefused = 0
  /// Of all events, how many are followed by swapping a call for its copy.
  var rewritePercent = 10

  public init(seed: UInt64) {
    var random = RandomSource(seed: seed ^ 0x6B6E_6F62_73)
    func rarely(_ r: inout RandomSource, _ percent: Int, upTo most: Int) -> Int { r.chance(percent) ? r.between(1, most) : 0 }
    calls = random.between(5, 20)
    seconds = random.between(60, 120)
    longestTalk = random.pick([5, 20, 60])
    let isLossy = random.chance(70)
    let isDamaging = random.chance(25)
    for _ in Party.allCases {
      for isTowards in [true, false] {
        var line = Line()
        if isLossy { line.lossPercent = random.pick([0, 2, 5, 10, 20, 30]) }
        line.duplicatePercent = rarely(&random, 50, upTo: 20)
        if isDamaging, isTowards { line.damagePercent = random.between(1, 5) }
        line.delayMilliseconds = random.between(1, 200)
        line.jitterMilliseconds = random.chance(60) ? random.between(0, 200) : 0
        if isTowards { towardsExchange.append(line) } else { fromExchange.append(line) }
      }
      manners.append(Knobs.drawManners(&random))
      t1OfParties.append(random.pick([200, 500, 500, 500, 1000]))
      tryingOfParties.append(random.pick([0, 0, 200]))
    }
    t1 = random.pick([200, 500, 500, 500, 1000])
    drawStreams(&random)
    drawAccidents(&random)
    drawConfiguration(&random)
    drawChallenges(&random)
    // Of its own, so that the other draws stay what they were.
    var names = RandomSource(seed: seed ^ 0x6E61_6D65_73)
    if names.chance(40) {
      nameChanges = names.below(6)
      isDeadNodeReported = names.chance(50)
    }
    drawTimers(seed)
    drawTransfers(seed)
    drawHealth(seed)
  }

  private mutating func drawTransfers(_ seed: UInt64) {
    var random = RandomSource(seed: seed ^ 0x7265_6665_7273)
    guard random.chance(50) else { return }
    referSupport = Party.allCases.map { _ in random.pick([0, 0, 0, 1, 2, 3]) }
    for index in manners.indices {
      manners[index].refers = random.pick([0, 30, 80])
      manners[index].replaces = random.pick([0, 0, 30])
      manners[index].leavesAtOnce = random.pick([0, 50])
    }
  }

  /// From a generator of its own, so that the rest of a seed is as it is without it.
  private mutating func drawTimers(_ seed: UInt64) {
    var random = RandomSource(seed: seed ^ 0x7469_6D65_7273)
    let isPlayed = random.chance(50)
    sessionInterval = random.pick([10, 20, 40])
    for index in manners.indices {
      sessionTimers.append(isPlayed && random.chance(50))
      guard isPlayed else { continue }
      manners[index].knowsTimers = random.pick([0, 50, 100])
      manners[index].asksForTimers = random.pick([0, 50, 100])
      manners[index].neglectsTimers = random.pick([0, 0, 30])
      manners[index].takesUpdates = random.pick([0, 50, 100])
      manners[index].findsTooSmall = random.pick([0, 20])
    }
  }

  private mutating func drawHealth(_ seed: UInt64) {
    var random = RandomSource(seed: seed ^ 0x6F70_7469_6F6E)
    guard random.chance(50) else { return }
    optionsInterval = random.pick([5, 10, 30, 30])
    retryAfter = random.chance(40) ? random.pick([1, 10, 60, 86_400]) : 0
    optionsRefused = random.chance(30) ? random.between(1, 50) : 0
    for _ in 0..<random.below(4) {
      let at = Instant(nanoseconds: 0) + .milliseconds(random.below(seconds * 1000))
      silences.append(
        Crash(
          party: random.pick(Party.allCases), at: at, backAt: at + .milliseconds(random.pick([1_000, 11_000, 25_000, 60_000])), isReported: random.chance(30)))
    }
  }

  private static func drawManners(_ random: inout RandomSource) -> Manners {
    func rarely(_ r: inout RandomSource, _ percent: Int, upTo most: Int) -> Int { r.chance(percent) ? r.between(1, most) : 0 }
    var m = Manners()
    m.cancels = rarely(&random, 60, upTo: 50)
    m.cancelsAtOnce = rarely(&random, 30, upTo: 40)
    m.answersAfterCancel = rarely(&random, 40, upTo: 60)
    m.refuses = rarely(&random, 70, upTo: 50)
    m.neverAnswers = rarely(&random, 30, upTo: 30)
    m.isSilent = rarely(&random, 30, upTo: 40)
    m.forks = rarely(&random, 40, upTo: 60)
    m.answersTwice = rarely(&random, 40, upTo: 50)
    m.neverAcknowledges = rarely(&random, 30, upTo: 30)
    m.acknowledgesLate = rarely(&random, 30, upTo: 30)
    m.hangsUpBeforeAcknowledging = rarely(&random, 30, upTo: 20)
    m.hangsUpBeforeAnswer = rarely(&random, 30, upTo: 20)
    m.offers = random.pick([0, 0, 1, 3, 6])
    m.keepsTheBeat = random.chance(40)
    m.cancelsOffers = rarely(&random, 40, upTo: 50)
    m.refusesOffers = rarely(&random, 40, upTo: 40)
    m.offersNothing = rarely(&random, 20, upTo: 30)
    m.ignoresOffers = rarely(&random, 20, upTo: 30)
    m.earlyMedia = rarely(&random, 70, upTo: 80)
    m.routesRecorded = rarely(&random, 30, upTo: 40)
    m.foreignContacts = rarely(&random, 20, upTo: 30)
    m.otherNode = rarely(&random, 30, upTo: 50)
    m.badNumbers = rarely(&random, 50, upTo: 20)
    return m
  }

  private mutating func drawStreams(_ random: inout RandomSource) {
    let percent = random.pick([0, 0, 35, 35, 100])
    isStream = Party.allCases.map { _ in random.chance(percent) }
    cutPercent = random.pick([0, 20, 60, 95])
    gluePercent = random.pick([0, 20, 60])
    connectionCuts = random.chance(60) ? random.between(1, 12) : 0
    halfOpenSeconds = random.pick([0, 1, 10])
    breakPercent = random.pick([0, 0, 1, 5])
    refusedConnections = random.chance(30) ? random.between(5, 40) : 0
  }

  private mutating func drawChallenges(_ random: inout RandomSource) {
    for party in Party.allCases where random.chance(35) {
      manners[party.rawValue].challenges = random.pick([20, 60, 100])
      manners[party.rawValue].challengesAs = random.pick([[.server], [.proxy], [.server, .proxy]])
      manners[party.rawValue].nonceMilliseconds = random.pick([300, 5_000, 60_000])
      accounts[party.rawValue] = random.chance(85)
    }
  }

  private mutating func drawAccidents(_ random: inout RandomSource) {
    func moment(_ r: inout RandomSource, _ seconds: Int) -> Instant { Instant(nanoseconds: 0) + .milliseconds(r.below(seconds * 1000)) }
    if random.chance(40) {
      for _ in 0..<random.between(1, 4) {
        let from = moment(&random, seconds)
        let until = from + .milliseconds(random.pick([300, 2_000, 10_000, 40_000]))
        let ways = random.pick([(true, true), (true, false), (false, true)])
        outages.append(Outage(party: random.pick(Party.allCases), from: from, until: until, towardsExchange: ways.0, fromExchange: ways.1))
      }
    }
    if random.chance(30) {
      for _ in 0..<random.between(1, 2) {
        let at = moment(&random, seconds)
        crashes.append(
          Crash(party: random.pick(Party.allCases), at: at, backAt: at + .milliseconds(random.pick([1, 500, 5_000, 30_000])), isReported: random.chance(50)))
      }
    }
    oddRequests = random.chance(50) ? random.between(1, 10) : 0
    garbage = random.chance(40) ? random.between(1, 20) : 0
    strangers = random.chance(50) ? random.between(1, 30) : 0
    storms = random.chance(30) ? random.between(1, 4) : 0
    clearings = random.chance(20) ? random.between(1, 3) : 0
    commits = random.chance(35) ? random.between(1, 8) : 0
    lookUps = commits > 0 ? random.below(6) : 0
    mendsConfiguration = random.chance(70)
    stops = random.chance(12)
  }

  private mutating func drawConfiguration(_ random: inout RandomSource) {
    mediaNAT = random.chance(30)
    mediaRefusedPercent = random.chance(20) ? random.between(1, 30) : 0
    mediaDelayMilliseconds = random.pick([0, 0, 1, 50])
    mediaPairs = random.chance(20) ? random.between(4, 16) : 200
    packetsPerTalk = random.pick([0, 4, 12])
    progressTimeout = random.pick([0, 1, 3, 10])
    routingTimeout = random.pick([0, 5, 20, 60])
    fastFailover = random.chance(80)
    maxCallDuration = random.pick([20, 120, 150])
    mediaSilence = random.pick([2, 30, 300])
    maxCalls = random.chance(25) ? random.between(1, 4) : 0
    maxCallRate = random.chance(15) ? random.between(1, 3) : 0
    failsOverOnEverything = random.chance(25)
    passesIdentity = random.chance(30)
    rewritePercent = random.pick([0, 2, 10, 50])
  }
}
