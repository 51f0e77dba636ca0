//! The fields of a request. Unknown fields are errors, so that a misspelt one is noticed.

use crate::error::{Error, Result};
use crate::value::Value;

/// An object of a request, whose fields are taken one by one.
#[derive(Debug)]
pub struct Fields {
    /// What the object is, for messages.
    of: &'static str,
    fields: Vec<(String, Value)>,
}

impl Fields {
    /// The fields of an object; none for null.
    pub fn of(of: &'static str, value: Value) -> Result<Self> {
        match value {
            Value::Object(fields) => Ok(Self { of, fields }),
            Value::Null => Ok(Self { of, fields: Vec::new() }),
            other => Err(Error::request(format!("{of} is {other}, expected an object"))),
        }
    }

    /// A field as it is; null if it is not there.
    pub fn take(&mut self, name: &str) -> Value {
        let found = self.fields.iter().position(|(field, _)| field == name);
        found.map_or(Value::Null, |found| self.fields.remove(found).1)
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            other => Err(self.wrong(name, &other, "a text")),
        }
    }

    /// One of several texts.
    pub fn choice(&mut self, name: &str, choices: &[&'static str]) -> Result<&'static str> {
        let found = self.text(name)?.unwrap_or_else(|| choices[0].to_owned());
        let choice = choices.iter().find(|choice| **choice == found);
        choice.copied().ok_or_else(|| self.wrong(name, &Value::Text(found), &format!("one of {choices:?}")))
    }

    /// A finite number.
    pub fn number(&mut self, name: &str) -> Result<Option<f64>> {
        match self.take(name) {
            Value::Null => Ok(None),
            other => other.as_f64().map(Some).ok_or_else(|| self.wrong(name, &other, "a number")),
        }
    }

    /// A whole number ≥ 0.
    pub fn count(&mut self, name: &str) -> Result<Option<u64>> {
        match self.take(name) {
            Value::Null => Ok(None),
            other => {
                // JavaScript writes 1e21 for large numbers; up to 2⁵³ all whole numbers are exact.
                let whole = other.as_f64().filter(|x| x.fract() == 0.0 && (0.0..=9e15).contains(x));
                whole.map(|x| Some(x as u64)).ok_or_else(|| self.wrong(name, &other, "a whole number"))
            }
        }
    }

    /// As [`count`](Self::count), for sizes.
    pub fn size(&mut self, name: &str, default: usize) -> Result<usize> {
        Ok(self.count(name)?.map_or(default, |count| usize::try_from(count).unwrap_or(usize::MAX)))
    }

    /// True or false.
    pub fn flag(&mut self, name: &str, default: bool) -> Result<bool> {
        match self.take(name) {
            Value::Null => Ok(default),
            Value::Bool(flag) => Ok(flag),
            other => Err(self.wrong(name, &other, "true or false")),
        }
    }

    /// A list; empty if it is not there.
    pub fn list(&mut self, name: &str) -> Result<Vec<Value>> {
        match self.take(name) {
            Value::Null => Ok(Vec::new()),
            Value::List(list) => Ok(list),
            other => Err(self.wrong(name, &other, "a list")),
        }
    }

    /// Names and values of an object whose names are free; none if it is not there.
    pub fn entries(&mut self, name: &str) -> Result<Vec<(String, Value)>> {
        match self.take(name) {
            Value::Null => Ok(Vec::new()),
            Value::Object(fields) => Ok(fields),
            other => Err(self.wrong(name, &other, "an object")),
        }
    }

    /// The object in a field.
    pub fn object(&mut self, name: &'static str) -> Result<Self> {
        Self::of(name, self.take(name))
    }

    /// An error if a field was not taken.
    pub fn finish(self) -> Result<()> {
        match self.fields.first() {
            Some((name, _)) => Err(Error::request(format!("{} has no field {name:?}", self.of))),
            None => Ok(()),
        }
    }

    fn wrong(&self, name: &str, found: &Value, expected: &str) -> Error {
        Error::request(format!("{name:?} of {} is {found}, expected {expected}", self.of))
    }
}
