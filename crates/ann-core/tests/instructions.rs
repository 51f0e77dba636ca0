//! Which instructions there are, which are used, and who may choose them.

use ann_core::InstructionSet;

/// Slowest first.
const ALL: [InstructionSet; 4] =
    [InstructionSet::Scalar, InstructionSet::Neon, InstructionSet::Avx2, InstructionSet::Avx512];

#[test]
fn available_ones_are_listed_slowest_first_and_the_fastest_is_used() {
    let available = InstructionSet::available();
    let expected: Vec<_> = ALL.into_iter().filter(|set| available.contains(set)).collect();
    assert_eq!(available, expected);
    assert_eq!(available[0], InstructionSet::Scalar);
    assert_eq!(available.last(), Some(&InstructionSet::used()));
}

#[test]
fn once_used_they_stay() {
    let (used, available) = (InstructionSet::used(), InstructionSet::available());
    let names: Vec<_> = available.iter().map(ToString::to_string).collect();
    for asked in ALL {
        let message = asked.choose().map_err(|error| error.to_string());
        if asked == used {
            assert_eq!(message, Ok(()));
        } else if available.contains(&asked) {
            let expected = format!(
                "{used} instructions are already in use: choose {asked} before anything is computed or `InstructionSet::used` is called"
            );
            assert_eq!(message, Err(expected));
        } else {
            let expected = format!("this processor has no {asked} instructions, expected one of {names:?}");
            assert_eq!(message, Err(expected));
        }
        assert_eq!(InstructionSet::used(), used);
    }
    assert_eq!(ALL.map(|set| set.to_string()), ["scalar", "neon", "avx2", "avx512"]);
}
