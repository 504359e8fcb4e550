import Addressing
import SDP
import Testing

@Suite struct OfferAnswerStates {
  typealias State = SDP.OfferAnswer.State
  private let ours = IPAddress(198, 51, 100, 1)

  enum Event: CaseIterable { case receivedOffer, receivedAnswer, sendOffer, sendAnswer, rollBack }

  /// One stream, told apart by its port.
  private func description(_ port: UInt16 = 4000, streams: Int = 1) -> SessionDescription {
    let stream = SessionDescription.Media(kind: bytes("audio"), port: port, proto: bytes("RTP/AVP"), formats: [bytes("0")])
    return .init(
      origin: .init(sessionID: 9, version: 9, address: ours), connection: ours, media: Array(repeating: stream, count: streams))
  }

  private func machine(in state: State) throws -> OfferAnswer {
    var machine = OfferAnswer(sessionID: 5)
    switch state {
    case .idle: break
    case .offerSent: _ = try machine.send(offer: description(), origin: ours)
    case .offerReceived: try machine.received(offer: description())
    case .stable:
      try machine.received(offer: description())
      _ = try machine.send(answer: description(), origin: ours)
    }
    return machine
  }

  private func apply(_ event: Event, to machine: inout OfferAnswer) throws {
    switch event {
    case .receivedOffer: try machine.received(offer: description(6000))
    case .receivedAnswer: try machine.received(answer: description(6002))
    case .sendOffer: _ = try machine.send(offer: description(6004), origin: ours)
    case .sendAnswer: _ = try machine.send(answer: description(6006), origin: ours)
    case .rollBack: machine.rollBack()
    }
  }

  /// `nil`: not allowed.
  static let table: [(State, Event, State?)] = [
    (.idle, .receivedOffer, .offerReceived), (.idle, .receivedAnswer, nil), (.idle, .sendOffer, .offerSent), (.idle, .sendAnswer, nil),
    (.idle, .rollBack, .idle),
    (.offerSent, .receivedOffer, nil), (.offerSent, .receivedAnswer, .stable), (.offerSent, .sendOffer, nil), (.offerSent, .sendAnswer, nil),
    (.offerSent, .rollBack, .idle),
    (.offerReceived, .receivedOffer, nil), (.offerReceived, .receivedAnswer, nil), (.offerReceived, .sendOffer, nil), (.offerReceived, .sendAnswer, .stable),
    (.offerReceived, .rollBack, .idle),
    (.stable, .receivedOffer, .offerReceived), (.stable, .receivedAnswer, nil), (.stable, .sendOffer, .offerSent), (.stable, .sendAnswer, nil),
    (.stable, .rollBack, .stable),
  ]

  @Test("Every event in every state — RFC 3264 section 4, RFC 6337 2.3", arguments: table)
  func event(_ row: (state: State, event: Event, after: State?)) throws {
    var machine = try machine(in: row.state)
    let before = machine
    if let after = row.after {
      try apply(row.event, to: &machine)
      #expect(machine.state == after)
    } else {
      #expect(throws: OfferAnswer.Violation.notAllowedNow) { try apply(row.event, to: &machine) }
      #expect(machine == before)
    }
  }

  @Test("The table is complete") func complete() { #expect(Self.table.count == 4 * Event.allCases.count) }

  @Test("An answer has as many streams as its offer — RFC 3264 section 6", arguments: [1, 3])
  func counts(_ streams: Int) throws {
    var sent = OfferAnswer(sessionID: 5)
    _ = try sent.send(offer: description(streams: 2), origin: ours)
    let before = sent
    #expect(throws: OfferAnswer.Violation.streamsDoNotMatch) { try sent.received(answer: description(streams: streams)) }
    #expect(sent == before)
    try sent.received(answer: description(streams: 2))

    var received = OfferAnswer(sessionID: 5)
    try received.received(offer: description(streams: 2))
    #expect(throws: OfferAnswer.Violation.streamsDoNotMatch) { try received.send(answer: description(streams: streams), origin: ours) }
    #expect(received.state == .offerReceived)
    _ = try received.send(answer: description(streams: 2), origin: ours)
  }

  @Test("An answer's direction is what it wants and the offer leaves — RFC 3264 6.1")
  func directions() throws {
    // Rows: offered. Columns: wanted.
    let all: [SessionDescription.Direction] = [.sendrecv, .sendonly, .recvonly, .inactive]
    let table: [[SessionDescription.Direction]] = [
      [.sendrecv, .sendonly, .recvonly, .inactive], [.recvonly, .inactive, .recvonly, .inactive], [.sendonly, .sendonly, .inactive, .inactive],
      [.inactive, .inactive, .inactive, .inactive],
    ]
    for (row, offered) in all.enumerated() {
      for (column, wanted) in all.enumerated() {
        var machine = OfferAnswer(sessionID: 5)
        var offer = description(streams: 2)
        offer.media[1].attributes = [.init(name: offered.name)]
        var answer = description(streams: 2)
        answer.media[1].attributes = [.init(name: bytes("ptime"), value: bytes("20")), .init(name: wanted.name)]
        try machine.received(offer: offer)
        let sent = try machine.send(answer: answer, origin: ours)
        #expect(sent.direction(of: 1) == table[row][column], "\(wanted) to \(offered)")
        #expect(sent.media[1].attributes.count == 2)
        #expect(sent.media[0] == answer.media[0])
      }
    }
  }

  @Test("A hold of old style leaves the answer to receive only — RFC 3264 8.4")
  func oldHold() throws {
    var machine = OfferAnswer(sessionID: 5)
    var offer = description()
    offer.connection = IPAddress(v4: 0)
    try machine.received(offer: offer)
    #expect(try machine.send(answer: description(), origin: ours).direction(of: 0) == .recvonly)
  }

  @Test("A stream offered with port 0 has port 0 in the answer — RFC 3264 section 6")
  func offInOffer() throws {
    var machine = OfferAnswer(sessionID: 5)
    var offer = description(streams: 2)
    offer.media[0].port = 0
    offer.media[0].kind = bytes("video")
    try machine.received(offer: offer)
    let sent = try machine.send(answer: description(streams: 2), origin: ours)
    #expect(sent.media.map(\.port) == [0, 4000])
    #expect(sent.media[0].kind == bytes("video"))
  }

  @Test("Refused streams at the end of an answer that the offer does not have are cut") func cut() throws {
    var machine = OfferAnswer(sessionID: 5)
    try machine.received(offer: description())
    var answer = description(streams: 3)
    answer.media[1].port = 0
    answer.media[2].port = 0
    #expect(try machine.send(answer: answer, origin: ours).media.count == 1)
  }

  @Test("An offer of ours never has fewer streams than our last description — RFC 3264 section 8") func filledUp() throws {
    var machine = OfferAnswer(sessionID: 5)
    try machine.received(offer: description(streams: 3))
    _ = try machine.send(answer: description(streams: 3), origin: ours)
    let offer = try machine.send(offer: description(6000), origin: ours)
    #expect(offer.media.map(\.port) == [6000, 0, 0])
    try machine.received(answer: offer)
  }

  @Test("Our o= is ours: session id, version from 1, our address; the given origin never shows") func origin() throws {
    var machine = OfferAnswer(sessionID: 5)
    let offer = try machine.send(offer: description(), origin: ours)
    #expect(offer.origin == .init(sessionID: 5, version: 1, address: ours))
    #expect(machine.local == offer)
  }

  @Test("The version rises by one with each description that differs from the last, and only then — RFC 3264 section 8") func version() throws {
    var machine = OfferAnswer(sessionID: 5)
    func exchange(_ port: UInt16) throws -> UInt64 {
      let sent = try machine.send(offer: description(port), origin: ours)
      try machine.received(answer: description())
      return sent.origin.version
    }
    #expect(try exchange(4000) == 1)
    #expect(try exchange(4000) == 1)
    #expect(try exchange(4002) == 2)
    #expect(try exchange(4002) == 2)
    #expect(try exchange(4000) == 3)
    try machine.received(offer: description())
    #expect(try machine.send(answer: description(4000), origin: ours).origin.version == 3)
    try machine.received(offer: description())
    #expect(try machine.send(answer: description(4000), origin: IPAddress(198, 51, 100, 2)).origin.version == 4)
  }

  @Test("A refused offer of ours is undone, but the peer has seen its version") func refusedOffer() throws {
    var machine = try machine(in: .stable)
    let agreed = machine
    #expect(try machine.send(offer: description(6000), origin: ours).origin.version == 2)
    machine.rollBack()
    #expect(machine.state == .stable)
    #expect(machine.local == agreed.local && machine.remote == agreed.remote)
    #expect(try machine.send(offer: description(), origin: ours).origin.version == 3)
  }

  @Test("A refused offer of theirs is undone") func refusedTheirs() throws {
    var machine = try machine(in: .stable)
    let agreed = machine
    try machine.received(offer: description(6000))
    #expect(machine.remote == description(6000))
    machine.rollBack()
    #expect(machine == agreed)
  }

  @Test("A refused stream that has no address is given ours when it is sent — RFC 8866 5.7") func connection() throws {
    var machine = OfferAnswer(sessionID: 5)
    var bare = description(0)
    bare.connection = nil
    #expect(try machine.send(offer: bare, origin: ours).connection == ours)
  }
}
