import Configuration

/// One decision under way.
///
/// 1. The incoming trunk's dial plan (trunk, else site, else global): the first rule that matches gives the number. No match: a number that begins with "+" is
///    used as it is, any other is refused.
/// 2. The usages of the *incoming* trunk's configuration, in their order. Under each usage the routes that have it and match, by ascending priority. Usage
///    order comes before route priority.
/// 3. Under each route its trunks. Left out: the incoming trunk (unless `mayReturn`), trunks of a peer that is not routable, trunks that are down or full, and trunks that an earlier
///    route put into the plan (each is tried once: asking the same peer for the same number again would only ring twice). The rest rotates by `turn`, less preferred ones after the others.
/// 4. The numbers for that trunk: called-number rules, then `remove-plus`; for the caller the route's substitute, then calling-number rules, then `remove-plus`.
///    So a substitute is written in the configuration once, as +E.164, and each trunk brings it into its own form. A withheld caller stays withheld unless substituted.
///
/// Refusals:
/// | why | status | diagnostic |
/// | --- | --- | --- |
/// | the number is empty, too long or not one | 404 | 12002 |
/// | no dial-plan rule matches and it does not begin with "+" | 404 | 12004 |
/// | the incoming trunk has no usages | 403 | 12001 |
/// | a route matches, but no usage of the trunk reaches it | 403 | 12004 |
/// | no route matches, or only back to where the call came from | 404 | 12004 |
/// | every trunk is down | 503 | 12000 |
/// | every trunk is down or full, one at least full | 503, Q.850 cause 34 | 12000 |
/// | the called-number rules leave no number for any trunk | 404 | 12002 |
/// 404 and not 484 for a bad number: 484 asks a caller that dials digit by digit for more of them.
struct RoutePlanner {
  /// What became of the trunks of matching routes, for the refusal when no attempt is left.
  private struct Tally {
    var route: Int?
    var down = 0
    var full = 0
    var withoutNumber = 0
  }
  private let compiled: CompiledRouting
  private let query: RouteQuery
  private let explanation: Explanation?
  private var attempts: [RoutePlan.Attempt] = []
  private var isRouteTried: [Bool]
  private var isTrunkPlanned: [Bool]
  private var tally = Tally()

  init(_ compiled: CompiledRouting, _ query: RouteQuery, explain: Bool) {
    self.compiled = compiled
    self.query = query
    explanation = explain ? Explanation() : nil
    isRouteTried = Array(repeating: false, count: compiled.routes.count)
    isTrunkPlanned = Array(repeating: false, count: compiled.configuration.trunks.count)
  }

  mutating func plan(_ block: borrowing MatchBlock) -> RoutePlan {
    explanation?.say("A call from trunk \(incomingName) to \(Explanation.shown(query.called)).")
    if let fault = PhoneNumber.fault(query.called) {
      return refuse(404, 12002, "the number can not be used: \(fault)", normalized: nil)
    }
    let number: [UInt8]
    switch normalize(block) {
    case .number(let found): number = found
    case .refused(let refusal): return refuse(refusal, normalized: nil)
    }
    let settings = compiled.settings(of: query.incomingTrunk)
    guard !settings.usages.isEmpty else {
      return refuse(403, 12001, "trunk \(incomingName) has no pstn-usage (\(settings.words))", normalized: number)
    }
    explanation?.say("Trunk \(incomingName) may use pstn-usage \(usageNames(settings.usages)), in this order (\(settings.words)).")
    for usage in settings.usages { tryRoutes(of: usage, number, block) }
    guard attempts.isEmpty else {
      return RoutePlan(outcome: .attempts(attempts), normalized: number, reasons: explanation?.sentences ?? [])
    }
    return refuse(reasonForNothing(number, block), normalized: number)
  }
}

// MARK: The number

extension RoutePlanner {
  private enum Normalized {
    case number([UInt8])
    case refused(RoutePlan.Refusal)
  }

  private mutating func normalize(_ block: borrowing MatchBlock) -> Normalized {
    guard let plan = compiled.dialPlan(of: query.incomingTrunk) else {
      explanation?.say("No dial plan holds for trunk \(incomingName).")
      return unmatched()
    }
    switch plan.translate(query.called, as: plan.words, block, explanation) {
    case .unchanged: return unmatched()
    case .rule(let rule, let number):
      guard let fault = PhoneNumber.fault(number) else { return .number(number) }
      return .refused(.init(status: 404, diagnostic: 12002, text: "the number can not be used after \(plan.words) \(rule): \(fault)"))
    case .tooLong(let rule):
      return .refused(.init(status: 404, diagnostic: 12002, text: "the number is too long after \(plan.words) \(rule)"))
    }
  }
  private mutating func unmatched() -> Normalized {
    guard PhoneNumber.isInternational(query.called) else {
      return .refused(.init(status: 404, diagnostic: 12004, text: "no dial-plan rule of trunk \(incomingName) matches, and the number does not begin with +"))
    }
    explanation?.say("No dial-plan rule matches; the number begins with + and is used as it is.")
    return .number(query.called)
  }
}

// MARK: Usages, routes, trunks

extension RoutePlanner {
  private mutating func tryRoutes(of usage: Int, _ number: [UInt8], _ block: borrowing MatchBlock) {
    let routes = compiled.routesByUsage[usage]
    if routes.isEmpty { explanation?.say("Usage \(usageName(usage)): no route has it.") }
    for index in routes {
      guard !isRouteTried[index] else {
        explanation?.say("\(words(usage, index)) was tried under an earlier usage.")
        continue
      }
      isRouteTried[index] = true
      guard compiled.routes[index].pattern.matches(number, block) else {
        explanation?.say("\(words(usage, index)) does not match: \(compiled.routes[index].pattern.mismatch(number, block)).")
        continue
      }
      explanation?.say("\(words(usage, index)) matches \(Explanation.shown(number)).")
      if tally.route == nil { tally.route = index }
      for trunk in candidates(of: compiled.configuration.voiceRoutes[index]) { attempt(trunk, route: index, usage: usage, number, block) }
    }
  }
  private func words(_ usage: Int, _ index: Int) -> String {
    let route = compiled.configuration.voiceRoutes[index]
    return "Usage \(usageName(usage)), route \(route.name) (priority \(route.priority), \(route.pattern))"
  }

  /// The trunks of a route that may be tried, in order.
  private mutating func candidates(of route: Configuration.VoiceRoute) -> [Int] {
    if route.trunks.isEmpty { explanation?.say("Route \(route.name) has no trunk.") }
    var up: [Int] = []
    var lessPreferred: [Int] = []
    for trunk in route.trunks {
      let name = compiled.name(ofTrunk: trunk)
      if trunk == query.incomingTrunk, !query.mayReturn {
        explanation?.say("Trunk \(name) is left out: the call came from it.")
      } else if !compiled.isRoutable(trunk: trunk) {
        explanation?.say("Trunk \(name) is left out: its peer \(compiled.configuration.peers[compiled.configuration.trunks[trunk].peer].name) is not routable.")
      } else if isTrunkPlanned[trunk] {
        explanation?.say("Trunk \(name) is in the plan already.")
      } else {
        switch state(of: trunk) {
        case .up: up.append(trunk)
        case .lessPreferred:
          explanation?.say("Trunk \(name) is less preferred now: it comes after the others of this route.")
          lessPreferred.append(trunk)
        case .full:
          explanation?.say("Trunk \(name) is left out: it is full.")
          tally.full += 1
        case .down:
          explanation?.say("Trunk \(name) is left out: it is down.")
          tally.down += 1
        }
      }
    }
    return rotated(up) + rotated(lessPreferred)
  }
  private func state(of trunk: Int) -> RouteQuery.TrunkState {
    query.trunkStates.indices.contains(trunk) ? query.trunkStates[trunk] : .up
  }
  /// Only trunks that can be tried take part in the round, so that the share of one that is down falls to all others evenly.
  private func rotated(_ trunks: [Int]) -> [Int] {
    guard trunks.count > 1 else { return trunks }
    let remainder = query.turn % trunks.count
    let start = remainder < 0 ? remainder + trunks.count : remainder
    return Array(trunks[start...] + trunks[..<start])
  }
}

// MARK: The numbers of one attempt

extension RoutePlanner {
  private mutating func attempt(_ trunk: Int, route: Int, usage: Int, _ number: [UInt8], _ block: borrowing MatchBlock) {
    // A route may name a trunk twice.
    guard !isTrunkPlanned[trunk] else { return }
    let settings = compiled.settings(of: trunk)
    let name = compiled.name(ofTrunk: trunk)
    guard let called = calledNumber(number, on: name, settings, block) else {
      tally.withoutNumber += 1
      return
    }
    let calling = callingNumber(route: route, on: name, settings, block)
    isTrunkPlanned[trunk] = true
    attempts.append(
      .init(trunk: trunk, route: route, usage: usage, called: called, calling: calling, isSubstituted: compiled.routes[route].callerID != nil))
    explanation?.say("Attempt \(attempts.count): trunk \(name), called number \(Explanation.shown(called)), calling number \(Explanation.shown(calling)).")
  }

  private mutating func calledNumber(_ number: [UInt8], on name: String, _ settings: CompiledRouting.Settings, _ block: borrowing MatchBlock) -> [UInt8]? {
    var called = number
    switch settings.calledRules.translate(number, as: explanation != nil ? "Trunk \(name), called-number-rule" : "", block, explanation) {
    case .unchanged: break
    case .rule(_, let result): called = result
    case .tooLong:
      explanation?.say("Trunk \(name) is left out: no number is left to call.")
      return nil
    }
    removePlus(from: &called, "called", on: name, settings)
    if let fault = PhoneNumber.fault(called) {
      explanation?.say("Trunk \(name) is left out: the called number can not be used, \(fault).")
      return nil
    }
    return called
  }

  private mutating func callingNumber(route: Int, on name: String, _ settings: CompiledRouting.Settings, _ block: borrowing MatchBlock) -> [UInt8] {
    var calling = query.calling
    if let substitute = compiled.routes[route].callerID {
      explanation?.say("Route \(compiled.configuration.voiceRoutes[route].name) replaces the calling number by \(Explanation.shown(substitute)).")
      calling = substitute
    }
    if calling.isEmpty { return [] }
    if let fault = PhoneNumber.fault(calling) {
      explanation?.say("The calling number is withheld: \(fault).")
      return []
    }
    switch settings.callingRules.translate(calling, as: explanation != nil ? "Trunk \(name), calling-number-rule" : "", block, explanation) {
    case .unchanged: break
    case .rule(_, let result): calling = result
    case .tooLong: explanation?.say("The calling number stays \(Explanation.shown(calling)).")
    }
    removePlus(from: &calling, "calling", on: name, settings)
    return calling
  }

  private mutating func removePlus(from number: inout [UInt8], _ which: String, on name: String, _ settings: CompiledRouting.Settings) {
    guard settings.removePlus, PhoneNumber.isInternational(number) else { return }
    number.removeFirst()
    explanation?.say("Trunk \(name), remove-plus: the \(which) number is sent as \(Explanation.shown(number)).")
  }
}

// MARK: Refusals and names

extension RoutePlanner {
  private mutating func reasonForNothing(_ number: [UInt8], _ block: borrowing MatchBlock) -> RoutePlan.Refusal {
    guard let route = tally.route else { return unreached(number, block) }
    let name = compiled.configuration.voiceRoutes[route].name
    if tally.full > 0 { return .init(status: 503, diagnostic: 12000, text: "route \(name) matches, but its trunks are full or down", cause: 34) }
    if tally.down > 0 { return .init(status: 503, diagnostic: 12000, text: "route \(name) matches, but all its trunks are down") }
    if tally.withoutNumber > 0 {
      return .init(status: 404, diagnostic: 12002, text: "route \(name) matches, but the called-number-rules of its trunks leave no number to call")
    }
    return .init(status: 404, diagnostic: 12004, text: "route \(name) matches, but has no other trunk than the one the call came from")
  }
  private mutating func unreached(_ number: [UInt8], _ block: borrowing MatchBlock) -> RoutePlan.Refusal {
    for index in compiled.routes.indices where !isRouteTried[index] {
      guard compiled.routes[index].pattern.matches(number, block) else { continue }
      let route = compiled.configuration.voiceRoutes[index]
      explanation?.say(
        "Route \(route.name) (\(route.pattern)) matches, but trunk \(incomingName) can not reach it: it has pstn-usage \(route.pstnUsages.isEmpty ? "none" : Explanation.list(route.pstnUsages))."
      )
      return .init(status: 403, diagnostic: 12004, text: "route \(route.name) matches, but no pstn-usage of trunk \(incomingName) reaches it")
    }
    return .init(status: 404, diagnostic: 12004, text: "no route matches the number")
  }

  private mutating func refuse(_ status: Int, _ diagnostic: Int, _ text: String, normalized: [UInt8]?) -> RoutePlan {
    refuse(.init(status: status, diagnostic: diagnostic, text: text), normalized: normalized)
  }
  private mutating func refuse(_ refusal: RoutePlan.Refusal, normalized: [UInt8]?) -> RoutePlan {
    let cause = refusal.cause.map { ", Q.850 cause \($0)" } ?? ""
    explanation?.say("Refused with \(refusal.status), diagnostic \(refusal.diagnostic)\(cause): \(refusal.text).")
    return RoutePlan(outcome: .refused(refusal), normalized: normalized, reasons: explanation?.sentences ?? [])
  }

  private var incomingName: String { compiled.name(ofTrunk: query.incomingTrunk) }
  private func usageName(_ usage: Int) -> String { compiled.configuration.pstnUsages[usage] }
  private func usageNames(_ usages: [Int]) -> String { Explanation.list(usages.map(usageName)) }
}
