/// Where daemon and command line meet when nobody says: one rule for both.
public enum RuntimeDirectory {
  /// `binary`: the absolute path of the running executable. A binary that was built in a checkout (it lies below `.build`) uses that checkout's `.state/run`; an installed one `/run/tandem`.
  public static func standard(binary: String) -> String { (checkout(of: binary).map { $0 + "/.state/run" }) ?? "/run/tandem" }

  /// The folder that holds `.build`, when the binary lies below one.
  public static func checkout(of binary: String) -> String? {
    let parts = binary.split(separator: "/")
    guard binary.hasPrefix("/"), let build = parts.lastIndex(of: ".build"), build < parts.count - 1 else { return nil }
    return parts[..<build].map { "/" + $0 }.joined()
  }

  public static func controlSocket(in directory: String) -> String { directory + "/control.sock" }
}
