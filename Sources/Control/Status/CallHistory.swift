public import Records

/// `show calls history`: calls that have ended, newest first.
public struct CallHistory: Answer {
  /// A record and the quality estimated from it; in JSON the record's own fields and `mos` side by side.
  public struct Entry: Codable, Sendable, Equatable {
    public var record: CallRecord
    /// Mean opinion score of the worse direction, estimated; `nil` when no media passed through us.
    public var mos: Double?
    public init(_ record: CallRecord) {
      self.record = record
      // Two decimals: more would claim to be measured.
      mos = VoiceQuality.meanOpinionScore(record.streams).map { ($0 * 100).rounded() / 100 }
    }
    private enum Keys: String, CodingKey { case mos }
    public init(from decoder: any Decoder) throws {
      record = try CallRecord(from: decoder)
      mos = try decoder.container(keyedBy: Keys.self).decodeIfPresent(Double.self, forKey: .mos)
    }
    public func encode(to encoder: any Encoder) throws {
      try record.encode(to: encoder)
      var container = encoder.container(keyedBy: Keys.self)
      try container.encodeIfPresent(mos, forKey: .mos)
    }
  }
  public var calls: [Entry]
  public init(_ records: [CallRecord]) { calls = records.map(Entry.init) }

  public func text(width: Int) -> String {
    if calls.isEmpty { return "No call has ended yet. What is up: `show calls`.\n" }
    var table = TextTable("ENDED", "CALL", "FROM", "TO", "IN", "OUT", "OUTCOME", ">STATUS", ">Q.850", ">TALKED", "MEDIA", ">MOS", "REASON")
    for entry in calls {
      let call = entry.record
      table.add(
        moment(call.ended), call.id, call.legs.first?.calling ?? "", call.legs.first?.called ?? "", call.legs.first?.trunk ?? "",
        call.legs.count > 1 ? call.legs[call.legs.count - 1].trunk : "", call.outcome.rawValue, String(call.status),
        call.cause.map(String.init) ?? "", call.answered.map { duration(call.ended - $0) } ?? "", call.media,
        entry.mos.map { decimal($0, 1) } ?? "", call.reason)
    }
    return table.text(width: width)
  }
}

/// `show call ID`: the call if it is up, else its record.
public struct CallDetail: Answer {
  public var call: CallStatus?
  public var record: CallHistory.Entry?
  public init(call: CallStatus) { self.call = call }
  public init(record: CallRecord) { self.record = CallHistory.Entry(record) }

  public func text(width: Int) -> String {
    if let call { return call.text(width: width) }
    guard let entry = record else { return "" }
    let call = entry.record
    var out = properties([
      ("call", call.id), ("outcome", "\(call.outcome.rawValue), status \(call.status)"), ("reason", call.reason),
      ("Q.850 cause", call.cause.map(String.init) ?? ""), ("diagnostic", call.diagnostic == 0 ? "" : String(call.diagnostic)),
      ("began", moment(call.began)), ("answered", call.answered.map(moment) ?? ""), ("ended", moment(call.ended)),
      ("talked", call.answered.map { duration(call.ended - $0) } ?? ""), ("route", call.route ?? ""), ("PSTN usage", call.usage ?? ""),
      ("media", call.media), ("MOS (estimate)", entry.mos.map { decimal($0, 2) } ?? ""),
    ])
    if !call.legs.isEmpty {
      var table = TextTable("LEG", "TRUNK", "PEER", "FROM", "TO", ">STATUS", "CALL-ID")
      for (index, leg) in call.legs.enumerated() {
        table.add(index == 0 ? "in" : "out", leg.trunk, leg.remote, leg.calling, leg.called, leg.status == 0 ? "" : String(leg.status), leg.callID)
      }
      out += "\n" + table.text(width: width)
    }
    if !call.streams.isEmpty {
      var table = TextTable("FROM", ">PACKETS", ">LOST", ">LOSS %", ">JITTER MS", ">STRANGERS")
      for (index, stream) in call.streams.enumerated() {
        table.add(
          index == 0 ? "in" : "out", String(stream.packets), String(stream.lost),
          decimal(VoiceQuality.percent(stream.lost, of: stream.packets &+ stream.lost), 2), decimal(stream.jitterMilliseconds, 1),
          String(stream.strangers))
      }
      out += "\n" + table.text(width: width)
    }
    return out
  }
}
