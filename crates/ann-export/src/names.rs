//! Names of columns, words and classes as identifiers and comments of C and Rust.

use std::collections::HashSet;

/// Identifiers that are taken.
#[derive(Clone, Debug, Default)]
pub(crate) struct Taken(HashSet<String>);

impl Taken {
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// The name, or with a number if it is taken. It is taken then.
    pub fn distinct(&mut self, name: &str) -> String {
        self.numbered(name, "_")
    }

    /// As [`distinct`](Self::distinct), for a name such as `SepalLength`.
    pub fn distinct_camel(&mut self, name: &str) -> String {
        self.numbered(name, "")
    }

    fn numbered(&mut self, name: &str, separator: &str) -> String {
        let mut distinct = name.to_owned();
        let mut number = 2;
        while !self.0.insert(distinct.clone()) {
            distinct = format!("{name}{separator}{number}");
            number += 1;
        }
        distinct
    }
}

/// A text as an identifier, `sepal length (cm)` as `sepal_length_cm`: its ASCII letters and digits, with _
/// between them. A text without any is `name`.
pub(crate) fn snake_case(text: &str) -> String {
    let parts = text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let name = parts.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    match name.chars().next() {
        None => "name".into(),
        Some(first) if first.is_ascii_digit() => format!("n{name}"),
        Some(_) => name,
    }
}

/// As [`snake_case`], as `SepalLengthCm`.
pub(crate) fn camel_case(text: &str) -> String {
    let capital = |part: &str| {
        let (first, rest) = part.split_at(1);
        first.to_ascii_uppercase() + rest
    };
    snake_case(text).split('_').map(capital).collect()
}

/// Whether C and Rust take a name as part of an identifier.
pub(crate) fn is_identifier(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
}

/// A text that ends no comment: without ends of lines and of comments.
pub(crate) fn comment(text: &str) -> String {
    let plain: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    plain.replace("*/", "* /").replace("/*", "/ *")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_as_identifiers() {
        for (text, snake, camel) in [
            ("sepal length (cm)", "sepal_length_cm", "SepalLengthCm"),
            ("home.dest", "home_dest", "HomeDest"),
            ("2nd", "n2nd", "N2nd"),
            ("Größe", "gr_e", "GrE"),
            ("年齢", "name", "Name"),
            ("", "name", "Name"),
        ] {
            assert_eq!((snake_case(text).as_str(), camel_case(text).as_str()), (snake, camel));
        }
    }

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut taken = Taken::new(["int"]);
        let names = ["int", "x", "x", "x_2"].map(|name| taken.distinct(name));
        assert_eq!(names, ["int_2", "x", "x_2", "x_2_2"]);
    }

    #[test]
    fn comments_do_not_end_early() {
        assert_eq!(comment("a */ b\n/* c"), "a * / b / * c");
    }
}
