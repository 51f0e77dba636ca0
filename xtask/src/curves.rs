//! The marks in the CSV file of a picture, its loss curves, and the differences between two curves of the
//! same name.

use std::collections::BTreeMap;
use std::fmt;
use std::io;

use anyhow::{Context, Result};
use serde::Deserialize;

/// Number of points at the beginning of a curve that must agree. Later points may differ, because a long run
/// amplifies the rounding differences between processors.
pub const JUDGED: usize = 20;
/// Largest difference that is allowed in the judged points: far above rounding (1e-15), far below anything
/// visible.
pub const TOLERANCE: f64 = 1e-9;

/// The marks of a picture.
#[derive(Debug, Default)]
pub struct Picture {
    /// Number of rows of each mark.
    pub rows: BTreeMap<Key, usize>,
    /// The points of the marks that are loss curves, in the order of the file.
    pub curves: BTreeMap<Key, Vec<CurvePoint>>,
}

/// Identifies a mark of a picture.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Key {
    /// The panel. The name of a panel of loss curves begins with "loss", in upper or lower case.
    pub panel: String,
    /// The mark within the panel.
    pub series: String,
    /// Points, line, field, …
    pub kind: String,
}

/// One point of a curve: epoch and loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The epoch, as plotted.
    pub x: f64,
    /// The loss, as plotted.
    pub y: f64,
}

/// The columns of a picture's file.
const COLUMNS: [&str; 6] = ["panel", "series", "kind", "x", "y", "value"];

/// One line of the file; `value` is used by heat maps only.
#[derive(Deserialize)]
struct PictureRow {
    panel: String,
    series: String,
    kind: String,
    x: String,
    y: String,
}

/// Reads the marks of a picture. `None` if the file has other columns, and so is another kind of table.
pub fn read(csv: impl io::Read) -> Result<Option<Picture>> {
    let mut reader = csv::Reader::from_reader(csv);
    if *reader.headers()? != COLUMNS[..] {
        return Ok(None);
    }
    let mut picture = Picture::default();
    for row in reader.into_deserialize() {
        let PictureRow { panel, series, kind, x, y } = row?;
        let key = Key { panel, series, kind };
        *picture.rows.entry(key.clone()).or_default() += 1;
        if key.is_loss_curve() {
            let number = |cell: &str| cell.parse().with_context(|| format!("{key}: {cell:?} is no number"));
            let point = CurvePoint { x: number(&x)?, y: number(&y)? };
            picture.curves.entry(key).or_default().push(point);
        }
    }
    Ok(Some(picture))
}

impl Key {
    fn is_loss_curve(&self) -> bool {
        self.kind == "line" && self.panel.to_lowercase().starts_with("loss")
    }
}

/// The first judged point at which two curves differ, if any, as a sentence.
pub fn early_difference(committed: &[CurvePoint], fresh: &[CurvePoint]) -> Option<String> {
    for index in 0..JUDGED {
        let (old, new) = match (committed.get(index), fresh.get(index)) {
            (Some(old), Some(new)) => (old, new),
            (None, None) => return None,
            _ => return Some(format!("committed {} points, now {}", committed.len(), fresh.len())),
        };
        let change = (new.y - old.y).abs();
        // Negated, so that NaN counts as a difference.
        let agrees = old.x == new.x && change <= TOLERANCE;
        if !agrees {
            let place = format!("point {index} (x = {}): committed {}, now {}", old.x, old.y, new.y);
            let x = if old.x == new.x { String::new() } else { format!(" at x = {}", new.x) };
            return Some(format!("{place}{x}, difference {change:.1e}, allowed {TOLERANCE:e}"));
        }
    }
    None
}

/// The largest |Δy| after the judged points, over the x that both curves have; NaN if one of the values is.
/// `None` if the curves have no later point in common.
pub fn later_deviation(committed: &[CurvePoint], fresh: &[CurvePoint]) -> Option<f64> {
    let later = |curve| <[CurvePoint]>::get(curve, JUDGED..).unwrap_or_default();
    let fresh: BTreeMap<u64, f64> = later(fresh).iter().map(|point| (point.x.to_bits(), point.y)).collect();
    let change = |old: &CurvePoint| fresh.get(&old.x.to_bits()).map(|y| (y - old.y).abs());
    // `total_cmp` puts NaN above every number.
    later(committed).iter().filter_map(change).max_by(f64::total_cmp)
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} in panel {:?}", self.kind, self.series, self.panel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_counted_and_lines_in_loss_panels_read() {
        let csv = "panel,series,kind,x,y,value\n\
                   Truth,C1,points,0.1,0.2,\n\
                   \"loss, η 1\",λ 0,line,0,0.7,\n\
                   \"loss, η 1\",λ 0,line,1,0.6,\n\
                   Loss,stop below 0.02,horizontal,,0.02,\n";
        let Picture { rows, curves } = read(csv.as_bytes()).unwrap().unwrap();
        let (key, points) = curves.first_key_value().unwrap();
        assert_eq!((curves.len(), key.to_string().as_str()), (1, "line \"λ 0\" in panel \"loss, η 1\""));
        assert_eq!(points, &[CurvePoint { x: 0.0, y: 0.7 }, CurvePoint { x: 1.0, y: 0.6 }]);
        let rows: Vec<_> = rows.iter().map(|(key, count)| (key.kind.as_str(), *count)).collect();
        assert_eq!(rows, [("horizontal", 1), ("points", 1), ("line", 2)]);
    }

    #[test]
    fn other_tables_are_no_pictures() {
        for csv in
            ["dataset,task,activation\nsquares,classification,sigmoid\n", "panel,series,kind,x,y\n", ""]
        {
            assert!(read(csv.as_bytes()).unwrap().is_none(), "{csv:?}");
        }
    }

    #[test]
    fn a_cell_that_is_no_number_is_named() {
        let error = read("panel,series,kind,x,y,value\nLoss,λ 0,line,0,high,\n".as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "line \"λ 0\" in panel \"Loss\": \"high\" is no number");
    }

    // Point 19 is the twentieth and last judged point.
    #[test]
    fn point_19_off_by_2e_9_differs() {
        assert!(early(19, 2e-9).unwrap().starts_with("point 19 (x = 19): committed 0.5, now 0.5"));
    }
    #[test]
    fn point_19_off_by_half_the_tolerance_agrees() {
        assert_eq!(early(19, 5e-10), None);
    }
    #[test]
    fn point_20_off_agrees() {
        assert_eq!(early(20, 0.1), None);
    }
    #[test]
    fn nan_differs() {
        assert!(early(0, f64::NAN).unwrap().contains("now NaN"));
    }

    /// The verdict on a flat curve of 30 points, of which one is moved.
    fn early(index: usize, shift: f64) -> Option<String> {
        early_difference(&flat(30), &moved(index, shift))
    }

    #[test]
    fn another_x_differs() {
        let mut fresh = flat(30);
        fresh[3].x = 3.5;
        assert!(early_difference(&flat(30), &fresh).unwrap().contains("now 0.5 at x = 3.5"));
    }

    #[test]
    fn a_curve_cut_short_among_the_judged_points_differs() {
        assert_eq!(early_difference(&flat(30), &flat(12)).unwrap(), "committed 30 points, now 12");
        assert_eq!(early_difference(&flat(12), &flat(12)), None);
        assert_eq!(early_difference(&flat(30), &flat(20)), None, "from point 20 on nothing is judged");
    }

    #[test]
    fn the_largest_later_deviation_is_found() {
        assert_eq!(later_deviation(&flat(30), &moved(20, 0.25)), Some(0.25));
        assert_eq!(later_deviation(&flat(30), &moved(19, 0.25)), Some(0.0), "point 19 is not a later one");
        assert_eq!(later_deviation(&flat(30), &flat(20)), None);
        assert!(later_deviation(&flat(30), &moved(25, f64::NAN)).unwrap().is_nan());
    }

    fn flat(points: u32) -> Vec<CurvePoint> {
        (0..points).map(|x| CurvePoint { x: x.into(), y: 0.5 }).collect()
    }

    fn moved(index: usize, shift: f64) -> Vec<CurvePoint> {
        let mut curve = flat(30);
        curve[index].y += shift;
        curve
    }
}
