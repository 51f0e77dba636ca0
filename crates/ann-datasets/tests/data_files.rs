//! The committed files are what `data/README.md` and the generators say.

use std::{convert::Infallible, fs, path::PathBuf};

use ann_datasets::generate::{self, DOUGHNUT_SEED, SQUARES_SEED};
use ann_datasets::ndarray::array;
use ann_datasets::rand::{SeedableRng, TryRng, rngs::ChaCha8Rng};
use ann_datasets::{Dataset, doughnut, example, iris, squares};
use sha2::{Digest, Sha256};

#[test]
fn every_file_is_listed_with_its_checksum() {
    let readme = fs::read_to_string(data("README.md")).unwrap();
    let mut found: Vec<String> = (fs::read_dir(data("")).unwrap().map(Result::unwrap))
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|name| name != "README.md")
        .collect();
    found.sort();
    let mut listed: Vec<String> = rows_of(&readme).map(|row| row[0].clone()).collect();
    listed.sort();
    assert_eq!(listed, found, "the table in data/README.md and the files in data/");
    for row in rows_of(&readme) {
        assert_eq!(row[3], sha256(&fs::read(data(&row[0])).unwrap()), "checksum of {}", row[0]);
    }
}

#[test]
fn shapes_are_as_listed() {
    let readme = fs::read_to_string(data("README.md")).unwrap();
    let embedded =
        [("doughnut", doughnut()), ("squares", squares()), ("example", example()), ("iris", iris())];
    for (name, dataset) in embedded {
        let row = rows_of(&readme).find(|row| row[0].starts_with(name)).unwrap();
        let shape = format!("{} × {},", dataset.len(), dataset.features.ncols());
        assert!(row[1].starts_with(&shape), "{name} has the shape {shape}");
        for column in dataset.feature_names.iter().chain([&dataset.target_name]) {
            assert!(row[2].contains(&format!("`{column}`")), "{name}: column {column} is listed");
        }
    }
}

#[test]
fn the_generator_gives_the_committed_doughnut() {
    let drawn = generate::doughnut(&mut ChaCha8Rng::seed_from_u64(DOUGHNUT_SEED));
    assert_eq!(generate::to_tab(&drawn), fs::read_to_string(data("doughnut.tab")).unwrap());
}

#[test]
fn the_generator_gives_the_committed_squares() {
    let drawn = generate::squares(&mut ChaCha8Rng::seed_from_u64(SQUARES_SEED));
    assert_eq!(generate::to_tab(&drawn), fs::read_to_string(data("squares.tab")).unwrap());
}

#[test]
fn doughnut_is_a_disc_in_a_ring() {
    let doughnut = doughnut();
    assert_eq!([count(&doughnut, "C1"), count(&doughnut, "C2")], [103, 113]);
    for (row, class) in doughnut.features.rows().into_iter().zip(&doughnut.targets) {
        let distance = (row[0] - 0.5).hypot(row[1] - 0.5);
        let (least, most) = if class == "C1" { (0.0, 0.235) } else { (0.26, 0.5) };
        assert!(least <= distance && distance <= most, "{class} at {row} is {distance} from the centre");
    }
}

#[test]
fn squares_is_a_chessboard_with_gaps() {
    let squares = squares();
    assert_eq!([count(&squares, "C1"), count(&squares, "C2")], [194, 206]);
    for (row, class) in squares.features.rows().into_iter().zip(&squares.targets) {
        assert_eq!((row[0] < 0.5) == (row[1] < 0.5), class == "C1", "{class} at {row}");
        for z in row {
            // The gap is between 0.49 and 0.51; both of these may occur.
            assert!((0.0..=0.49).contains(z) || (0.51..=1.0).contains(z), "{class} at {row}");
        }
    }
}

/// Points to draw first, in millionths, and the class of their region, if they lie in one.
#[test]
fn regions_have_the_bounds_that_are_documented() {
    for (x, y, class) in [
        (735_000, 500_000, Some("C1")),
        (735_001, 500_000, None),
        (500_000, 759_999, None),
        (500_000, 760_000, Some("C2")),
        (500_000, 0, Some("C2")),
        (1_000_000, 500_000, Some("C2")),
        (1_000_000, 500_001, None),
    ] {
        check_first(x, y, class, &generate::doughnut(&mut PointsFirst::new(x, y)));
    }
    for (x, y, class) in [
        (490_000, 490_000, Some("C1")),
        (490_001, 490_000, None),
        (490_000, 509_999, None),
        (490_000, 510_000, Some("C2")),
        (510_000, 490_000, Some("C2")),
        (510_000, 1_000_000, Some("C1")),
        (1_000_000, 0, Some("C2")),
        (0, 0, Some("C1")),
    ] {
        check_first(x, y, class, &generate::squares(&mut PointsFirst::new(x, y)));
    }
    // Integers above a million, which fit into 20 bits, are rejected; the next two are the point.
    let mut rng =
        PointsFirst { numbers: vec![490_000, 490_000, 1_000_001], rest: ChaCha8Rng::seed_from_u64(0) };
    check_first(490_000, 490_000, Some("C1"), &generate::squares(&mut rng));
}

#[track_caller]
fn check_first(x: u32, y: u32, class: Option<&str>, drawn: &Dataset) {
    let point = array![f64::from(x) / 1e6, f64::from(y) / 1e6];
    match class {
        Some(class) => assert_eq!((drawn.features.row(0), &*drawn.targets[0]), (point.view(), class)),
        None => assert_ne!(drawn.features.row(0), point, "({x}, {y}) is in no region"),
    }
}

/// A generator that first returns `numbers`, beginning with the last, and then random numbers.
struct PointsFirst {
    numbers: Vec<u32>,
    rest: ChaCha8Rng,
}

impl PointsFirst {
    fn new(x: u32, y: u32) -> Self {
        Self { numbers: vec![y, x], rest: ChaCha8Rng::seed_from_u64(0) }
    }
}

impl TryRng for PointsFirst {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        // The generators take the upper 20 bits.
        self.numbers.pop().map_or_else(|| self.rest.try_next_u32(), |number| Ok(number << 12))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rest.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.rest.try_fill_bytes(bytes)
    }
}

#[test]
fn coordinates_have_six_decimals() {
    for name in ["doughnut.tab", "squares.tab"] {
        let text = fs::read_to_string(data(name)).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        assert_eq!(header, "Class\tx\ty");
        for cell in rows.lines().flat_map(|line| line.split('\t').skip(1)) {
            assert_eq!(cell.split_once('.').unwrap().1.len(), 6, "{cell} in {name}");
        }
    }
}

#[test]
fn example_counts_from_one_to_nine() {
    assert_eq!(example().features, array![[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]);
    assert_eq!(example().targets, ["0", "1", "2"]);
}

/// Rows 35 and 38 (counted from one) are the two in which UCI's file is wrong.
#[test]
fn iris_is_the_copy_of_scikit_learn() {
    let iris = iris();
    assert_eq!(iris.feature_names, ["sepal_length", "sepal_width", "petal_length", "petal_width"]);
    assert_eq!(iris.target_name, "species");
    for class in iris.classes() {
        assert_eq!(count(&iris, &class), 50);
    }
    assert_eq!(iris.features.row(34), array![4.9, 3.1, 1.5, 0.2]);
    assert_eq!(iris.features.row(37), array![4.9, 3.6, 1.4, 0.1]);
}

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("data").join(file)
}

/// The cells of each table row that begins with a file name.
fn rows_of(readme: &str) -> impl Iterator<Item = Vec<String>> {
    let rows = readme.lines().filter(|line| line.starts_with("| `"));
    rows.map(|line| {
        let mut cells: Vec<String> =
            line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        for cell in [0, 3] {
            cells[cell] = cells[cell].trim_matches('`').to_owned();
        }
        cells
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn count(dataset: &Dataset, class: &str) -> usize {
    dataset.targets.iter().filter(|target| *target == class).count()
}
