/// A call that is up: one line of `show calls`, all of it in `show call ID`.
public struct CallStatus: Codable, Sendable, Equatable {
  public var id: String
  /// `calling`, `ringing`, `up`, `ending`.
  public var state: String
  public var calling: String
  public var called: String
  public var incomingTrunk: String
  public var outgoingTrunk: String?
  public var route: String?
  /// Seconds since 1970.
  public var began: Double
  public var answered: Double?
  /// Seconds since the answer, or since the beginning before it.
  public var seconds: Double
  /// `direct`, `fast-path`, `relay`; `none` before it is decided.
  public var media: String
  /// Why that path.
  public var mediaReason: String
  public var legs: [LegStatus]
  public var streams: [StreamStatus]
  public init(
    id: String, state: String, calling: String, called: String, incomingTrunk: String, outgoingTrunk: String? = nil, route: String? = nil, began: Double,
    answered: Double? = nil, seconds: Double, media: String, mediaReason: String = "", legs: [LegStatus] = [], streams: [StreamStatus] = []
  ) {
    self.id = id
    self.state = state
    self.calling = calling
    self.called = called
    self.incomingTrunk = incomingTrunk
    self.outgoingTrunk = outgoingTrunk
    self.route = route
    self.began = began
    self.answered = answered
    self.seconds = seconds
    self.media = media
    self.mediaReason = mediaReason
    self.legs = legs
    self.streams = streams
  }

  public func text(width: Int) -> String {
    var out = properties([
      ("call", id), ("state", state), ("from", "\(calling.isEmpty ? "withheld" : calling) on \(incomingTrunk)"),
      ("to", called + (outgoingTrunk.map { " on \($0)" } ?? "")), ("route", route ?? ""), ("began", moment(began)),
      (answered == nil ? "trying for" : "talking for", duration(seconds)),
      ("media", mediaReason.isEmpty ? media : "\(media): \(mediaReason)"),
    ])
    if !legs.isEmpty {
      var table = TextTable("LEG", "TRUNK", "PEER", "DIALOG", "OUR MEDIA", "PEER'S MEDIA", "CALL-ID")
      for (index, leg) in legs.enumerated() {
        table.add(index == 0 ? "in" : "out", leg.trunk, leg.remote, leg.dialog, leg.localMedia ?? "", leg.remoteMedia ?? "", leg.callID)
      }
      out += "\n" + table.text(width: width)
    }
    if !streams.isEmpty { out += "\n" + StreamStatus.table(streams).text(width: width) }
    return out
  }
}

/// One side of a call.
public struct LegStatus: Codable, Sendable, Equatable {
  public var trunk: String
  /// SIP Call-ID.
  public var callID: String
  /// `192.0.2.1:5060`.
  public var remote: String
  /// State of the dialog in a word.
  public var dialog: String
  public var localMedia: String?
  public var remoteMedia: String?
  public init(trunk: String, callID: String, remote: String, dialog: String, localMedia: String? = nil, remoteMedia: String? = nil) {
    self.trunk = trunk
    self.callID = callID
    self.remote = remote
    self.dialog = dialog
    self.localMedia = localMedia
    self.remoteMedia = remoteMedia
  }
}

/// What was received on one stream of one side.
public struct StreamStatus: Codable, Sendable, Equatable {
  /// `in`: from the caller's trunk; `out`: from the called trunk.
  public var side: String
  /// Index of the m-line.
  public var stream: Int
  public var packets: UInt64
  public var bytes: UInt64
  public var rtcpPackets: UInt64
  public var lost: UInt64
  public var lossPercent: Double
  public var jitterMilliseconds: Double
  /// Passed on to the other side.
  public var forwarded: UInt64
  /// Dropped: came from elsewhere.
  public var strangers: UInt64
  /// Dropped: no RTP or RTCP, or nowhere to send it.
  public var discarded: UInt64
  /// Where packets are taken from now.
  public var source: String?
  public init(
    side: String, stream: Int, packets: UInt64, bytes: UInt64 = 0, rtcpPackets: UInt64 = 0, lost: UInt64 = 0, expected: UInt64 = 0,
    jitterMilliseconds: Double = 0, forwarded: UInt64 = 0, strangers: UInt64 = 0, discarded: UInt64 = 0, source: String? = nil
  ) {
    self.side = side
    self.stream = stream
    self.packets = packets
    self.bytes = bytes
    self.rtcpPackets = rtcpPackets
    self.lost = lost
    lossPercent = VoiceQuality.percent(lost, of: expected)
    self.jitterMilliseconds = jitterMilliseconds
    self.forwarded = forwarded
    self.strangers = strangers
    self.discarded = discarded
    self.source = source
  }

  static func table(_ streams: [StreamStatus]) -> TextTable {
    var table = TextTable("FROM", ">STREAM", ">PACKETS", ">LOST", ">LOSS %", ">JITTER MS", ">RTCP", ">FORWARDED", ">STRANGERS", ">DISCARDED", "SOURCE")
    for one in streams {
      table.add(
        one.side, String(one.stream), String(one.packets), String(one.lost), decimal(one.lossPercent, 2), decimal(one.jitterMilliseconds, 1),
        String(one.rtcpPackets), String(one.forwarded), String(one.strangers), String(one.discarded), one.source ?? "")
    }
    return table
  }
}

public struct CallList: Answer {
  public var calls: [CallStatus]
  public init(calls: [CallStatus]) { self.calls = calls }
  public func text(width: Int) -> String {
    if calls.isEmpty { return "No call is up. What was: `show calls history`.\n" }
    var table = TextTable("CALL", "STATE", "FROM", "TO", "IN", "OUT", "MEDIA", ">FOR")
    for call in calls {
      table.add(
        call.id, call.state, call.calling, call.called, call.incomingTrunk, call.outgoingTrunk ?? "", call.media, duration(call.seconds))
    }
    return table.text(width: width) + (calls.count == 1 ? "1 call\n" : "\(calls.count) calls\n")
  }
}
