import SIP
import Timing

/// What a party has set itself to do later. `call`: the party's own number of it; an errand of a call that is over is dropped.
enum Errand: Sendable {
  case place
  case cancel(call: Int)
  case acknowledge(call: Int)
  /// A provisional answer of fork `fork`.
  case progress(call: Int, status: Int, fork: Int, withSDP: Bool)
  case answer(call: Int)
  case answerAgain(call: Int)
  case refuse(call: Int, status: Int)
  case repeatAnswer(call: Int)
  case hangUp(call: Int)
  case offer(call: Int)
  case cancelOffer(call: Int)
  case answerOffer(call: Int, status: Int)
  case ask(call: Int)
  case talk(call: Int)
  case refer(call: Int)
  /// `timer`: which session timer of the call; an older one's errand is dropped.
  case refresh(call: Int, timer: Int)
  case sessionOver(call: Int, timer: Int)
  case odd
  case storm
}
