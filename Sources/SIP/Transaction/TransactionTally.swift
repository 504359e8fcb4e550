/// What the transaction layer counts: each bound it met and each message it did not believe.
struct TransactionTally: Sendable {
  var retransmissionsSent: UInt64 = 0
  var retransmissionsReceived: UInt64 = 0
  var strayResponses: UInt64 = 0
  var foreignResponses: UInt64 = 0
  var timeouts: UInt64 = 0
  var transportFailures: UInt64 = 0
  var unacknowledged: UInt64 = 0
  var merged: UInt64 = 0
  var refusedFull: UInt64 = 0
  var unmatchedCancels: UInt64 = 0
  var unmatchedAcknowledgements: UInt64 = 0
  var answersTooLate: UInt64 = 0
  var answersDiscarded: UInt64 = 0
  var movedToTCP: UInt64 = 0
  var movedBackToUDP: UInt64 = 0

  var list: [(name: StaticString, value: UInt64)] {
    [
      ("retransmissions-sent", retransmissionsSent),
      ("retransmissions-received", retransmissionsReceived),
      // Our branch, but no such transaction (any more).
      ("stray-responses", strayResponses),
      // The top Via is not ours, or not alone.
      ("foreign-responses", foreignResponses),
      ("timeouts", timeouts),
      ("transport-failures", transportFailures),
      ("unacknowledged", unacknowledged),
      ("merged", merged),
      ("refused-full", refusedFull),
      ("unmatched-cancels", unmatchedCancels),
      // ACKs for a 2xx are among them: they match no transaction either.
      ("unmatched-acknowledgements", unmatchedAcknowledgements),
      ("answers-too-late", answersTooLate),
      ("answers-discarded", answersDiscarded),
      ("moved-to-tcp", movedToTCP),
      ("moved-back-to-udp", movedBackToUDP),
    ]
  }
}
