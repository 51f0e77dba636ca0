//! The result of a check: a line of an overview, and lines of a file.

use std::fmt::{self, Display};

use ann_figure::number::rounded;
use ann_gradcheck::{Entry, Group, Report};
use serde::Serialize;

use super::Subject;

/// What the report claims: |analytic − central difference| is at most this.
pub const CLAIMED: f64 = 1e-7;

/// What was checked, and the result. Prints as a line below [`Checked::HEAD`].
#[derive(Clone, Debug)]
pub struct Checked<'s> {
    /// What was checked.
    pub subject: Subject<'s>,
    /// The checker's result.
    pub report: Report,
}

/// The result of a check for the weights or biases of one layer, as a line of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    /// Name of the dataset.
    pub data: String,
    /// The task that is learned from it.
    pub task: String,
    /// Activation of the hidden layers.
    pub activation: String,
    /// How θ is drawn.
    pub start: String,
    /// Layer and kind, such as `W²`.
    pub group: String,
    /// Number of entries.
    pub entries: usize,
    /// Entries whose derivative stood out from its bound somewhere, or had to be 0 and was.
    pub exercised: usize,
    /// Largest |∂ mean loss / ∂θ| at the given point.
    pub largest_derivative: f64,
    /// |analytic − exact| at the given point, of the entry where it is largest relative to its bound.
    pub difference: f64,
    /// The bound: what rounding can explain of this difference.
    pub bound: f64,
    /// The name of that entry.
    pub at: String,
    /// Largest |analytic − central difference| at the given point; `None` where entries are only sampled.
    pub from_central: Option<f64>,
    /// Number of entries within ±h of a kink, at the given point.
    pub kinked: usize,
    /// Verdict on this layer and kind.
    pub verdict: String,
}

impl Checked<'_> {
    /// The heading of the printed lines.
    pub const HEAD: &'static str = "   |a − d|  |a − central|  at kinks  exercised  verdict";

    /// The largest |analytic − exact| at the given point.
    pub fn largest_difference(&self) -> f64 {
        self.report.entries().iter().map(Entry::absolute).fold(0.0, f64::max)
    }

    /// The largest |analytic − central difference| at the given point, the report's comparison;
    /// NaN where there is none. It is shown and not judged, because central differences are less
    /// exact than the analytic gradient.
    pub fn largest_from_central(&self) -> f64 {
        self.report.largest_from_central().unwrap_or(f64::NAN)
    }

    /// A row for each layer and kind.
    pub fn rows(&self) -> impl Iterator<Item = GroupRow> {
        self.report.groups().iter().map(|group| self.row(group))
    }

    fn row(&self, group: &Group) -> GroupRow {
        let Self { subject, report } = self;
        GroupRow {
            data: subject.samples.name.clone(),
            task: subject.task.to_string(),
            activation: subject.activation.to_string(),
            start: subject.start.to_string(),
            group: report.title(group),
            entries: group.entries,
            exercised: group.exercised,
            largest_derivative: group.largest,
            difference: group.worst.absolute(),
            bound: group.worst.bound,
            at: report.name(&group.worst),
            from_central: group.largest_from_central,
            kinked: group.kinked,
            verdict: group.verdict.to_string(),
        }
    }

    fn sum(&self, count: fn(&Group) -> usize) -> usize {
        self.report.groups().iter().map(count).sum()
    }
}

impl Display for Checked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (difference, central) = (self.largest_difference(), self.largest_from_central());
        let kinked = self.sum(|group| group.kinked);
        let exercised =
            100.0 * self.sum(|group| group.exercised) as f64 / self.sum(|group| group.tried) as f64;
        let (verdict, subject) = (self.report.verdict(), &self.subject);
        write!(
            f,
            "{:>10}  {:>13}  {kinked:>8}  {exercised:>8.1}%  {verdict:<12}  {subject}",
            rounded(difference, 2),
            rounded(central, 2)
        )
    }
}
