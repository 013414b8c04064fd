//! How costs grow, drawn as SVG that is readable on light and on dark ground.

use std::error::Error;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::Path;

use plotters::coord::combinators::BindKeyPoints as _;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::rows::Axis;
use crate::table::Table;

/// A line of a picture: what it is called, and its points from left to right.
struct Line {
    name: &'static str,
    color: RGBColor,
    points: Vec<(f64, f64)>,
}

/// Which columns are beside each other, and what the picture's file is called for it.
const FAMILIES: [(&str, [&str; 4]); 2] = [
    ("bindings", ["engineioxide", "handler-tokio", "async-std", "handler-sync"]),
    ("ways", ["engineioxide", "handler-tokio", "tokio", "events-tokio"]),
];

const AXES: [(&str, Axis, &str); 3] = [
    ("connections", Axis::Connections, "connections, each with a text of 64 B under way"),
    ("size", Axis::Size, "length of a binary message"),
    ("in-flight", Axis::InFlight, "texts of 64 B under way on each of 16 connections"),
];

/// Whether a picture has a line for this server.
pub(crate) fn has(server: &str) -> bool {
    FAMILIES.iter().any(|(_, servers)| servers.contains(&server))
}

/// Draws the pictures that there are values for into this folder.
pub(crate) fn draw(folder: &Path, table: &Table) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (axis_name, axis, label) in AXES {
        for (family, columns) in FAMILIES {
            let lines = lines(table, axis, &columns);
            if !lines.is_empty() {
                let path = folder.join(format!("{axis_name}-{family}.svg"));
                picture(&path, axis, label, &lines)
                    .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
            }
        }
    }
    Ok(())
}

/// The lines of these columns that have two points at least.
fn lines(table: &Table, axis: Axis, columns: &[&str]) -> Vec<Line> {
    let line = |(id, color): (&&str, &RGBColor)| {
        let at = table.columns.iter().position(|column| column.id == *id)?;
        let point = |(row, it): (usize, &crate::rows::Row)| {
            let point = it.point.filter(|point| point.axis == axis)?;
            Some((f64::from(point.at), table.median(row, at)?))
        };
        let points: Vec<_> = table.rows.iter().enumerate().filter_map(point).collect();
        let name = table.columns.get(at)?.name;
        (points.len() > 1).then_some(Line { name, color: *color, points })
    };
    columns.iter().zip(&COLORS).filter_map(line).collect()
}

fn picture(path: &Path, axis: Axis, label: &str, lines: &[Line]) -> Result<(), Box<dyn Error>> {
    let points = || lines.iter().flat_map(|line| &line.points);
    let (across, up) = (span(points().map(|it| it.0)), span(points().map(|it| it.1)));
    let mut ticks: Vec<_> = points().map(|it| it.0).collect();
    ticks.sort_by(f64::total_cmp);
    ticks.dedup();
    let marks = ticks_around(&up);
    let up = span(marks.iter().copied());
    let root = SVGBackend::new(path, SIZE).into_drawing_area();
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .margin_right(NAMES)
        .x_label_area_size(52)
        .y_label_area_size(72)
        .build_cartesian_2d(
            across.log_scale().with_key_points(ticks),
            up.log_scale().with_key_points(marks),
        )?;
    let text = |size| ("sans-serif", size).into_font().color(&GREY);
    chart
        .configure_mesh()
        .axis_style(GREY)
        .bold_line_style(GREY.mix(0.25))
        .light_line_style(TRANSPARENT)
        .label_style(text(16))
        .axis_desc_style(text(16))
        .x_desc(label)
        .y_desc("µs of the server's CPU for a message")
        .x_label_formatter(&|value| if axis == Axis::Size { bytes(*value) } else { whole(*value) })
        .y_label_formatter(&|value| whole(*value))
        .draw()?;
    let mut ends = Vec::new();
    for Line { name, color, points } in lines {
        chart.draw_series(LineSeries::new(points.iter().copied(), color.stroke_width(2)))?;
        let dot = |point| Circle::new(point, 3, color.filled());
        chart.draw_series(points.iter().copied().map(dot))?;
        if let Some(last) = points.last() {
            ends.push((chart.backend_coord(last), *name, *color));
        }
    }
    // Each name at the end of its line, or as near as there is room.
    ends.sort_by_key(|((_, y), ..)| *y);
    let mut free = 0;
    for ((x, y), name, color) in ends {
        let y = y.max(free);
        free = y + 18;
        let style = ("sans-serif", 16).into_font().color(&color);
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        root.draw(&Text::new(name, (x + 10, y), style))?;
    }
    root.present()?;
    Ok(())
}

/// From the least to the greatest.
fn span(values: impl Iterator<Item = f64> + Clone) -> Range<f64> {
    values.clone().fold(f64::INFINITY, f64::min)..values.fold(0.0, f64::max)
}

/// 1, 2, 5, 10 and so on, from the last that is below the range to the first above it.
fn ticks_around(range: &Range<f64>) -> Vec<f64> {
    let decades = (-3..6).map(|power| 10f64.powi(power));
    let ticks: Vec<_> = decades.flat_map(|ten| [ten, 2.0 * ten, 5.0 * ten]).collect();
    let first = ticks.iter().rposition(|tick| *tick <= range.start).unwrap_or(0);
    let last = ticks.iter().position(|tick| *tick >= range.end).unwrap_or(ticks.len() - 1);
    ticks.get(first..=last).unwrap_or_default().to_vec()
}

fn bytes(value: f64) -> String {
    match value {
        1024.0..1e6 => format!("{} KiB", value / 1024.0),
        1e6.. => format!("{} MB", value / 1e6),
        _ => format!("{value} B"),
    }
}

/// With a comma between thousands.
fn whole(value: f64) -> String {
    let (thousands, rest) = ((value / 1e3).trunc(), value % 1e3);
    if thousands > 0.0 { format!("{thousands},{rest:03}") } else { format!("{rest}") }
}

const SIZE: (u32, u32) = (760, 400);

/// The room for names, to the right.
const NAMES: u32 = 180;

/// Half way between black and white, as the others are.
const GREY: RGBColor = RGBColor(128, 128, 128);

const COLORS: [RGBColor; 4] =
    [GREY, RGBColor(59, 130, 246), RGBColor(217, 119, 6), RGBColor(219, 39, 119)];

#[cfg(test)]
mod tests {
    use super::{bytes, ticks_around, whole};

    #[test]
    fn ticks_are_round_numbers_around_the_range() {
        assert_eq!(ticks_around(&(0.6..11.0)), [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]);
    }

    #[test]
    fn lengths_and_counts_are_written_as_people_write_them() {
        let lengths = [64.0, 1024.0, 65_536.0, 1e6].map(bytes);
        assert_eq!(lengths, ["64 B", "1 KiB", "64 KiB", "1 MB"]);
        assert_eq!([1.0, 1000.0, 10_000.0].map(whole), ["1", "1,000", "10,000"]);
    }
}
