//! A figure as its users see it: pictures, numbers, errors.

use ndarray::Array2;

use crate::canvas::Colour;
use crate::{Axis, Figure, Mark, Panel, Scale, style};

#[cfg(feature = "png")]
#[test]
fn three_files() {
    let [(csv, numbers), (svg, picture), (png, pixels)] = figure().files("map").unwrap();
    assert_eq!([csv, svg, png], ["map.csv", "map.svg", "map.png"]);
    assert_eq!(numbers, figure().csv().unwrap().into_bytes());
    assert_eq!(picture, figure().svg().unwrap().into_bytes());
    assert!(pixels.starts_with(b"\x89PNG"));
}

#[test]
fn an_element_of_a_page_is_the_picture_without_its_font() {
    let (svg, element) = (figure().svg().unwrap(), figure().element().unwrap());
    assert_eq!(svg.replace(&format!("<style>\n{}</style>\n", crate::font_faces()), ""), element);
    assert!(!element.contains("<style>") && svg.len() > 100_000 + element.len());
}

#[test]
fn csv_reads_back_to_the_same_bits() {
    let text = figure().csv().unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let rows: Vec<[String; 6]> = reader.deserialize().map(Result::unwrap).collect();
    let number =
        |cell: &str| if cell.is_empty() { None } else { Some(cell.parse::<f64>().unwrap().to_bits()) };
    let of = |kind: &str| -> Vec<_> {
        let rows = rows.iter().filter(|row| row[2] == kind);
        rows.map(|row| [number(&row[3]), number(&row[4]), number(&row[5])]).collect()
    };
    let mut expected = 0;
    for panel in &figure().panels {
        for mark in &panel.marks {
            let (kind, numbers) = numbers(mark);
            expected += numbers.len();
            assert_eq!(
                of(kind),
                numbers.iter().map(|row| row.map(|n| n.map(f64::to_bits))).collect::<Vec<_>>()
            );
        }
    }
    assert_eq!(rows.len(), expected);
    assert_eq!(rows[0][0], "a map, with a comma");
    assert_eq!(rows[0][1], "P(\"B\")");
}

/// The rows a mark must have in the CSV; the test figure has one mark of each kind.
fn numbers(mark: &Mark) -> (&'static str, Vec<[Option<f64>; 3]>) {
    let pairs = |points: &[(f64, f64)]| points.iter().map(|&(x, y)| [Some(x), Some(y), None]).collect();
    match mark {
        Mark::Points { points, .. } => ("points", pairs(points)),
        Mark::Rings { points, .. } => ("rings", pairs(points)),
        Mark::Line { points, .. } => ("line", pairs(points)),
        Mark::Bars { points, .. } => ("bars", pairs(points)),
        Mark::Field { xs, ys, values, .. } => {
            let row = |((i, j), p): ((usize, usize), &f64)| [Some(xs[j]), Some(ys[i]), Some(*p)];
            ("field", values.indexed_iter().map(row).collect())
        }
        Mark::Vertical { x, .. } => ("vertical", vec![[Some(*x), None, None]]),
        Mark::Horizontal { y, .. } => ("horizontal", vec![[None, Some(*y), None]]),
    }
}

#[test]
fn svg_has_texts_and_fonts_of_its_own() {
    let svg = figure().svg().unwrap();
    for words in [
        "Title &lt;1&gt;",
        "a map, with a comma",
        "mean loss",
        "10⁻⁴",
        "0.001",
        "0.1",
        "stop here",
        "η = 1, seed 7",
    ] {
        assert!(svg.contains(&format!("\n{words}\n</text>")), "no text {words:?}");
    }
    assert_eq!(svg.matches("@font-face{font-family:Inter;").count(), 2);
    assert_eq!(svg.matches("src:url(data:font/ttf;base64,").count(), 2);
    let texts = svg.matches("<text ").count();
    assert_eq!(svg.matches("font-family=\"Inter, sans-serif\"").count(), texts);
}

#[test]
fn every_text_is_at_least_11_px_high() {
    let svg = figure().svg().unwrap();
    // The view box has ten units per px.
    let attribute = |name: &str| svg.split(name).nth(1).unwrap().split('"').next().unwrap().to_owned();
    let width: f64 = attribute("<svg width=\"").parse().unwrap();
    let view_width: f64 = attribute("viewBox=\"0 0 ").split(' ').next().unwrap().parse().unwrap();
    assert_eq!((width, view_width), (900.0, 9000.0));
    let sizes: Vec<f64> =
        svg.split("font-size=\"").skip(1).map(|s| s.split('"').next().unwrap().parse().unwrap()).collect();
    assert!(sizes.len() > 20, "found {} texts", sizes.len());
    assert!(sizes.iter().all(|size| size / 10.0 >= 11.0), "sizes {sizes:?}");
}

#[cfg(feature = "png")]
#[test]
fn png_has_twice_the_size_and_the_colours_of_the_figure() {
    let [_, _, (_, png)] = figure().files("map").unwrap();
    let pixels = resvg::tiny_skia::Pixmap::decode_png(&png).unwrap();
    let svg = figure().svg().unwrap();
    let size = format!("<svg width=\"{}\" height=\"{}\"", pixels.width() / 2, pixels.height() / 2);
    assert!(svg.starts_with(&size), "{size}");
    let count = |colour: plotters::style::RGBColor| {
        let same = |p: &&resvg::tiny_skia::PremultipliedColorU8| {
            (p.red(), p.green(), p.blue()) == (colour.0, colour.1, colour.2)
        };
        pixels.pixels().iter().filter(same).count()
    };
    assert!(count(style::PALETTE[0]) > 50, "no blue line");
    assert!(count(style::PALETTE[1]) > 50, "no vermillion marker");
    // Text: the strokes of titles are thick enough for pixels of pure ink.
    assert!(count(style::INK) > 500, "no text");
    assert!(count(style::PAPER) > 100_000, "no paper");
}

#[test]
fn same_figure_same_files() {
    assert_eq!(figure().svg().unwrap(), figure().svg().unwrap());
}

#[test]
fn a_class_without_points_stands_in_the_legend() {
    let mut figure = figure();
    figure.panels[1].marks.push(Mark::Points { series: "nobody".into(), class: 2, points: vec![] });
    assert!(has_text(&figure, "nobody"));
    assert!(!figure.csv().unwrap().contains("nobody"));
    // With ranges, a panel may even hold nothing else.
    figure.panels[1].marks.drain(..2);
    figure.panels[1].x.range = Some((0.0, 1.0));
    figure.panels[1].y.range = Some((0.1, 1.0));
    assert!(has_text(&figure, "nobody"));
}

#[test]
fn the_legend_has_the_numbers_of_a_field_and_its_boundary() {
    for words in ["P(&quot;B&quot;)", "p = 0.5"] {
        assert!(has_text(&figure(), words), "no text {words:?}");
    }
    // The ends of the colours, each beside a tick of the loss: epoch 0 and loss 1.
    let texts = |words: &str| figure().svg().unwrap().matches(&format!("\n{words}\n</text>")).count();
    assert_eq!((texts("0"), texts("1")), (2, 2));
}

#[test]
fn a_legend_is_shared_if_one_panel_has_the_entries_of_all() {
    let line = |series: &str, colour| Mark::Line {
        series: series.into(),
        colour,
        dashed: false,
        points: vec![(1.0, 1.0), (2.0, 0.5)],
    };
    let times = |marks: Vec<Mark>, words: &str| {
        let mut figure = figure();
        figure.panels[0] = Panel { title: "other loss".into(), ..figure.panels[1].clone() };
        figure.panels[0].marks = marks;
        figure.panels[1].marks = vec![line("slow", 0), line("fast", 1)];
        figure.svg().unwrap().matches(&format!("\n{words}\n</text>")).count()
    };
    assert_eq!(times(vec![line("slow", 0)], "slow"), 1);
    assert_eq!(times(vec![line("slow", 0)], "fast"), 1);
    // Another colour is another entry, so each panel has its own legend.
    assert_eq!(times(vec![line("slow", 2)], "slow"), 2);
    assert_eq!(times(vec![line("other", 2)], "slow"), 1);
    assert_eq!(times(vec![line("other", 2), line("slow", 0)], "slow"), 2);
}

#[test]
fn rings_are_drawn_and_counted() {
    let with_rings = |points: &[(f64, f64)]| {
        let mut figure = figure();
        figure.panels[0].marks[1] =
            Mark::Rings { series: "wrong".into(), colour: 3, points: points.to_vec() };
        figure.panels[0].x.range = Some((0.0, 1.0));
        figure
    };
    let rings = |figure: &Figure| {
        let svg = figure.svg().unwrap();
        svg.lines().filter(|line| line.starts_with("<circle") && line.contains("stroke=\"#CC79A7\"")).count()
    };
    // Two rings are in the picture and one in the legend; the point outside of the axes is not drawn.
    let two = with_rings(&[(0.1, 0.7), (0.5, 0.5), (2.0, 0.5)]);
    assert!(has_text(&two, "wrong: 3"));
    assert_eq!(rings(&two), 3);
    assert!(two.csv().unwrap().contains(",wrong,rings,0.1,0.7,\n"));
    let none = with_rings(&[]);
    assert!(has_text(&none, "wrong: 0"));
    assert_eq!(rings(&none), 1);
}

#[test]
fn bars_begin_at_0_and_do_not_leave_the_axes() {
    let with_bars = |points: &[(f64, f64)]| {
        let mut figure = figure();
        let points = points.to_vec();
        figure.panels[0].equal_axes = false;
        figure.panels[0].marks = vec![Mark::Bars { series: "importance".into(), colour: 2, points }];
        figure.panels[0].x.range = Some((-1.0, 2.0));
        figure.panels[0].y.range = Some((-0.5, 2.5));
        figure
    };
    // Left, right and width of each bar, in tenths of a px; the last is the sample in the legend.
    let bars = |figure: &Figure| -> Vec<[f64; 2]> {
        let svg = figure.svg().unwrap();
        let bars = svg.lines().filter(|line| line.starts_with("<rect") && line.contains("#009E73"));
        let number = |line: &str, name: &str| -> f64 {
            line.split(name).nth(1).unwrap().split('"').next().unwrap().parse().unwrap()
        };
        bars.map(|bar| [number(bar, " x=\""), number(bar, " width=\"")]).collect()
    };
    let figure = with_bars(&[(1.0, 0.0), (-0.5, 1.0), (9.0, 2.0)]);
    let found = bars(&figure);
    let [zero, unit] = found[0];
    // Each place is rounded to a tenth of a px.
    for (bar, [left, width]) in [(1, [zero - 0.5 * unit, 0.5 * unit]), (2, [zero, 2.0 * unit])] {
        let [found_left, found_width] = found[bar];
        assert!((found_left - left).abs() <= 1.0 && (found_width - width).abs() <= 2.0, "{found:?}");
    }
    assert_eq!(found.len(), 4);
    assert!(figure.csv().unwrap().contains(",importance,bars,-0.5,1.0,\n"));
}

#[test]
fn every_class_has_its_own_shape_and_colour() {
    let shapes = (0..4).map(|class| {
        let mut figure = figure();
        figure.panels.truncate(1);
        figure.panels[0].marks = vec![Mark::Points { series: "B".into(), class, points: vec![(0.5, 0.5)] }];
        let svg = figure.svg().unwrap();
        let Colour(red, green, blue) = style::PALETTE[class];
        let fill = format!("fill=\"#{red:02X}{green:02X}{blue:02X}\"");
        // The marker in the picture, and the sample in the legend.
        let drawn: Vec<&str> = svg.lines().filter(|line| line.contains(&fill)).collect();
        assert_eq!(drawn.len(), 2, "class {class}");
        drawn[0].to_owned()
    });
    let shapes: Vec<String> = shapes.collect();
    // A polygon lists its corners, and may repeat the first.
    let corners = |shape: &str| shape.split("points=\"").nth(1).map(|points| points.matches(',').count());
    assert!(shapes[0].starts_with("<circle"));
    assert_eq!([1, 2, 3].map(|class| corners(&shapes[class])), [Some(3), Some(4), Some(4)]);
    // A square has two corners at one height, a diamond does not.
    let heights = |shape: &str| {
        let points = shape.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
        let ys = points.split_whitespace().map(|point| point.split(',').nth(1).unwrap().to_owned());
        ys.collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!((heights(&shapes[2]), heights(&shapes[3])), (2, 3));
}

#[test]
fn a_number_is_not_broken_across_lines() {
    let mut figure = figure();
    // About 130 letters fill a line of 868 px: in one of these captions the number would be cut.
    for letters in 100..160 {
        figure.caption = format!("{} 10 000 epochs", "i".repeat(letters));
        let svg = figure.svg().unwrap();
        assert!(!svg.lines().any(|line| line.starts_with("000 ") || line.ends_with(" 10")), "{letters}");
    }
    figure.caption = "i ".repeat(400) + "10 000 epochs";
    assert!(figure.svg().unwrap().lines().any(|line| line.ends_with("10 000 epochs")));
}

#[test]
fn zeros_on_a_logarithmic_axis_are_left_out_of_the_picture_only() {
    let line = |points: &[(f64, f64)]| {
        let mut figure = figure();
        let (series, points) = ("loss".into(), points.to_vec());
        figure.panels[1].marks[0] = Mark::Line { series, colour: 2, dashed: false, points };
        figure
    };
    let lines_drawn = |figure: &Figure| figure.svg().unwrap().matches("stroke=\"#009E73\"").count();
    let without = line(&[(0.0, 1.0), (1.0, 0.5), (2.0, 0.2), (3.0, 0.1)]);
    let zero_within = line(&[(0.0, 1.0), (1.0, 0.5), (1.5, 0.0), (2.0, 0.2), (3.0, 0.1)]);
    // One of the lines is the sample in the legend.
    assert_eq!((lines_drawn(&without), lines_drawn(&zero_within)), (2, 3));
    assert!(zero_within.csv().unwrap().contains("loss,loss,line,1.5,0.0,\n"));

    let mut zeros = line(&[(0.0, 0.0), (1.0, 0.0)]);
    zeros.panels[1].marks[1] = Mark::Horizontal { label: "never stops".into(), y: 0.0 };
    assert_eq!(lines_drawn(&zeros), 1);
    for words in ["loss", "never stops", "1"] {
        assert!(has_text(&zeros, words), "no text {words:?}");
    }
}

#[test]
fn long_texts_end_where_their_room_does() {
    let mut figure = figure();
    let long = |first: &str| format!("{first}{}", "m".repeat(300));
    figure.panels[0].x.label = long("x ");
    figure.panels[0].y.label = long("y ");
    figure.panels[0].title = long("panel: ");
    figure.panels[1].title = "word ".repeat(60);
    figure.panels[1].marks[0] =
        Mark::Line { series: long("line "), colour: 0, dashed: false, points: vec![(0.0, 1.0)] };
    let svg = figure.svg().unwrap();
    for start in ["x m", "y m", "mmm", "line m"] {
        let text = svg.lines().find(|line| line.starts_with(start)).unwrap();
        // An m is about 10 px wide, a panel about 400 px.
        assert!(text.ends_with('…') && (20..50).contains(&text.len()), "{text}");
    }
    assert!(figure.csv().unwrap().contains(&long("line ")));
    // A title of many words has three lines.
    let title: Vec<_> = svg.lines().filter(|line| line.starts_with("word word")).collect();
    assert_eq!((title.len(), title[2].ends_with('…')), (3, true));
}

#[test]
fn control_characters_are_replaced() {
    let mut figure = figure();
    figure.title = "a\u{1}b".into();
    figure.panels[0].x.label = "c\u{0}d\ne".into();
    figure.panels[1].marks[1] = Mark::Horizontal { label: "f\u{ffff}g".into(), y: 1e-4 };
    for words in ["a\u{fffd}b", "c\u{fffd}d e", "f\u{fffd}g"] {
        assert!(has_text(&figure, words), "no text {words:?}");
    }
    #[cfg(feature = "png")]
    figure.files("map").unwrap();
}

fn has_text(figure: &Figure, words: &str) -> bool {
    figure.svg().unwrap().contains(&format!("\n{words}\n</text>"))
}

#[test]
fn refuses_what_cannot_be_drawn() {
    check_refused(
        |figure| figure.panels.clear(),
        "figure \"Title <1>\" has no panels, expected at least one",
    );
    check_refused(|figure| figure.columns = 0, "figure \"Title <1>\" has 0 columns, expected 1 to 4");
    check_refused(
        |figure| figure.panels[1].marks.clear(),
        "panel \"loss\" has no marks, expected at least one",
    );
    check_refused(|figure| figure.panels[0].title = "loss".into(), "panel \"loss\" appears twice");
}

#[test]
fn refuses_bad_series_by_name() {
    let line = |points| Mark::Line { series: "training".into(), colour: 0, dashed: false, points };
    let refused = |points, message: &str| {
        check_refused(
            |figure| figure.panels[1].marks[0] = line(points),
            &format!("panel \"loss\", series \"training\": {message}"),
        );
    };
    refused(vec![], "no points, expected at least one");
    refused(vec![(1.0, 1.0), (2.0, f64::NAN)], "y of point 1 is NaN, expected a finite number");
    refused(vec![(f64::INFINITY, 1.0)], "x of point 0 is inf, expected a finite number");
    refused(vec![(1.0, -0.5)], "y of point 0 is -0.5, a logarithmic axis shows positive numbers only");
    let points = vec![(1.0, 1.0)];
    for mark in [
        Mark::Points { series: "training".into(), class: 10, points: points.clone() },
        Mark::Rings { series: "training".into(), colour: 10, points: points.clone() },
        Mark::Bars { series: "training".into(), colour: 10, points: points.clone() },
        Mark::Line { series: "training".into(), colour: 10, dashed: true, points },
    ] {
        check_refused(
            |figure| figure.panels[1].marks[0] = mark,
            "series \"training\": colour 10, the palette ends at 9",
        );
    }
}

#[test]
fn refuses_bars_that_have_no_begin() {
    let bars = |points| Mark::Bars { series: "drop".into(), colour: 0, points };
    check_refused(|figure| figure.panels[1].marks = vec![bars(vec![])], "series \"drop\": no bars");
    check_refused(
        |figure| {
            figure.panels[0].x.scale = Scale::Log10;
            figure.panels[0].marks = vec![bars(vec![(1.0, 1.0)])];
        },
        "series \"drop\": bars begin at x = 0, which a logarithmic axis does not have",
    );
}

#[test]
fn refuses_bad_fields_and_ranges() {
    let refused = |xs: &[f64], p, message| {
        let values = Array2::from_elem((2, 2), p);
        let mark = Mark::Field { series: "p".into(), xs: xs.to_vec(), ys: vec![0.0, 1.0], values };
        check_refused(|figure| figure.panels[0].marks[0] = mark, message);
    };
    refused(&[0.0, 1.0, 2.0], 0.5, "series \"p\": values have shape (2, 2), expected (2, 3)");
    refused(&[1.0, 0.0], 0.5, "series \"p\": the x of the grid must ascend");
    refused(&[0.0, 1.0], f64::NAN, "series \"p\": value [0, 0] is NaN, expected a probability from 0 to 1");
    check_refused(
        |figure| figure.panels[0].y.scale = Scale::Log10,
        "the y of the grid begin at 0, expected a positive number on a logarithmic axis",
    );
    check_refused(
        |figure| figure.panels[1].y.range = Some((0.0, 1.0)),
        "panel \"loss\": the y axis ranges from 0 to 1",
    );
    let nobody = vec![Mark::Points { series: "B".into(), class: 1, points: vec![] }];
    check_refused(
        |figure| figure.panels[1].marks = nobody,
        "panel \"loss\": no mark has any x to fit the x axis to",
    );
    let rules_only = vec![Mark::Vertical { label: "h".into(), x: 1.0 }];
    check_refused(
        |figure| figure.panels[1].marks = rules_only,
        "panel \"loss\": no mark has any y to fit the y axis to",
    );
    let far = vec![(-f64::MAX, 1.0), (f64::MAX, 1.0)];
    let line = Mark::Line { series: "far".into(), colour: 0, dashed: false, points: far };
    check_refused(
        |figure| figure.panels[1].marks = vec![line],
        "panel \"loss\": the x axis from −∞ to ∞ is too long",
    );
}

#[track_caller]
fn check_refused(spoil: impl FnOnce(&mut Figure), message: &str) {
    let mut figure = figure();
    spoil(&mut figure);
    for error in [figure.svg().unwrap_err(), figure.csv().unwrap_err()] {
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// One mark of each kind, over two panels.
fn figure() -> Figure {
    let grid = |n: usize| (0..n).map(|i| i as f64 / (n - 1) as f64).collect::<Vec<_>>();
    let values = Array2::from_shape_fn((5, 7), |(y, x)| (0.1 + y as f64 * x as f64 / 30.0).min(1.0));
    let map = vec![
        Mark::Field { series: "P(\"B\")".into(), xs: grid(7), ys: grid(5), values },
        Mark::Points {
            series: "B".into(),
            class: 1,
            points: vec![(0.1 + 0.2, 0.7), (1.0 / 3.0, 0.25), (0.5, 5e-324)],
        },
        Mark::Vertical { label: "x = ½".into(), x: 0.5 },
    ];
    let decay = (0..3000).map(|epoch| (f64::from(epoch), 1.1 * (-f64::from(epoch) / 250.0).exp())).collect();
    let loss = vec![
        Mark::Line { series: "training".into(), colour: 0, dashed: false, points: decay },
        Mark::Horizontal { label: "stop here".into(), y: 1e-4 },
    ];
    Figure {
        title: "Title <1>".into(),
        caption: "η = 1, seed 7".into(),
        columns: 2,
        panels: vec![
            Panel {
                title: "a map, with a comma".into(),
                x: Axis::linear("x"),
                y: Axis::linear("y"),
                equal_axes: true,
                marks: map,
            },
            Panel {
                title: "loss".into(),
                x: Axis::linear("epoch"),
                y: Axis::log10("mean loss"),
                equal_axes: false,
                marks: loss,
            },
        ],
    }
}
