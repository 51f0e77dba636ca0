//! A project that depends on `ann-datasets` alone.

use ann_datasets::{Dataset, Error, iris, read_csv};

fn main() -> Result<(), Error> {
    let flowers = iris();
    let own: Dataset<f64> = read_csv("rooms,price\n3,250.5\n4,310\n".as_bytes(), "price")?;
    println!("{} flowers of {:?}; {} houses", flowers.len(), flowers.classes(), own.len());
    assert_eq!((flowers.features.dim(), own.targets), ((150, 4), vec![250.5, 310.0]));
    Ok(())
}
