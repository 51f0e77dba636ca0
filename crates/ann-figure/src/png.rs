//! The picture as a PNG, with the bundled font only.

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use crate::style::{REGULAR, SEMI_BOLD};
use crate::{Error, Result};

/// PNG pixels in one px of the SVG: crisp on fine screens.
const DENSITY: f32 = 2.0;

/// The PNG of an SVG document.
pub(crate) fn png(svg: &str) -> Result<Vec<u8>> {
    let failed = |reason: &str| Error::Drawing(reason.to_owned());
    let mut options = Options::default();
    options.fontdb_mut().load_font_data(REGULAR.to_vec());
    options.fontdb_mut().load_font_data(SEMI_BOLD.to_vec());
    let tree = Tree::from_str(svg, &options).map_err(|error| failed(&error.to_string()))?;
    let size = tree.size().to_int_size().scale_by(DENSITY).ok_or_else(|| failed("the figure has no size"))?;
    let pixels = Pixmap::new(size.width(), size.height());
    let mut pixels = pixels.ok_or_else(|| failed("the figure is too large for a PNG"))?;
    resvg::render(&tree, Transform::from_scale(DENSITY, DENSITY), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| failed(&error.to_string()))
}
