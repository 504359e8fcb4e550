import CTandemShims

/// A bell between threads (eventfd): any thread rings, the owner's `EventPoll` wakes. Rings before the owner looks become one.
public final class EventSignal: Sendable {
  public let descriptor: Descriptor
  public init() throws(SystemCallError) {
    descriptor = Descriptor(owning: try retrying("eventfd", "event signal") { tandem_event_create() })
  }
  public func ring() { _ = tandem_event_signal(descriptor.number) }
  public func clear() { _ = tandem_event_clear(descriptor.number) }
}
