import Linux

/// What probes of plugins found, over restarts of the daemon: probing takes a process each, and a daemon that died must be back before its peers repeat themselves.
///
/// Kept in the runtime directory, so that each boot probes anew; only what was sound is remembered, and only as long as plugin and daemon are the files they were.
struct ProbeMemory {
  private let folder: String
  private let daemon: String

  init(runtimeDirectory: String, daemon: String) {
    folder = runtimeDirectory + "/probed"
    self.daemon = Files.identity(daemon) ?? ""
  }

  /// What the probe of this plugin printed.
  func output(about file: String) -> String? {
    guard let bytes = (try? Files.read(path(file))) ?? nil, let head = head(file) else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.hasPrefix(head) ? String(text.dropFirst(head.count)) : nil
  }

  /// That it can not be kept costs time at the next start and nothing else.
  func remember(_ output: String, about file: String) {
    guard let head = head(file) else { return }
    try? Files.makeFolder(folder)
    try? Files.write(Array((head + output).utf8), to: path(file))
  }

  private func path(_ file: String) -> String { folder + "/" + (file.split(separator: "/").last ?? "") }
  private func head(_ file: String) -> String? { Files.identity(file).map { "\(file)\n\($0)\n\(daemon)\n" } }
}
