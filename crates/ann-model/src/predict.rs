//! Predictions: of a table, and of one row at a time.

use ann_core::{Loss, Network, Predictor as NetworkPredictor, Scalar, argmax};
use ann_table::{Cell, Table, Target};
use ndarray::{Array2, ArrayRef1, ArrayView1, ArrayViewMut2, Axis};

use crate::model::mismatch;
use crate::{Error, Model, Networks, Result};

/// Rows that are computed at once, so that memory does not grow with the table.
const BLOCK: usize = 4096;

impl Model {
    /// Predicts all rows of a table. Columns are found by name; the target may be missing.
    ///
    /// # Errors
    /// The table lacks a column, or holds another kind than the one that was learned from.
    pub fn predict(&self, table: &Table) -> Result<Predictions<'_>> {
        let mut values = Array2::zeros((table.rows(), self.schema().target.outputs()));
        for (block, mut values) in values.axis_chunks_iter_mut(Axis(0), BLOCK).enumerate() {
            let rows: Vec<usize> = (block * BLOCK..).take(values.nrows()).collect();
            let table = if rows.len() < table.rows() { &table.select(&rows) } else { table };
            match self.networks() {
                Networks::F32(networks) => self.add_up(networks, table, &mut values)?,
                Networks::F64(networks) => self.add_up(networks, table, &mut values)?,
            }
        }
        Ok(Predictions { model: self, values })
    }

    /// Overwrites zeros with the mean of what the networks say of each row.
    fn add_up<F: Scalar>(
        &self,
        networks: &[Network<F>],
        table: &Table,
        values: &mut ArrayViewMut2<'_, f64>,
    ) -> Result<()> {
        let widths = networks.iter().map(|network| network.architecture().input_width());
        let inputs = match widths.max() {
            Some(widest) if widest > self.schema().plain_inputs() => self.schema().features::<F>(table)?,
            // Piecewise-linear inputs take longer to compute than all others, and no network has them.
            _ => self.schema().plain_features(table)?,
        };
        for network in networks {
            let width = network.architecture().input_width();
            let outputs =
                self.loss().respond(&network.forward(&inputs.slice_axis(Axis(1), (..width).into()))?);
            for (outputs, mut values) in outputs.rows().into_iter().zip(values.rows_mut()) {
                self.add(&outputs, values.as_slice_mut().expect("rows are contiguous"));
            }
        }
        values.rows_mut().into_iter().for_each(|mut values| {
            self.finish(values.as_slice_mut().expect("rows are contiguous"));
        });
        Ok(())
    }

    /// Adds what one network says of a row: probabilities, or numbers inside the range that was learned from.
    fn add<F: Scalar>(&self, outputs: &ArrayRef1<F>, values: &mut [f64]) {
        match &self.schema().target {
            Target::Classes { .. } | Target::Labels(_) => {
                outputs.iter().zip(values).for_each(|(output, value)| *value += output.as_f64());
            }
            Target::Numbers(columns) => {
                for ((output, value), column) in outputs.iter().zip(values).zip(columns) {
                    let number = if self.has_scaled_targets() {
                        column.restored(output.as_f64())
                    } else {
                        output.as_f64()
                    };
                    *value += number.clamp(column.minimum, column.maximum);
                }
            }
        }
    }

    /// Divides the sums over the networks by their number.
    fn finish(&self, values: &mut [f64]) {
        let networks = self.networks().len() as f64;
        values.iter_mut().for_each(|value| *value /= networks);
    }

    /// Whether the networks predict numbers of mean 0 and variance 1. Counts and probabilities are predicted
    /// as they are.
    pub fn has_scaled_targets(&self) -> bool {
        !matches!(self.loss(), Loss::Poisson | Loss::BinaryCrossEntropy)
    }

    /// Prepares for one row at a time, without allocations. One for each thread.
    ///
    /// ```no_run
    /// use ann_model::{Cell, Model};
    ///
    /// let model = Model::load("species.ann")?;
    /// let mut predictor = model.predictor()?;
    /// let probabilities = predictor.predict(&[Cell::Number(5.1), Cell::Number(3.5)])?;
    /// # Ok::<(), ann_model::Error>(())
    /// ```
    ///
    /// # Errors
    /// The system cannot provide memory.
    pub fn predictor(&self) -> Result<Predictor<'_>> {
        let networks = match self.networks() {
            Networks::F32(networks) => Buffers::F32(Members::new(networks, self)?),
            Networks::F64(networks) => Buffers::F64(Members::new(networks, self)?),
        };
        Ok(Predictor { model: self, networks, values: vec![0.0; self.schema().target.outputs()] })
    }
}

/// Whether a label is predicted: it is more probable than not.
pub fn is_present(probability: f64) -> bool {
    probability > 0.5
}

/// What a model says of the rows of a table.
#[derive(Clone, Debug)]
pub struct Predictions<'m> {
    model: &'m Model,
    values: Array2<f64>,
}

impl Predictions<'_> {
    /// Probabilities of the classes or labels, or the numbers, shape (rows, classes, labels or numbers).
    pub fn values(&self) -> &Array2<f64> {
        &self.values
    }

    /// The classes, or nothing if numbers or labels are predicted.
    pub fn classes(&self) -> &[String] {
        match &self.model.schema().target {
            Target::Classes { classes, .. } => classes,
            Target::Numbers(_) | Target::Labels(_) => &[],
        }
    }

    /// The most probable class of each row. Nothing if numbers or labels are predicted.
    pub fn labels(&self) -> Vec<&str> {
        let classes = self.classes();
        let rows = self.values.rows().into_iter().filter(|_| !classes.is_empty());
        rows.map(|row| classes[argmax(row)].as_str()).collect()
    }

    /// Intervals that contain the truth with this probability: for each row and number the lower and the
    /// upper end.
    ///
    /// # Errors
    /// Classes are predicted, the model has no residuals, or the level is not between 0 and 1.
    pub fn intervals(&self, level: f64) -> Result<(Array2<f64>, Array2<f64>)> {
        let Target::Numbers(columns) = &self.model.schema().target else {
            return Err(mismatch(
                "the model of the intervals",
                "classes or labels",
                "numbers; classes have sets",
            ));
        };
        let conformal = self.model.conformal().ok_or(Error::NoResiduals)?;
        let (mut low, mut high) = (self.values.clone(), self.values.clone());
        for column in 0..columns.len() {
            let half = conformal.quantile(column, level)?;
            low.column_mut(column).mapv_inplace(|value| value - half);
            high.column_mut(column).mapv_inplace(|value| value + half);
        }
        Ok((low, high))
    }

    /// Sets of classes that contain the truth with this probability: for each row and class whether it is in
    /// the set. The most probable class always is.
    ///
    /// # Errors
    /// Numbers are predicted, the model has no residuals, or the level is not between 0 and 1.
    pub fn sets(&self, level: f64) -> Result<Array2<bool>> {
        if self.classes().is_empty() {
            return Err(mismatch(
                "the model of the sets",
                "numbers or labels",
                "classes; numbers have intervals",
            ));
        }
        let conformal = self.model.conformal().ok_or(Error::NoResiduals)?;
        let most = conformal.quantile(0, level)?;
        let mut sets = self.values.mapv(|probability| 1.0 - probability <= most);
        for (mut set, probabilities) in sets.rows_mut().into_iter().zip(self.values.rows()) {
            set[argmax(probabilities)] = true;
        }
        Ok(sets)
    }
}

/// A model that predicts one row at a time, without allocations.
#[derive(Debug)]
pub struct Predictor<'m> {
    model: &'m Model,
    networks: Buffers,
    values: Vec<f64>,
}

#[derive(Debug)]
enum Buffers {
    F32(Members<f32>),
    F64(Members<f64>),
}

#[derive(Debug)]
struct Members<F> {
    networks: Vec<(usize, NetworkPredictor<F>)>,
    inputs: Vec<F>,
    outputs: Vec<F>,
}

impl<F: Scalar> Members<F> {
    fn new(networks: &[Network<F>], model: &Model) -> Result<Self> {
        let prepared =
            |network: &Network<F>| Ok((network.architecture().input_width(), network.predictor()?));
        Ok(Self {
            networks: networks.iter().map(prepared).collect::<Result<_>>()?,
            inputs: vec![F::zero(); model.schema().inputs()],
            outputs: vec![F::zero(); model.schema().target.outputs()],
        })
    }

    fn add_up(&mut self, model: &Model, cells: &[Cell<'_>], values: &mut [f64]) -> Result<()> {
        model.schema().encode_row(cells, &mut self.inputs)?;
        for (width, network) in &mut self.networks {
            network.predict_into(&self.inputs[..*width], &mut self.outputs)?;
            model.loss().respond_row(&mut self.outputs);
            model.add(&ArrayView1::from(&self.outputs), values);
        }
        Ok(())
    }
}

impl<'m> Predictor<'m> {
    /// Probabilities of the classes, or numbers, of one row, whose cells are in the order of the schema's
    /// columns.
    ///
    /// # Errors
    /// The number of cells is wrong, or a cell is of another kind than its column.
    pub fn predict(&mut self, cells: &[Cell<'_>]) -> Result<&[f64]> {
        self.values.fill(0.0);
        match &mut self.networks {
            Buffers::F32(members) => members.add_up(self.model, cells, &mut self.values)?,
            Buffers::F64(members) => members.add_up(self.model, cells, &mut self.values)?,
        }
        self.model.finish(&mut self.values);
        Ok(&self.values)
    }

    /// As [`predict`](Self::predict), with the intervals and sets of [`Predictions`].
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    #[expect(clippy::missing_panics_doc, reason = "the values of one row are one row")]
    pub fn predictions(&mut self, cells: &[Cell<'_>]) -> Result<Predictions<'m>> {
        let model = self.model;
        let values = self.predict(cells)?.to_vec();
        let values = Array2::from_shape_vec((1, values.len()), values).expect("one row has all values");
        Ok(Predictions { model, values })
    }

    /// The most probable class of one row; `None` if numbers are predicted.
    ///
    /// # Errors
    /// As [`predict`](Self::predict).
    pub fn label(&mut self, cells: &[Cell<'_>]) -> Result<Option<&'m str>> {
        let best = argmax(self.predict(cells)?);
        match &self.model.schema().target {
            Target::Classes { classes, .. } => Ok(Some(&classes[best])),
            Target::Numbers(_) | Target::Labels(_) => Ok(None),
        }
    }
}
