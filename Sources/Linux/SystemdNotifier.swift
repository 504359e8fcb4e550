import CSystemd
public import Timing

/// What the service manager is told (sd_notify). Without one every call does nothing.
/// What it keeps for us over a restart is `DescriptorStore`'s.
public struct SystemdNotifier: Sendable {
  /// How long the manager waits for a keep-alive before it kills us; `nil` = it does not watch. Tell it twice as often.
  public let watchdog: Gap?

  public init() {
    var microseconds: UInt64 = 0
    let watched = sd_watchdog_enabled(0, &microseconds) > 0
    watchdog = watched && microseconds > 0 ? Gap(nanoseconds: Int64(clamping: microseconds.multipliedReportingOverflow(by: 1_000).partialValue)) : nil
  }

  public func ready() { tell("READY=1") }
  public func stopping() { tell("STOPPING=1") }
  public func alive() { tell("WATCHDOG=1") }
  /// One line for `systemctl status`.
  public func status(_ line: String) { tell("STATUS=" + line.split(whereSeparator: \.isNewline).joined(separator: " ")) }

  private func tell(_ state: String) { _ = sd_notify(0, state) }
}
