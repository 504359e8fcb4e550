/// The daemon's end of one control connection: the Varlink protocol (varlink.org) as a machine. Bytes in, decoded calls out; answers in, bytes out.
///
/// A frame is one JSON object and a NUL. `org.varlink.service` (GetInfo, GetInterfaceDescription), unknown methods and wrong parameters are answered here;
/// what comes out of `nextCall` is well formed. Calls are given out one at a time and answered in the order they came, so an answer needs no tag.
///
///     receive(bytes) -> nextCall() -> reply(...) -> takeOutput()
///                           ^____________|   until nil
///
/// Bounds: `ControlLimits.frameBytes` a frame, `queuedCalls` and `queuedBytes` waiting. A frame that is too long or no JSON call is answered
/// with `MalformedCall`, and the connection is to be closed once the output is written: after it nothing of the stream can be trusted.
/// It knows nothing of sockets or of who is calling.
public struct VarlinkServer: Sendable {
  private enum State: Sendable {
    case idle
    case serving(oneway: Bool, more: Bool)
    case closing
  }
  private var state = State.idle
  private let version: String
  private var input: [UInt8] = []
  /// Ends of the complete frames in `input`, ascending.
  private var frameEnds: [Int] = []
  /// How far `input` was searched for NULs.
  private var searched = 0
  private var output: [UInt8] = []

  /// `version`: the product's, for GetInfo.
  public init(version: String) { self.version = version }

  /// The connection is to be closed once `takeOutput` is written.
  public var isClosing: Bool { if case .closing = state { true } else { false } }

  public mutating func receive(_ bytes: some Collection<UInt8>) {
    guard !isClosing else { return }
    input.append(contentsOf: bytes)
    for position in searched..<input.count where input[position] == 0 { frameEnds.append(position) }
    searched = input.count
    let partial = input.count - (frameEnds.last.map { $0 + 1 } ?? 0)
    if frameEnds.count > ControlLimits.queuedCalls || partial > ControlLimits.frameBytes || input.count > ControlLimits.queuedBytes {
      refuse("more than \(ControlLimits.frameBytes) bytes in a call or \(ControlLimits.queuedCalls) calls waiting")
    }
  }

  /// The next call to serve; `nil` while one is being served or none is complete. `more`: the caller takes several replies.
  public mutating func nextCall() -> (call: ControlCall, more: Bool)? {
    while case .idle = state, let frame = takeFrame() {
      if let call = decode(frame) { return call }
    }
    return nil
  }

  /// The answer to the call last given out. `continues` only for a call that asked for `more`.
  public mutating func reply(_ answer: Result<any Encodable & Sendable, ControlError>, continues: Bool = false) {
    guard case .serving(let oneway, let more) = state else { return }
    precondition(more || !continues, "only a call with `more` takes several replies")
    if !continues { state = .idle }
    guard !oneway else { return }
    switch answer {
    case .success(let value): send(value, continues: continues)
    case .failure(let error): send(error: "\(ControlInterface.name).\(error.name.rawValue)", Problems(problems: error.problems))
    }
  }

  public mutating func takeOutput() -> [UInt8] {
    defer { output = [] }
    return output
  }

  private mutating func takeFrame() -> [UInt8]? {
    guard let end = frameEnds.first else { return nil }
    let frame = Array(input[..<end])
    input.removeFirst(end + 1)
    searched -= end + 1
    frameEnds.removeFirst()
    for index in frameEnds.indices { frameEnds[index] -= end + 1 }
    return frame
  }

  private mutating func decode(_ frame: [UInt8]) -> (call: ControlCall, more: Bool)? {
    let head: CallHead
    do { head = try fromJSON(CallHead.self, frame) } catch {
      refuse("not a Varlink call: a JSON object with a \"method\" is expected")
      return nil
    }
    state = .serving(oneway: head.oneway ?? false, more: head.more ?? false)
    do throws(InvalidParameter) {
      let parameters = try parameters(of: frame)
      guard let call = try controlCall(head.method, parameters) else { return nil }
      return (call, head.more ?? false)
    } catch {
      answerHere(error: "org.varlink.service.InvalidParameter", InvalidParameterText(parameter: error.name))
      return nil
    }
  }

  private func parameters(of frame: [UInt8]) throws(InvalidParameter) -> CallParameters {
    do { return try fromJSON(CallBody.self, frame).parameters ?? CallParameters() } catch let error as DecodingError {
      throw InvalidParameter(name: error.path.dropFirst().first ?? "parameters")
    } catch { throw InvalidParameter(name: "parameters") }
  }

  /// `nil`: it was answered here.
  private mutating func controlCall(_ name: String, _ parameters: CallParameters) throws(InvalidParameter) -> ControlCall? {
    let dot = name.lastIndex(of: ".") ?? name.startIndex
    let (interface, member) = (String(name[..<dot]), String(name[dot...].drop { $0 == "." }))
    switch interface {
    case ControlInterface.name:
      if let method = ControlMethod(rawValue: member) { return try ControlCall(method, parameters) }
      answerHere(error: "org.varlink.service.MethodNotFound", MethodText(method: name))
    case "org.varlink.service": try serveIntrospection(member, name, parameters)
    default: answerHere(error: "org.varlink.service.InterfaceNotFound", InterfaceText(interface: interface))
    }
    return nil
  }

  private mutating func serveIntrospection(_ member: String, _ name: String, _ parameters: CallParameters) throws(InvalidParameter) {
    switch member {
    case "GetInfo":
      reply(
        .success(
          ServiceInformation(
            vendor: "Tandem", product: "Tandem voice edge", version: version, url: "",
            interfaces: ["org.varlink.service", ControlInterface.name])))
    case "GetInterfaceDescription":
      guard let interface = parameters.interface else { throw InvalidParameter(name: "interface") }
      switch interface {
      case ControlInterface.name: reply(.success(DescriptionText(description: ControlInterface.description)))
      case "org.varlink.service": reply(.success(DescriptionText(description: ControlInterface.serviceDescription)))
      default: answerHere(error: "org.varlink.service.InterfaceNotFound", InterfaceText(interface: interface))
      }
    default: answerHere(error: "org.varlink.service.MethodNotFound", MethodText(method: name))
    }
  }

  private mutating func answerHere(error: String, _ parameters: some Encodable) {
    guard case .serving(let oneway, _) = state else { return }
    state = .idle
    if !oneway { send(error: error, parameters) }
  }
  private mutating func refuse(_ reason: String) {
    send(error: "\(ControlInterface.name).\(ControlError.Name.malformedCall.rawValue)", Problems(problems: [Problem(message: reason)]))
    state = .closing
    input = []
    frameEnds = []
    searched = 0
  }
  private mutating func send(_ value: any Encodable & Sendable, continues: Bool) {
    append { try jsonBytes(ReplyFrame(parameters: AnyEncodable(value), continues: continues ? true : nil)) }
  }
  private mutating func send(error: String, _ parameters: some Encodable) {
    append { try jsonBytes(ErrorFrame(error: error, parameters: parameters)) }
  }
  private mutating func append(_ encode: () throws -> [UInt8]) {
    // Our own structs always encode; should one ever not, the caller gets an empty object rather than silence.
    output += (try? encode()) ?? Array("{}".utf8)
    output.append(0)
  }
}

private struct CallHead: Decodable {
  var method: String
  var oneway: Bool?
  var more: Bool?
}
private struct CallBody: Decodable { var parameters: CallParameters? }
private struct ReplyFrame: Encodable {
  var parameters: AnyEncodable
  var continues: Bool?
}
private struct ErrorFrame<P: Encodable>: Encodable {
  var error: String
  var parameters: P
}
private struct AnyEncodable: Encodable {
  private let value: any Encodable & Sendable
  init(_ value: any Encodable & Sendable) { self.value = value }
  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}
struct Problems: Codable { var problems: [Problem] }
private struct InvalidParameterText: Encodable { var parameter: String }
private struct MethodText: Encodable { var method: String }
private struct InterfaceText: Encodable { var interface: String }
private struct DescriptionText: Encodable, Sendable { var description: String }
private struct ServiceInformation: Encodable, Sendable {
  var vendor, product, version, url: String
  var interfaces: [String]
}

extension DecodingError {
  /// The names that lead to what could not be decoded.
  fileprivate var path: [String] {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context), .dataCorrupted(let context):
      context.codingPath.map(\.stringValue)
    @unknown default: []
    }
  }
}
