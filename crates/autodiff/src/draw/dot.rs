//! Graphviz's language.

use std::fmt::Write;

use super::{Drawing, Kind, Row};

pub(super) fn write(drawing: &Drawing<'_>) -> String {
    let mut out = String::from(
        "digraph step {\n  rankdir = TB;\n  node [shape = box, style = \"rounded,filled\", fillcolor = white, fontname = monospace];\n",
    );
    for (index, rows) in drawing.boxes.iter().enumerate() {
        let fused = rows.len() > 1;
        if fused {
            let _ = writeln!(out, "  subgraph cluster_{index} {{\n    style = rounded;");
        }
        for &row in rows {
            let indent = if fused { "    " } else { "  " };
            let _ = writeln!(out, "{indent}n{row} [{}];", attributes(&drawing.rows[row]));
        }
        if fused {
            out.push_str("  }\n");
        }
    }
    for (row, r) in drawing.rows.iter().enumerate() {
        for &read in &r.reads {
            let _ = writeln!(
                out,
                "  n{read} -> n{row} [label = {}];",
                quoted(&drawing.rows[read].shape)
            );
        }
    }
    out.push_str("}\n");
    out
}

fn attributes(row: &Row) -> String {
    let mut label = format!("{}\n{}", row.text(), row.shape);
    if let Some(value) = &row.value {
        label.push('\n');
        label.push_str(value);
    }
    let color = match row.kind {
        Kind::Input => "lightyellow",
        Kind::Parameter | Kind::State => "lightblue",
        Kind::Update => "lightcyan",
        Kind::Output => "palegreen",
        Kind::Computed => "white",
    };
    format!("label = {}, fillcolor = {color}", quoted(&label))
}

/// A quoted string: quotes and backslashes escaped, lines told from each other.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
