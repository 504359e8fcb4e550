/// The caller's end: a call as one frame, and what a reply frame says. Pure; the socket is its user's.
public enum VarlinkClient {
  /// The call as JSON, without its NUL.
  public static func frame(_ call: ControlCall) -> [UInt8] {
    let frame = CallFrame(method: "\(ControlInterface.name).\(call.method.rawValue)", parameters: call.parameters)
    // A call is strings, numbers and booleans: it always encodes.
    return (try? jsonBytes(frame)) ?? []
  }

  /// Reads a reply (without its NUL).
  public static func reply<Answer: Decodable>(_: Answer.Type, from frame: [UInt8]) throws(ControlError) -> Answer {
    if let head = try? fromJSON(ReplyHead.self, frame), let error = head.error { throw failure(error, frame) }
    do { return try fromJSON(ReplyBody<Answer>.self, frame).parameters } catch {
      throw ControlError(.unavailable, "the daemon's answer is not understood (\(error)): do the versions of tandem and tandemd agree?")
    }
  }

  /// Reads the reply to a call of this method.
  public static func answer(to method: ControlMethod, from frame: [UInt8]) throws(ControlError) -> any Answer {
    switch method {
    case .listTrunks: try reply(TrunkList.self, from: frame)
    case .listPeers: try reply(PeerList.self, from: frame)
    case .listListeners: try reply(ListenerList.self, from: frame)
    case .listConnections: try reply(ConnectionList.self, from: frame)
    case .listCertificates: try reply(CertificateList.self, from: frame)
    case .listInterfaces: try reply(InterfaceList.self, from: frame)
    case .listPlugins: try reply(PluginList.self, from: frame)
    case .listCalls: try reply(CallList.self, from: frame)
    case .getCall: try reply(CallDetail.self, from: frame)
    case .getLadder: try reply(LadderStatus.self, from: frame)
    case .listCallHistory: try reply(CallHistory.self, from: frame)
    case .getMedia: try reply(MediaStatus.self, from: frame)
    case .getCounters: try reply(CounterList.self, from: frame)
    case .getSystem: try reply(SystemStatus.self, from: frame)
    case .testNumber: try reply(NumberTest.self, from: frame)
    case .showConfiguration: try reply(ConfigurationText.self, from: frame)
    case .compare: try reply(Comparison.self, from: frame)
    case .check, .commit: try reply(CommitResult.self, from: frame)
    case .complete: try reply(Completions.self, from: frame)
    case .clearCall, .edit, .load, .rollback, .discard: try reply(Done.self, from: frame)
    }
  }

  private static func failure(_ error: String, _ frame: [UInt8]) -> ControlError {
    let name = error.split(separator: ".").last.flatMap { ControlError.Name(rawValue: String($0)) }
    if error.hasPrefix(ControlInterface.name), let name, let body = try? fromJSON(ReplyBody<Problems>.self, frame) {
      return ControlError(name, body.parameters.problems)
    }
    return ControlError(.unavailable, "the daemon answered \(error): do the versions of tandem and tandemd agree?")
  }
}

private struct CallFrame: Encodable {
  var method: String
  var parameters: CallParameters?
}
private struct ReplyHead: Decodable { var error: String? }
private struct ReplyBody<P: Decodable>: Decodable { var parameters: P }
