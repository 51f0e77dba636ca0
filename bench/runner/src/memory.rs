//! The most memory that this process has used.

use serde_json::{Value, json};

/// The value that Linux reports; other systems have no such file.
pub fn peak() -> Value {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    match number {
        Some(number) => json!({ "peak_kib": number }),
        None => json!({ "skip": "this system has no /proc/self/status" }),
    }
}
