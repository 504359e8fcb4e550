import Calls
import Configuration
import Linux
import Media
import Records
import ServerLocation
import Timing

/// The handle on one signalling shard: a thread that owns one `Exchange`, the listeners' sockets and their connections. What it does is in `SignallingLoop`.
///
/// Everything that touches the exchange from outside is a question: it is posted, carried out between two turns, and answered.
final class SignallingThread: Sendable {
  /// Where finished records and log lines go. Called on the signalling thread: they must not wait for anything.
  struct Outlets: Sendable {
    var record: @Sendable (CallRecord, Ladder) -> Void
    var note: @Sendable (Exchange.Note) -> Void
  }
  enum Message: Sendable {
    case media(MediaEvent)
    case located([(ServerQuery, ServerLocation)])
    case job(@Sendable (SignallingLoop) -> Void)
    case stop
  }
  enum Reconfigured: Sendable {
    case done
    /// A listener could not be bound: nothing was changed.
    case refused(SystemCallError)
    /// The thread did not come round in time: nothing was changed. Or it has not come back from taking over for `SignallingThread.takeover`: then it hangs.
    case noAnswer
  }
  /// How long the control side waits for a turn; a turn takes milliseconds.
  static let patience = Gap.seconds(5)
  /// How long a commit may take to be taken over once it was begun: 10,000 trunks and their plugins take a second.
  static let takeover = Gap.seconds(60)

  private let mailbox: Mailbox<Message>
  let media: MediaThread
  let heartbeat: Heartbeat

  /// Binds all listeners, then starts serving. The exchange is given away: the caller must not use its copy.
  /// Throws naming the listener that can not be bound. `store`, given away too, has the sockets of before a restart.
  init(
    exchange: Exchange, setup: Exchange.Setup, tls: SignallingTLS = SignallingTLS(), outlets: Outlets, store: DescriptorStore? = nil
  ) throws(SystemCallError) {
    let mailbox = try Mailbox<Message>()
    let heartbeat = Heartbeat()
    let media = try MediaThread { event in mailbox.post(.media(event)) }
    let kept = store.map(KeptSockets.init)
    do throws(SystemCallError) {
      let loop = Handover(
        try SignallingLoop(
          exchange: exchange, setup: setup, tls: tls, outlets: outlets, media: media, mailbox: mailbox, heartbeat: heartbeat, kept: kept))
      try Thread.spawn(name: "signalling") { loop.value.run() }
    } catch {
      media.post(.stop)
      kept?.letGo()
      throw error
    }
    self.mailbox = mailbox
    self.heartbeat = heartbeat
    self.media = media
  }

  /// Runs `job` on the signalling thread between two turns and waits for its answer; `nil` when the thread did not come round within `limit`: then the job is never run.
  /// Also `nil` when the job, or a plugin it calls, does not end within another `limit`.
  func ask<Answer: Sendable>(limit: Gap = patience, _ job: @escaping @Sendable (inout Exchange, Instant) -> Answer) -> Answer? {
    askLoop(limit: limit) { loop in loop.run(job) }
  }

  /// Takes a commit over: binds new listeners, gives the exchange the new setup, closes the listeners that are gone.
  func reconfigure(_ setup: Exchange.Setup, tls: SignallingTLS = SignallingTLS(), limit: Gap = patience) -> Reconfigured {
    askLoop(limit: limit, working: SignallingThread.takeover) { loop in
      do throws(SystemCallError) {
        try loop.reconfigure(setup, tls: tls)
        return .done
      } catch {
        return .refused(error)
      }
    } ?? .noAnswer
  }

  /// Certificates were replaced: connections that are made from now on use the new ones. False when the thread does not answer.
  func renew(_ tls: SignallingTLS, limit: Gap = patience) -> Bool {
    askLoop(limit: limit) { loop in
      loop.tls = tls
      return true
    } ?? false
  }

  /// The end: plugins are told to close, what the log still has to tell is handed out. `nil` when that took longer than `limit`.
  func close(limit: Gap) -> Void? { askLoop(limit: limit) { $0.close() } }

  /// Counters of the sockets, in a fixed order; `nil` when the thread does not answer.
  func transportCounters(limit: Gap = patience) -> [(name: String, value: UInt64)]? {
    askLoop(limit: limit) { $0.counters }.map { $0 + [("mailbox.media-refused", media.refused)] }
  }

  /// What the resolver found. False: the thread hangs, and its mailbox is full.
  @discardableResult
  func locate(_ found: [(ServerQuery, ServerLocation)]) -> Bool { mailbox.post(.located(found)) }
  /// All connections, the oldest first; `nil` when the thread does not answer.
  func connections(limit: Gap = patience) -> [ConnectionView]? { askLoop(limit: limit) { $0.connectionViews } }
  /// Why a listener's connections can not be made, by its index; `nil` when the thread does not answer.
  func listenerTroubles(limit: Gap = patience) -> [String?]? { askLoop(limit: limit) { $0.tls.troubles } }

  /// Closes all sockets and ends both threads; does not end calls (`Exchange.endAllCalls` does).
  func stop() {
    mailbox.post(.stop)
    media.post(.stop)
  }

  /// When the slower of the two threads last went round.
  var lastTurn: Instant { min(heartbeat.last, media.heartbeat.last) }
  /// False when one of the two hangs: it has not gone round for `limit`, and is not taking over a commit.
  func isTurning(at now: Instant, within limit: Gap) -> Bool {
    heartbeat.isBeating(at: now, within: limit) && media.heartbeat.isBeating(at: now, within: limit)
  }

  private func askLoop<Answer: Sendable>(limit: Gap, working: Gap? = nil, _ job: @escaping @Sendable (SignallingLoop) -> Answer) -> Answer? {
    let question = Question<Answer>()
    let posted = mailbox.post(
      .job { loop in
        if question.take() { question.answer(job(loop)) }
      })
    return posted ? question.wait(limit, working: working ?? limit) : nil
  }
}
