//! Numbers, words and tables as texts of C and Rust.

/// A number of single precision in Rust.
pub(crate) fn rust_float(number: f32) -> String {
    match number {
        f32::INFINITY => "f32::INFINITY".into(),
        f32::NEG_INFINITY => "f32::NEG_INFINITY".into(),
        _ if number.is_nan() => "f32::NAN".into(),
        _ => format!("{number:?}"),
    }
}

/// A number of single precision in C.
pub(crate) fn c_float(number: f32) -> String {
    match number {
        f32::INFINITY => "INFINITY".into(),
        f32::NEG_INFINITY => "-INFINITY".into(),
        _ if number.is_nan() => "NAN".into(),
        _ => format!("{number:?}f"),
    }
}

/// A string literal. Only bytes that have no other meaning in C are written as they are.
pub(crate) fn c_string(text: &str) -> String {
    let escaped = text.chars().map(|letter| match letter {
        '"' | '\\' | '?' => format!("\\{letter}"),
        control if control.is_ascii_control() => format!("\\{:03o}", control as u32),
        letter => letter.to_string(),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

/// Values separated by commas, in lines of at most 110 characters.
pub(crate) fn list(values: impl IntoIterator<Item = String>) -> String {
    let mut lines = vec![String::from("   ")];
    for value in values {
        let last = lines.last().expect("there is a first line");
        if last.chars().count() + value.chars().count() + 2 > 110 {
            lines.push("   ".into());
        }
        let last = lines.last_mut().expect("there is a first line");
        last.push(' ');
        last.push_str(&value);
        last.push(',');
    }
    lines.join("\n")
}

/// The parts of a file that are not empty, with an empty line between them.
pub(crate) fn join(parts: &[String]) -> String {
    let parts = parts.iter().map(|part| part.trim_end()).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n\n") + "\n"
}
