//! The outcome of a check: both gradients side by side, and what to conclude from them.

use ann_core::{Kind, Layout, Span};
use ndarray::{Array1, Array2};

use crate::entry::name;
use crate::{Config, Entry, Error, Result, Verdict};

/// The outcome of a check.  Prints as a table with one line for each layer and kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    layout: Option<Layout>,
    step: f64,
    tolerance: f64,
    entries: Vec<Entry>,
    groups: Vec<Group>,
    at_kink: usize,
}

/// The entries of one layer and kind; of all there are, where there is no layout.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Group {
    /// Layer k, counted from 1, and weights or biases; `None` without a layout.
    pub part: Option<(usize, Kind)>,
    /// Number of entries, at least 1.
    pub entries: usize,
    /// Entries that differ by more than the tolerance.
    pub wrong: usize,
    /// Entries about which this point says nothing: see [`Entry::is_zero`].
    pub zeros: usize,
    /// Entries with a kink within ±h: see [`Entry::plain`].
    pub kinked: usize,
    /// Largest |numerical| of the loss alone, without penalty ([`Entry::loss`]): a difference says something only beside it.
    pub largest: f64,
    /// The entry with the largest absolute difference, the first of equals.
    pub worst: Entry,
    /// The entry with the largest relative difference, the first of equals.
    pub worst_relative: Entry,
    /// Fail when an entry is wrong; vacuous when more than 5% of the entries are zeros, or `largest` is not above the
    /// tolerance: a gradient of zeros would pass too; else pass.
    pub verdict: Verdict,
}

/// Both gradients of one layer, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerComparison {
    /// The gradient under test.
    pub analytic: LayerGradient,
    /// The central differences.
    pub numerical: LayerGradient,
}

/// ∂J/∂W⁽ᵏ⁾ and ∂J/∂b⁽ᵏ⁾.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerGradient {
    /// (fan_out, fan_in).
    pub weights: Array2<f64>,
    /// (fan_out).
    pub bias: Array1<f64>,
}

impl Report {
    /// `entries` must not be empty, and must be consecutive: whole layers where there is a layout.
    pub(crate) fn new(layout: Option<Layout>, config: &Config, entries: Vec<Entry>, at_kink: usize) -> Self {
        let groups = groups(layout.as_ref(), &entries, config.tolerance);
        Self { layout, step: config.step, tolerance: config.tolerance, entries, groups, at_kink }
    }

    /// The worst verdict of all groups.
    pub fn verdict(&self) -> Verdict {
        self.groups.iter().map(|group| group.verdict).fold(Verdict::Pass, Ord::max)
    }

    /// Nothing when the verdict is pass; for a test: `check_gradient(…)?.ensure_ok()?`.
    ///
    /// # Errors
    /// A wrong gradient, and also a vacuous check, which has not shown that the gradient is right.
    pub fn ensure_ok(&self) -> Result<()> {
        match self.verdict() {
            Verdict::Pass => Ok(()),
            verdict => Err(Error::NotVerified { verdict, summary: self.summary() }),
        }
    }

    /// The entry with the largest absolute difference, the first of equals.
    pub fn worst(&self) -> &Entry {
        largest(&self.entries, Entry::absolute)
    }

    /// How an entry is called: `W²[0, 3]`, or `θ[17]` without a layout.
    pub fn name(&self, entry: &Entry) -> String {
        name(self.layout.as_ref(), entry.index)
    }

    /// One for each layer and kind that was checked, in the order of θ.
    pub fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// All entries that were checked, in the order of θ.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entries that differ by more than the tolerance, in the order of θ.
    pub fn wrong(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| !entry.agrees(self.tolerance))
    }

    /// Both gradients of layer k, counted from 1, as matrices and vectors.
    ///
    /// # Errors
    /// There is no layout, no such layer, or it was not checked.
    pub fn layer(&self, k: usize) -> Result<LayerComparison> {
        let layout = self.layout.as_ref().ok_or(Error::NoLayout)?;
        let out_of_range = Error::LayerOutOfRange { layer: k, layers: layout.layers().len() };
        let span = layout.layer(k).ok_or(out_of_range)?;
        let first = span.all().start.checked_sub(self.entries[0].index);
        let entries = first.and_then(|first| self.entries.get(first..first + span.all().len()));
        let entries = entries.ok_or(Error::LayerNotChecked { layer: k })?;
        Ok(LayerComparison {
            analytic: LayerGradient::collect(span, entries.iter().map(|entry| entry.analytic)),
            numerical: LayerGradient::collect(span, entries.iter().map(|entry| entry.numerical)),
        })
    }

    /// h.
    pub fn step(&self) -> f64 {
        self.step
    }

    /// The largest difference that passes.
    pub fn tolerance(&self) -> f64 {
        self.tolerance
    }

    /// How many pre-activations, over all samples and units, stand exactly at a kink at θ.
    /// Such a unit is frozen on the side whose slope its derivative has there: ReLU′(0) = 0, off.
    pub fn at_kink(&self) -> usize {
        self.at_kink
    }
}

impl LayerGradient {
    fn collect(span: &Span, mut values: impl Iterator<Item = f64>) -> Self {
        let weights = values.by_ref().take(span.weights().len()).collect();
        let weights = Array2::from_shape_vec((span.fan_out, span.fan_in), weights);
        Self { weights: weights.expect("the layer has fan_out · fan_in weights"), bias: values.collect() }
    }
}

/// Cuts the entries by layer and kind.
fn groups(layout: Option<&Layout>, entries: &[Entry], tolerance: f64) -> Vec<Group> {
    let part = |entry: &Entry| {
        let place = layout.map(|layout| layout.locate(entry.index));
        place.map(|place| (place.layer, place.kind))
    };
    let chunks = entries.chunk_by(|one, next| part(one) == part(next));
    chunks.map(|chunk| Group::new(part(&chunk[0]), chunk, tolerance)).collect()
}

impl Group {
    fn new(part: Option<(usize, Kind)>, entries: &[Entry], tolerance: f64) -> Self {
        let count = |is: &dyn Fn(&Entry) -> bool| entries.iter().filter(|entry| is(entry)).count();
        let (wrong, zeros) = (count(&|entry| !entry.agrees(tolerance)), count(&|entry| entry.is_zero));
        let largest_loss = largest(entries, |entry| entry.loss.abs()).loss.abs();
        // More than 5%, in whole numbers; or a gradient of zeros would pass too.
        let is_vacuous = 20 * zeros > entries.len() || largest_loss <= tolerance;
        let verdict = match wrong {
            0 if is_vacuous => Verdict::Vacuous,
            0 => Verdict::Pass,
            _ => Verdict::Fail,
        };
        Self {
            part,
            entries: entries.len(),
            wrong,
            zeros,
            kinked: count(&Entry::is_kinked),
            largest: largest_loss,
            worst: *largest(entries, Entry::absolute),
            worst_relative: *largest(entries, Entry::relative),
            verdict,
        }
    }
}

fn largest(entries: &[Entry], size: impl Fn(&Entry) -> f64) -> &Entry {
    let larger = |best, entry| if size(entry) > size(best) { entry } else { best };
    entries.iter().reduce(larger).expect("a report has at least one entry")
}
