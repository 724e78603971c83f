//! SVG that stands alone.

use std::fmt::Write;

use super::layout::layout;
use super::{Drawing, Row};

/// More than this can't be looked at.
const MOST_ROWS: usize = 2000;
/// Of a character of the monospaced font, and of a line.
const CHARACTER: f64 = 7.3;
const LINE: f64 = 17.0;
const PADDING: f64 = 8.0;

const STYLE: &str = "\
text{font:12px ui-monospace,Menlo,Consolas,'DejaVu Sans Mono',monospace;fill:#1b1f24}\
.shape,.value{fill:#57606a}.value{font-style:italic}\
rect{fill:#fff;stroke:#8c959f;stroke-width:1}\
.page{fill:#fbfbfa;stroke:none}\
.fused{fill:#f3effb;stroke:#8250df}\
.input{fill:#fff8dc;stroke:#bf8700}\
.parameter,.state{fill:#e7f2fd;stroke:#0969da}\
.update{fill:#ddf4ff;stroke:#0969da;stroke-width:2}\
.output{fill:#e6f6e8;stroke:#1a7f37;stroke-width:2}\
path{fill:none;stroke:#8c959f;stroke-width:1.2}\
marker path{fill:#8c959f;stroke:none}\
@media (prefers-color-scheme:dark){\
text{fill:#e6edf3}.shape,.value{fill:#9da7b3}.page{fill:#0d1117}\
rect{fill:#161b22;stroke:#6e7681}.fused{fill:#1f1a2e;stroke:#a371f7}\
.input{fill:#2b2410;stroke:#d29922}.parameter,.state{fill:#0f2236;stroke:#58a6ff}\
.update{fill:#0c2d4a;stroke:#58a6ff}.output{fill:#12261a;stroke:#3fb950}\
path{stroke:#6e7681}marker path{fill:#6e7681}}";

pub(super) fn write(drawing: &Drawing<'_>) -> String {
    let rows = drawing.rows.len();
    if rows > MOST_ROWS {
        let text = format!("a graph of {rows} values: more than {MOST_ROWS} are not drawn");
        return page(
            text.chars().count() as f64 * CHARACTER + 40.0,
            60.0,
            &line(20.0, 34.0, "", &text),
        );
    }
    let height = |row: &Row| LINE * if row.value.is_some() { 2.0 } else { 1.0 };
    let size = |index: &Vec<usize>| {
        let rows = || index.iter().map(|&row| &drawing.rows[row]);
        let width = rows()
            .map(|row| characters(row) as f64 * CHARACTER)
            .fold(0.0, f64::max);
        (
            width + 2.0 * PADDING,
            rows().map(height).sum::<f64>() + 2.0 * PADDING,
        )
    };
    let sizes: Vec<(f64, f64)> = drawing.boxes.iter().map(size).collect();
    let layout = layout(&sizes, &drawing.edges());
    let mut body = String::new();
    for points in &layout.lines {
        let Some(&(x, y)) = points.first() else {
            continue;
        };
        let mut path = format!("M{x:.1} {y:.1}");
        for pair in points.windows(2) {
            let ((x0, y0), (x1, y1)) = (pair[0], pair[1]);
            let middle = 0.5 * (y0 + y1);
            let _ = write!(
                path,
                "C{x0:.1} {middle:.1} {x1:.1} {middle:.1} {x1:.1} {y1:.1}"
            );
        }
        let _ = writeln!(body, "<path d=\"{path}\" marker-end=\"url(#head)\"/>");
    }
    for (place, rows) in layout.boxes.iter().zip(&drawing.boxes) {
        let kinds = rows.iter().map(|&row| drawing.rows[row].kind.class());
        let mut classes: Vec<&str> = kinds.collect();
        classes.sort_unstable();
        classes.dedup();
        let fused = if rows.len() > 1 { "fused " } else { "" };
        let _ = writeln!(
            body,
            "<rect class=\"{fused}{}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"5\"/>",
            classes.join(" "),
            place.x,
            place.y,
            place.width,
            place.height
        );
        let mut y = place.y + PADDING + 0.75 * LINE;
        for &row in rows {
            let row = &drawing.rows[row];
            body.push_str(&line(place.x + PADDING, y, "", &row.text()));
            let right =
                place.x + place.width - PADDING - row.shape.chars().count() as f64 * CHARACTER;
            body.push_str(&line(right, y, "shape", &row.shape));
            if let Some(value) = &row.value {
                body.push_str(&line(place.x + 2.5 * PADDING, y + LINE, "value", value));
            }
            y += height(row);
        }
    }
    page(layout.width, layout.height, &body)
}

/// Of the widest line of a row.
fn characters(row: &Row) -> usize {
    let first = row.text().chars().count() + 3 + row.shape.chars().count();
    let second = row
        .value
        .as_ref()
        .map_or(0, |value| value.chars().count() + 2);
    first.max(second)
}

fn page(width: f64, height: f64, body: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\">\n\
         <style>{STYLE}</style>\n\
         <defs><marker id=\"head\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\">\
         <path d=\"M0 0L8 4L0 8z\"/></marker></defs>\n\
         <rect class=\"page\" width=\"100%\" height=\"100%\"/>\n{body}</svg>\n"
    )
}

fn line(x: f64, y: f64, class: &str, text: &str) -> String {
    let class = if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    };
    format!(
        "<text x=\"{x:.1}\" y=\"{y:.1}\"{class}>{}</text>\n",
        escaped(text)
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
