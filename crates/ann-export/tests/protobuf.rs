//! Reads messages of Protocol Buffers, as far as the tests need it.

/// The contents of a field.
#[derive(Clone, Debug, PartialEq)]
pub enum Field<'a> {
    Integer(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message with their numbers, in the order of the bytes.
#[derive(Clone, Debug)]
pub struct Message<'a>(Vec<(u64, Field<'a>)>);

impl<'a> Message<'a> {
    pub fn read(mut bytes: &'a [u8]) -> Self {
        let mut fields = Vec::new();
        while !bytes.is_empty() {
            let key = integer(&mut bytes);
            let value = integer(&mut bytes);
            let field = match key & 7 {
                0 => Field::Integer(value),
                2 => {
                    let (these, others) = bytes.split_at(value as usize);
                    bytes = others;
                    Field::Bytes(these)
                }
                kind => panic!("a field of kind {kind}"),
            };
            fields.push((key >> 3, field));
        }
        assert!(fields.is_sorted_by_key(|(number, _)| *number), "fields in ascending order");
        Self(fields)
    }

    pub fn bytes(&self, number: u64) -> impl Iterator<Item = &'a [u8]> {
        self.0.iter().filter_map(move |(found, field)| match field {
            Field::Bytes(bytes) if *found == number => Some(*bytes),
            _ => None,
        })
    }

    pub fn messages(&self, number: u64) -> impl Iterator<Item = Self> {
        self.bytes(number).map(Self::read)
    }

    pub fn texts(&self, number: u64) -> Vec<&'a str> {
        self.bytes(number).map(|bytes| std::str::from_utf8(bytes).unwrap()).collect()
    }

    pub fn integers(&self, number: u64) -> Vec<u64> {
        let integer = |(found, field): &(u64, Field<'a>)| match field {
            Field::Integer(integer) if *found == number => Some(*integer),
            _ => None,
        };
        self.0.iter().filter_map(integer).collect()
    }
}

/// Seven bits in each byte, the lowest first; the highest bit says whether another byte follows.
fn integer(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..).step_by(7) {
        let (first, others) = bytes.split_first().expect("another byte");
        *bytes = others;
        value |= u64::from(first & 0x7f) << shift;
        if *first < 0x80 {
            break;
        }
    }
    value
}
