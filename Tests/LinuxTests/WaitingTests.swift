import Glibc
import Linux
import Testing
import Timing

@Suite struct WaitingTests {
  @Test("A wait without events lasts as long as asked, never shorter")
  func timeout() throws {
    let poll = try EventPoll()
    let before = MonotonicClock.now()
    poll.wait(Gap(nanoseconds: 20_500_000)) { _ in Issue.record("nothing is watched") }
    #expect(MonotonicClock.now().since(before) >= Gap(nanoseconds: 20_500_000))
    poll.wait(Gap(nanoseconds: -5)) { _ in }
  }

  @Test("Rings become one event under its key, and clearing it makes it quiet")
  func signal() throws {
    let (poll, signal) = (try EventPoll(), try EventSignal())
    try poll.add(signal.descriptor, key: 99)
    for _ in 0..<3 { signal.ring() }
    var keys: [UInt64] = []
    poll.wait(.seconds(1)) { keys.append($0.key) }
    #expect(keys == [99])
    signal.clear()
    poll.wait(Gap(nanoseconds: 0)) { _ in Issue.record("cleared") }
  }

  @Test("A ring from another thread ends a wait")
  func wakesAcrossThreads() throws {
    let (poll, signal) = (try EventPoll(), try EventSignal())
    try poll.add(signal.descriptor, key: 1)
    try Thread.spawn(name: "ringer") {
      usleep(10_000)
      signal.ring()
    }
    var count = 0
    let before = MonotonicClock.now()
    poll.wait(.seconds(5)) { _ in count += 1 }
    #expect(count == 1 && MonotonicClock.now().since(before) < .seconds(2))
  }

  @Test("A removed or closed descriptor is no longer reported")
  func removal() throws {
    let poll = try EventPoll()
    let removed = try EventSignal()
    try poll.add(removed.descriptor, key: 1)
    removed.ring()
    poll.remove(removed.descriptor)
    var closed: EventSignal? = try EventSignal()
    try poll.add(#require(closed).descriptor, key: 2)
    closed?.ring()
    closed = nil
    poll.wait(Gap(nanoseconds: 0)) { Issue.record("key \($0.key)") }
  }

  @Test("TERM, INT and HUP come out as events in the thread that watches, in the kernel's order of numbers")
  func signals() throws {
    let question = Question<[SignalWatcher.Signal]>()
    try Thread.spawn(name: "signals") {
      _ = question.take()
      guard let watcher = try? SignalWatcher() else { return question.answer([]) }
      for number in [SIGTERM, SIGINT, SIGHUP] { pthread_kill(pthread_self(), number) }
      var seen: [SignalWatcher.Signal] = []
      while let next = watcher.next() { seen.append(next) }
      question.answer(seen)
    }
    #expect(question.wait(.seconds(5)) == [.hangUp, .interrupt, .terminate])
  }
}

@Suite struct ThreadTests {
  @Test("A mailbox gives each sender's messages in the order they were posted, none lost, with a ring while any lies there")
  func mailboxOrder() throws {
    struct Message: Sendable, Equatable {
      var sender: Int
      var number: Int
    }
    let (mailbox, poll) = (try Mailbox<Message>(), try EventPoll())
    try poll.add(mailbox.descriptor, key: 1)
    for sender in 0..<3 {
      try Thread.spawn(name: "sender \(sender)") {
        for number in 0..<2_000 { mailbox.post(Message(sender: sender, number: number)) }
      }
    }
    var box: [Message] = []
    var seen = [[Int]](repeating: [], count: 3)
    let end = MonotonicClock.now() + .seconds(10)
    while seen.reduce(0, { $0 + $1.count }) < 6_000, MonotonicClock.now() < end {
      poll.wait(.seconds(1)) { _ in
        mailbox.take(into: &box)
        for message in box { seen[message.sender].append(message.number) }
      }
    }
    #expect(seen.allSatisfy { $0 == Array(0..<2_000) })
    mailbox.take(into: &box)
    #expect(box.isEmpty)
  }

  @Test("A full mailbox says so and keeps what it has")
  func mailboxBound() throws {
    let mailbox = try Mailbox<Int>()
    for number in 0..<Mailbox<Int>.bound { #expect(mailbox.post(number)) }
    #expect(!mailbox.post(-1))
    var box: [Int] = []
    mailbox.take(into: &box)
    #expect(box.count == Mailbox<Int>.bound && box.last == Mailbox<Int>.bound - 1)
    #expect(mailbox.post(1))
    #expect(mailbox.refused == 1)
  }

  @Test("A mailbox may have a bound of its own, and counts what it had no room for")
  func smallMailbox() throws {
    let mailbox = try Mailbox<Int>(bound: 2)
    #expect((0..<5).map { mailbox.post($0) } == [true, true, false, false, false])
    #expect(mailbox.refused == 3)
    var box: [Int] = []
    mailbox.take(into: &box)
    #expect(box == [0, 1])
  }

  @Test("A question is answered; one that nobody takes is withdrawn and never worked on")
  func questions() throws {
    let answered = Question<Int>()
    try Thread.spawn(name: "server") { if answered.take() { answered.answer(42) } }
    #expect(answered.wait(.seconds(5)) == 42)
    let ignored = Question<Int>()
    #expect(ignored.wait(.milliseconds(20)) == nil)
    #expect(!ignored.take())
  }

  @Test("An asker waits past its limit for a question that was taken")
  func takenQuestion() throws {
    let question = Question<Int>()
    #expect(question.take())
    try Thread.spawn(name: "slow") {
      usleep(60_000)
      question.answer(1)
    }
    #expect(question.wait(.milliseconds(10)) == 1)
  }

  @Test("Who has to end in time abandons a question that is being worked on; its late answer is nobody's")
  func abandonedQuestion() throws {
    let question = Question<Int>()
    #expect(question.take())
    #expect(question.wait(.milliseconds(10), working: .milliseconds(20)) == nil)
    question.answer(1)
    #expect(!question.take())
  }

  @Test("A lock lets one thread in at a time")
  func lock() throws {
    let counter = Lock(0)
    let done = Lock(0)
    for number in 0..<4 {
      try Thread.spawn(name: "adder \(number)") {
        for _ in 0..<5_000 { counter.withLock { $0 += 1 } }
        done.withLock { $0 += 1 }
      }
    }
    #expect(until { done.withLock { $0 } == 4 })
    #expect(counter.withLock { $0 } == 20_000)
  }

  @Test("The monotonic clock and the wall clock agree about now")
  func clocks() {
    let before = MonotonicClock.now()
    #expect(MonotonicClock.now() >= before)
    let wall = WallClock.atInstantZero() + Double(MonotonicClock.now().nanoseconds) / 1e9
    #expect(abs(wall - WallClock.now()) < 0.1)
    #expect(WallClock.now() > 1_700_000_000)
  }

  @Test("The kernel's randomness has the length asked for and does not repeat")
  func randomness() {
    #expect(SecureRandom.bytes(0).isEmpty)
    #expect(SecureRandom.bytes(1_000).count == 1_000)
    #expect(SecureRandom.bytes(32) != SecureRandom.bytes(32))
    var (first, second) = (SecureRandom.source(), SecureRandom.source())
    #expect(first.next() != second.next())
  }
}
