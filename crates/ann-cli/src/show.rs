//! Numbers and lists as people read them.

use ann_tabular::ann_table::message::{quoted, unquoted};

/// `1 234 567`
pub fn count(count: impl TryInto<u64>) -> String {
    let digits = count.try_into().unwrap_or(u64::MAX).to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|group| str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

/// `1 row`, `2 rows`
pub fn counted(number: usize, what: &str) -> String {
    let ending = match number {
        1 => "",
        _ if what.ends_with('s') => "es",
        _ => "s",
    };
    format!("{} {what}{ending}", count(number))
}

/// `820 bytes`, `3.1 kB`, `12 MB`
pub fn size(bytes: usize) -> String {
    let bytes = bytes as f64;
    match bytes {
        ..1000.0 => format!("{bytes} bytes"),
        ..1e4 => format!("{:.1} kB", bytes / 1e3),
        ..1e6 => format!("{:.0} kB", bytes / 1e3),
        ..1e7 => format!("{:.1} MB", bytes / 1e6),
        _ => format!("{:.0} MB", bytes / 1e6),
    }
}

/// A number with at most six digits.
pub fn number(number: f64) -> String {
    let rounded: f64 = format!("{number:.5e}").parse().unwrap_or(number);
    if rounded == 0.0 || (1e-4..1e9).contains(&rounded.abs()) {
        rounded.to_string()
    } else {
        format!("{rounded:e}")
    }
}

/// A name among others: in quotes if it has a comma, which would look like two names.
pub fn in_list(name: &str) -> String {
    let is_clear = !name.is_empty() && !name.contains(',');
    if is_clear { unquoted(name) } else { quoted(name) }
}

/// `age, income, "size, cm"`
pub fn listed(names: &[impl AsRef<str>]) -> String {
    names.iter().map(|name| in_list(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// Lines of cells, each column as wide as its widest cell.
pub fn aligned(lines: &[Vec<String>]) -> Vec<String> {
    let columns = lines.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| lines.iter().filter_map(|line| Some(line.get(column)?.chars().count())).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let line = |line: &Vec<String>| {
        let cells = line.iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    lines.iter().map(line).collect()
}

/// The candidate that is most like a word that somebody typed.
pub fn similar<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    const LEAST: f64 = 0.7;
    let likeness = |candidate: &str| strsim::jaro_winkler(&word.to_lowercase(), &candidate.to_lowercase());
    let rated = candidates.into_iter().map(|candidate| (candidate, likeness(candidate)));
    let best = rated.max_by(|(_, one), (_, other)| one.total_cmp(other));
    best.filter(|(_, likeness)| *likeness >= LEAST).map(|(candidate, _)| candidate)
}

/// At most `most` of the numbers from 0 to below `count`, evenly spaced, because tables are often sorted.
pub fn spread(count: usize, most: usize) -> Vec<usize> {
    let most = most.clamp(1, count.max(1)).min(count);
    (0..most).map(|place| place * count / most).collect()
}
