import Configuration

extension RoutingTable {
  /// A further number of the caller (P-Asserted-Identity) as a trunk wants it: its calling-number-rules, then `remove-plus`. Empty when it can not be used.
  public func asserted(_ number: [UInt8], on trunk: Int) -> [UInt8] {
    guard PhoneNumber.fault(number) == nil else { return [] }
    let settings = compiled.settings(of: trunk)
    var number = number
    compiled.rack.lend { block in
      if case .rule(_, let result) = settings.callingRules.translate(number, as: "", block, nil) { number = result }
    }
    if settings.removePlus, PhoneNumber.isInternational(number) { number.removeFirst() }
    return number
  }

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
