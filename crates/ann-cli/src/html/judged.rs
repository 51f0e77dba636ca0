//! What was predicted beside what is true, for classes, numbers and labels.

use ann_figure::{Axis, Figure, Mark, Panel};
use ann_tabular::ann_model::is_present;
use ann_tabular::ann_model::ndarray::{Array2, ArrayView1};
use ann_tabular::ann_table::message::unquoted;
use ann_tabular::ann_table::{LabelTarget, NumberTarget, Target, TargetValues};
use ann_tabular::confusion;

use super::markup::{Cell, Html, element, picture, table};
use super::pictures::only_the_first;
use crate::show::{count, spread};

/// True targets of rows, and what was predicted for them.
pub struct Judged<'a> {
    pub target: &'a Target,
    pub truth: TargetValues,
    /// Probabilities of the classes or labels, or numbers, in the order of the target: shape (rows, outputs).
    pub predicted: &'a Array2<f64>,
}

impl Judged<'_> {
    /// How often each class is taken for each other one; numbers beside their predictions; hits of labels.
    pub fn html(&self) -> Html {
        match (self.target, &self.truth) {
            (Target::Classes { classes, .. }, TargetValues::Classes(truth)) => {
                let counts = confusion(truth, self.predicted).expect("the rows are those of the truth");
                if classes.len() > MOST_CLASSES {
                    frequent(classes, &counts)
                } else {
                    matrix(classes, &counts)
                }
            }
            (Target::Numbers(columns), TargetValues::Numbers(truth)) => {
                scatter(columns, truth, self.predicted)
            }
            (Target::Labels(columns), TargetValues::Labels(truth)) => labels(columns, truth, self.predicted),
            _ => Html::default(),
        }
    }
}

/// More classes do not fit on the width of a page.
const MOST_CLASSES: usize = 20;
/// This number of confusions of more classes is shown.
const MOST_CONFUSIONS: usize = 20;

/// All numbers, each on a ground as dark as its share of the rows of the true class.
fn matrix(classes: &[String], counts: &Array2<usize>) -> Html {
    let headings =
        std::iter::once("true \\ predicted".to_owned()).chain(classes.iter().map(|name| unquoted(name)));
    let line = |(class, counts): (&String, ArrayView1<'_, usize>)| {
        let all = counts.sum().max(1) as f64;
        let cells = counts.iter().map(|&rows| Cell::Shaded(count(rows), rows as f64 / all));
        std::iter::once(unquoted(class).into()).chain(cells).collect()
    };
    [
        element("p", "Rows of each true class, and the classes that were predicted for them."),
        table(headings, classes.iter().zip(counts.rows()).map(line)),
    ]
    .into()
}

/// The most frequent confusions of many classes.
fn frequent(classes: &[String], counts: &Array2<usize>) -> Html {
    let wrong = counts.indexed_iter().filter(|((truth, predicted), rows)| truth != predicted && **rows > 0);
    let mut wrong: Vec<((usize, usize), usize)> = wrong.map(|(place, rows)| (place, *rows)).collect();
    wrong.sort_by_key(|&(_, rows)| std::cmp::Reverse(rows));
    let line = |&((truth, predicted), rows): &((usize, usize), usize)| {
        [unquoted(&classes[truth]), unquoted(&classes[predicted]), count(rows)].map(Cell::Text).into()
    };
    let headings = ["true", "predicted", "rows"].map(str::to_owned);
    [
        element("p", format!("The most frequent confusions of the {} classes.", classes.len())),
        table(headings, wrong.iter().take(MOST_CONFUSIONS).map(line)),
    ]
    .into()
}

/// More points hide each other, and make the page large.
const MOST_POINTS: usize = 500;
/// Numbers of more columns are not drawn.
const MOST_COLUMNS: usize = 4;

/// Two panels for each column: truth against prediction, and what is left.
fn scatter(columns: &[NumberTarget], truth: &Array2<f64>, predicted: &Array2<f64>) -> Html {
    let rows = spread(truth.nrows(), MOST_POINTS);
    let shown_rows = match truth.nrows() {
        all if all > rows.len() => format!("{} of {} rows, evenly spaced.", count(rows.len()), count(all)),
        _ => String::new(),
    };
    let panels = |(index, column): (usize, &NumberTarget)| {
        let points: Vec<(f64, f64)> =
            rows.iter().map(|&row| (predicted[[row, index]], truth[[row, index]])).collect();
        panels_of(&column.name, &points)
    };
    picture(&Figure {
        title: "True numbers and residuals against predictions".into(),
        caption: format!("{}{}", shown_rows, only_the_first(MOST_COLUMNS, columns.len(), "columns")),
        columns: 2,
        panels: columns.iter().take(MOST_COLUMNS).enumerate().flat_map(panels).collect(),
    })
}

/// Points are (prediction, truth).
fn panels_of(name: &str, points: &[(f64, f64)]) -> [Panel; 2] {
    let all = || points.iter().flat_map(|&(x, y)| [x, y]);
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    let residuals = points.iter().map(|&(predicted, truth)| (predicted, truth - predicted)).collect();
    let marks = |right, rows| {
        let right = Mark::Line { series: "right".into(), colour: 6, dashed: true, points: right };
        vec![right, Mark::Points { series: "a row".into(), class: 0, points: rows }]
    };
    let against_truth = Panel {
        title: name.to_owned(),
        x: Axis::linear("predicted"),
        y: Axis::linear("true"),
        equal_axes: true,
        marks: marks(vec![(low, low), (high, high)], points.to_vec()),
    };
    let left_over = Panel {
        title: format!("{name}: residuals"),
        x: Axis::linear("predicted"),
        y: Axis::linear("true − predicted"),
        equal_axes: false,
        marks: marks(vec![(low, 0.0), (high, 0.0)], residuals),
    };
    [against_truth, left_over]
}

/// A line for each label.
fn labels(columns: &[LabelTarget], truth: &Array2<bool>, predicted: &Array2<f64>) -> Html {
    let headings = ["label", "found", "missed", "found by mistake", "rightly not found"].map(str::to_owned);
    let line = |((label, truth), predicted): ((&LabelTarget, ArrayView1<'_, bool>), ArrayView1<'_, f64>)| {
        let rows = |is: bool, found: bool| {
            let both =
                truth.iter().zip(predicted).filter(|&(&truth, &p)| truth == is && is_present(p) == found);
            Cell::Text(count(both.count()))
        };
        let counts = [rows(true, true), rows(true, false), rows(false, true), rows(false, false)];
        std::iter::once(unquoted(&label.name).into()).chain(counts).collect()
    };
    let both = columns.iter().zip(truth.columns()).zip(predicted.columns());
    [element("p", "Number of rows for each label."), table(headings, both.map(line))].into()
}
