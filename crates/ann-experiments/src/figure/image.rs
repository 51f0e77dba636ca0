//! Makes plotters' drawing a complete SVG document with an embedded font, and the document a PNG.

use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::STANDARD};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};

use super::canvas::printable;
use super::style::{REGULAR, SEMI_BOLD};

/// PNG pixels in one px of the SVG: crisp on fine screens.
const DENSITY: f32 = 2.0;

/// The drawing, in any units, at a size of `width` × `height` px, with the font embedded and a
/// title for those who cannot see it.
pub(super) fn document(drawing: &str, width: f64, height: f64, title: &str) -> String {
    let (head, content) = drawing.split_once('\n').expect("plotters ends the opening tag with a line");
    let view_box = head.split('"').nth(5).expect("plotters writes width, height and viewBox");
    let faces = [("normal", REGULAR), ("bold", SEMI_BOLD)].map(|(weight, font)| {
        let data = STANDARD.encode(font);
        format!("@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{data})}}\n")
    });
    let [normal, bold] = faces;
    let title = printable(title).replace('&', "&amp;").replace('<', "&lt;");
    // SVG elements are opaque, without outline and one unit wide by default.
    let defaults = [" opacity=\"1\"", " stroke=\"none\"", " stroke-width=\"1\""];
    let content = defaults.iter().fold(content.to_owned(), |content, default| content.replace(default, ""));
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"{view_box}\" role=\"img\" \
         stroke-linejoin=\"round\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title>{title}</title>\n<style>\n{normal}{bold}</style>\n{content}"
    )
}

/// The SVG as a PNG, with the bundled font only.
pub(super) fn png(svg: &str) -> Result<Vec<u8>> {
    let mut options = Options::default();
    options.fontdb_mut().load_font_data(REGULAR.to_vec());
    options.fontdb_mut().load_font_data(SEMI_BOLD.to_vec());
    let tree = Tree::from_str(svg, &options).context("the drawing is no valid SVG")?;
    let size = tree.size().to_int_size().scale_by(DENSITY).context("the figure has no size")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).context("the figure is too large for a PNG")?;
    resvg::render(&tree, Transform::from_scale(DENSITY, DENSITY), &mut pixels.as_mut());
    Ok(pixels.encode_png()?)
}
