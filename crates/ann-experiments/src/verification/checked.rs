//! What a check came to: a line of an overview, and lines of a file.

use std::fmt::{self, Display};

use ann_gradcheck::{Entry, Group, Report};
use serde::Serialize;

use super::Subject;
use crate::number::rounded;

/// What the report claims: |analytic − central difference| is at most this.
pub const CLAIMED: f64 = 1e-7;

/// What was checked, and what came out.  Prints as a line below [`Checked::HEAD`].
#[derive(Clone, Debug)]
pub struct Checked<'s> {
    /// What was checked.
    pub subject: Subject<'s>,
    /// What came out.
    pub report: Report,
}

/// What a check says of the weights or biases of one layer, as a line of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupRow {
    /// Name of the dataset.
    pub data: String,
    /// What is learned from it.
    pub task: String,
    /// Of the hidden layers.
    pub activation: String,
    /// How θ is drawn.
    pub start: String,
    /// Such as `W²`.
    pub group: String,
    /// Number of entries.
    pub entries: usize,
    /// Entries whose derivative stood out from its bound somewhere, or had to be 0 and was.
    pub exercised: usize,
    /// Largest |∂ mean loss / ∂θ| at the point given.
    pub largest_derivative: f64,
    /// |analytic − exact| of the entry whose difference is the largest beside its bound, at the point given.
    pub difference: f64,
    /// What rounding explains of it.
    pub bound: f64,
    /// The name of that entry.
    pub at: String,
    /// Largest |analytic − central difference| at the point given; `None` where entries are only sampled.
    pub from_central: Option<f64>,
    /// Entries within ±h of a kink, at the point given.
    pub kinked: usize,
    /// Of this layer and kind.
    pub verdict: String,
}

impl Checked<'_> {
    /// Above the printed lines.
    pub const HEAD: &'static str = "   |a − d|  |a − central|  at kinks  exercised  verdict";

    /// The largest |analytic − exact| at the point given.
    pub fn largest_difference(&self) -> f64 {
        self.report.entries().iter().map(Entry::absolute).fold(0.0, f64::max)
    }

    /// The largest |analytic − central difference| at the point given, the report's comparison; NaN where there is none.
    /// It is shown and not judged: differences are less exact than what they are compared with.
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
