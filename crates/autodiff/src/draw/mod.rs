//! Graphs as pictures: Graphviz DOT, and SVG that needs nothing else.
//!
//! A drawing has one row for each value: its name, its formula, its shape, and after a run what it was. Numbers, the number of samples and
//! values that are only repeated are written where they are read. Rows stand in boxes: alone, or with the operations that a plan fuses.

mod dot;
mod layout;
mod svg;
mod values;

use std::collections::{BTreeMap, BTreeSet};

use crate::display::names::Names;
use crate::graph::{Leaf, NodeId};
use crate::ops::{Affine, Broadcast, MatMul, SumAll, SumColumns, SumRows, Transpose};
use crate::passes::Module;
use crate::plan::describe::{ValueNames, elementwise};
use crate::{CompileError, Graph, Passes, Plan, Rewritten, RunError, Scalar};

/// A graph to be drawn: see [`Rewritten::drawing`].
#[derive(Debug, Clone)]
pub struct Drawing<'a> {
    module: &'a Module,
    rows: Vec<Row>,
    /// Boxes, as the rows in them, in order.
    boxes: Vec<Vec<usize>>,
}

/// A value.
#[derive(Debug, Clone)]
struct Row {
    node: NodeId,
    kind: Kind,
    name: String,
    /// What it is computed as; a leaf has none.
    formula: Option<String>,
    shape: String,
    /// What it was in a run.
    value: Option<String>,
    /// The rows that it reads.
    reads: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Input,
    Parameter,
    State,
    Computed,
    Output,
    /// A new value of a slot.
    Update,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Parameter => "parameter",
            Self::State => "state",
            Self::Computed => "computed",
            Self::Output => "output",
            Self::Update => "update",
        }
    }
}

impl Row {
    /// `a = σ(z)`, `W := W − t1`, or the name of a leaf.
    fn text(&self) -> String {
        match &self.formula {
            None => self.name.clone(),
            Some(formula) if self.kind == Kind::Update => format!("{} := {formula}", self.name),
            Some(formula) => format!("{} = {formula}", self.name),
        }
    }
}

impl Graph {
    /// The whole graph as it is written, to be printed or drawn: everything that nothing else reads is a result.
    ///
    /// # Errors
    /// The first mistake made while the graph was built.
    pub fn as_written(&self) -> Result<Rewritten, CompileError> {
        match self.error() {
            Some(error) => Err(error),
            None => Ok(Rewritten {
                module: self.ends(),
                passes: Passes::None,
            }),
        }
    }
}

impl Rewritten {
    /// The graph to be drawn, before or after passes.
    ///
    /// ```
    /// use chainrule_autodiff::{BATCH, Graph, Isa, Passes, Step};
    /// let g = Graph::new();
    /// let (x, y) = (g.input("x", (2, BATCH)), g.input("y", (1, BATCH)));
    /// let (w, b) = (g.param("W", (1, 2)), g.param("b", 1));
    /// let loss = (w.matmul(x) + b).sigmoid().binary_cross_entropy(y).mean();
    /// let [dw, db] = g.grad(loss, [w, b]);
    /// let step = Step::returns(loss).set(w, w - 0.5 * dw).set(b, b - 0.5 * db);
    ///
    /// let before = step.rewritten(Passes::None)?;
    /// assert!(before.drawing().to_dot().contains("∂J/∂W"));
    ///
    /// // After the passes, what the plan fuses in boxes, and what each value and each gradient was in a run.
    /// let after = step.rewritten(Passes::All)?;
    /// let plan = g.compile::<f32>(step, Isa::detect())?;
    /// let run: [(&str, &[f64]); 4] = [("x", &[1.0, 2.0, 0.5, -1.0]), ("y", &[1.0, 0.0]), ("W", &[0.1, 0.2]), ("b", &[0.0])];
    /// let svg = after.drawing().fused_by(&plan).with_values(&run)?.to_svg();
    /// assert!(svg.starts_with("<svg"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn drawing(&self) -> Drawing<'_> {
        Drawing::of(&self.module)
    }
}

impl<'a> Drawing<'a> {
    fn of(module: &'a Module) -> Self {
        let names = names(module);
        let arena = module.graph.arena();
        let updates: BTreeMap<NodeId, NodeId> =
            module.updates.iter().map(|&(s, v)| (v, s)).collect();
        let outputs: BTreeSet<NodeId> = module.outputs.iter().copied().collect();
        let mut row_of: BTreeMap<NodeId, usize> = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        for id in module.live() {
            let node = arena.node(id);
            let result = updates.contains_key(&id) || outputs.contains(&id);
            if is_inline(module, id) && !result {
                continue;
            }
            let kind = match node.leaf() {
                _ if updates.contains_key(&id) => Kind::Update,
                _ if outputs.contains(&id) => Kind::Output,
                Some(Leaf::Param) => Kind::Parameter,
                Some(Leaf::State) => Kind::State,
                Some(_) => Kind::Input,
                None => Kind::Computed,
            };
            let name = match updates.get(&id) {
                Some(slot) => names[slot].clone(),
                None => names[&id].clone(),
            };
            let formula = node.op().map(|_| formula(module, id, &names));
            let args = arena.args(id).iter().flat_map(|&arg| seen(module, arg));
            let reads: BTreeSet<usize> = args.filter_map(|arg| row_of.get(&arg).copied()).collect();
            row_of.insert(id, rows.len());
            rows.push(Row {
                node: id,
                kind,
                name,
                formula,
                shape: node.shape.to_string(),
                value: None,
                reads: reads.into_iter().collect(),
            });
        }
        let boxes = (0..rows.len()).map(|row| vec![row]).collect();
        Self {
            module,
            rows,
            boxes,
        }
    }

    /// Draws what a plan computes together, in the cache, as one box: a product, a sum or a copy with the elementwise operations behind it.
    ///
    /// The plan is one of the same step, compiled with all passes, and the drawing one after all passes; of others nothing is fused in
    /// the drawing.
    #[must_use]
    pub fn fused_by<T: Scalar>(mut self, plan: &Plan<T>) -> Self {
        if *plan.names != ValueNames::of(self.module) {
            return self;
        }
        let row_of: BTreeMap<NodeId, usize> = self
            .rows
            .iter()
            .enumerate()
            .map(|(i, row)| (row.node, i))
            .collect();
        let mut boxes = Vec::new();
        let mut placed = vec![false; self.rows.len()];
        let stages = plan.program.stages.iter();
        for step in stages.flat_map(|s| s.units.iter().chain(&s.chain)) {
            let nodes = step
                .node
                .into_iter()
                .chain(step.group.maps.iter().map(|m| m.node));
            let rows = nodes.filter_map(|node| row_of.get(&node).copied());
            // A value that is computed twice is drawn where it is first.
            let rows: Vec<usize> = rows
                .filter(|&row| !std::mem::replace(&mut placed[row], true))
                .collect();
            if !rows.is_empty() {
                boxes.push(rows);
            }
        }
        let rest = (0..self.rows.len()).filter(|&row| !placed[row]);
        boxes.extend(rest.map(|row| vec![row]));
        boxes.sort();
        self.boxes = boxes;
        self
    }

    /// Writes beside each value what it is in a run in f64: a number, a few of them, or the least, the mean and the greatest. Gradients are values
    /// of the graph, so they are written too. Inputs, parameters and state are given by name, column-major.
    ///
    /// # Errors
    /// When one is missing or has another number of values than its shape.
    pub fn with_values(mut self, given: &[(&str, &[f64])]) -> Result<Self, RunError> {
        let values = values::values(self.module, given)?;
        for row in &mut self.rows {
            row.value = values[row.node.index()].as_ref().map(values::summary);
        }
        Ok(self)
    }

    /// Graphviz's language: `dot -Tpng` draws it.
    #[must_use]
    pub fn to_dot(&self) -> String {
        dot::write(self)
    }

    /// A picture that stands alone: no script, no font, nothing to fetch; in light and in dark. Above 2,000 values it says only how many there are.
    #[must_use]
    pub fn to_svg(&self) -> String {
        svg::write(self)
    }

    /// The box of each row.
    fn box_of(&self) -> Vec<usize> {
        let mut of = vec![0; self.rows.len()];
        for (index, rows) in self.boxes.iter().enumerate() {
            for &row in rows {
                of[row] = index;
            }
        }
        of
    }

    /// From box to box, each pair once.
    fn edges(&self) -> BTreeSet<(usize, usize)> {
        let of = self.box_of();
        let all = self.rows.iter().enumerate();
        let edges = all.flat_map(|(row, r)| r.reads.iter().map(move |&read| (read, row)));
        edges
            .map(|(from, to)| (of[from], of[to]))
            .filter(|(from, to)| from != to)
            .collect()
    }
}

/// A name for each node that the results need: the reader's where there is one, else `t` and a number.
fn names(module: &Module) -> BTreeMap<NodeId, String> {
    let known = Names::of(module).of;
    let arena = module.graph.arena();
    let mut count = 0;
    let mut all = BTreeMap::new();
    for id in module.live() {
        let name = match (&known[id.index()], arena.node(id).leaf()) {
            (_, Some(Leaf::Constant(bits))) => {
                format!("{}", f64::from_bits(bits)).replace('-', "−")
            }
            (_, Some(Leaf::BatchSize)) => "B".to_owned(),
            (Some(name), _) => name.clone(),
            (None, _) if is_inline(module, id) => String::new(),
            (None, _) => {
                count += 1;
                format!("t{count}")
            }
        };
        all.insert(id, name);
    }
    all
}

/// Whether a node is written where it is read: a number, the number of samples, or a value that is only repeated.
fn is_inline(module: &Module, id: NodeId) -> bool {
    let arena = module.graph.arena();
    let node = arena.node(id);
    matches!(node.leaf(), Some(Leaf::Constant(_) | Leaf::BatchSize)) || node.is::<Broadcast>()
}

/// What stands for a node that is written where it is read.
fn seen(module: &Module, mut id: NodeId) -> Option<NodeId> {
    let arena = module.graph.arena();
    while arena.node(id).is::<Broadcast>() {
        id = arena.args(id)[0];
    }
    let is_number = matches!(
        arena.node(id).leaf(),
        Some(Leaf::Constant(_) | Leaf::BatchSize)
    );
    (!is_number).then_some(id)
}

fn formula(module: &Module, id: NodeId, names: &BTreeMap<NodeId, String>) -> String {
    let arena = module.graph.arena();
    let Some(op) = arena.node(id).op() else {
        return String::new();
    };
    let args: Vec<&str> = arena
        .args(id)
        .iter()
        .map(|&arg| {
            let mut arg = arg;
            while arena.node(arg).is::<Broadcast>() {
                arg = arena.args(arg)[0];
            }
            names[&arg].as_str()
        })
        .collect();
    let turned = |name: &str, turned: bool| format!("{name}{}", if turned { "ᵀ" } else { "" });
    let product = |op: &MatMul| {
        let (left, right) = (
            turned(args[0], op.transpose_left),
            turned(args[1], op.transpose_right),
        );
        format!("{left} · {right}")
    };
    if let Some(op) = op.downcast::<MatMul>() {
        product(op)
    } else if let Some(Affine(op)) = op.downcast::<Affine>() {
        format!("{} + {}", product(op), args[2])
    } else if op.is::<Transpose>() {
        turned(args[0], true)
    } else if op.is::<SumRows>() {
        format!("Σ rows of {}", args[0])
    } else if op.is::<SumColumns>() {
        format!("Σ columns of {}", args[0])
    } else if op.is::<SumAll>() {
        format!("Σ {}", args[0])
    } else {
        match (&*op.name(), &args[..]) {
            ("sigmoid", [z]) => format!("σ({z})"),
            (name, args) => elementwise(name, args),
        }
    }
}

#[cfg(test)]
mod tests;
