/// `2025-11-20 12:55:03Z` from seconds since 1970; UTC, so that two appliances' outputs can be laid side by side. "-" for what is no moment.
public func moment(_ seconds: Double) -> String {
  guard seconds.isFinite, abs(seconds) < 1e11 else { return "-" }
  let whole = Int(seconds.rounded(.down))
  let day = Int((Double(whole) / 86_400).rounded(.down))
  let (year, month, date) = civil(day)
  let rest = whole - day * 86_400
  return "\(year)-\(two(month))-\(two(date)) \(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))Z"
}

/// `00:03:04`, `2d 01:00:00`; "-" for what is no length of time.
func duration(_ seconds: Double) -> String {
  guard seconds.isFinite, seconds >= 0, seconds < 1e11 else { return "-" }
  let whole = Int(seconds)
  let clock = "\(two(whole / 3600 % 24)):\(two(whole / 60 % 60)):\(two(whole % 60))"
  return whole >= 86_400 ? "\(whole / 86_400)d \(clock)" : clock
}

/// A number with a fixed count of decimals, rounded half away from zero.
func decimal(_ value: Double, _ decimals: Int) -> String {
  guard value.isFinite, abs(value) < 1e12 else { return "-" }
  var scale = 1
  for _ in 0..<decimals { scale *= 10 }
  let scaled = Int((value * Double(scale)).rounded())
  guard decimals > 0 else { return String(scaled) }
  let fraction = String(scaled.magnitude % UInt(scale))
  return (scaled < 0 ? "-" : "") + "\(scaled.magnitude / UInt(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
}

private func two(_ value: Int) -> String { value < 10 ? "0\(value)" : String(value) }

/// Year, month, day of a day counted from 1970-01-01 in the proleptic Gregorian calendar: whole 400-year eras, the year beginning in March.
private func civil(_ day: Int) -> (Int, Int, Int) {
  let shifted = day + 719_468
  let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
  let dayOfEra = shifted - era * 146_097
  let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
  let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
  let shiftedMonth = (5 * dayOfYear + 2) / 153
  let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
}
