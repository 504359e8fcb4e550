import SIP

/// What a leg's far side has said it takes, as far as we act on it. Learned from every message of its that carries Allow or Supported; one without leaves what is
/// known (RFC 3261 20.5: an absent Allow says nothing).
struct FarAbilities: OptionSet, Sendable {
  let rawValue: UInt8

  /// UPDATE (RFC 3311).
  static let update = FarAbilities(rawValue: 1)
  static let info = FarAbilities(rawValue: 2)
  static let refer = FarAbilities(rawValue: 4)
  /// Session timers (RFC 4028).
  static let timer = FarAbilities(rawValue: 8)
  /// Replaces (RFC 3891).
  static let replaces = FarAbilities(rawValue: 16)
  /// Its last word on methods was an Allow: what is not among them is refused.
  static let saidMethods = FarAbilities(rawValue: 32)

  private static let methods: [(name: StaticString, ability: FarAbilities)] = [("UPDATE", .update), ("INFO", .info), ("REFER", .refer)]
  private static let options: [(name: StaticString, ability: FarAbilities)] = [("timer", .timer), ("replaces", .replaces)]

  mutating func learn(from message: SIPMessage) {
    if message.has(.allow) {
      insert(.saidMethods)
      for (name, ability) in FarAbilities.methods { set(ability, message.lists(name, in: .allow)) }
    }
    if message.has(.supported) {
      for (name, ability) in FarAbilities.options { set(ability, message.lists(name, in: .supported)) }
    }
  }

  private mutating func set(_ ability: FarAbilities, _ isThere: Bool) {
    if isThere { insert(ability) } else { remove(ability) }
  }
}
