import Addressing
import Media
import SIP
import Timing

/// What is going to happen, in order of time; what is due at the same instant happens in the order it was entered.
struct EventQueue: Sendable {
  enum Event: Sendable {
    case toExchange([UInt8], from: TransportAddress, Place)
    case toParty([UInt8], Party, from: TransportAddress)
    /// A datagram to that address came back.
    case unreachable(TransportAddress, Place)
    case stream(UInt32, SimulatedStreams.End, SimulatedStreams.Task)
    /// A connection is cut.
    case connectionCut
    case media(MediaEvent)
    case packetToExchange([UInt8], from: TransportAddress, to: TransportAddress)
    case errand(Party, Errand)
    case crash(Int)
    case restart(Party)
    case stranger
    case garbage
    case clearing
    case nameChange
    case silence(Party)
    case commit
    case lookUp
    case stop
    /// So long may stopping take.
    case halted
    case calm
    case judgement
    case hangUp
  }
  private struct Ticket: Comparable, Sendable {
    let number: UInt64
    let event: Event
    static func < (a: Ticket, b: Ticket) -> Bool { a.number < b.number }
    static func == (a: Ticket, b: Ticket) -> Bool { a.number == b.number }
  }
  private var heap = DeadlineQueue<Ticket>()
  private var number: UInt64 = 0

  var next: Instant? { heap.next }
  mutating func enter(_ event: Event, at: Instant) {
    number += 1
    heap.enter(Ticket(number: number, event: event), at: at)
  }
  mutating func popDue(at now: Instant) -> Event? { heap.popDue(at: now)?.event }
}
