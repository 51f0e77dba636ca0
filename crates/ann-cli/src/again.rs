//! The command that was typed, and the one to type next.

use std::{env, mem};

use crate::failure::in_quotes;

/// The command that was typed, as a shell reads it.
pub fn typed() -> String {
    command(arguments())
}

/// The command that was typed, for a linear model in place of this one.
pub fn linear() -> String {
    command(with_linear(arguments()))
}

fn command(arguments: impl IntoIterator<Item = String>) -> String {
    let arguments = arguments.into_iter().map(|argument| in_quotes(&argument));
    std::iter::once("ann".to_owned()).chain(arguments).collect::<Vec<_>>().join(" ")
}

fn arguments() -> impl Iterator<Item = String> {
    env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned())
}

fn with_linear(arguments: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut is_value = false;
    let is_kept = |argument: &String| {
        let is_left_out =
            mem::take(&mut is_value) || argument == "--force" || argument.starts_with("--hidden=");
        is_value = !is_left_out && argument == "--hidden";
        !is_left_out && !is_value
    };
    let kept = arguments.into_iter().filter(is_kept);
    kept.chain(["--hidden", "none", "--force"].map(String::from)).collect()
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
        ] {
            assert_eq!(command(with_linear(typed.iter().map(ToString::to_string))), expected, "{typed:?}");
        }
    }
}
