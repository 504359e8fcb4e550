import Glibc

/// The operating system's refusal: which call, its errno, the object it was about, and where we know it what to do next.
///
/// EINTR never appears here (calls are repeated), nor EBADF and EFAULT: those are our own bugs and trap where they happen.
public struct SystemCallError: Error, Sendable, Equatable {
  /// The system call, `bind`.
  public let call: String
  public let errno: Int32
  /// What it was about, as the operator names it: `udp 192.0.2.1:5060`, a path, a device.
  public let object: String
  /// The next step, a clause without a full stop; `nil` when there is none to offer.
  public let advice: String?

  public init(_ call: String, errno: Int32, object: String, advice: String? = nil) {
    precondition(errno != EBADF && errno != EFAULT, "\(call) on \(object): errno \(errno) is a bug of ours")
    self.call = call
    self.errno = errno
    self.object = object
    self.advice = advice
  }
}

extension SystemCallError: CustomStringConvertible {
  /// `udp 127.0.0.1:5060: Address already in use (bind); ...`
  public var description: String {
    "\(object): \(SystemCallError.text(of: errno)) (\(call))" + (advice.map { "; \($0)" } ?? "")
  }
  /// The C library's words for an errno.
  public static func words(_ errno: Int32) -> String { text(of: errno) }
  static func text(of errno: Int32) -> String {
    guard let words = strerror(errno) else { return "error \(errno)" }
    return String(cString: words)
  }
}

/// Runs a call that answers with a count or a negative errno, again after EINTR.
func retrying(
  _ call: String, _ object: @autoclosure () -> String, advice: (Int32) -> String? = { _ in nil }, _ body: () -> Int32
) throws(SystemCallError) -> Int32 {
  while true {
    let result = body()
    if result >= 0 { return result }
    if result != -EINTR { throw SystemCallError(call, errno: -result, object: object(), advice: advice(-result)) }
  }
}

/// The C library's convention (-1 and `errno`) as the shims' (negative errno).
@inline(__always) func orErrno(_ result: Int32) -> Int32 { result < 0 ? -Glibc.errno : result }
@inline(__always) func orErrno(_ result: Int) -> Int { result < 0 ? -Int(Glibc.errno) : result }
