//! Messages in the encoding of Protocol Buffers, as far as ONNX needs it.
//!
//! A message is a list of fields. A field is its number and kind in one integer, then its contents. Integers
//! have seven bits in each byte, the lowest first; the highest bit says whether another byte follows
//! (<https://protobuf.dev/programming-guides/encoding>).

/// Kinds of fields.
const INTEGER: u64 = 0;
const BYTES: u64 = 2;

/// A message to which fields are added in ascending order of their numbers, as other programs write them.
#[derive(Clone, Debug, Default)]
pub(super) struct Message(Vec<u8>);

impl Message {
    #[must_use]
    pub fn integer(mut self, field: u64, value: i64) -> Self {
        self.push(field << 3 | INTEGER);
        // A negative number is written as the unsigned one with the same 64 bits.
        self.push(value.cast_unsigned());
        self
    }

    #[must_use]
    pub fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.push(field << 3 | BYTES);
        self.push(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
        self
    }

    #[must_use]
    pub fn text(self, field: u64, text: &str) -> Self {
        self.bytes(field, text.as_bytes())
    }

    #[must_use]
    pub fn message(self, field: u64, message: &Self) -> Self {
        self.bytes(field, &message.0)
    }

    /// A field for each value.
    #[must_use]
    pub fn each<T>(self, values: impl IntoIterator<Item = T>, add: impl FnMut(Self, T) -> Self) -> Self {
        values.into_iter().fold(self, add)
    }

    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    fn push(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_documentation() {
        // Field 1 is 150; field 2 is "testing"; field 3 is a message with field 1 = 150.
        let a = Message::default().integer(1, 150);
        assert_eq!(a.0, [0x08, 0x96, 0x01]);
        let b = Message::default().text(2, "testing");
        assert_eq!(b.0, *b"\x12\x07testing");
        assert_eq!(Message::default().message(3, &a).into_bytes(), [0x1a, 0x03, 0x08, 0x96, 0x01]);
        let minus_two = Message::default().integer(1, -2);
        assert_eq!(minus_two.0[1..], [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
    }
}
