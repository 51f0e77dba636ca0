//! The origin of a measurement: date, machine, compiler and commit.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// The commit, such as `7aeea44`, with `-dirty` appended if there are uncommitted changes.
pub fn commit(root: &Path) -> String {
    let mut git = command("git", &["describe", "--always", "--dirty", "--exclude=*"]);
    first_line(git.current_dir(root)).unwrap_or_else(|| "unknown commit".to_owned())
}

/// The version of the compiler, as it prints it.
pub fn compiler() -> String {
    first_line(&mut command("rustc", &["--version"])).unwrap_or_else(|| "unknown rustc".to_owned())
}

/// Processor and system, such as `AMD EPYC 9R14, 2 cores, Debian GNU/Linux 12 (x86_64)`.
pub fn describe() -> String {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let plural = if cores == 1 { "" } else { "s" };
    format!("{}, {cores} core{plural}, {} ({})", processor(), system(), std::env::consts::ARCH)
}

fn processor() -> String {
    let listed = fs::read_to_string("/proc/cpuinfo").ok();
    let listed = listed.and_then(|text| value(&text, "model name", ':'));
    let asked = || first_line(&mut command("sysctl", &["-n", "machdep.cpu.brand_string"]));
    listed.or_else(asked).unwrap_or_else(|| "unknown processor".to_owned())
}

fn system() -> String {
    let listed = fs::read_to_string("/etc/os-release").ok();
    let listed = listed.and_then(|text| value(&text, "PRETTY_NAME", '='));
    listed.unwrap_or_else(|| std::env::consts::OS.to_owned())
}

/// The value after `key` and a separator, without quotes.
fn value(text: &str, key: &str, separator: char) -> Option<String> {
    let of_line = |line: &str| {
        let (found, value) = line.split_once(separator)?;
        (found.trim() == key).then(|| value.trim().trim_matches('"').to_owned())
    };
    text.lines().find_map(of_line)
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

/// The first line that a program prints; `None` if it cannot be started, fails or prints nothing.
fn first_line(command: &mut Command) -> Option<String> {
    let output = command.output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

/// Today by the system's clock, in UTC: `2024-02-29`.
pub fn today() -> String {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    date(seconds / 86_400)
}

/// The date `days` days after 1970-01-01.
fn date(days: u64) -> String {
    let is_leap =
        |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut left) = (1970, days);
    while left >= 365 + u64::from(is_leap(year)) {
        left -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + u64::from(is_leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    format!("{year}-{month:02}-{:02}", left + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_dates() {
        for (days, expected) in [
            (0, "1970-01-01"),
            (364, "1970-12-31"),
            (365, "1971-01-01"),
            (789, "1972-02-29"),
            (11_016, "2000-02-29"),
            (19_782, "2024-02-29"),
            (19_783, "2024-03-01"),
            (47_540, "2100-02-28"),
            (47_541, "2100-03-01"),
        ] {
            assert_eq!(date(days), expected);
        }
    }

    #[test]
    fn a_key_is_read_whole_and_without_quotes() {
        let text = "model\t: 17\nmodel name\t: AMD EPYC\nmodel name\t: another\n";
        assert_eq!(value(text, "model name", ':').as_deref(), Some("AMD EPYC"));
        let text = "PRETTY_NAME_2=\"x\"\nPRETTY_NAME=\"Debian GNU/Linux 12\"\n";
        assert_eq!(value(text, "PRETTY_NAME", '=').as_deref(), Some("Debian GNU/Linux 12"));
        assert_eq!(value(text, "NAME", '='), None);
    }
}
