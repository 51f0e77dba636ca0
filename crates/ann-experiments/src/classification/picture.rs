//! The picture of a fit: truth, prediction and loss.

use ann_core::ndarray::{Array1, Array2};
use ann_datasets::Dataset;
use ann_figure::number::{count, exact, rounded};
use ann_figure::{Axis, Figure, Mark, Panel};
use anyhow::Result;

use super::{Answers, ClassificationFit, probabilities};
use crate::losses;

/// Cells of the probability background along each axis.
const CELLS: usize = 61;
/// Colours of the rings around wrong predictions: of rows that train, and of rows held out.
const RING_COLOURS: [usize; 2] = [6, 3];

impl ClassificationFit<'_> {
    pub(super) fn figure(&self) -> Result<Figure> {
        let truth = self.parts.all().flat_map(|part| &part.data.targets);
        let predicted = [Some(&self.train), self.test.as_ref()].into_iter().flatten();
        let predicted = predicted.flat_map(|answers| &answers.predicted);
        let mut prediction = self.scatter("Prediction", predicted);
        prediction.marks.insert(0, self.probability()?);
        prediction.marks.extend(self.rings());
        Ok(Figure {
            title: self.title(),
            caption: self.caption(),
            columns: 3,
            panels: vec![self.scatter("Truth", truth), prediction, self.loss()],
        })
    }

    /// The experiment's title if its own network classifies all rows of its own data correctly, otherwise one
    /// with the accuracy.
    fn title(&self) -> String {
        let file = self.options.data.file_name();
        let is_its_own = file.is_none() && self.options.network.hidden.0 == self.experiment.hidden;
        let is_right = |answers: &Answers| answers.wrong == 0;
        if is_its_own && is_right(&self.train) && self.test.as_ref().is_none_or(is_right) {
            return self.experiment.title.to_owned();
        }
        let mut title = file.unwrap_or_else(|| self.experiment.name.to_owned());
        title += &format!(": accuracy {}", rounded(self.train.score.found, 3));
        if let Some(test) = &self.test {
            title += &format!(", on held-out rows {}", rounded(test.score.found, 3));
        }
        if self.remark.is_some() {
            title += ", no better than guessing";
        }
        title
    }

    fn caption(&self) -> String {
        let (trained, options) = (&self.trained, self.options);
        let mut parts = vec![
            trained.network.architecture().to_string(),
            format!(
                "η = {}, λ = 0, Xavier gain {}, seed {}",
                exact(options.network.rate),
                exact(options.network.gain),
                options.common.seed
            ),
            format!(
                "{} of at most {} epochs, stop below loss {}",
                count(trained.history.last().epoch),
                count(options.common.epochs),
                exact(self.experiment.stop_below)
            ),
        ];
        if options.network.standardize {
            parts.push("features standardised".to_owned());
        }
        if let Some(test) = &self.test {
            parts.push(format!("accuracy {}; on held-out rows {}", self.train.summary(), test.summary()));
        }
        parts.push(format!("seeds that reach a perfect fit: {}", self.robustness()));
        parts.extend(self.remark.clone());
        parts.join("   ·   ")
    }

    /// All rows, those held out last, marked by `labels`.
    fn scatter<'l>(&self, title: &str, labels: impl Iterator<Item = &'l String>) -> Panel {
        let labels: Vec<&String> = labels.collect();
        let points_of = |class: &String| {
            let rows = self.points().zip(&labels).filter(|(_, label)| **label == class);
            rows.map(|(point, _)| point).collect()
        };
        let marks = self.classes.iter().enumerate().map(|(class, name)| Mark::Points {
            series: name.clone(),
            class,
            points: points_of(name),
        });
        let [x, y] = [0, 1].map(|feature| {
            let (low, high) = range(self.data, feature);
            Axis::linear(&self.data.feature_names[feature]).within(low, high)
        });
        let equal_axes = within_unit_square(self.data);
        Panel { title: title.to_owned(), x, y, equal_axes, marks: marks.collect() }
    }

    /// The rows that train, then those held out.
    fn points(&self) -> impl Iterator<Item = (f64, f64)> {
        self.parts.all().flat_map(|part| points(&part.data))
    }

    /// A ring around each row that is predicted wrongly.
    fn rings(&self) -> Vec<Mark> {
        let rings = |series: &str, colour, data: &Dataset, answers: &Answers| {
            let rows = points(data).zip(answers.predicted.iter().zip(&data.targets));
            let wrong = rows.filter(|(_, (predicted, label))| predicted != label);
            let points = wrong.map(|(point, _)| point).collect();
            Mark::Rings { series: series.to_owned(), colour, points }
        };
        let [train_colour, test_colour] = RING_COLOURS;
        let train = &self.parts.train.data;
        match (&self.test, &self.parts.test) {
            (Some(test), Some(part)) => vec![
                rings("wrong, training", train_colour, train, &self.train),
                rings("wrong, test", test_colour, &part.data, test),
            ],
            _ => vec![rings("wrong", train_colour, train, &self.train)],
        }
    }

    /// The probability of the second class over the panel.
    fn probability(&self) -> Result<Mark> {
        let [xs, ys] = [0, 1].map(|feature| {
            let (low, high) = range(self.data, feature);
            Array1::linspace(low, high, CELLS)
        });
        let cells = Array2::from_shape_fn((CELLS * CELLS, 2), |(cell, feature)| {
            if feature == 0 { xs[cell % CELLS] } else { ys[cell / CELLS] }
        });
        let probabilities = probabilities(&self.trained.network, &self.parts.inputs(&cells)?)?;
        // Four decimals are finer than the colours show, and keep the CSV short.
        let second = probabilities.column(1).mapv(|p| (p * 1e4).round() / 1e4).to_vec();
        Ok(Mark::Field {
            series: format!("P({})", self.classes[1]),
            xs: xs.to_vec(),
            ys: ys.to_vec(),
            values: Array2::from_shape_vec((CELLS, CELLS), second)?,
        })
    }

    fn loss(&self) -> Panel {
        let stop_below = self.experiment.stop_below;
        let mut marks = losses::curves(&self.trained.history, &self.trained.test_losses);
        marks.push(Mark::Horizontal { label: format!("stop below {}", exact(stop_below)), y: stop_below });
        let (x, y) = (Axis::linear("epoch"), Axis::log10("mean cross-entropy (nat)"));
        Panel { title: "Loss".to_owned(), x, y, equal_axes: false, marks }
    }
}

fn points(data: &Dataset) -> impl Iterator<Item = (f64, f64)> {
    data.features.rows().into_iter().map(|row| (row[0], row[1]))
}

/// The unit interval if all data is inside the unit square, as the report's;
/// otherwise the range of the values.
fn range(data: &Dataset, feature: usize) -> (f64, f64) {
    let column = data.features.column(feature);
    let (low, high) = if within_unit_square(data) {
        (0.0, 1.0)
    } else {
        column.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
    };
    // A constant feature is in the middle of a range whose length is its magnitude, at least 1.
    let margin = if high > low { 0.03 * (high - low) } else { low.abs().max(1.0) / 2.0 };
    (low - margin, high + margin)
}

fn within_unit_square(data: &Dataset) -> bool {
    data.features.iter().all(|value| (0.0..=1.0).contains(value))
}
