//! Graphs and steps as text that reads like the method.

mod expression;
pub(crate) mod names;

use std::fmt;

use crate::graph::NodeId;
use crate::passes::Module;
use crate::{Graph, Step};
use expression::Printer;

/// More lines than this are shown by their first and last ones.
const MOST_LINES: usize = 200;

impl fmt::Display for Step<'_> {
    /// The canonical graph of the step: what the arithmetic means, one line a value, then the updates.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let module = self.check().and_then(|()| Module::of(self).canonical());
        match module {
            Ok(module) => write_module(&module, f),
            Err(error) => write!(f, "not a step yet: {error}"),
        }
    }
}

impl fmt::Display for Graph {
    /// The graph as written, one line a value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arena = self.arena();
        if let Some(error) = arena.error() {
            return write!(f, "not a graph yet: {error}");
        }
        drop(arena);
        write_module(&self.ends(), f)
    }
}

impl Graph {
    /// Everything: what nothing else reads is a result.
    pub(crate) fn ends(&self) -> Module {
        let arena = self.arena();
        let mut used = vec![false; arena.len()];
        for id in arena.ids() {
            for arg in arena.args(id) {
                used[arg.index()] = true;
            }
        }
        let ends: Vec<NodeId> = arena
            .ids()
            .filter(|id| !used[id.index()] && arena.node(*id).op().is_some())
            .collect();
        drop(arena);
        crate::passes::Rebuild::copy(self, &ends, &[], None, |b, id, args| b.same(id, args))
    }
}

struct Line {
    name: String,
    sign: &'static str,
    text: String,
    shape: String,
    note: String,
}

pub(crate) fn write_module(module: &Module, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let printer = Printer::new(module);
    let arena = module.graph.arena();
    let mut lines: Vec<Line> = printer
        .lines()
        .map(|(id, name, text)| Line {
            name: name.to_owned(),
            sign: "=",
            text,
            shape: arena.node(id).shape.to_string(),
            note: printer.note(id),
        })
        .collect();
    for &(slot, value) in &module.updates {
        lines.push(Line {
            name: arena.name(slot).unwrap_or("?").to_owned(),
            sign: ":=",
            text: printer.text_of_update(value),
            shape: arena.node(slot).shape.to_string(),
            note: String::new(),
        });
    }
    let width = |of: fn(&Line) -> &str, most: usize| {
        let widths = lines
            .iter()
            .map(|l| of(l).chars().count())
            .filter(|w| *w <= most);
        widths.max().unwrap_or(0)
    };
    let (names, texts, shapes) = (
        width(|l| &l.name, 24),
        width(|l| &l.text, 48),
        width(|l| &l.shape, 24),
    );
    let total = lines.len();
    for (index, line) in lines.iter().enumerate() {
        if total > MOST_LINES && index == MOST_LINES / 2 {
            writeln!(f, "… {} more lines …", total - MOST_LINES)?;
        }
        if total > MOST_LINES && index >= MOST_LINES / 2 && index < total - MOST_LINES / 2 {
            continue;
        }
        let row = format!(
            "{:<names$} {:<2} {:<texts$}   {:<shapes$}  {}",
            line.name, line.sign, line.text, line.shape, line.note
        );
        writeln!(f, "{}", row.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::{BATCH, Graph, Step};

    #[test]
    fn a_step_reads_like_the_method() {
        let g = Graph::new();
        let (x, y) = (g.input("x", (2, BATCH)), g.input("y", (1, BATCH)));
        let (w, b, alpha) = (g.param("W", (1, 2)), g.param("b", 1), g.scalar("α"));
        let a = (w.matmul(x) + b).sigmoid();
        let loss = a.binary_cross_entropy(y).mean();
        let [dw, db] = g.grad(loss, [w, b]);
        let step = Step::returns(loss)
            .set(w, w - alpha * dw)
            .set(b, b - alpha * db);
        let expected = "\
z      =  W x + b         1 × B
a      =  σ(z)            1 × B
J      =  Σ bce(a, y) / B   1
δ      =  a − y           1 × B  B ∂J/∂z, from bce ∘ σ
∂J/∂W  =  δ xᵀ / B        1 × 2
∂J/∂b  =  Σ δ / B         1
W      := W − α ∂J/∂W     1 × 2
b      := b − α ∂J/∂b     1
";
        let squeezed = |s: &str| -> Vec<String> {
            s.lines()
                .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
                .collect()
        };
        assert_eq!(squeezed(&step.to_string()), squeezed(expected), "\n{step}");
    }

    #[test]
    fn two_layers_are_numbered() {
        let g = Graph::new();
        let (x, y) = (g.input("x", (3, BATCH)), g.input("y", (1, BATCH)));
        let (w1, b1) = (g.param("W1", (2, 3)), g.param("b1", 2));
        let (w2, b2) = (g.param("W2", (1, 2)), g.param("b2", 1));
        let a1 = (w1.matmul(x) + b1).sigmoid();
        let a2 = (w2.matmul(a1) + b2).sigmoid();
        let loss = a2.binary_cross_entropy(y).mean();
        let [dw1] = g.grad(loss, [w1]);
        let text = Step::returns(loss).set(w1, w1 - 0.5 * dw1).to_string();
        for line in [
            "z1 = W1 x + b1 2 × B",
            "a2 = σ(z2) 1 × B",
            "δ2 = a2 − y 1 × B B ∂J/∂z2, from bce ∘ σ",
            "δ1 = W2ᵀ δ2 ⊙ a1 ⊙ (1 − a1) 2 × B B ∂J/∂z1",
            "∂J/∂W1 = δ1 xᵀ / B 2 × 3",
            "W1 := W1 − 0.5 ∂J/∂W1 2 × 3",
        ] {
            let found = text
                .lines()
                .any(|l| l.split_whitespace().collect::<Vec<_>>().join(" ") == line);
            assert!(found, "{line} is missing from\n{text}");
        }
    }

    #[test]
    fn a_graph_prints_as_written() {
        let g = Graph::new();
        let (x, y) = (g.input("x", (3, BATCH)), g.input("y", (3, BATCH)));
        let _ = ((x - y).square().sum_rows() * 0.5).named("half distance");
        assert_eq!(
            g.to_string().trim_end(),
            "half distance =  Σrows (x − y)² 0.5   1 × B"
        );
    }

    #[test]
    fn a_long_chain_prints_its_ends() {
        let g = Graph::new();
        let x = g.input("x", 1);
        let end = (0..20_000).fold(x, |y, _| y + x);
        let text = Step::returns(end).to_string();
        assert!(
            text.lines().count() < 250 && text.contains("more lines"),
            "{text}"
        );
    }
}
