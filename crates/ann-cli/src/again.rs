//! The command that was typed, and the one to type next.

use std::{env, mem};

use crate::failure::in_quotes;

/// The command that was typed, as a shell reads it.
pub fn typed() -> String {
    command(arguments())
}

/// The command that was typed, for a linear model in place of this one. `None` if the table came from the
/// standard input, where it is no more.
pub fn linear() -> Option<String> {
    let is_from_file = arguments().all(|argument| argument != "-");
    is_from_file.then(|| command(with_linear(arguments())))
}

fn command(arguments: impl IntoIterator<Item = String>) -> String {
    let arguments = arguments.into_iter().map(|argument| in_quotes(&argument));
    std::iter::once("ann".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn arguments() -> impl Iterator<Item = String> {
    env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned())
}

/// Without what belongs to the other model: its layers and its state.
fn with_linear(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut is_value = false;
    let is_kept = |argument: &String| {
        let is_left_out = mem::take(&mut is_value)
            || argument == "--force"
            || argument.starts_with("--hidden=")
            || argument.starts_with("--resume=");
        is_value = !is_left_out && ["--hidden", "--resume"].contains(&argument.as_str());
        !is_left_out && !is_value
    };
    let mut kept: Vec<String> = arguments.into_iter().filter(is_kept).collect();
    // After `--` nothing is an option.
    let end = kept.iter().position(|argument| argument == "--").unwrap_or(kept.len());
    kept.splice(end..end, ["--hidden", "none", "--force"].map(String::from));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_hidden_layers_are_replaced() {
        let expected = "ann train 't 1.csv' -t y --hidden none --force";
        for typed in [
            &["train", "t 1.csv", "-t", "y"][..],
            &["train", "t 1.csv", "--hidden", "8,8", "-t", "y", "--force"],
            &["train", "--force", "t 1.csv", "--hidden=8", "-t", "y"],
            &["train", "t 1.csv", "--resume", "state", "-t", "y"],
            &["train", "--resume=state", "t 1.csv", "-t", "y"],
        ] {
            assert_eq!(command(with_linear(typed.iter().map(ToString::to_string))), expected, "{typed:?}");
        }
    }
}
