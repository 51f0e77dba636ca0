//! Draws `data/doughnut.tab` and `data/squares.tab` again: `cargo run -p ann-datasets --example generate`.

use std::{fs, io, path::Path};

use ann_datasets::generate::{self, DOUGHNUT_SEED, SQUARES_SEED};
use ann_datasets::rand::{SeedableRng, rngs::ChaCha8Rng};

fn main() -> io::Result<()> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    let doughnut = generate::doughnut(&mut ChaCha8Rng::seed_from_u64(DOUGHNUT_SEED));
    let squares = generate::squares(&mut ChaCha8Rng::seed_from_u64(SQUARES_SEED));
    fs::write(data.join("doughnut.tab"), generate::to_tab(&doughnut))?;
    fs::write(data.join("squares.tab"), generate::to_tab(&squares))
}
