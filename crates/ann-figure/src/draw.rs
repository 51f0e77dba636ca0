//! From the figure to its SVG: lay out, then paint grid, marks, axes and texts.

use plotters::style::text_anchor::HPos;

use crate::canvas::{Canvas, Pen, Type, register_fonts};
use crate::layout::{LABEL_DROP, OVERHANG, TICK_DROP, TICK_GAP, layout};
use crate::line::Area;
use crate::marks::{self, Frame};
use crate::style::{AXIS, GRID, HAIR, QUIET_INK, TEXT};
use crate::{Figure, Result, check};

/// The drawing, as plotters writes it, and its width and height in px.
pub(crate) fn draw(figure: &Figure) -> Result<(String, (f64, f64))> {
    check::check(figure)?;
    register_fonts()?;
    let layout = layout(figure)?;
    let mut drawing = String::new();
    let canvas = Canvas::new(&mut drawing, layout.width, layout.height)?;
    for frame in &layout.frames {
        draw_grid(&canvas, frame)?;
        frame.panel.marks.iter().try_for_each(|mark| marks::draw(&canvas, frame, mark))?;
        draw_axes(&canvas, frame)?;
    }
    layout.legend.iter().try_for_each(|(entry, place)| entry.draw(&canvas, *place))?;
    layout.texts.iter().try_for_each(|(words, place, look)| canvas.text(words, *place, *look))?;
    canvas.finish()?;
    Ok((drawing, (layout.width, layout.height)))
}

fn draw_grid(canvas: &Canvas<'_>, frame: &Frame<'_>) -> Result<()> {
    let Area { left, top, right, bottom } = frame.area;
    let pen = Pen::solid(GRID, HAIR);
    for tick in &frame.x_ticks {
        let x = frame.across(tick.place);
        canvas.polyline(&[(x, bottom), (x, top)], pen)?;
    }
    for tick in &frame.y_ticks {
        let y = frame.down(tick.place);
        canvas.polyline(&[(left, y), (right, y)], pen)?;
    }
    Ok(())
}

fn draw_axes(canvas: &Canvas<'_>, frame: &Frame<'_>) -> Result<()> {
    let Area { left, top, right, bottom } = frame.area;
    canvas.polyline(&[(left, top), (left, bottom), (right, bottom)], Pen::solid(AXIS, HAIR))?;

    let centred = Type { anchor: HPos::Center, ..Type::new(TEXT, QUIET_INK) };
    for tick in &frame.x_ticks {
        canvas.text(&tick.label, (frame.across(tick.place), bottom + TICK_DROP), centred)?;
    }
    for tick in &frame.y_ticks {
        // Digits are 0.73 em high; the baseline is half of that below the tick.
        let baseline = frame.down(tick.place) + 0.365 * TEXT;
        canvas.text(&tick.label, (left - TICK_GAP, baseline), Type { anchor: HPos::Right, ..centred })?;
    }
    // A label may reach a little beyond both ends of its axis.
    let x_label = centred.fitted(&frame.panel.x.label, right - left + 2.0 * OVERHANG)?;
    let y_label = centred.fitted(&frame.panel.y.label, bottom - top + 2.0 * OVERHANG)?;
    canvas.text(&x_label, (0.5 * (left + right), bottom + TICK_DROP + LABEL_DROP), centred)?;
    canvas.text(&y_label, (frame.label_x, 0.5 * (top + bottom)), Type { upright: true, ..centred })
}
