//! The order in which an epoch of mini-batches visits the rows: a function of seed and epoch.

use ann_core::{Problem, Scalar, seeded};
use rand::seq::SliceRandom;
use rand::{Rng, RngExt};

use crate::Batching;

/// Overwrites `order` with the rows that have a weight, in the order of an epoch.
pub(crate) fn order_rows<F: Scalar>(
    order: &mut Vec<usize>,
    problem: &Problem<'_, F>,
    batching: &Batching,
    epoch: usize,
) {
    order.clear();
    match problem.weights() {
        None => order.extend(0..problem.rows()),
        // A row of weight 0 is a row that is not there, also for the size of the batches.
        Some(weights) => order.extend((0..problem.rows()).filter(|&row| weights[row] > F::zero())),
    }
    let generator = |seed| {
        let mut rng = seeded(seed);
        rng.set_stream(epoch as u64);
        rng
    };
    match *batching {
        Batching::Full => {}
        Batching::Shuffled { seed, .. } => order.shuffle(&mut generator(seed)),
        Batching::Windowed { seed, block, window, .. } => {
            shuffle_in_windows(order, block, window, &mut generator(seed));
        }
    }
}

/// Shuffles blocks of `block` neighbours; the last one may be smaller. Then shuffles the rows of the first
/// `window` blocks together, those of the next ones, and so on.
fn shuffle_in_windows(order: &mut [usize], block: usize, window: usize, rng: &mut impl Rng) {
    let (whole, small) = (order.len() / block, order.len() % block);
    for place in (1..whole).rev() {
        let other = rng.random_range(0..=place);
        if other < place {
            let (before, after) = order.split_at_mut(place * block);
            before[other * block..][..block].swap_with_slice(&mut after[..block]);
        }
    }
    // The small block moves from the end to any place between the others.
    let place = if small > 0 { rng.random_range(0..=whole) } else { whole };
    order[place * block..].rotate_right(small);
    let blocks = whole + usize::from(small > 0);
    let start = |number: usize| match number <= place {
        true => number * block,
        false => (number - 1) * block + small,
    };
    for first in (0..blocks).step_by(window) {
        let end = start(blocks.min(first.saturating_add(window)));
        order[start(first)..end].shuffle(rng);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOCK: usize = 10;

    fn shuffled(rows: usize, window: usize, number: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..rows).collect();
        shuffle_in_windows(&mut order, BLOCK, window, &mut seeded(number));
        order
    }

    #[test]
    fn each_block_is_visited_in_one_window_alone() {
        for seed in 0..50 {
            for (rows, window) in [(200, 4), (203, 4), (203, 1), (7, 3), (200, 20), (209, 50)] {
                let order = shuffled(rows, window, seed);
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert!(sorted.into_iter().eq(0..rows), "each row once");
                let mut blocks: Vec<usize> = order.iter().map(|row| row / BLOCK).collect();
                // The rows of a window, and of a block within it, are in any order: so as many windows are
                // counted as there are times when blocks come that were not there before.
                let mut windows = vec![];
                while !blocks.is_empty() {
                    let mut seen: Vec<usize> = vec![];
                    let end = blocks.iter().position(|block| {
                        if !seen.contains(block) && seen.len() < window {
                            seen.push(*block);
                        }
                        !seen.contains(block)
                    });
                    blocks.drain(..end.unwrap_or(blocks.len()));
                    windows.push(seen);
                }
                let visited = windows.concat();
                assert_eq!(visited.len(), rows.div_ceil(BLOCK), "{rows} rows, {window}: {windows:?}");
            }
        }
    }

    #[test]
    fn any_row_may_come_first_and_last() {
        const ROWS: usize = 25;
        let mut seen = [[false; ROWS]; 2];
        for seed in 0..1000 {
            let order = shuffled(ROWS, 1, seed);
            seen[0][order[0]] = true;
            seen[1][order[ROWS - 1]] = true;
        }
        assert!(seen.as_flattened().iter().all(|seen| *seen), "{seen:?}");
    }

    #[test]
    fn one_window_of_all_rows_mixes_blocks() {
        let order = shuffled(100, 10, 1);
        let changes = order.windows(2).filter(|pair| pair[0] / BLOCK != pair[1] / BLOCK).count();
        assert!(changes > 70, "of 99 neighbours, nine tenths are of different blocks: {changes}");
    }
}
