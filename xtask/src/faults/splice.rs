//! Faults spliced into a source text, each behind its switch.
//!
//! An expression becomes `(if crate::fault_switch::is_on(7) { WRONG } else { RIGHT })`, and so do statements,
//! without the parentheses. Faults may be nested, and several faults may replace the same text.

use std::cmp::Reverse;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};

use super::list::{self, Fault};

/// The range of the right text of a fault, and the fault.
type Found<'a> = (Range<usize>, &'a Fault);

/// `source` with all `faults` in it, which must belong to this file.
///
/// # Errors
/// When the right text of a fault does not occur exactly once, or partly overlaps that of another fault.
pub fn splice(source: &str, faults: &[&Fault]) -> Result<String> {
    let found: Result<Vec<Found<'_>>> =
        faults.iter().map(|&fault| Ok((find(source, fault)?, fault))).collect();
    let mut found = found?;
    // An outer fault comes before those inside it.
    found.sort_by_key(|(range, _)| (range.start, Reverse(range.end)));
    splice_part(source, 0..source.len(), &found)
}

fn find(source: &str, fault: &Fault) -> Result<Range<usize>> {
    let place = match &fault.within {
        Some(within) => find_once(source, within).and_then(|part| {
            let inner = find_once(within, &fault.find)?;
            Ok(part.start + inner.start..part.start + inner.end)
        }),
        None => find_once(source, &fault.find),
    };
    let place = place
        .with_context(|| format!("{}: {}: {} must follow the code", fault.name, fault.file, list::PATH))?;
    // A whole expression may follow `..`, as in `start..end`.
    let before = &source[..place.start];
    let is_method = before.ends_with('.') && !before.ends_with("..");
    ensure!(!is_method, "{}: `find` begins after a dot, expected a whole expression", fault.name);
    for part in [&fault.find, &fault.replace] {
        ensure!(
            is_balanced(part),
            "{}: {part:?} leaves a bracket open, expected whole expressions",
            fault.name
        );
    }
    Ok(place)
}

/// Whether every kind of bracket is closed as often as it is opened.
fn is_balanced(text: &str) -> bool {
    ["()", "[]", "{}"].iter().all(|pair| {
        let [opened, closed] = [0, 1].map(|side| text.matches(&pair[side..=side]).count());
        opened == closed
    })
}

fn find_once(text: &str, part: &str) -> Result<Range<usize>> {
    match text.match_indices(part).collect::<Vec<_>>()[..] {
        [(start, _)] => Ok(start..start + part.len()),
        ref found => bail!("found {} times, expected once: {part:?}", found.len()),
    }
}

/// The part of `source` in `range`, with the faults inside it spliced in.
fn splice_part(source: &str, range: Range<usize>, mut faults: &[Found<'_>]) -> Result<String> {
    let mut text = String::new();
    let mut copied = range.start;
    while let Some(((place, fault), others)) = faults.split_first() {
        let overlapping = others.iter().take_while(|(other, _)| other.start < place.end).count();
        let (inner, outer) = others.split_at(overlapping);
        for (other, inside) in inner {
            ensure!(
                other.end <= place.end,
                "{}: {:?} and {:?} overlap, expected one inside the other",
                fault.file,
                fault.name,
                inside.name
            );
        }
        let right = splice_part(source, place.clone(), inner)?;
        text += &source[copied..place.start];
        text += &switched(fault, &right);
        (copied, faults) = (place.end, outer);
    }
    Ok(text + &source[copied..range.end])
}

fn switched(fault: &Fault, right: &str) -> String {
    let Fault { number, name, find, replace: wrong, .. } = fault;
    let choice =
        format!("if crate::fault_switch::is_on({number}) /* {name} */ {{ {wrong} }} else {{ {right} }}");
    if find.ends_with(';') { choice } else { format!("({choice})") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_keeps_its_place_and_statements_stay_statements() {
        let faults = [fault(7, "a - b", "a + b"), fault(8, "f();", "")];
        let spliced = spliced("x = a - b; f();", &faults).unwrap();
        assert_eq!(
            spliced,
            "x = (if crate::fault_switch::is_on(7) /* 7 */ { a + b } else { a - b }); if crate::fault_switch::is_on(8) /* 8 */ {  } else { f(); }"
        );
    }

    #[test]
    fn faults_nest_whatever_their_order_in_the_list() {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let faults = [fault(0, "a * b - c", "0"), fault(1, "a * b", "a"), fault(2, "c", "d")];
            let faults = order.map(|number| faults[number].clone());
            let on = |number| format!("if crate::fault_switch::is_on({number}) /* {number} */");
            let product = format!("({} {{ a }} else {{ a * b }})", on(1));
            let c = format!("({} {{ d }} else {{ c }})", on(2));
            let expected = format!("x = ({} {{ 0 }} else {{ {product} - {c} }});", on(0));
            assert_eq!(spliced("x = a * b - c;", &faults).unwrap(), expected, "{order:?}");
        }
    }

    #[test]
    fn two_faults_may_be_made_at_one_place() {
        let spliced = spliced("a", &[fault(0, "a", "b"), fault(1, "a", "c")]).unwrap();
        assert_eq!(
            spliced,
            "(if crate::fault_switch::is_on(0) /* 0 */ { b } else { (if crate::fault_switch::is_on(1) /* 1 */ { c } else { a }) })"
        );
    }

    #[test]
    fn a_text_that_occurs_twice_is_found_within_another_one() {
        let second = Fault { within: Some("c = a;".into()), ..fault(0, "a", "0") };
        let expected = "b = a; c = (if crate::fault_switch::is_on(0) /* 0 */ { 0 } else { a });";
        assert_eq!(spliced("b = a; c = a;", &[second]).unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        for (source, times) in [("a + b", 0), ("a - b + a - b", 2)] {
            let error = format!("{:#}", spliced(source, &[fault(0, "a - b", "a")]).unwrap_err());
            assert_eq!(
                error,
                format!(
                    "0: a.rs: xtask/faults.toml must follow the code: found {times} times, expected once: \"a - b\""
                )
            );
        }
        let error = spliced("a.b()", &[fault(0, "b()", "c()")]).unwrap_err().to_string();
        assert_eq!(error, "0: `find` begins after a dot, expected a whole expression");
        assert!(spliced("a..b", &[fault(0, "b", "c")]).is_ok());
        let error = spliced("if a { b }", &[fault(0, "if a {", "if c {")]).unwrap_err().to_string();
        assert_eq!(error, "0: \"if a {\" leaves a bracket open, expected whole expressions");
        let error =
            spliced("a - b * c", &[fault(0, "a - b", "a"), fault(1, "b * c", "b")]).unwrap_err().to_string();
        assert_eq!(error, "a.rs: \"0\" and \"1\" overlap, expected one inside the other");
    }

    fn spliced(source: &str, faults: &[Fault]) -> Result<String> {
        splice(source, &faults.iter().collect::<Vec<_>>())
    }

    fn fault(number: usize, find: &str, replace: &str) -> Fault {
        let [find, replace] = [find, replace].map(str::to_owned);
        Fault {
            number,
            name: number.to_string(),
            file: "a.rs".into(),
            find,
            replace,
            within: None,
            packages: Vec::new(),
            check: None,
            survives: None,
        }
    }
}
