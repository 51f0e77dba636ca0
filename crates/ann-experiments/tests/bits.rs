//! Any number of threads trains the same weights, to the last bit.

use ann_experiments::bits::fingerprints;

#[test]
fn any_number_of_threads_gives_the_same_weights() {
    let alone = fingerprints(1).unwrap();
    for threads in [2, 3, 4, 7, 8, 16] {
        assert_eq!(fingerprints(threads).unwrap(), alone, "{threads} threads");
    }
}
