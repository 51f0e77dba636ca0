//! The processor's time of a process.

use std::fs;
use std::time::Duration;

/// Linux counts it in hundredths of a second, whatever its own clock is.
const MILLISECONDS_PER_TICK: u64 = 10;

/// The time that all threads of a process have used so far, those that ended included. `None` on systems
/// without `/proc`.
pub fn time(process: u32) -> Option<Duration> {
    parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// `utime` and `stime` are fields 14 and 15 (proc(5)). The name of the program, field 2, is in parentheses
/// and may contain anything.
fn parse(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(14 - 3);
    let mut ticks = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis(MILLISECONDS_PER_TICK * (ticks()? + ticks()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_found_after_any_name() {
        let stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 900 7 0 0 150 25 9 9 20 0 1 0 1234 5 6";
        assert_eq!(parse(stat), Some(Duration::from_millis(1750)));
        assert_eq!(parse("42 (a) S 1"), None);
    }
}
