import Addressing
import Records
import Routing
import SIP
import Timing

// A called side that sends the call elsewhere (3xx): the new attempts, their bounds, and when there is nowhere to go.
extension Call {
  /// Follows the 3xx of the attempt under way, also after it has rung.
  mutating func redirected(by response: SIPMessage, leg: Int, _ environment: inout CallEnvironment) {
    let name = legs[leg].trunkName
    legs[leg].client = nil
    legs[leg].state = .gone
    legs[leg].status = response.status
    progressAt = nil
    guard redirectionDepth < CallLimits.redirectionDepth else {
      return refuseRedirection("\(name) redirected a call that had been redirected often enough", leg, &environment)
    }
    redirectionDepth += 1
    if redirections.isEmpty { redirections = [canonical(legs[0].called, from: legs[0].trunk, environment)] }
    let targets = Redirection(response).numbers
    var added: [Attempt] = []
    var refusal: RoutePlan.Refusal?
    var loops = 0
    for number in targets {
      let plan = environment.plan(number, calling: legs[0].calling, from: legs[leg].trunk)
      if let known = plan.normalized, redirections.contains(known) {
        loops += 1
        continue
      }
      if let known = plan.normalized { redirections.append(known) }
      switch plan.outcome {
      case .refused(let why): refusal = refusal ?? why
      case .attempts(let list):
        contacts &+= 1
        added += list.map { planned in
          var attempt = Attempt(planned, environment.configuration)
          attempt.contact = contacts
          return attempt
        }
      }
    }
    guard !added.isEmpty else {
      if let refusal {
        diagnostic = refusal.diagnostic
        return end(
          .refused, status: refusal.status, cause: refusal.cause, reason: "\(name) redirected the call (\(response.status)): \(refusal.text)", by: leg,
          &environment)
      }
      let why = loops > 0 ? "\(name) redirected the call to where it had been" : "\(name) redirected the call (\(response.status)) without a number to call"
      return refuseRedirection(why, leg, &environment)
    }
    // What the plan still had belongs to a number that is not wanted any more.
    attempts = Array((attempts.prefix(nextAttempt) + added).prefix(CallLimits.attempts))
    environment.counters.redirections += 1
    dropAttempt(&environment)
    tryNext(&environment)
  }

  private mutating func refuseRedirection(_ why: String, _ leg: Int, _ environment: inout CallEnvironment) {
    end(.refused, status: 480, cause: nil, reason: why, by: leg, &environment)
  }

  /// Attempts of another contact of the last 3xx: a contact that refuses leads to the next (RFC 3261 8.1.3.4). False: there is none.
  mutating func skipToNextContact() -> Bool {
    guard attempts.indices.contains(nextAttempt - 1) else { return false }
    let contact = attempts[nextAttempt - 1].contact
    guard contact > 0 else { return false }
    while nextAttempt < attempts.count, attempts[nextAttempt].contact == contact { nextAttempt += 1 }
    return nextAttempt < attempts.count
  }

  /// As the trunk's dial plan has it.
  private func canonical(_ number: [UInt8], from trunk: Int, _ environment: CallEnvironment) -> [UInt8] {
    trunk >= 0 ? environment.plan(number, calling: [], from: trunk).normalized ?? number : number
  }
}

extension CallEnvironment {
  /// The way of a number that a trunk in a call names: by its dial plan and usages, also back to itself.
  func plan(_ number: [UInt8], calling: [UInt8], from trunk: Int) -> RoutePlan {
    guard trunk >= 0 else {
      return RoutePlan(outcome: .refused(.init(status: 403, diagnostic: 12001, text: "its trunk is no more")), normalized: nil, reasons: [])
    }
    var query = RouteQuery(incomingTrunk: trunk, called: number, calling: calling, trunkStates: trunkStates(at: now), turn: turn)
    query.mayReturn = true
    return routing.plan(query)
  }
}
