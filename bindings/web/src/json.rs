//! Answers as JSON, written field by field: a tree of values would take more code than all else here.

use std::fmt::Write;

/// An object, as text without the brace at its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Object(String);

/// What can be in an answer.
pub trait Json {
    /// Adds the text.
    fn write(&self, out: &mut String);
}

impl Object {
    /// Adds a field.
    #[must_use]
    pub fn with(mut self, name: &str, value: &dyn Json) -> Self {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        name.write(&mut self.0);
        self.0.push(':');
        value.write(&mut self.0);
        self
    }

    /// Adds the fields of another object.
    #[must_use]
    pub fn and(mut self, other: &Self) -> Self {
        if self.0.is_empty() {
            return other.clone();
        }
        if let Some(fields) = other.0.strip_prefix('{') {
            self.0.push(',');
            self.0.push_str(fields);
        }
        self
    }

    /// The whole text.
    pub fn finish(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }
}

impl Json for Object {
    fn write(&self, out: &mut String) {
        out.push_str(if self.0.is_empty() { "{" } else { &self.0 });
        out.push('}');
    }
}

impl Json for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        for character in self.chars() {
            match character {
                '"' | '\\' => out.extend(['\\', character]),
                '\0'..='\x1f' => {
                    // A String takes every text.
                    _ = write!(out, "\\u{:04x}", u32::from(character));
                }
                _ => out.push(character),
            }
        }
        out.push('"');
    }
}

/// The shortest digits that are read as the same number; null for what is no finite number.
impl Json for f64 {
    fn write(&self, out: &mut String) {
        match self.is_finite() {
            true => _ = write!(out, "{self:?}"),
            false => out.push_str("null"),
        }
    }
}

impl Json for u64 {
    fn write(&self, out: &mut String) {
        _ = write!(out, "{self}");
    }
}

impl Json for usize {
    fn write(&self, out: &mut String) {
        _ = write!(out, "{self}");
    }
}

impl Json for bool {
    fn write(&self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Json for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Json> Json for [T] {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (index, value) in self.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

impl<T: Json, const N: usize> Json for [T; N] {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

/// `object! { "name": value, … }`
macro_rules! object {
    ($($name:literal: $value:expr),* $(,)?) => {
        $crate::json::Object::default()$(.with($name, &$value))*
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_those_of_a_library() {
        let awkward = "a \"b\" \\ \n\u{1} é \u{10348}";
        let inner = object! { "x": [1.0, -0.5e-300, f64::NAN], "n": Some(3_usize), "nothing": None::<bool> };
        let text = object! { "text": awkward, "inner": inner, "list": vec![inner.clone()] }.finish();
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        let inner = serde_json::json!({ "x": [1.0, -0.5e-300, null], "n": 3, "nothing": null });
        assert_eq!(read, serde_json::json!({ "text": awkward, "inner": inner, "list": [inner] }));
        assert_eq!(Object::default().finish(), "{}");
        assert_eq!(object! { "a": true }.and(&object! { "b": 1_u64 }).finish(), r#"{"a":true,"b":1}"#);
        assert_eq!(object! { "a": true }.and(&Object::default()).finish(), r#"{"a":true}"#);
    }
}
