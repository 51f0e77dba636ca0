//! Cargo as a process.

use std::env;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The cargo that started this program, or `cargo` from the search path.
pub fn command() -> Command {
    Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs `cargo build` for a package with one program, and returns the path of the program. Cargo's error
/// messages are shown.
///
/// # Errors
/// It does not build.
pub fn build_program(command: &mut Command) -> Result<PathBuf> {
    command.args(["--message-format", "json-render-diagnostics"]);
    let output = command.stderr(Stdio::inherit()).output().context("could not start cargo")?;
    ensure!(output.status.success(), "it does not build (cargo: {})", output.status);
    program(&String::from_utf8_lossy(&output.stdout)).context("cargo built no program")
}

/// The last program that cargo's messages name.
fn program(messages: &str) -> Option<PathBuf> {
    let named = |line: &str| Some(serde_json::from_str::<Value>(line).ok()?["executable"].as_str()?.into());
    messages.lines().rev().find_map(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_says_where_the_program_is() {
        let messages = r#"{"reason":"compiler-artifact","target":{"name":"common"},"executable":null}
                          {"reason":"compiler-artifact","target":{"name":"candle"},"executable":"release/candle"}
                          {"reason":"build-finished","success":true}"#;
        assert_eq!(program(messages), Some("release/candle".into()));
        assert_eq!(program("not JSON"), None);
    }
}
