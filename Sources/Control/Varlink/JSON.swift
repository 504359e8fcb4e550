import FoundationEssentials

/// JSON bytes from a value: keys sorted, so that the same state always reads the same.
func jsonBytes(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
  let encoder = JSONEncoder()
  encoder.outputFormatting = pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
  encoder.nonConformingFloatEncodingStrategy = .convertToString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return [UInt8](try encoder.encode(value))
}

func fromJSON<T: Decodable>(_: T.Type, _ bytes: some Collection<UInt8>) throws -> T {
  let decoder = JSONDecoder()
  decoder.nonConformingFloatDecodingStrategy = .convertFromString(positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
  return try decoder.decode(T.self, from: Data(bytes))
}
