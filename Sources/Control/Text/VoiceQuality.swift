import Records

/// How a call probably sounded, from what the relay counted: the E-model (ITU-T G.107) for G.711 with packet-loss concealment (G.113: Ie = 0, Bpl = 25.1).
/// The delay is not measured here; a jitter buffer of twice the jitter stands for it. An estimate to compare calls with, no measurement of either end.
enum VoiceQuality {
  /// Mean opinion score, 1.0 ... 4.5.
  static func meanOpinionScore(lossPercent: Double, jitterMilliseconds: Double) -> Double {
    let loss = min(max(lossPercent, 0), 100)
    let delay = min(max(2 * jitterMilliseconds, 0), 1000)
    let delayImpairment = 0.024 * delay + (delay > 177.3 ? 0.11 * (delay - 177.3) : 0)
    let rating = min(max(93.2 - delayImpairment - 95 * loss / (loss + 25.1), 0), 100)
    return max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)
  }

  /// The worse direction's score; `nil` when no packet passed through us.
  static func meanOpinionScore(_ streams: [CallRecord.Stream]) -> Double? {
    streams.filter { $0.packets > 0 }.map {
      meanOpinionScore(lossPercent: percent($0.lost, of: $0.packets &+ $0.lost), jitterMilliseconds: $0.jitterMilliseconds)
    }.min()
  }

  static func percent(_ part: UInt64, of whole: UInt64) -> Double { whole == 0 ? 0 : 100 * Double(part) / Double(whole) }
}
