import CSQLite

/// Call records in a SQLite database, in plain columns for whoever wants to query them (`sqlite3 calls.db`), with the whole record as JSON beside them.
///
/// Write-ahead logging: a reader never waits for the writer, a power cut loses at most the last batches (`synchronous` NORMAL) and never the file.
/// Bounded to the last `bound` rows. The schema's version is `user_version`; a newer one than ours is refused rather than guessed at.
/// Belongs to one thread, never a signalling thread: a write may wait for the disk.
public final class CallRecordStore {
  public struct Row: Sendable, Equatable {
    public var id: String
    /// Seconds since 1970 UTC.
    public var began: Double
    public var answered: Double?
    public var ended: Double
    public var outcome: String
    /// Final SIP status towards the caller.
    public var status: Int
    /// Q.850.
    public var cause: Int?
    /// 12000 range; 0 = none.
    public var diagnostic: Int
    public var incomingTrunk: String
    public var outgoingTrunk: String?
    public var called: String
    public var calling: String
    public var route: String?
    /// The whole record.
    public var json: String
    /// The SIP ladder as text; `recent` leaves it out.
    public var ladder: String?
    public init(
      id: String, began: Double, answered: Double?, ended: Double, outcome: String, status: Int, cause: Int?, diagnostic: Int, incomingTrunk: String,
      outgoingTrunk: String?, called: String, calling: String, route: String?, json: String, ladder: String?
    ) {
      self.id = id
      self.began = began
      self.answered = answered
      self.ended = ended
      self.outcome = outcome
      self.status = status
      self.cause = cause
      self.diagnostic = diagnostic
      self.incomingTrunk = incomingTrunk
      self.outgoingTrunk = outgoingTrunk
      self.called = called
      self.calling = calling
      self.route = route
      self.json = json
      self.ladder = ladder
    }
  }

  /// What SQLite says, in one line.
  public struct StoreError: Error, Sendable, CustomStringConvertible {
    public let path: String
    public let reason: String
    public let advice: String
    public var description: String { "call records \(path): \(reason); \(advice)" }
  }

  /// About 300 MB, or ten days of a busy appliance.
  public static let defaultBound = 100_000
  private static let schemaVersion = 1
  private static let schema = """
    CREATE TABLE call (
      number INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL, began REAL NOT NULL, answered REAL, ended REAL NOT NULL,
      outcome TEXT NOT NULL, status INTEGER NOT NULL, cause INTEGER, diagnostic INTEGER NOT NULL,
      incoming_trunk TEXT NOT NULL, outgoing_trunk TEXT, called TEXT NOT NULL, calling TEXT NOT NULL, route TEXT,
      record TEXT NOT NULL, ladder TEXT);
    CREATE INDEX call_id ON call(id);
    CREATE INDEX call_began ON call(began);
    """
  private static let columns = "id, began, answered, ended, outcome, status, cause, diagnostic, incoming_trunk, outgoing_trunk, called, calling, route, record"

  private let path: String
  private let bound: Int
  private let database: OpaquePointer

  public init(path: String, bound: Int = CallRecordStore.defaultBound) throws(StoreError) {
    self.path = path
    self.bound = bound
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard code == SQLITE_OK, let opened else {
      let error = CallRecordStore.error(path, code, opened)
      sqlite3_close_v2(opened)
      throw error
    }
    database = opened
    // The CLI's or an administrator's reader may hold the file for a moment.
    sqlite3_busy_timeout(opened, 500)
    try run("PRAGMA journal_mode = WAL")
    try run("PRAGMA synchronous = NORMAL")
    switch try number("PRAGMA user_version") {
    case CallRecordStore.schemaVersion: break
    case 0: try run("BEGIN; \(CallRecordStore.schema) PRAGMA user_version = \(CallRecordStore.schemaVersion); COMMIT")
    case let other:
      throw StoreError(path: path, reason: "written by a newer tandem (schema \(other))", advice: "update, or move the file away to start a new one")
    }
  }
  deinit { sqlite3_close_v2(database) }

  /// Writes all of them or none, and drops the oldest rows beyond the bound.
  public func insert(_ rows: [Row]) throws(StoreError) {
    guard !rows.isEmpty else { return }
    try run("BEGIN IMMEDIATE")
    do throws(StoreError) {
      let insert = try prepare("INSERT INTO call (\(CallRecordStore.columns), ladder) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)")
      for row in rows {
        bind(row, to: insert)
        guard sqlite3_step(insert.handle) == SQLITE_DONE else { throw failure() }
        sqlite3_reset(insert.handle)
      }
      try run("DELETE FROM call WHERE number <= (SELECT max(number) FROM call) - \(bound)")
      try run("COMMIT")
    } catch {
      sqlite3_exec(database, "ROLLBACK", nil, nil, nil)
      throw error
    }
  }

  /// The newest first, without ladders.
  public func recent(_ limit: Int) throws(StoreError) -> [Row] {
    let query = try prepare("SELECT \(CallRecordStore.columns) FROM call ORDER BY number DESC LIMIT ?1")
    sqlite3_bind_int64(query.handle, 1, Int64(max(0, limit)))
    var rows: [Row] = []
    while try step(query) { rows.append(row(of: query)) }
    return rows
  }

  /// The newest record of that id with its ladder; `nil` when there is none (any more).
  public func record(id: String) throws(StoreError) -> Row? {
    let query = try prepare("SELECT \(CallRecordStore.columns), ladder FROM call WHERE id = ?1 ORDER BY number DESC LIMIT 1")
    query.bind(1, id)
    guard try step(query) else { return nil }
    var found = row(of: query)
    found.ladder = query.text(14)
    return found
  }

  public func count() throws(StoreError) -> Int { try number("SELECT count(*) FROM call") }

  // MARK: SQLite

  /// A prepared statement, finished with its last reference.
  private final class Statement {
    let handle: OpaquePointer
    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { sqlite3_finalize(handle) }

    func bind(_ index: Int32, _ value: String?) {
      guard var text = value else {
        sqlite3_bind_null(handle, index)
        return
      }
      text.withUTF8 { bytes in
        // SQLITE_TRANSIENT, a macro: SQLite makes its own copy.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        // An empty string has no address, and none would mean NULL.
        let characters = UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self)
        if let characters {
          sqlite3_bind_text(handle, index, characters, Int32(bytes.count), transient)
        } else {
          sqlite3_bind_text(handle, index, "", 0, transient)
        }
      }
    }
    func bind(_ index: Int32, _ value: Double?) {
      if let value { sqlite3_bind_double(handle, index, value) } else { sqlite3_bind_null(handle, index) }
    }
    func bind(_ index: Int32, _ value: Int?) {
      if let value { sqlite3_bind_int64(handle, index, Int64(value)) } else { sqlite3_bind_null(handle, index) }
    }
    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(handle, column) == SQLITE_NULL }
    func text(_ column: Int32) -> String? {
      guard !isNull(column), let bytes = sqlite3_column_text(handle, column) else { return nil }
      return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(sqlite3_column_bytes(handle, column))), as: UTF8.self)
    }
    func real(_ column: Int32) -> Double? { isNull(column) ? nil : sqlite3_column_double(handle, column) }
    func integer(_ column: Int32) -> Int? { isNull(column) ? nil : Int(sqlite3_column_int64(handle, column)) }
  }

  private func bind(_ row: Row, to statement: Statement) {
    statement.bind(1, row.id)
    statement.bind(2, row.began)
    statement.bind(3, row.answered)
    statement.bind(4, row.ended)
    statement.bind(5, row.outcome)
    statement.bind(6, row.status)
    statement.bind(7, row.cause)
    statement.bind(8, row.diagnostic)
    statement.bind(9, row.incomingTrunk)
    statement.bind(10, row.outgoingTrunk)
    statement.bind(11, row.called)
    statement.bind(12, row.calling)
    statement.bind(13, row.route)
    statement.bind(14, row.json)
    statement.bind(15, row.ladder)
  }

  private func row(of query: Statement) -> Row {
    Row(
      id: query.text(0) ?? "", began: query.real(1) ?? 0, answered: query.real(2), ended: query.real(3) ?? 0, outcome: query.text(4) ?? "",
      status: query.integer(5) ?? 0, cause: query.integer(6), diagnostic: query.integer(7) ?? 0, incomingTrunk: query.text(8) ?? "",
      outgoingTrunk: query.text(9), called: query.text(10) ?? "", calling: query.text(11) ?? "", route: query.text(12), json: query.text(13) ?? "", ladder: nil)
  }

  private func run(_ sql: String) throws(StoreError) {
    if sqlite3_exec(database, sql, nil, nil, nil) != SQLITE_OK { throw failure() }
  }
  private func prepare(_ sql: String) throws(StoreError) -> Statement {
    var handle: OpaquePointer?
    guard sqlite3_prepare_v2(database, sql, -1, &handle, nil) == SQLITE_OK, let handle else { throw failure() }
    return Statement(handle)
  }
  private func step(_ statement: Statement) throws(StoreError) -> Bool {
    switch sqlite3_step(statement.handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    default: throw failure()
    }
  }
  private func number(_ sql: String) throws(StoreError) -> Int {
    let query = try prepare(sql)
    return try step(query) ? query.integer(0) ?? 0 : 0
  }

  private func failure() -> StoreError { CallRecordStore.error(path, sqlite3_extended_errcode(database), database) }

  private static func error(_ path: String, _ code: Int32, _ database: OpaquePointer?) -> StoreError {
    let reason = database.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? String(cString: sqlite3_errstr(code))
    let advice =
      switch code & 0xff {
      case SQLITE_NOTADB, SQLITE_CORRUPT: "move the file away (with -wal and -shm): a new one is made at the next start"
      case SQLITE_FULL: "make room: `df \(Files.parent(of: path))`"
      case SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: "the file and its folder must exist and be writable for this user"
      case SQLITE_BUSY, SQLITE_LOCKED: "another program holds it: `fuser \(path)`"
      default: "`sqlite3 \(path) 'PRAGMA integrity_check'` says more"
      }
    return StoreError(path: path, reason: reason, advice: advice)
  }
}
