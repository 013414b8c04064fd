//! Draws a table's states: the last one along the bottom, for every other has ways to
//! it, and the others side by side above it.

use std::fmt::Write as _;

use crate::table::Table;

const WIDTH: usize = 960;
const MIDDLE: usize = WIDTH / 2;
/// Between the middles of two states.
const STEP: usize = 330;
const BOX_WIDTH: usize = 130;
const BOX_HEIGHT: usize = 46;
const TOP: usize = 84;
const LINE: usize = 17;

/// `births` names states that sessions begin in, and how.
pub(crate) fn draw(table: &Table, births: &[(&str, &str)]) -> String {
    let last = table.states.len() - 1;
    let labels = |from: usize, to: usize| -> Vec<&str> {
        let edges = table.edges.iter().filter(|edge| (edge.from, edge.to) == (from, to));
        edges.map(|edge| &*edge.when).collect()
    };
    let x = |state: usize| MIDDLE + state * STEP - (last - 1) * STEP / 2;
    let rows = (0..last).map(|state| labels(state, last).len()).max().unwrap_or(0);
    let bar = TOP + BOX_HEIGHT + 78 + rows * LINE;
    let mut svg = Svg::new(bar + BOX_HEIGHT + 24);

    for (name, how) in births {
        let state = table.states.iter().position(|state| state == name);
        let x = x(state.expect("a session begins in a state that there is"));
        svg.dot(x, 24);
        svg.arrow([x, 30], [x, TOP]);
        let (at, anchor) = if x > MIDDLE { (x - 12, "end") } else { (x + 12, "start") };
        svg.text(at, 44, anchor, how);
    }
    for edge in &table.edges {
        let is_drawn = edge.to == last || edge.from.abs_diff(edge.to) == 1;
        assert!(is_drawn && edge.from != last, "the drawing has no place for {edge:?}");
    }
    let half = BOX_WIDTH / 2;
    for state in 0..last {
        svg.rect(x(state) - half, TOP, BOX_WIDTH);
        svg.text(x(state), TOP + 28, "middle", &table.states[state]);
        let down = x(state) - 40;
        svg.arrow([down, TOP + BOX_HEIGHT], [down, bar]);
        for (row, when) in labels(state, last).iter().enumerate() {
            svg.text(down + 12, TOP + BOX_HEIGHT + 70 + row * LINE, "start", when);
        }
        if state + 1 == last {
            continue;
        }
        let (left, right) = (x(state) + half, x(state + 1) - half);
        let between = usize::midpoint(left, right);
        let there = labels(state, state + 1);
        if !there.is_empty() {
            svg.arrow([left, TOP + 12], [right, TOP + 12]);
        }
        for (row, when) in there.iter().rev().enumerate() {
            svg.text(between, TOP + 4 - row * LINE, "middle", when);
        }
        let back = labels(state + 1, state);
        if !back.is_empty() {
            svg.arrow([right, TOP + 34], [left, TOP + 34]);
        }
        for (row, when) in back.iter().enumerate() {
            svg.text(between, TOP + 51 + row * LINE, "middle", when);
        }
    }
    let edge = x(0) - half;
    svg.rect(edge, bar, WIDTH - 2 * edge);
    svg.text(MIDDLE, bar + 28, "middle", &table.states[last]);
    svg.finish()
}

struct Svg(String);

impl Svg {
    fn new(height: usize) -> Self {
        Self(format!(
            r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13">
<defs><marker id="head" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8Z" fill="#3b5b92"/></marker></defs>
<rect width="{WIDTH}" height="{height}" rx="8" fill="#fff"/>
"##
        ))
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        writeln!(self.0, "{line}").expect("a String takes every text");
    }

    fn rect(&mut self, x: usize, y: usize, width: usize) {
        self.line(format_args!(
            r##"<rect x="{x}" y="{y}" width="{width}" height="{BOX_HEIGHT}" rx="8" fill="#eef3fb" stroke="#3b5b92"/>"##
        ));
    }

    fn dot(&mut self, x: usize, y: usize) {
        self.line(format_args!(r##"<circle cx="{x}" cy="{y}" r="5" fill="#3b5b92"/>"##));
    }

    fn arrow(&mut self, [x, y]: [usize; 2], [to_x, to_y]: [usize; 2]) {
        self.line(format_args!(
            r##"<path d="M{x} {y} {to_x} {to_y}" stroke="#3b5b92" marker-end="url(#head)"/>"##
        ));
    }

    fn text(&mut self, x: usize, y: usize, anchor: &str, text: &str) {
        let text = text.replace('&', "&amp;").replace('<', "&lt;");
        self.line(format_args!(r#"<text x="{x}" y="{y}" text-anchor="{anchor}">{text}</text>"#));
    }

    fn finish(self) -> String {
        self.0 + "</svg>\n"
    }
}
