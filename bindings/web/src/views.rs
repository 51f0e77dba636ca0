//! What a page reads of a lab besides pictures: its state, weights in bins, and findings.

use ann_table::Task;
use ann_train::{EpochRecord, Finding, History, StopReason, findings};

use crate::error::{Error, Result, check_size};
use crate::history::{Measure, Moment};
use crate::json::{Object, object};
use crate::lab::Lab;
use crate::limits;
use crate::settings::describe_activation;
use crate::source::kind_name;

impl Lab {
    /// Everything that does not change from epoch to epoch, and the progress.
    pub fn state(&self) -> Result<Object> {
        let columns = self.schema.columns.iter().enumerate().map(|(axis, column)| {
            let is_axis = self.check_axis(axis).is_ok();
            object! {
                "name": column.name, "kind": kind_name(column.encoding.kind()), "axis": is_axis,
                "range": self.range(axis).ok(), "median": self.median(axis),
                "inputs": column.encoding.plain_inputs(),
            }
        });
        let ignored = self.schema.ignored.iter();
        let ignored =
            ignored.map(|column| object! { "name": column.name, "reason": column.reason.to_string() });
        let network = self.network();
        let layers = network.architecture().layers().iter().zip(network.layout().layers());
        let layers = layers.map(|(layer, span)| {
            let (name, parameter) = describe_activation(&layer.activation);
            object! {
                "units": layer.width, "activation": name, "parameter": parameter, "inputs": span.fan_in,
                "weights": span.weights().start, "biases": span.bias().start,
            }
        });
        let target = &self.schema.target;
        let is_classes = target.task() == Task::Classification;
        let classes = match target {
            ann_table::Target::Classes { classes, .. } => classes.as_slice(),
            _ => &[],
        };
        let rows = self.rows.as_ref();
        let state = object! {
            "task": if is_classes { "classification" } else { "regression" },
            "rows": object! {
                "train": rows.map_or(0, |rows| rows.train.x.nrows()),
                "test": rows.and_then(|rows| rows.test.as_ref()).map_or(0, |test| test.x.nrows()),
            },
            "classes": classes,
            "target": target.names()[0],
            "unit": if is_classes { "probability" } else { "number" },
            "columns": columns.collect::<Vec<_>>(),
            "ignored": ignored.collect::<Vec<_>>(),
            "inputs": self.input_names(),
            "axes": self.axes(),
            "layers": layers.collect::<Vec<_>>(),
            "parameters": network.parameters().len(),
            "loss": self.settings.loss.to_string(),
            "trainable": rows.is_some(),
        };
        Ok(state.and(&self.progress()))
    }

    /// A name for each input of the network.
    fn input_names(&self) -> Vec<String> {
        let mut names = self.schema.plain_input_names();
        let (plain, width) = (names.len(), self.network().architecture().input_width());
        names.extend((plain..width).map(|input| format!("piecewise-linear input {}", input - plain + 1)));
        names
    }

    /// Epoch, losses and how the last step ended.
    pub fn progress(&self) -> Object {
        let last = self.course.last();
        let (train, test) = (last.and_then(|last| last.train), last.and_then(|last| last.test));
        object! {
            "epoch": self.epoch(),
            "updates": self.state.memory.updates,
            "train": train.map(describe_measure),
            "test": test.map(describe_measure),
            "best": self.course.best().map(|(epoch, loss)| object! { "epoch": epoch, "loss": loss }),
            "stop": self.stop.map(|stop| match stop {
                StopReason::Converged => "converged",
                _ => "ended",
            }),
            "error": self.trouble,
        }
    }

    /// Six numbers for each moment from this epoch on.
    pub fn history(&self, from: usize) -> Vec<f64> {
        let moments = self.course.moments().iter().filter(|moment| moment.epoch >= from);
        let nan = Measure { loss: f64::NAN, penalty: f64::NAN, metric: f64::NAN };
        let of = |moment: &Moment| {
            let (train, test) = (moment.train.unwrap_or(nan), moment.test.unwrap_or(nan));
            [moment.epoch as f64, train.loss, train.penalty, train.metric, test.loss, test.metric]
        };
        moments.flat_map(of).collect()
    }

    /// What is remarkable about the training, in sentences.
    pub fn findings(&self) -> Result<Object> {
        let problem = self.problem(&self.rows()?.train)?;
        let record = |epoch: usize, measure: Measure| EpochRecord {
            epoch,
            loss: measure.loss,
            penalty: measure.penalty,
            accuracy: None,
        };
        let moments = self.course.moments().iter();
        let known = |of: fn(&Moment) -> Option<Measure>| {
            let records = moments.clone().filter_map(|moment| Some(record(moment.epoch, of(moment)?)));
            records.filter(|record| record.loss.is_finite()).collect()
        };
        let history = History {
            records: known(|moment| moment.train),
            validation: known(|moment| moment.test),
            best_epoch: None,
            stop: self.stop.unwrap_or(StopReason::EpochLimit),
        };
        let mut found: Vec<Object> = Vec::new();
        if let Some(trouble) = &self.trouble {
            found.push(object! { "kind": "diverged", "text": trouble });
        }
        if !history.records.is_empty() {
            let remarks = findings(&problem, self.network(), &history)?;
            found.extend(remarks.iter().map(|finding| self.describe_finding(finding)));
        }
        Ok(object! { "findings": found })
    }

    fn describe_finding(&self, finding: &Finding) -> Object {
        let text = finding.to_string();
        match finding {
            Finding::NoBetterThanConstant { .. } => {
                object! { "kind": "no_better_than_constant", "text": text }
            }
            Finding::LossRose { .. } => object! { "kind": "loss_rose", "text": text },
            Finding::WideColumn { column, range } => {
                let names = self.input_names();
                let name = names.get(*column).map_or("", String::as_str);
                let text = format!(
                    "the input {name:?} ranges over {range:.4}, which makes learning slow or \
                     impossible; scale the columns"
                );
                object! { "kind": "wide_column", "text": text, "column": column }
            }
            Finding::IdleUnits { layer, idle, units } => {
                object! { "kind": "idle_units", "text": text, "layer": layer, "idle": idle, "units": units }
            }
            Finding::StillFalling { .. } => object! { "kind": "still_falling", "text": text },
            Finding::ValidationRose { epoch, .. } => {
                object! { "kind": "validation_rose", "text": text, "epoch": epoch }
            }
            _ => object! { "kind": "other", "text": text },
        }
    }

    /// Counts of numbers in bins of equal width; and the range of the bins.
    pub fn histogram(&self, of: &str, layer: Option<usize>, bins: usize) -> Result<([f64; 2], Vec<f64>)> {
        check_size("bins", bins, limits::BINS)?;
        let numbers = self.numbers_of(of, layer)?;
        let ends = numbers
            .iter()
            .fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], &x| [low.min(x), high.max(x)]);
        let [low, high] = if ends[0] < ends[1] { ends } else { [ends[0] - 0.5, ends[0] + 0.5] };
        if !(high - low).is_finite() {
            return Err(Error::request("a histogram needs finite numbers"));
        }
        let mut counts = vec![0.0; bins];
        for number in numbers {
            let bin = ((number - low) / (high - low) * bins as f64) as usize;
            counts[bin.min(bins - 1)] += 1.0;
        }
        Ok(([low, high], counts))
    }

    fn numbers_of(&self, of: &str, layer: Option<usize>) -> Result<Vec<f64>> {
        let network = self.network();
        let layers = network.layout().layers();
        if layer.is_some_and(|layer| layer == 0 || layer > layers.len()) {
            return Err(Error::request(format!("there is no such layer; there are {}", layers.len())));
        }
        let is_shown = |index: usize| layer.is_none_or(|layer| layer == index + 1);
        if of == "activations" {
            let activations = network.activations(&self.rows()?.train.x)?;
            let shown = activations.into_iter().enumerate().filter(|(index, _)| is_shown(*index));
            return Ok(shown.flat_map(|(_, activations)| activations.into_iter()).collect());
        }
        let theta = if of == "gradient" { self.gradient()? } else { network.parameters().to_vec() };
        let spans = layers.iter().enumerate().filter(|(index, _)| is_shown(*index)).map(|(_, span)| span);
        let range = |span: &ann_train::ann_core::LayerSpan| match of {
            "biases" => span.bias(),
            "weights" => span.weights(),
            _ => span.all(),
        };
        Ok(spans.flat_map(|span| theta[range(span)].to_vec()).collect())
    }
}

fn describe_measure(measure: Measure) -> Object {
    object! { "loss": measure.loss, "penalty": measure.penalty, "metric": measure.metric }
}
