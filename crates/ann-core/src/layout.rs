//! The position of each weight and bias in the flat vector θ = [W⁽¹⁾ | b⁽¹⁾ | W⁽²⁾ | b⁽²⁾ | …].
//!
//! W⁽ᵏ⁾ has shape (fan_out, fan_in) and is stored in row-major order; b⁽ᵏ⁾ has fan_out values.

use std::fmt::{self, Display};
use std::ops::Range;

use crate::{Error, Result};

/// The layout of a network's parameters. Its gradient has the same layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    spans: Vec<LayerSpan>,
}

/// The range of one layer in θ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSpan {
    /// Columns of W⁽ᵏ⁾: inputs of the layer.
    pub fan_in: usize,
    /// Rows of W⁽ᵏ⁾: units of the layer.
    pub fan_out: usize,
    start: usize,
}

/// Weight or bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ParameterKind {
    /// An entry of W⁽ᵏ⁾.
    Weight,
    /// An entry of b⁽ᵏ⁾.
    Bias,
}

/// Identifies one parameter. Prints as `W²[0, 3]` or `b²[0]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ParameterId {
    /// k, counted from 1 as in the report.
    pub layer: usize,
    /// Weight or bias.
    pub kind: ParameterKind,
    /// The unit of layer k: the row of W⁽ᵏ⁾ or the entry of b⁽ᵏ⁾, from 0.
    pub unit: usize,
    /// The column of W⁽ᵏ⁾, from 0; 0 for a bias.
    pub input: usize,
}

impl Layout {
    /// The layout for these widths, from input to output.
    pub(crate) fn new(widths: &[usize]) -> Result<Self> {
        let mut spans: Vec<LayerSpan> = Vec::with_capacity(widths.len().saturating_sub(1));
        for (index, pair) in widths.windows(2).enumerate() {
            let (fan_in, fan_out, layer) = (pair[0], pair[1], index + 1);
            if fan_out == 0 {
                return Err(Error::ZeroWidth { layer });
            }
            let start = spans.last().map_or(0, |span| span.bias().end);
            // One allocation holds at most isize::MAX bytes; f64 is the larger scalar.
            fan_in
                .checked_add(1)
                .and_then(|columns| columns.checked_mul(fan_out))
                .and_then(|count| count.checked_add(start))
                .filter(|&end| end <= isize::MAX as usize / size_of::<f64>())
                .ok_or(Error::TooManyParameters { layer })?;
            spans.push(LayerSpan { fan_in, fan_out, start });
        }
        if spans.is_empty() { Err(Error::NoLayers) } else { Ok(Self { spans }) }
    }

    /// Number of parameters: Σ (fan_in + 1) · fan_out.
    #[expect(clippy::len_without_is_empty, reason = "a layout has at least one layer")]
    pub fn len(&self) -> usize {
        self.spans.last().map_or(0, |span| span.bias().end)
    }

    /// The layers, first to last: `layers()[0]` is layer 1.
    pub fn layers(&self) -> &[LayerSpan] {
        &self.spans
    }

    /// Layer k, counted from 1 as in the report; `None` beyond the last one and for 0.
    pub fn layer(&self, k: usize) -> Option<&LayerSpan> {
        self.spans.get(k.checked_sub(1)?)
    }

    /// The parameter at `index` of θ.
    ///
    /// # Panics
    /// When `index` is not below [`len`](Self::len).
    pub fn locate(&self, index: usize) -> ParameterId {
        assert!(index < self.len(), "parameter {index} of {}", self.len());
        let before = self.spans.partition_point(|span| span.bias().end <= index);
        let (span, layer) = (&self.spans[before], before + 1);
        if span.bias().contains(&index) {
            return ParameterId {
                layer,
                kind: ParameterKind::Bias,
                unit: index - span.bias().start,
                input: 0,
            };
        }
        let offset = index - span.start;
        ParameterId {
            layer,
            kind: ParameterKind::Weight,
            unit: offset / span.fan_in,
            input: offset % span.fan_in,
        }
    }

    /// The index of a parameter in θ, the inverse of [`locate`](Self::locate); `None` if there is no such
    /// parameter.
    pub fn index(&self, place: ParameterId) -> Option<usize> {
        let span = self.layer(place.layer)?;
        let columns = if place.kind == ParameterKind::Weight { span.fan_in } else { 1 };
        let inside = place.unit < span.fan_out && place.input < columns;
        inside.then(|| match place.kind {
            ParameterKind::Weight => span.start + place.unit * span.fan_in + place.input,
            ParameterKind::Bias => span.bias().start + place.unit,
        })
    }
}

impl LayerSpan {
    /// Indices of W⁽ᵏ⁾ in θ.
    pub fn weights(&self) -> Range<usize> {
        self.start..self.start + self.fan_in * self.fan_out
    }

    /// Indices of b⁽ᵏ⁾ in θ.
    pub fn bias(&self) -> Range<usize> {
        let start = self.weights().end;
        start..start + self.fan_out
    }

    /// Indices of W⁽ᵏ⁾ and b⁽ᵏ⁾ in θ.
    pub fn all(&self) -> Range<usize> {
        self.start..self.bias().end
    }
}

impl Display for ParameterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Weight => "W",
            Self::Bias => "b",
        })
    }
}

impl Display for ParameterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let superscript: String = self
            .layer
            .to_string()
            .bytes()
            .map(|digit| ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'][usize::from(digit - b'0')])
            .collect();
        match self.kind {
            ParameterKind::Weight => f.pad(&format!("W{superscript}[{}, {}]", self.unit, self.input)),
            ParameterKind::Bias => f.pad(&format!("b{superscript}[{}]", self.unit)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_read_like_the_report() {
        // 2-3-1: W¹ has 6 entries (0 to 5), b¹ 3 (6 to 8), W² 3 (9 to 11), b² 1 (12)
        let layout = Layout::new(&[2, 3, 1]).unwrap();
        let names: Vec<String> = [0, 5, 8, 10, 12].map(|index| layout.locate(index).to_string()).to_vec();
        assert_eq!(names, ["W¹[0, 0]", "W¹[2, 1]", "b¹[2]", "W²[0, 1]", "b²[0]"]);
        assert_eq!([ParameterKind::Weight, ParameterKind::Bias].map(|kind| kind.to_string()), ["W", "b"]);
    }

    #[test]
    fn a_place_outside_has_no_index() {
        // 2-3-1: W¹ is (3, 2), b¹ has 3 entries
        let layout = Layout::new(&[2, 3, 1]).unwrap();
        for (layer, kind, unit, input) in [
            (0, ParameterKind::Weight, 0, 0),
            (3, ParameterKind::Weight, 0, 0),
            (1, ParameterKind::Weight, 3, 0),
            (1, ParameterKind::Weight, 0, 2),
            (1, ParameterKind::Bias, 3, 0),
            (1, ParameterKind::Bias, 0, 1),
        ] {
            let place = ParameterId { layer, kind, unit, input };
            assert_eq!(layout.index(place), None, "{place:?}");
        }
    }

    #[test]
    fn impossible_shapes_are_named() {
        assert_eq!(Layout::new(&[2]), Err(Error::NoLayers));
        assert_eq!(Layout::new(&[2, 3, 0, 1]), Err(Error::ZeroWidth { layer: 2 }));
        assert_eq!(Layout::new(&[2, usize::MAX, 3]), Err(Error::TooManyParameters { layer: 1 }));
        assert_eq!(Layout::new(&[2, 1 << 40, 1 << 40]), Err(Error::TooManyParameters { layer: 2 }));
    }

    proptest! {
        #[test]
        fn every_index_has_one_place(widths in prop::collection::vec(1_usize..7, 2..6)) {
            let layout = Layout::new(&widths).unwrap();
            for index in 0..layout.len() {
                prop_assert_eq!(layout.index(layout.locate(index)), Some(index));
            }
        }
    }
}
