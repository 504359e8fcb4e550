/// A value that is seldom there and too large to be carried by everything that might have it: on the heap while it is there, one word while it is not.
///
/// Copying is as cheap as copying an array. For state of a call that only its setup or a change needs: a call that is held has none of it.
@propertyWrapper struct Rare<Value: Sendable>: Sendable {
  private var storage: [Value] = []

  init(wrappedValue: Value?) { if let wrappedValue { storage = [wrappedValue] } }

  var wrappedValue: Value? {
    get { storage.first }
    set { if let newValue { storage = [newValue] } else { storage = [] } }
    _modify {
      // Out of the array and back: the value has one holder while it is changed.
      var value = storage.popLast()
      defer { if let value { storage.append(value) } else { storage = [] } }
      yield &value
    }
  }
}
