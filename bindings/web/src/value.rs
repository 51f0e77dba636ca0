//! Requests as JSON, read to the last bit of a number. Requests are small, so one simple reader is enough.

use std::fmt;

/// A value of JSON.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// null, or a field that is not there.
    #[default]
    Null,
    /// true or false.
    Bool(bool),
    /// A number: the nearest `f64`.
    Number(f64),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Value>),
    /// An object, in its order.
    Object(Vec<(String, Value)>),
}

/// Lists and objects in each other, so that no request exhausts the stack.
const DEPTH: usize = 32;

impl Value {
    /// Reads a whole text.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(text).map_err(|error| error.to_string())?;
        let mut reader = JsonReader { text, at: 0 };
        let value = reader.value(DEPTH)?;
        match reader.peek() {
            None => Ok(value),
            Some(_) => Err(reader.unexpected()),
        }
    }

    /// The number, if it is one.
    pub fn as_f64(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }
}

/// As JSON, for messages.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(flag) => write!(f, "{flag}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{text:?}"),
            Self::List(list) => write!(f, "a list of {}", list.len()),
            Self::Object(_) => f.write_str("an object"),
        }
    }
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> JsonReader<'a> {
    /// The next character that is no blank.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(|byte| b" \t\r\n".contains(byte)) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn unexpected(&self) -> String {
        match self.text[self.at..].chars().next() {
            Some(found) => format!("unexpected {found:?} at byte {}", self.at),
            None => "the text ends too early".into(),
        }
    }

    fn expect(&mut self, expected: u8) -> Result<(), String> {
        if self.peek() != Some(expected) {
            return Err(self.unexpected());
        }
        self.at += 1;
        Ok(())
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        let Some(depth) = depth.checked_sub(1) else { return Err("too many levels".into()) };
        match self.peek() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.list(depth),
            Some(b'"') => self.string().map(Value::Text),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.word(),
        }
    }

    fn word(&mut self) -> Result<Value, String> {
        let words = [("null", Value::Null), ("true", Value::Bool(true)), ("false", Value::Bool(false))];
        for (word, value) in words {
            if self.text[self.at..].starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.unexpected())
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        let mut fields = Vec::new();
        self.at += 1;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Object(fields));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.unexpected());
            }
            let name = self.string()?;
            self.expect(b':')?;
            fields.push((name, self.value(depth)?));
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => {
                    self.expect(b'}')?;
                    return Ok(Value::Object(fields));
                }
            }
        }
    }

    fn list(&mut self, depth: usize) -> Result<Value, String> {
        let mut list = Vec::new();
        self.at += 1;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(list));
        }
        loop {
            list.push(self.value(depth)?);
            match self.peek() {
                Some(b',') => self.at += 1,
                _ => {
                    self.expect(b']')?;
                    return Ok(Value::List(list));
                }
            }
        }
    }

    /// Rust reads more forms than JSON has, but none of them in another way.
    fn number(&mut self) -> Result<Value, String> {
        let rest = &self.text[self.at..];
        let is_part = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
        let end = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        match rest[..end].parse::<f64>() {
            Ok(number) if number.is_finite() => {
                self.at += end;
                Ok(Value::Number(number))
            }
            _ => Err(format!("{:?} is no number", &rest[..end])),
        }
    }

    fn string(&mut self) -> Result<String, String> {
        let mut out = String::new();
        self.at += 1;
        loop {
            let rest = &self.text[self.at..];
            let plain = rest.find(['"', '\\']).ok_or("a text has no end")?;
            out.push_str(&rest[..plain]);
            self.at += plain + 1;
            if rest.as_bytes()[plain] == b'"' {
                return Ok(out);
            }
            out.push(self.escaped()?);
        }
    }

    /// The character after a backslash.
    fn escaped(&mut self) -> Result<char, String> {
        let escape = self.text.as_bytes().get(self.at).copied();
        self.at += 1;
        Ok(match escape {
            Some(plain @ (b'"' | b'\\' | b'/')) => char::from(plain),
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'u') => {
                let first = self.unit()?;
                // Characters beyond the first 65 536 are written as two.
                let second = match first {
                    0xd800..=0xdbff if self.text[self.at..].starts_with("\\u") => {
                        self.at += 2;
                        Some(self.unit()?)
                    }
                    _ => None,
                };
                let units = std::iter::once(first).chain(second);
                char::decode_utf16(units).next().and_then(Result::ok).unwrap_or('\u{fffd}')
            }
            _ => return Err("an escape is unknown".into()),
        })
    }

    fn unit(&mut self) -> Result<u16, String> {
        let digits = self.text.get(self.at..self.at + 4).ok_or("an escape is too short")?;
        self.at += 4;
        u16::from_str_radix(digits, 16).map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let text = concat!(
            r#" {"a": [1, -2.5e-3, 0.12345678901234568], "b": "\"\\\n\u00e9\ud83d\ude00é","#,
            r#" "c": null, "d": [{}, [], true]} "#
        );
        let Value::Object(fields) = Value::read(text.as_bytes()).unwrap() else { panic!("no object") };
        let numbers = [1.0, -2.5e-3, 0.123_456_789_012_345_68].map(Value::Number).to_vec();
        let expected = [
            ("a", Value::List(numbers)),
            ("b", Value::Text("\"\\\né😀é".into())),
            ("c", Value::Null),
            ("d", Value::List(vec![Value::Object(vec![]), Value::List(vec![]), Value::Bool(true)])),
        ];
        assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value)));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "{",
            "{\"a\"}",
            "{\"a\":1,}",
            "[1 2]",
            "nul",
            "1 2",
            "\"a",
            "\"\\x\"",
            "1e999",
            "--1",
            "\"\\ud8\"",
            &deep,
        ] {
            assert!(Value::read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Value::read(b"\"\xff\"").is_err());
    }
}
