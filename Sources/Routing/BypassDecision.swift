import Addressing
import Configuration

extension RoutingTable {
  /// Whether media between two trunks may bypass us; reasons as in `plan`.
  ///
  /// All must hold: the global switch; on both trunks `enable-bypass` and `centralized-media` (the peer's media address is known), and either transfers are
  /// possible (`refer-support` other than `refuse`) or both RTCP checks are off; SRTP modes that can meet. Then either `media-bypass always`, or both trunks in
  /// one site: only that says that the two peers reach each other well. Trunks without a site share nothing.
  public func bypass(incoming: Int, outgoing: Int, explain: Bool = false) -> (allowed: Bool, reasons: [String]) {
    let explanation = explain ? Explanation() : nil
    let allowed = decideBypass(incoming, outgoing, explanation)
    return (allowed, explanation?.sentences ?? [])
  }

  private func decideBypass(_ incoming: Int, _ outgoing: Int, _ explanation: Explanation?) -> Bool {
    let configuration = compiled.configuration
    guard configuration.mediaBypass.enabled else {
      explanation?.say("No bypass: media-bypass is not enabled.")
      return false
    }
    for trunk in [incoming, outgoing] {
      if let obstacle = compiled.bypassObstacles[trunk] {
        explanation?.say("No bypass: trunk \(compiled.name(ofTrunk: trunk)) has \(obstacle) (\(compiled.settings(of: trunk).words)).")
        return false
      }
    }
    let modes = (compiled.srtpModes[incoming], compiled.srtpModes[outgoing])
    if modes == (.required, .notSupported) || modes == (.notSupported, .required) {
      explanation?.say(
        "No bypass: srtp-mode is \(modes.0.rawValue) on trunk \(compiled.name(ofTrunk: incoming)) and \(modes.1.rawValue) on trunk \(compiled.name(ofTrunk: outgoing))."
      )
      return false
    }
    if configuration.mediaBypass.always {
      explanation?.say("Media may bypass: media-bypass is always.")
      return true
    }
    guard let site = configuration.trunks[incoming].site, site == configuration.trunks[outgoing].site else {
      explanation?.say("No bypass: trunks \(compiled.name(ofTrunk: incoming)) and \(compiled.name(ofTrunk: outgoing)) are not in one site.")
      return false
    }
    explanation?.say("Media may bypass: both trunks are in site \(site).")
    return true
  }
}

extension Configuration.TrunkConfiguration {
  /// The setting that forbids bypass, as the CLI writes it.
  var bypassObstacle: String? {
    if !enableBypass { return "enable-bypass false" }
    if !centralizedMedia { return "centralized-media false" }
    if referSupport == .refuse, rtcpActiveCalls || rtcpCallsOnHold {
      return "refer-support refuse with rtcp-active-calls or rtcp-calls-on-hold true"
    }
    return nil
  }
}
