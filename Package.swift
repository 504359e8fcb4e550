// swift-tools-version: 6.2
// One package, no outside packages: C libraries come as Debian packages through system-library targets.
// The order of the targets below is the direction of the data; a target may import only what stands above it.
import PackageDescription

let strict: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("ExistentialAny"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], linked: [LinkerSetting] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict, linkerSettings: linked)
}

func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies, path: "Tests/\(name)Tests",
    swiftSettings: [.treatAllWarnings(as: .error), .enableUpcomingFeature("ExistentialAny")])
}

/// A trunk plugin shipped with the appliance: `plugins/<id>/`, built as `lib<id>.so` (make copies it to `<id>.so`).
/// Swift libraries can not be unmapped safely, hence `nodelete`.
func plugin(_ id: String) -> Target {
  .target(
    name: id, dependencies: ["TrunkPlugin"], path: "plugins/\(id)", exclude: ["\(id).yang", "README.md"],
    swiftSettings: strict, linkerSettings: [.unsafeFlags(["-Xlinker", "-z", "-Xlinker", "nodelete"])])
}

let pluginIDs = ["itsp", "pstn-gateway", "ip-pbx"]

let package = Package(
  name: "tandem",
  products: [
    .executable(name: "tandemd", targets: ["tandemd"]),
    .executable(name: "tandem", targets: ["tandem"]),
    .executable(name: "simulate", targets: ["simulate"]),
  ] + pluginIDs.map { .library(name: $0, type: .dynamic, targets: [$0]) },
  targets: [
    // C libraries and shims.
    .systemLibrary(name: "CYANG", path: "Sources/C/YANG", pkgConfig: "libyang"),
    .systemLibrary(name: "CPCRE2", path: "Sources/C/PCRE2", pkgConfig: "libpcre2-8"),
    .systemLibrary(name: "COpenSSL", path: "Sources/C/OpenSSL", pkgConfig: "openssl"),
    .systemLibrary(name: "CSQLite", path: "Sources/C/SQLite", pkgConfig: "sqlite3"),
    .systemLibrary(name: "CNetlink", path: "Sources/C/Netlink", pkgConfig: "libnl-route-3.0"),
    .systemLibrary(name: "CSystemd", path: "Sources/C/Systemd", pkgConfig: "libsystemd"),
    .systemLibrary(name: "CEdit", path: "Sources/C/Edit", pkgConfig: "libedit"),
    .systemLibrary(name: "CAres", path: "Sources/C/Ares", pkgConfig: "libcares"),
    .target(
      name: "CTandemShims", dependencies: ["CSystemd", "CNetlink", "CAres"], path: "Sources/C/TandemShims",
      cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CTandemTrunk", path: "Sources/C/TandemTrunk"),
    .target(name: "CYANGModules", path: "Sources/C/YANGModules", exclude: ["yang"]),

    // What every layer names: a moment, a transport address.
    module("Timing"),
    module("Addressing"),
    module("ServerLocation", ["Timing", "Addressing"]),

    // Pure: bytes and time in, actions and deadlines out.
    module("SIP", ["Timing", "Addressing"]),
    module("Authentication", ["Timing", "COpenSSL"]),
    module("TLS", ["Addressing", "COpenSSL"]),
    module("SDP", ["Addressing"]),
    module("Configuration", ["Addressing", "CYANG", "CYANGModules"]),
    module("Routing", ["Configuration", "Addressing", "CPCRE2"]),
    module("Admission", ["Configuration", "Addressing", "Timing"]),
    module("TrunkPlugin", ["CTandemTrunk"]),
    module("Trunks", ["ServerLocation", "SIP", "Authentication", "Configuration", "Routing", "CTandemTrunk", "Timing", "Addressing"]),
    module("Media", ["SDP", "Timing", "Addressing"]),
    module("Records", ["SIP", "Timing", "Addressing"]),
    module(
      "Calls",
      [
        "ServerLocation", "SIP", "Authentication", "SDP", "Configuration", "Routing", "Admission", "Trunks", "Media", "Records", "CTandemTrunk", "Timing",
        "Addressing",
      ]),
    module("Control", ["Configuration", "Records"]),
    module(
      "Simulator",
      [
        "CTandemTrunk", "ServerLocation", "SIP", "Authentication", "SDP", "Configuration", "Routing", "Admission", "Trunks", "Media", "Records", "Calls",
        "Timing",
        "Addressing",
      ]
    ),

    // The only I/O.
    module(
      "Linux", ["Timing", "Addressing", "ServerLocation", "CTandemShims", "CTandemTrunk", "CSQLite", "CNetlink", "CSystemd", "CEdit"]),

    .executableTarget(
      name: "tandemd",
      dependencies: [
        "SIP", "TLS", "SDP", "Configuration", "Routing", "Admission", "Trunks", "Media", "Records", "Calls", "Control",
        "Linux", "ServerLocation", "Timing", "Addressing",
      ], swiftSettings: strict),
    .executableTarget(
      name: "tandem", dependencies: ["Control", "Linux", "CEdit"], swiftSettings: strict),
    .executableTarget(name: "simulate", dependencies: ["Simulator"], swiftSettings: strict),
    .executableTarget(
      name: "benchmark-decisions", dependencies: ["Routing", "Admission", "Configuration", "Addressing"],
      path: "Tests/Benchmarks/Decisions", swiftSettings: strict),
    .target(name: "CountingAllocator", path: "Tests/Benchmarks/CountingAllocator"),
    .executableTarget(
      name: "benchmark-exchange",
      dependencies: ["Calls", "SIP", "Configuration", "Routing", "Trunks", "CTandemTrunk", "CountingAllocator", "Linux", "Timing", "Addressing"],
      path: "Tests/Benchmarks/Exchange", swiftSettings: strict),
    .executableTarget(
      name: "benchmark-parser", dependencies: ["SIP", "SDP", "Addressing"], path: "Tests/Benchmarks/Parser",
      exclude: ["invite.sip", "osip.c", "peer_loop.h", "report.py", "sofia.c"], swiftSettings: strict),
  ] + pluginIDs.map(plugin) + [
    tests(of: "Timing"), tests(of: "Addressing"), tests(of: "ServerLocation", ["Timing", "Addressing"]),
    tests(of: "SIP", ["Timing", "Addressing"]), tests(of: "SDP", ["Addressing"]),
    tests(of: "Authentication", ["Timing"]),
    tests(of: "TLS", ["Addressing", "Linux"]),
    tests(of: "Configuration"), tests(of: "Routing", ["Configuration", "Addressing", "Timing"]),
    tests(of: "Admission", ["Configuration", "Addressing", "Timing"]),
    tests(of: "Trunks", ["ServerLocation", "SIP", "Authentication", "Configuration", "Linux", "CTandemTrunk", "Timing", "Addressing"]),
    tests(of: "Media", ["SDP", "Timing", "Addressing"]),
    tests(of: "Records", ["SIP", "Timing", "Addressing"]),
    tests(
      of: "Calls", ["ServerLocation", "CTandemTrunk", "SIP", "Authentication", "SDP", "Configuration", "Routing", "Records", "Media", "Timing", "Addressing"]),
    tests(of: "Control", ["Records", "Configuration"]),
    tests(of: "Linux", ["ServerLocation", "Timing", "Addressing"]),
    tests(of: "Simulator", ["SIP", "Media", "Records", "Calls", "Timing", "Addressing"]),
    // About the tree itself: the direction of the modules, the rules of the house.
    .testTarget(name: "StructureTests", path: "Tests/StructureTests", swiftSettings: [.treatAllWarnings(as: .error)]),
    tests(of: "tandemd", ["Control", "Calls", "Media", "Configuration", "Routing", "Records", "SIP", "TLS", "Linux", "Timing", "Addressing", "CTandemTrunk"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu2x
)
