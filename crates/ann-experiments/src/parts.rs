//! The rows that train a network, and the rows that only test it.

use ann_core::ndarray::Array2;
use ann_datasets::{Dataset, Standardizer};
use anyhow::{Context, Result};

use crate::cli::NetworkOptions;

/// Some rows of a dataset.
#[derive(Clone, Debug)]
pub struct Part<T> {
    /// The rows as they were read; pictures show them.
    pub data: Dataset<T>,
    /// Their features as the network gets them: (rows, features).
    pub inputs: Array2<f64>,
}

/// A dataset, ready for training.
#[derive(Clone, Debug)]
pub struct Parts<T> {
    /// The rows that train.
    pub train: Part<T>,
    /// The rows held out for a test, with `--test`.
    pub test: Option<Part<T>>,
    scale: Option<Standardizer>,
}

impl<T: Clone> Parts<T> {
    /// Splits `data` with `split` (dataset, share of the test) if `--test` asks for it, and scales
    /// features if `--standardize` does.
    ///
    /// Means and deviations come from the training rows only, so that nothing leaks
    /// from the test rows into training.
    ///
    /// # Errors
    /// The rows cannot be split, or the features cannot be scaled.
    pub fn new(
        data: &Dataset<T>,
        options: &NetworkOptions,
        split: impl FnOnce(&Dataset<T>, f64) -> ann_datasets::Result<(Dataset<T>, Dataset<T>)>,
    ) -> Result<Self> {
        let (train, test) = match options.test {
            None => (data.clone(), None),
            Some(share) => {
                let (train, test) = split(data, share).with_context(|| format!("--test {share}"))?;
                (train, Some(test))
            }
        };
        let scale = options.standardize.then(|| Standardizer::fit(&train.features)).transpose();
        let scale = scale.context("--standardize")?;
        let part = |data: Dataset<T>| {
            let inputs = scaled(scale.as_ref(), &data.features)?;
            anyhow::Ok(Part { data, inputs })
        };
        Ok(Self { train: part(train)?, test: test.map(part).transpose()?, scale })
    }

    /// The `features` (rows, features) as the network gets them: scaled with `--standardize`.
    ///
    /// # Errors
    /// A number is too large to be scaled.
    pub fn inputs(&self, features: &Array2<f64>) -> Result<Array2<f64>> {
        scaled(self.scale.as_ref(), features)
    }

    /// Training rows, then test rows.
    pub fn all(&self) -> impl Iterator<Item = &Part<T>> {
        [&self.train].into_iter().chain(&self.test)
    }
}

fn scaled(scale: Option<&Standardizer>, features: &Array2<f64>) -> Result<Array2<f64>> {
    match scale {
        None => Ok(features.clone()),
        Some(scale) => scale.transform(features).context("--standardize"),
    }
}

#[cfg(test)]
mod tests {
    use ann_core::ndarray::{Axis, array};

    use super::*;
    use crate::cli::Widths;

    fn options(standardize: bool, test: Option<f64>) -> NetworkOptions {
        NetworkOptions { hidden: Widths(vec![]), rate: 1.0, gain: 1.0, standardize, test }
    }

    /// Rows 0 to 9 with features (k, 7); the last rows are the test.
    fn parts(standardize: bool, test: Option<f64>) -> Parts<f64> {
        let data = Dataset {
            features: Array2::from_shape_fn(
                (10, 2),
                |(row, column)| if column == 0 { row as f64 } else { 7.0 },
            ),
            targets: (0..10).map(f64::from).collect(),
            feature_names: vec!["k".into(), "seven".into()],
            target_name: "y".into(),
        };
        let split = |data: &Dataset<f64>, share: f64| {
            let first = 10 - (10.0 * share) as usize;
            let rows: Vec<usize> = (0..10).collect();
            Ok((data.select(&rows[..first]), data.select(&rows[first..])))
        };
        Parts::new(&data, &options(standardize, test), split).unwrap()
    }

    #[test]
    fn without_options_every_row_trains_as_it_is() {
        let parts = parts(false, None);
        assert!(parts.test.is_none());
        assert_eq!((parts.train.data.len(), &parts.train.inputs), (10, &parts.train.data.features));
        assert_eq!(parts.all().count(), 1);
    }

    #[test]
    fn rows_held_out_do_not_train() {
        let parts = parts(false, Some(0.3));
        let targets: Vec<&[f64]> = parts.all().map(|part| part.data.targets.as_slice()).collect();
        assert_eq!(targets, [&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0][..], &[7.0, 8.0, 9.0]]);
    }

    #[test]
    fn means_and_deviations_are_those_of_the_training_rows() {
        let parts = parts(true, Some(0.3));
        // 0 to 6: mean 3, variance 4.
        assert_eq!(parts.train.inputs.mean_axis(Axis(0)), Some(array![0.0, 0.0]));
        assert_eq!(parts.train.inputs.column(0)[6], 1.5);
        assert_eq!(parts.test.as_ref().unwrap().inputs.row(0), array![2.0, 0.0]);
        assert_eq!(parts.train.data.features.column(0)[6], 6.0, "pictures show the rows as they were read");
        assert_eq!(parts.inputs(&array![[5.0, 8.0]]).unwrap(), array![[1.0, 1.0]]);
    }

    #[test]
    fn what_fails_names_its_option() {
        let data: Dataset<f64> = Dataset {
            features: array![[1e300], [-1e300]],
            targets: vec![0.0, 1.0],
            feature_names: vec!["x".into()],
            target_name: "y".into(),
        };
        let fail = |options: NetworkOptions| {
            let split = |_: &Dataset<f64>, _| Err(ann_datasets::Error::TooFewRows { found: 1 });
            format!("{:#}", Parts::new(&data, &options, split).unwrap_err())
        };
        assert!(fail(options(false, Some(0.3))).starts_with("--test 0.3: a split needs at least 2 rows"));
        assert!(fail(options(true, None)).starts_with("--standardize: "));
    }
}
