/// Settings that are read, checked and kept, and that nothing acts on in this version. A commit that sets one says so, once for each kind of node:
/// an operator must not believe that a switch does what its description promises before it does. A feature that arrives takes its lines out of here.
enum WithoutEffect {
  /// Whole nodes at the top.
  static let nodes: Set<String> = [
    "region", "network", "link", "bandwidth-policy", "voice-policy", "user", "emergency", "emergency-policy", "location", "call-park",
    "response-group",
    "unassigned-number",
  ]
  /// Settings of a node that does have an effect otherwise.
  static let settings: [String: Set<String>] = [
    "system": ["ntp-server", "metrics", "trace", "watchdog"],
    "interface": ["vlan", "fast-path"],
    "peer": ["representative-media-ip", "alternate-bypass-id"],
    "trunk": ["match"],
    "trunk-configuration": [
      "max-early-dialogs", "pidf-lo", "signal-boost", "mobile-trunk", "online-voice",
      "enable-rtp-latching", "forward-history", "forward-anonymous-pai", "accept-gateway-pai", "location-restriction", "network-site", "header-rule",
    ],
    "site": ["region", "bypass-id", "bandwidth-policy", "voice-policy", "location-based-routing", "emergency-policy", "location"],
    "media-bypass": ["default-bypass-id"],
  ]

  /// Whether nothing acts on a node; a node stands for all below it.
  static func contains(_ node: SchemaNode) -> Bool {
    let words = node.path.split(separator: " ").map(String.init)
    guard let first = words.first else { return false }
    return nodes.contains(first) || (words.count > 1 && settings[first]?.contains(words[1]) == true)
  }

  /// One sentence for each kind of setting found in a tree as written, in the tree's order.
  static func warnings(_ tree: ConfigurationTree) -> [String] {
    var kinds: [(words: String, count: Int)] = []
    func note(_ words: String) {
      if let index = kinds.firstIndex(where: { $0.words == words }) { kinds[index].count += 1 } else { kinds.append((words, 1)) }
    }
    for node in tree.top {
      guard node.schema != nil else { continue }
      if nodes.contains(node.name) { note(node.name) }
      guard let quiet = settings[node.name] else { continue }
      for child in node.children where !child.isDefault && quiet.contains(child.name) && child.schema != nil { note("\(node.name) \(child.name)") }
    }
    return kinds.map { kind in
      "\(kind.words)\(kind.count > 1 ? " (\(kind.count) times)" : ""): checked and kept, but nothing acts on it in this version"
    }
  }
}
