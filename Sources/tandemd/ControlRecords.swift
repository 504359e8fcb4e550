import Control
import FoundationEssentials
import Linux
import Records

// How call records are kept: columns to query by, the whole record and its ladder as JSON.
extension CallRecordStore.Row {
  init(_ record: CallRecord, _ ladder: Ladder) {
    let status = LadderStatus(ladder, call: record.id, trunks: record.legs.map(\.trunk))
    self.init(
      id: record.id, began: record.began, answered: record.answered, ended: record.ended, outcome: record.outcome.rawValue, status: record.status,
      cause: record.cause, diagnostic: record.diagnostic, incomingTrunk: record.legs.first?.trunk ?? "",
      outgoingTrunk: record.legs.count > 1 ? record.legs.last?.trunk : nil, called: record.legs.first?.called ?? "", calling: record.legs.first?.calling ?? "",
      route: record.route, json: RecordText(record).text, ladder: RecordText(status).text)
  }
}

extension ControlDependencies {
  /// History and ladders of ended calls from a store. `pending`: writes what still waits, so that a call that has just ended is found.
  mutating func takeRecords(from store: CallRecordStore, pending: @escaping () -> Void = {}) {
    history = { limit throws(ControlError) in
      pending()
      return try rows { () throws(CallRecordStore.StoreError) in try store.recent(limit) }.compactMap(kept)
    }
    record = { id throws(ControlError) in
      pending()
      return try rows { () throws(CallRecordStore.StoreError) in try store.record(id: id) }.flatMap(kept)
    }
    ladder = { id throws(ControlError) in
      pending()
      let row = try rows { () throws(CallRecordStore.StoreError) in try store.record(id: id) }
      return row?.ladder.flatMap { decoded(LadderStatus.self, $0) }
    }
  }
}

private func rows<T>(_ read: () throws(CallRecordStore.StoreError) -> T) throws(ControlError) -> T {
  do throws(CallRecordStore.StoreError) { return try read() } catch { throw ControlError(.unavailable, "\(error)") }
}
/// `nil`: written by another version in a form we do not know; it is skipped.
private func kept(_ row: CallRecordStore.Row) -> CallRecord? { decoded(CallRecord.self, row.json) }
private func decoded<T: Decodable>(_: T.Type, _ json: String) -> T? {
  let decoder = JSONDecoder()
  decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return try? decoder.decode(T.self, from: Data(json.utf8))
}
