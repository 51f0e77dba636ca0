//! Some thousand random smooth functions: of right gradients none is blamed, of wrong ones none passes.
//!
//! The long run is the example of the same name.

#[path = "../examples/random_closures/family.rs"]
mod family;

use ann_gradcheck::Verdict;
use family::{Outcome, check};
use rayon::prelude::*;

/// Takes some two seconds.
const COUNT: u64 = 6_000;

#[test]
fn right_gradients_are_not_blamed_and_wrong_ones_do_not_pass() {
    let outcomes: Vec<Outcome> = (0..COUNT).into_par_iter().map(check).collect();
    for (number, outcome) in outcomes.iter().enumerate() {
        assert!(outcome.right < Verdict::Fail, "number {number}: {outcome:?}");
        assert!(!matches!(outcome.wrong, Verdict::Pass | Verdict::Invalid), "number {number}: {outcome:?}");
    }
    // Nearly all of them are judged: a check that never decides would keep both promises.
    let decided = |is: fn(&Outcome) -> bool| outcomes.iter().filter(|outcome| is(outcome)).count() as u64;
    let passed = decided(|outcome| outcome.right == Verdict::Pass);
    let failed = decided(|outcome| outcome.wrong == Verdict::Fail);
    assert!(100 * passed >= 98 * COUNT && 100 * failed >= 98 * COUNT, "{passed} and {failed} of {COUNT}");
}
