use super::*;
use crate::{BATCH, Isa, Step};

/// A neuron, its gradients and its update.
fn neuron(g: &Graph) -> Step<'_> {
    let (x, y) = (g.input("x", (2, BATCH)), g.input("y", (1, BATCH)));
    let (w, b, alpha) = (g.param("W", (1, 2)), g.param("b", 1), g.scalar("α"));
    let loss = (w.matmul(x) + b).sigmoid().binary_cross_entropy(y).mean();
    let [dw, db] = g.grad(loss, [w, b]);
    Step::returns(loss)
        .set(w, w - alpha * dw)
        .set(b, b - alpha * db)
}

const RUN: [(&str, &[f64]); 5] = [
    ("x", &[1.0, 2.0, 0.5, -1.0]),
    ("y", &[1.0, 0.0]),
    ("W", &[0.1, 0.2]),
    ("b", &[0.0]),
    ("α", &[0.5]),
];

/// The elements of an SVG, checked for being closed in order: name and attributes, and the text in it.
fn elements(svg: &str) -> Vec<(String, String)> {
    let (mut open, mut found, mut rest) = (Vec::new(), Vec::new(), svg);
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a closed tag");
        let tag = &rest[start + 1..end];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "closed in order");
        } else {
            let name: String = tag.chars().take_while(char::is_ascii_alphabetic).collect();
            let text: String = rest[end + 1..].chars().take_while(|c| *c != '<').collect();
            found.push((tag.to_owned(), text));
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    found
}

fn attribute(tag: &str, name: &str) -> f64 {
    let from = tag.find(&format!(" {name}=\"")).expect("the attribute") + name.len() + 3;
    let value: String = tag[from..].chars().take_while(|c| *c != '"').collect();
    value.parse().expect("a number")
}

/// Left, top, right and bottom of each box.
fn boxes(svg: &str) -> Vec<[f64; 4]> {
    let all = elements(svg).into_iter().map(|(tag, _)| tag);
    all.filter(|tag| tag.starts_with("rect") && !tag.contains("page"))
        .map(|tag| {
            let [x, y, w, h] = ["x", "y", "width", "height"].map(|name| attribute(&tag, name));
            [x, y, x + w, y + h]
        })
        .collect()
}

#[test]
fn a_drawing_has_a_row_for_every_value_and_no_two_boxes_meet() {
    let g = Graph::new();
    let step = neuron(&g);
    for passes in [Passes::None, Passes::Canonical, Passes::All] {
        let rewritten = step.rewritten(passes).expect("a sound step");
        let drawing = rewritten.drawing();
        let svg = drawing.to_svg();
        let texts: Vec<String> = elements(&svg).into_iter().map(|(_, text)| text).collect();
        for row in &drawing.rows {
            assert!(texts.contains(&row.text()), "{} in {passes:?}", row.text());
            assert!(texts.contains(&row.shape));
        }
        let live = rewritten.module.live();
        let drawn = live
            .iter()
            .filter(|&&id| !is_inline(&rewritten.module, id))
            .count();
        assert_eq!(drawing.rows.len(), drawn);
        let boxes = boxes(&svg);
        assert_eq!(boxes.len(), drawing.rows.len());
        for (at, a) in boxes.iter().enumerate() {
            for b in &boxes[at + 1..] {
                let apart = a[2] <= b[0] || b[2] <= a[0] || a[3] <= b[1] || b[3] <= a[1];
                assert!(apart, "{a:?} and {b:?} in {passes:?}");
            }
        }
        // What is read stands above what reads it.
        let of = drawing.box_of();
        for (row, r) in drawing.rows.iter().enumerate() {
            for &read in &r.reads {
                assert!(boxes[of[read]][3] < boxes[of[row]][1]);
            }
        }
    }
}

#[test]
fn passes_are_seen() {
    let g = Graph::new();
    let step = neuron(&g);
    let drawn = |passes| {
        step.rewritten(passes)
            .expect("a sound step")
            .drawing()
            .to_dot()
    };
    let (before, after) = (drawn(Passes::None), drawn(Passes::All));
    assert!(
        before.contains("J = ") && before.contains("bce("),
        "{before}"
    );
    assert!(
        !before.contains("bce_on_logits") && after.contains("bce_on_logits(z, y)"),
        "{after}"
    );
    assert!(after.contains("z = W · x + b"), "{after}");
    assert!(after.contains("δ = a − y"), "{after}");
    assert!(after.contains("b := "), "{after}");
}

#[test]
fn what_a_plan_fuses_is_one_box() {
    let g = Graph::new();
    let step = neuron(&g);
    let rewritten = step.rewritten(Passes::All).expect("a sound step");
    let plan = g
        .compile::<f32>(step.clone(), Isa::Portable)
        .expect("a sound step");
    let drawing = rewritten.drawing().fused_by(&plan);
    let grouped: Vec<Vec<String>> = drawing
        .boxes
        .iter()
        .filter(|rows| rows.len() > 1)
        .map(|rows| {
            rows.iter()
                .map(|&row| drawing.rows[row].name.clone())
                .collect()
        })
        .collect();
    // The same as the plan prints.
    let printed = plan.to_string();
    assert!(!grouped.is_empty());
    // Unnamed values are numbered by each in its own order, so it is sizes that are compared, and the names that a reader knows.
    let mut sizes: Vec<usize> = grouped.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    let brackets: String = printed.chars().filter(|c| "┌│└".contains(*c)).collect();
    let mut expected: Vec<usize> = brackets
        .split_inclusive('└')
        .map(|group| group.chars().count())
        .collect();
    expected.sort_unstable();
    assert_eq!(sizes, expected, "{printed}");
    assert!(
        grouped
            .iter()
            .any(|group| group.ends_with(&["a".to_owned(), "δ".to_owned()])),
        "{grouped:?}"
    );
    let svg = drawing.to_svg();
    assert_eq!(svg.matches("class=\"fused ").count(), grouped.len());
    assert_eq!(
        drawing.to_dot().matches("subgraph cluster_").count(),
        grouped.len()
    );
    // Another plan fuses nothing here.
    let other = Graph::new();
    let foreign = other
        .compile::<f32>(Step::returns(other.param("v", 3).sum()), Isa::Portable)
        .expect("sound");
    assert!(
        rewritten
            .drawing()
            .fused_by(&foreign)
            .boxes
            .iter()
            .all(|rows| rows.len() == 1)
    );
}

#[test]
fn values_and_gradients_are_those_of_the_run() {
    let g = Graph::new();
    let step = neuron(&g);
    let rewritten = step.rewritten(Passes::All).expect("a sound step");
    let drawing = rewritten.drawing().with_values(&RUN).expect("all values");
    let of = |name: &str, kind: Kind| {
        let row = drawing
            .rows
            .iter()
            .find(|r| r.name == name && r.kind == kind);
        row.unwrap_or_else(|| panic!("no {name}"))
            .value
            .clone()
            .expect("a value")
    };
    // z = 0.5 and −0.15, a = σ(z), δ = a − y, by hand.
    assert_eq!(of("z", Kind::Computed), "0.5, −0.15");
    assert_eq!(of("a", Kind::Computed), "0.6225, 0.4626");
    assert_eq!(of("δ", Kind::Computed), "−0.3775, 0.4626");
    assert_eq!(of("J", Kind::Output), "0.5475");
    assert_eq!(of("b", Kind::Update), "−0.02126");
    assert!(
        drawing
            .to_svg()
            .contains("class=\"value\">−0.3775, 0.4626<")
    );
    let missing = rewritten
        .drawing()
        .with_values(&RUN[..4])
        .expect_err("α is missing");
    assert_eq!(missing.to_string(), "no value was given for α");
    let wrong = [RUN[0], ("y", &[1.0][..]), RUN[2], RUN[3], RUN[4]];
    assert!(matches!(
        rewritten.drawing().with_values(&wrong),
        Err(RunError::BatchMismatch { .. })
    ));
}

#[test]
fn names_are_escaped() {
    let g = Graph::new();
    let x = g.param("a<b>&\"c\"\\", 2);
    let rewritten = g.as_written();
    assert_eq!(rewritten.map(|r| r.nodes()).ok(), Some(0));
    let _ = x.square().named("x<2>");
    let rewritten = g.as_written().expect("a sound graph");
    let drawing = rewritten.drawing();
    let svg = drawing.to_svg();
    assert!(svg.contains("a&lt;b&gt;&amp;&quot;c&quot;\\") && !svg.contains("a<b>"));
    elements(&svg);
    assert!(drawing.to_dot().contains("a<b>&\\\"c\\\"\\\\"));
}

#[test]
fn a_graph_too_large_to_look_at_says_so() {
    let g = Graph::new();
    let x = g.param("x", 1);
    let y = (0..100_000).fold(x, |y, _| y + x);
    let rewritten = Step::returns(y)
        .rewritten(Passes::None)
        .expect("a sound step");
    let svg = rewritten.drawing().to_svg();
    assert!(
        svg.len() < 4000 && svg.contains("a graph of 100001 values"),
        "{svg}"
    );
    assert_eq!(
        rewritten.drawing().to_dot().lines().count(),
        3 + 100_001 + 100_000 + 99_999 + 1
    );
}

#[test]
fn the_picture_of_a_neuron() {
    let g = Graph::new();
    let step = neuron(&g);
    let rewritten = step.rewritten(Passes::All).expect("a sound step");
    let plan = g.compile::<f32>(step, Isa::Portable).expect("a sound step");
    let svg = rewritten
        .drawing()
        .fused_by(&plan)
        .with_values(&RUN)
        .expect("all values")
        .to_svg();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/neuron.svg");
    if std::env::var_os("CHAINRULE_WRITE").is_some() {
        std::fs::write(path, &svg).expect("written");
    }
    // Beside the packaged crate there are no docs.
    if let Ok(committed) = std::fs::read_to_string(path) {
        assert_eq!(svg, committed, "CHAINRULE_WRITE=1 writes it again");
    }
}
