//! The style of all figures: palette, ink, sizes in px, fonts.

use plotters::style::RGBColor as Colour;

/// The palette of Okabe and Ito, whose colours differ for people with any colour vision. Its yellow is left
/// out, because it is too pale on white; dark grey comes before black, because black is nearly the ink. Wine
/// and olive are from the muted palette of Paul Tol. Classes and lines are indices into it.
pub(crate) const PALETTE: [Colour; 10] = [
    Colour(0x00, 0x72, 0xB2), // blue
    Colour(0xD5, 0x5E, 0x00), // vermillion
    Colour(0x00, 0x9E, 0x73), // bluish green
    Colour(0xCC, 0x79, 0xA7), // reddish purple
    Colour(0xE6, 0x9F, 0x00), // orange
    Colour(0x56, 0xB4, 0xE9), // sky blue
    Colour(0x55, 0x55, 0x55), // dark grey
    Colour(0x00, 0x00, 0x00), // black
    Colour(0x88, 0x22, 0x55), // wine
    Colour(0x99, 0x99, 0x33), // olive
];

pub(crate) const PAPER: Colour = Colour(0xFF, 0xFF, 0xFF);
/// Titles, legends and the decision boundary.
pub(crate) const INK: Colour = Colour(0x22, 0x22, 0x22);
/// Axis labels and caption.
pub(crate) const QUIET_INK: Colour = Colour(0x55, 0x55, 0x55);
/// Marked values.
pub(crate) const RULE: Colour = Colour(0x55, 0x55, 0x55);
pub(crate) const AXIS: Colour = Colour(0x99, 0x99, 0x99);
pub(crate) const GRID: Colour = Colour(0xE8, 0xE8, 0xE8);

/// The colour of probability `p`: pale class 0, white at 0.5, pale class 1.
pub(crate) fn field_colour(p: f64) -> Colour {
    // About a quarter of the full colour, so that markers of the same class remain visible on it.
    let strength = 0.28 * (2.0 * p - 1.0).abs();
    let Colour(red, green, blue) = PALETTE[usize::from(p > 0.5)];
    let mix = |channel: u8| (255.0 + strength * (f64::from(channel) - 255.0)).round() as u8;
    Colour(mix(red), mix(green), mix(blue))
}

/// Text sizes. None is below 12, so that a figure shrunk by a twelfth still has 11 px.
pub(crate) const TITLE: f64 = 17.0;
pub(crate) const PANEL_TITLE: f64 = 13.5;
pub(crate) const TEXT: f64 = 12.0;

/// The radius of a circle marker; other shapes have about its area.
pub(crate) const MARKER: f64 = 3.6;
/// The white edge around a marker.
pub(crate) const MARKER_EDGE: f64 = 0.9;
/// The radius of a ring around a marker.
pub(crate) const RING: f64 = 7.0;
/// Thin enough for many rings side by side.
pub(crate) const RING_LINE: f64 = 1.4;
pub(crate) const LINE: f64 = 1.8;
pub(crate) const HAIR: f64 = 0.8;

/// The CSS font family of all text: the bundled font, or else a sans-serif font of the reader.
pub(crate) const FONT_FAMILY: &str = "Inter, sans-serif";
/// Inter (SIL Open Font License), cut to the characters figures use.
pub(crate) const REGULAR: &[u8] = include_bytes!("../assets/Inter-Regular.ttf");
/// The weight of titles.
pub(crate) const SEMI_BOLD: &[u8] = include_bytes!("../assets/Inter-SemiBold.ttf");

#[cfg(test)]
mod tests {
    use super::{Colour, PAPER, field_colour};

    #[test]
    fn a_field_runs_from_the_first_class_over_white_to_the_second() {
        let Colour(red, green, blue) = field_colour(0.0);
        assert!(150 < red && red < green && green < blue, "pale blue, not ({red}, {green}, {blue})");
        assert_eq!(field_colour(0.5), PAPER);
        let Colour(red, green, blue) = field_colour(1.0);
        assert!(150 < blue && blue < green && green < red, "pale vermillion, not ({red}, {green}, {blue})");
        let reds = [0.0, 0.1, 0.2, 0.3, 0.4].map(|p| field_colour(p).0);
        assert!(reds.is_sorted_by(|a, b| a < b), "{reds:?}");
    }
}
