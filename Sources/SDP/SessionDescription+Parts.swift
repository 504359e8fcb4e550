public import Addressing

// A description taken apart, and put together: for what is made by hand, and for reading what no accessor in `Streams` tells. Costs arrays for every line.
extension SessionDescription {
  public struct Attribute: Sendable, Equatable {
    public var name: [UInt8]
    /// `nil` for a property attribute (`a=sendrecv`).
    public var value: [UInt8]?
    public init(name: [UInt8], value: [UInt8]? = nil) {
      self.name = name
      self.value = value
    }
  }
  public struct Media: Sendable, Equatable {
    /// `audio`, `video`, `image`, `application` ...
    public var kind: [UInt8]
    /// 0 = rejected or disabled.
    public var port: UInt16
    /// `RTP/AVP`, `RTP/SAVP`, `udptl` ...
    public var proto: [UInt8]
    /// Payload types (or other format tokens) in order of preference.
    public var formats: [[UInt8]]
    /// `nil`: the session's connection address holds.
    public var connection: IPAddress?
    public var attributes: [Attribute]
    public init(kind: [UInt8], port: UInt16, proto: [UInt8], formats: [[UInt8]], connection: IPAddress? = nil, attributes: [Attribute] = []) {
      self.kind = kind
      self.port = port
      self.proto = proto
      self.formats = formats
      self.connection = connection
      self.attributes = attributes
    }
  }

  public init(origin: Origin, connection: IPAddress?, attributes: [Attribute] = [], media: [Media]) {
    self.init(origin: origin, connection: connection, text: [], streams: [])
    assemble(attributes, media)
  }

  /// The session's own.
  public var attributes: [Attribute] {
    get { text.withUnsafeBufferPointer { attributes(in: $0, 0, sessionEnd) } }
    set { assemble(newValue, media) }
  }

  public var media: [Media] {
    get {
      text.withUnsafeBufferPointer { bytes in
        streams.indices.map { index in
          let (place, head) = (streams[index], head(of: index, in: bytes))
          var (formats, at): ([[UInt8]], Int) = ([], 0)
          while let format = head.formats.takeField(&at) { formats.append(Array(format)) }
          return Media(
            kind: Array(head.kind), port: place.port, proto: Array(head.proto), formats: formats, connection: ownAddress(of: index, in: bytes),
            attributes: attributes(in: bytes, Int(place.attributes), Int(place.end)))
        }
      }
    }
    set { assemble(attributes, newValue) }
  }

  private func attributes(in bytes: Bytes, _ start: Int, _ end: Int) -> [Attribute] {
    var out: [Attribute] = []
    var lines = AttributeLines(bytes, start, end)
    while let line = lines.next() { out.append(Attribute(name: Array(line.name), value: line.value.map { Array($0) })) }
    return out
  }

  private mutating func assemble(_ attributes: [Attribute], _ media: [Media]) {
    var writer = Writer(capacity: 512)
    for attribute in attributes { writer.attribute(attribute.name, attribute.value) }
    for stream in media {
      writer.open(kind: stream.kind, port: stream.port, proto: stream.proto)
      for format in stream.formats { writer.format(format) }
      writer.endFormats(connection: stream.connection)
      for attribute in stream.attributes { writer.attribute(attribute.name, attribute.value) }
      writer.close()
    }
    (text, streams) = (writer.text, writer.streams)
  }
}
