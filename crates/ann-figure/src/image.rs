//! Makes plotters' drawing a complete SVG document, with or without the embedded font.

use base64::{Engine, engine::general_purpose::STANDARD};

use crate::canvas::printable;
use crate::style::{REGULAR, SEMI_BOLD};

/// The drawing, in any units, at a size of `width` × `height` px, with a style, if there is any, and a title
/// for those who cannot see it.
pub(crate) fn document(drawing: &str, (width, height): (f64, f64), title: &str, style: &str) -> String {
    let (head, content) = drawing.split_once('\n').expect("plotters ends the opening tag with a line");
    let view_box = head.split('"').nth(5).expect("plotters writes width, height and viewBox");
    let style = if style.is_empty() { String::new() } else { format!("<style>\n{style}</style>\n") };
    let title = printable(title).replace('&', "&amp;").replace('<', "&lt;");
    // SVG elements are opaque, without outline and one unit wide by default.
    let defaults = [" opacity=\"1\"", " stroke=\"none\"", " stroke-width=\"1\""];
    let content = defaults.iter().fold(content.to_owned(), |content, default| content.replace(default, ""));
    format!(
        "<svg width=\"{width}\" height=\"{height}\" viewBox=\"{view_box}\" role=\"img\" \
         stroke-linejoin=\"round\" xmlns=\"http://www.w3.org/2000/svg\">\n\
         <title>{title}</title>\n{style}{content}"
    )
}

/// Two rules of CSS that embed the font of the pictures, for a page that contains them as elements: see
/// [`Figure::element`](crate::Figure::element). About 112 kB.
pub fn font_faces() -> String {
    let face = |(weight, font)| {
        let data = STANDARD.encode(font);
        format!("@font-face{{font-family:Inter;font-weight:{weight};src:url(data:font/ttf;base64,{data})}}\n")
    };
    [("normal", REGULAR), ("bold", SEMI_BOLD)].map(face).concat()
}
