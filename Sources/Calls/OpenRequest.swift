import Authentication
import SIP

/// A request of ours that is open on a leg, other than INVITE and BYE, and what its answer is for.
struct OpenRequest: Sendable {
  enum Purpose: Sendable {
    /// It was passed on: the far side of leg `from` waits in `server` for the answer to `request`.
    case passed(from: Int, server: TransactionLayer.ServerID, request: SIPMessage)
    /// UPDATE that refreshes the session.
    case refresh
    /// OPTIONS that asks whether the far side lives.
    case alive
    /// NOTIFY of a transfer; the last one of a transfer that came about ends the leg.
    case notify(isLast: Bool)
    /// A REFER that was passed to the other party.
    case passedRefer(from: Int, server: TransactionLayer.ServerID, request: SIPMessage)
  }
  var client: TransactionLayer.ClientID
  var purpose: Purpose
  /// The credentials it carries; `nil`: its trunk has none.
  var trial: Trial?
}

extension Call {
  /// An answer to one of them; false when it is none of theirs.
  mutating func receivedAnswerToRequest(_ response: SIPMessage, client: TransactionLayer.ClientID, leg: Int, _ environment: inout CallEnvironment) -> Bool {
    guard let index = legs[leg].requests.firstIndex(where: { $0.client == client }) else { return false }
    received(response, leg: leg, environment)
    guard response.status >= 200 else { return true }
    let request = legs[leg].requests.remove(at: index)
    finish(request, status: response.status, response, leg: leg, &environment)
    return true
  }

  /// None came: 408 for a timeout, 503 when it could not be sent (RFC 3261 8.1.3.1).
  mutating func requestUnanswered(_ client: TransactionLayer.ClientID, leg: Int, status: Int, _ environment: inout CallEnvironment) -> Bool {
    guard let index = legs[leg].requests.firstIndex(where: { $0.client == client }) else { return false }
    let request = legs[leg].requests.remove(at: index)
    finish(request, status: status, nil, leg: leg, &environment)
    return true
  }

  /// Sends a request that belongs into `requests`; what its plugin refused it with, if it did.
  mutating func sendRequest(_ message: SIPMessage, for purpose: OpenRequest.Purpose, leg: Int, _ environment: inout CallEnvironment) -> Int? {
    switch send(message, leg: leg, &environment) {
    case .sent(let client):
      legs[leg].requests.append(OpenRequest(client: client, purpose: purpose, trial: legs[leg].lastTrial))
      legs[leg].lastTrial = nil
      return nil
    case .refused(let status): return status
    }
  }

  private mutating func finish(_ request: OpenRequest, status: Int, _ response: SIPMessage?, leg: Int, _ environment: inout CallEnvironment) {
    switch request.purpose {
    case .passed(let from, let server, let asked): passedBack(status, from: from, server, asked, leg: leg, &environment)
    case .refresh:
      if (200...299).contains(status), let response {
        legs[leg].dialog.refreshTarget(from: response)
      } else {
        refreshRefused(status, response, leg: leg, &environment)
      }
    case .alive: askAnswered(status, response, leg: leg, &environment)
    case .notify(let isLast): notified(isLast, leg: leg, &environment)
    case .passedRefer(let from, let server, let asked): passedReferAnswered(status, from: from, server, asked, leg: leg, &environment)
    }
  }

  /// The call is over: whoever still waits for something that was passed on is told so.
  mutating func answerPassedRequests(_ environment: inout CallEnvironment) {
    for leg in legs.indices {
      for request in legs[leg].requests {
        switch request.purpose {
        case .passed(let from, let server, let asked), .passedRefer(let from, let server, let asked): refuse(481, asked, server, leg: from, &environment)
        case .refresh, .alive, .notify: continue
        }
      }
      legs[leg].requests.removeAll {
        switch $0.purpose {
        case .passed, .passedRefer: true
        case .refresh, .alive, .notify: false
        }
      }
    }
  }
}
