public import CTandemTrunk
import TrunkPlugin

private let table = PluginTable(PSTNGateway.self) { PSTNGateway.open($0, $1) }

/// The one exported symbol; see tandem_trunk.h.
@c @implementation
public func tandem_trunk_entry_v1(_ host: UnsafePointer<tt_host_v1>!) -> UnsafePointer<tt_plugin_v1>! { table.serve(host) }
