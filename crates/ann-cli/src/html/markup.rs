//! Pieces of HTML. A text becomes a piece by being escaped, and in no other way, so that the name of a column
//! cannot change the page.

use std::fmt::Write;

use ann_figure::{Figure, font_faces};

/// A piece of a page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Html(String);

/// A text, as a reader sees it.
impl From<&str> for Html {
    fn from(text: &str) -> Self {
        let mut escaped = String::with_capacity(text.len());
        for character in text.chars() {
            match character {
                '&' => escaped.push_str("&amp;"),
                '<' => escaped.push_str("&lt;"),
                '>' => escaped.push_str("&gt;"),
                '"' => escaped.push_str("&quot;"),
                '\n' => escaped.push('\n'),
                control if control.is_control() => escaped.push('\u{fffd}'),
                other => escaped.push(other),
            }
        }
        Self(escaped)
    }
}

impl From<String> for Html {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// One piece after the other.
impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Self>>(pieces: I) -> Self {
        Self(pieces.into_iter().map(|Self(piece)| piece).collect())
    }
}

impl<const N: usize> From<[Html; N]> for Html {
    fn from(pieces: [Self; N]) -> Self {
        pieces.into_iter().collect()
    }
}

/// `content` between the tags of an element.
pub fn element(name: &'static str, content: impl Into<Html>) -> Html {
    let Html(content) = content.into();
    Html(format!("<{name}>{content}</{name}>\n"))
}

/// A part of the page with its heading; nothing if it has no content.
pub fn section(heading: &str, content: impl Into<Html>) -> Html {
    let content = content.into();
    match content.0.is_empty() {
        true => content,
        false => element("section", [element("h2", heading), content]),
    }
}

/// An element for each of the texts.
pub fn each(name: &'static str, texts: impl IntoIterator<Item = String>) -> Html {
    texts.into_iter().map(|text| element(name, text)).collect()
}

/// A cell of a table.
pub enum Cell {
    Text(String),
    /// On a ground that is as dark as a share, from 0 to 1.
    Shaded(String, f64),
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// A table: a line of headings, if there are any, and lines whose first cell is a heading, too.
pub fn table(headings: impl IntoIterator<Item = String>, lines: impl IntoIterator<Item = Vec<Cell>>) -> Html {
    let head = element("thead", element("tr", each("th", headings)));
    let line = |cells: Vec<Cell>| -> Html {
        let cells = cells.into_iter().enumerate().map(|(place, cell)| match cell {
            Cell::Text(text) if place == 0 => element("th", text),
            Cell::Text(text) => element("td", text),
            Cell::Shaded(text, share) => shaded(&text, share),
        });
        element("tr", cells.collect::<Html>())
    };
    let body = element("tbody", lines.into_iter().map(line).collect::<Html>());
    let Html(table) = element("table", [head, body]);
    Html(format!("<div class=\"wide\">{table}</div>\n"))
}

fn shaded(text: &str, share: f64) -> Html {
    let Html(text) = text.into();
    // Not darker than text on it can be read.
    let strength = 0.5 * share;
    Html(format!("<td style=\"background:rgb(0 114 178/{strength:.2})\">{text}</td>\n"))
}

/// A picture, or why there is none.
pub fn picture(figure: &Figure) -> Html {
    match figure.element() {
        Ok(svg) => element("figure", Html(svg)),
        Err(error) => element("p", format!("no picture: {error}")),
    }
}

/// Texts that are folded until a reader asks for them.
pub fn folded(summary: &str, content: &str) -> Html {
    element("details", [element("summary", summary), element("pre", content)])
}

/// The whole page.
pub fn document(title: &str, body: impl Into<Html>) -> String {
    let (Html(title), Html(body)) = (title.into(), body.into());
    let mut page = String::new();
    let style = [include_str!("style.css"), &font_faces()].concat();
    write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n"
    )
    .expect("memory takes all texts");
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stay_texts() {
        for (text, escaped) in [
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("\" onload=\"x", "&quot; onload=&quot;x"),
            ("&lt;", "&amp;lt;"),
            ("a\u{0}b\u{1b}[1m\nc", "a\u{fffd}b\u{fffd}[1m\nc"),
            ("é – 名前", "é – 名前"),
        ] {
            assert_eq!(Html::from(text), Html(escaped.into()));
        }
    }
}
