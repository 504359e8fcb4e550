import Configuration

extension RoutingTable {
  /// Response-code translation for finals received on a trunk; the same code when no rule matches.
  ///
  /// Only failures (400 to 699) are translated. The first rule matches whose code (0: any) and Q.850 cause (-1: any) both fit. The result decides about
  /// the next trunk and is what the caller gets.
  public func translate(status: Int, cause: Int?, on trunk: Int) -> Int {
    guard (400...699).contains(status) else { return status }
    let rule = compiled.settings(of: trunk).responseCodeRules.first {
      ($0.receivedCode == 0 || $0.receivedCode == status) && ($0.receivedCause == -1 || $0.receivedCause == cause)
    }
    return rule?.translatedCode ?? status
  }
}
