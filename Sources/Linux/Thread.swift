import CTandemShims
import Glibc

/// Starts threads. They are never joined: a thread that may end tells so through its own mailbox.
public enum Thread {
  private final class Start {
    let name: String
    let body: @Sendable () -> Void
    init(name: String, body: @escaping @Sendable () -> Void) {
      self.name = name
      self.body = body
    }
  }
  /// `name`: as `top -H` shows it, 15 bytes of it. Signals are blocked as in the calling thread.
  public static func spawn(name: String, _ body: @escaping @Sendable () -> Void) throws(SystemCallError) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setdetachstate(&attributes, CInt(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let start = Unmanaged.passRetained(Start(name: name, body: body))
    let error = pthread_create(&thread, &attributes, threadEntry, start.toOpaque())
    if error != 0 {
      start.release()
      throw SystemCallError("pthread_create", errno: error, object: "thread \(name)", advice: "raise TasksMax or free memory")
    }
  }
  fileprivate static func run(_ context: UnsafeMutableRawPointer) {
    let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
    _ = tandem_set_thread_name(start.name)
    start.body()
  }
}

/// Outside of any actor, so that the new thread may enter it.
private func threadEntry(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  if let context { Thread.run(context) }
  return nil
}
