/// What a rule makes of a number that its pattern matched, written as .NET writes replacements: `$1`, `${1}`, `${name}`, `$0` or `$&` for what was
/// matched, `$$` for a dollar sign. The expansion is the whole new number, also where the pattern matched only a part of the old one.
///
/// As in .NET all digits after `$` belong to the group's number (`$10` is group 10; `${1}0` is group 1 and a zero). Unlike .NET a reference to a group
/// the pattern does not have is refused at commit instead of standing for itself. A group that took no part expands to nothing.
struct TranslationTemplate: Sendable {
  struct Fault: Error, Equatable {
    var message: String
  }
  private enum Piece: Sendable, Equatable {
    case literal([UInt8])
    case group(Int)
  }
  private var pieces: [Piece] = []

  init(_ text: String, for pattern: NumberPattern) throws(Fault) {
    var rest = Array(text.utf8)[...]
    var literal: [UInt8] = []
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "$") else {
        guard PhoneNumber.mayContain(byte) else {
          throw Fault(message: "a number can not contain \(Self.shown(byte)); accepted are visible ASCII characters except \" < > @ and references like $1")
        }
        literal.append(byte)
        continue
      }
      if rest.first == UInt8(ascii: "$") {
        rest.removeFirst()
        literal.append(UInt8(ascii: "$"))
        continue
      }
      let group = try Self.reference(&rest, for: pattern)
      if !literal.isEmpty { pieces.append(.literal(literal)) }
      literal = []
      pieces.append(.group(group))
    }
    if !literal.isEmpty { pieces.append(.literal(literal)) }
  }

  /// The new number; `number` is what was just matched with `block`. `nil` if it would be longer than a number may be.
  func expand(_ number: [UInt8], _ block: borrowing MatchBlock) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(RoutingLimits.numberBytes)
    for piece in pieces {
      switch piece {
      case .literal(let bytes): out.append(contentsOf: bytes)
      case .group(let group): out.append(contentsOf: number[block.group(group).clamped(to: number.indices)])
      }
      if out.count > RoutingLimits.numberBytes { return nil }
    }
    return out
  }

  /// Reads what follows a dollar sign.
  private static func reference(_ rest: inout ArraySlice<UInt8>, for pattern: NumberPattern) throws(Fault) -> Int {
    if rest.first == UInt8(ascii: "&") {
      rest.removeFirst()
      return 0
    }
    var name: ArraySlice<UInt8>
    if rest.first == UInt8(ascii: "{") {
      guard let end = rest.firstIndex(of: UInt8(ascii: "}")) else { throw Fault(message: "${ is never closed; write ${1}") }
      name = rest[(rest.startIndex + 1)..<end]
      rest = rest[(end + 1)...]
    } else {
      name = rest.prefix(while: isDigit)
      rest = rest.dropFirst(name.count)
    }
    guard !name.isEmpty else { throw Fault(message: "$ must be followed by a group's number; write $1, ${1}, $0, or $$ for a dollar sign") }
    guard name.allSatisfy(isDigit) else {
      guard let group = pattern.group(named: Array(name)) else {
        throw Fault(message: "the pattern has no group named \(String(decoding: name, as: UTF8.self))")
      }
      return group
    }
    guard let group = Int(String(decoding: name, as: UTF8.self)), group <= pattern.groups else { throw missingGroup(name, pattern) }
    return group
  }
  private static func missingGroup(_ name: ArraySlice<UInt8>, _ pattern: NumberPattern) -> Fault {
    let shown = String(decoding: name, as: UTF8.self)
    var message = "$\(shown) refers to a group that \(pattern.text) does not have; "
    switch pattern.groups {
    case 0: message += "it has none, so only $0 is accepted"
    case 1: message += "accepted are $0 and $1"
    default: message += "accepted are $0 to $\(pattern.groups)"
    }
    if name.count > 1, let first = name.first, Int(first - UInt8(ascii: "0")) <= pattern.groups {
      let tail = String(decoding: name.dropFirst(), as: UTF8.self)
      message += " (for group \(first - UInt8(ascii: "0")) followed by \(tail) write ${\(first - UInt8(ascii: "0"))}\(tail))"
    }
    return Fault(message: message)
  }
  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
  private static func shown(_ byte: UInt8) -> String {
    byte > 0x20 && byte < 0x7f ? String(decoding: [byte], as: UTF8.self) : "byte 0x" + String(byte, radix: 16)
  }
}
