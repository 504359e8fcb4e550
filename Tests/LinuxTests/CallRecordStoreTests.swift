import Glibc
import Linux
import Testing

@Suite struct CallRecordStoreTests {
  private let folder = Folder()
  private var path: String { "\(folder.path)/calls.db" }

  private func row(_ number: Int, ladder: String? = nil) -> CallRecordStore.Row {
    .init(
      id: "call-\(number)", began: 1_000.25 + Double(number), answered: number % 2 == 0 ? 1_001 : nil, ended: 1_002, outcome: "answered", status: 200,
      cause: number % 3 == 0 ? nil : 16, diagnostic: 0, incomingTrunk: "hq", outgoingTrunk: number % 2 == 0 ? "acme-1" : nil, called: "+14155550100",
      calling: "", route: nil, json: "{\"id\":\"é'\\u0000\"}", ladder: ladder)
  }

  @Test("Rows come back as they were written, the newest first, without ladders")
  func recent() throws {
    let store = try CallRecordStore(path: path)
    try store.insert([row(1), row(2, ladder: "INVITE →\n")])
    try store.insert([row(3)])
    #expect(try store.recent(2) == [row(3), row(2)])
    #expect(try store.recent(100).count == 3)
    #expect(try store.recent(0) == [])
  }

  @Test("One record comes with its ladder; an unknown id is nil")
  func byID() throws {
    let store = try CallRecordStore(path: path)
    try store.insert([row(1), row(2, ladder: "INVITE →\n")])
    #expect(try store.record(id: "call-2") == row(2, ladder: "INVITE →\n"))
    #expect(try store.record(id: "call-9") == nil)
    #expect(try store.record(id: "' OR 1=1 --") == nil)
  }

  @Test("Records outlive the store, also one that was not closed")
  func reopen() throws {
    let first = try CallRecordStore(path: path)
    try first.insert([row(1)])
    let second = try CallRecordStore(path: path)
    #expect(try second.recent(1) == [row(1)])
    try second.insert([row(2)])
    #expect(try first.count() == 2)
  }

  @Test("The oldest rows give way at the bound")
  func bound() throws {
    let store = try CallRecordStore(path: path, bound: 10)
    for batch in 0..<5 { try store.insert((0..<5).map { row(batch * 5 + $0) }) }
    #expect(try store.count() == 10)
    #expect(try store.recent(100).map(\.id) == (15..<25).reversed().map { "call-\($0)" })
  }

  @Test("A damaged file is refused with one line that says what to do")
  func damaged() throws {
    try Files.write([UInt8](repeating: 0x55, count: 8_192), to: path)
    let error = #expect(throws: CallRecordStore.StoreError.self) { try CallRecordStore(path: path) }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("call records \(path): ") && text.contains("move the file away") && !text.contains("\n"))
  }

  @Test("A file damaged in the middle throws when it is used, and does not trap")
  func damagedInside() throws {
    do {
      let store = try CallRecordStore(path: path)
      for _ in 0..<20 { try store.insert((0..<50).map { row($0, ladder: String(repeating: "x", count: 500)) }) }
    }
    var bytes = try #require(try Files.read(path))
    for index in 4_096..<bytes.count { bytes[index] = UInt8(truncatingIfNeeded: index &* 31) }
    try Files.write(bytes, to: path)
    let error = #expect(throws: CallRecordStore.StoreError.self) {
      let store = try CallRecordStore(path: path)
      _ = try store.recent(1_000)
      try store.insert([row(1)])
    }
    #expect(error?.advice.contains("move the file away") == true)
  }

  @Test("A database in a folder that is missing is refused, naming it")
  func missingFolder() throws {
    let error = #expect(throws: CallRecordStore.StoreError.self) { try CallRecordStore(path: "\(folder.path)/none/calls.db") }
    #expect(error?.description.contains("\(folder.path)/none/calls.db") == true)
  }

  @Test("A newer schema is refused, not guessed at")
  func newerSchema() throws {
    _ = try CallRecordStore(path: path)
    var bytes = try #require(try Files.read(path))
    bytes[63] = 9  // the file header's user_version, big-endian at 60
    try Files.write(bytes, to: path)
    let error = #expect(throws: CallRecordStore.StoreError.self) { try CallRecordStore(path: path) }
    #expect(error?.reason == "written by a newer tandem (schema 9)")
  }

  @Test("A batch goes in whole or not at all")
  func wholeBatch() throws {
    let store = try CallRecordStore(path: path)
    let other = try CallRecordStore(path: path)
    try store.insert([])
    #expect(try other.count() == 0)
    try store.insert([row(1), row(1)])
    #expect(try other.count() == 2)
  }
}
