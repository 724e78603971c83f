//! Expressions as a reader writes them. Nothing recurses: each node's text is made once, from those of its arguments.

use super::names::Names;
use crate::elementwise::{Map1, Map2};
use crate::graph::{Leaf, NodeId, NodeKind};
use crate::ops::arithmetic::Sub;
use crate::ops::functions::Sigmoid;
use crate::ops::{Affine, Broadcast, MatMul};
use crate::passes::Module;

/// How tightly the outermost operator of a text binds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Binding {
    Sum,
    Product,
    Atom,
}

#[derive(Debug, Clone)]
struct Text {
    text: String,
    binding: Binding,
    depth: usize,
}

impl Text {
    fn atom(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            binding: Binding::Atom,
            depth: 0,
        }
    }

    /// The text, in parentheses if it binds less tightly.
    fn at(&self, least: Binding) -> String {
        if self.binding < least {
            format!("({})", self.text)
        } else {
            self.text.clone()
        }
    }
}

/// Deeper expressions are broken into lines of their own.
const MOST_DEPTH: usize = 5;

pub(super) struct Printer<'a> {
    module: &'a Module,
    names: Names,
    live: Vec<NodeId>,
    /// What stands for each node where it is used.
    used_as: Vec<Option<Text>>,
    /// The definition of each node.
    defined_as: Vec<Option<Text>>,
    is_line: Vec<bool>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(module: &'a Module) -> Self {
        let names = Names::of(module);
        let live = module.live();
        let size = module.graph.len();
        let mut printer = Self {
            module,
            names,
            used_as: vec![None; size],
            defined_as: vec![None; size],
            is_line: vec![false; size],
            live,
        };
        printer.write();
        printer
    }

    /// Each value that has a line: its node, its name, its expression.
    pub(super) fn lines(&self) -> impl Iterator<Item = (NodeId, &str, String)> {
        self.reading_order()
            .into_iter()
            .filter(|id| self.is_line[id.index()])
            .map(|id| {
                let name = self.names.of[id.index()].as_deref().unwrap_or("?");
                let text = self.defined_as[id.index()]
                    .as_ref()
                    .map_or(String::new(), |t| t.text.clone());
                (id, name, text)
            })
    }

    /// Results in their order, each after what it is made of.
    fn reading_order(&self) -> Vec<NodeId> {
        let arena = self.module.graph.arena();
        let mut seen = vec![false; arena.len()];
        let mut order = Vec::new();
        for root in self.module.results() {
            let mut stack = vec![(root, false)];
            while let Some((id, expanded)) = stack.pop() {
                if expanded {
                    order.push(id);
                    // An activation follows its z, also where the loss is computed from z alone.
                    if let Some(&a) = self.names.activations.get(&id)
                        && !std::mem::replace(&mut seen[a.index()], true)
                    {
                        order.push(a);
                    }
                } else if !std::mem::replace(&mut seen[id.index()], true) {
                    stack.push((id, true));
                    stack.extend(arena.args(id).iter().rev().map(|&a| (a, false)));
                }
            }
        }
        order
    }

    /// What is worth saying beside a line.
    pub(super) fn note(&self, id: NodeId) -> String {
        let Some(note) = self.names.deltas.get(&id) else {
            return String::new();
        };
        let arena = self.module.graph.arena();
        let from_loss =
            arena.node(id).is::<Map2<Sub>>() && arena.node(arena.args(id)[0]).is::<Map1<Sigmoid>>();
        if from_loss {
            format!("{note}, from bce ∘ σ")
        } else {
            note.clone()
        }
    }

    /// The right-hand side of an update.
    pub(super) fn text_of_update(&self, value: NodeId) -> String {
        let own_line = self.is_line[value.index()];
        let text = if own_line {
            &self.used_as
        } else {
            &self.defined_as
        };
        text[value.index()]
            .as_ref()
            .map_or(String::new(), |t| t.text.clone())
    }

    fn write(&mut self) {
        let arena = self.module.graph.arena();
        let mut users = vec![0usize; arena.len()];
        for &id in &self.live {
            for arg in arena.args(id) {
                users[arg.index()] += 1;
            }
        }
        let mut is_output = vec![false; arena.len()];
        for output in &self.module.outputs {
            is_output[output.index()] = true;
        }
        let mut temporary = 0;
        for index in 0..self.live.len() {
            let id = self.live[index];
            if let NodeKind::Leaf(leaf) = &arena.node(id).kind {
                let text = Text::atom(match leaf {
                    Leaf::Constant(bits) => number(f64::from_bits(*bits)),
                    Leaf::BatchSize => "B".to_owned(),
                    _ => arena.name(id).unwrap_or("?").to_owned(),
                });
                self.used_as[id.index()] = Some(text.clone());
                self.defined_as[id.index()] = Some(text);
                continue;
            }
            let definition = self.define(id);
            let transparent = arena.node(id).is::<Broadcast>();
            let shared = users[id.index()] > 1 && !transparent && definition.depth > 1;
            if self.names.of[id.index()].is_none()
                && (is_output[id.index()] || shared || definition.depth >= MOST_DEPTH)
                && !transparent
            {
                temporary += 1;
                self.names.of[id.index()] = Some(format!("t{temporary}"));
            }
            let line = self.names.of[id.index()].clone();
            self.is_line[id.index()] = line.is_some();
            self.used_as[id.index()] = Some(line.map_or_else(|| definition.clone(), Text::atom));
            self.defined_as[id.index()] = Some(definition);
        }
    }

    fn define(&self, id: NodeId) -> Text {
        let arena = self.module.graph.arena();
        let ids = arena.args(id);
        let args: Vec<Text> = ids
            .iter()
            .filter_map(|a| self.used_as[a.index()].clone())
            .collect();
        let node = arena.node(id);
        let name = node.op().map(|op| op.name()).unwrap_or_default();
        let depth = 1 + args.iter().map(|a| a.depth).max().unwrap_or(0);
        let made = |text: String, binding| Text {
            text,
            binding,
            depth,
        };
        let infix = |sign: &str, left: Binding, right: Binding, binding| {
            made(
                format!("{}{sign}{}", args[0].at(left), args[1].at(right)),
                binding,
            )
        };
        let is_scalar = |id: NodeId| {
            let node = arena.node(id);
            node.shape.is_scalar()
                || node.is::<Broadcast>() && arena.node(arena.args(id)[0]).shape.is_scalar()
        };
        use Binding::{Atom, Product, Sum};
        match name.as_ref() {
            "broadcast" => args[0].clone(),
            "add" => infix(" + ", Sum, Sum, Sum),
            "sub" => infix(" − ", Sum, Product, Sum),
            "mul" | "chain" => {
                if let Some(divisor) = self.reciprocal(ids[0]) {
                    return made(format!("{} / {divisor}", args[1].at(Product)), Product);
                }
                let sign = if is_scalar(ids[0]) || is_scalar(ids[1]) {
                    " "
                } else {
                    " ⊙ "
                };
                infix(sign, Product, Product, Product)
            }
            "div" => infix(" / ", Product, Atom, Product),
            "add_product" => made(
                format!(
                    "{} + {} {}",
                    args[0].at(Sum),
                    args[1].at(Product),
                    args[2].at(Product)
                ),
                Sum,
            ),
            "sub_product" => made(
                format!(
                    "{} − {} {}",
                    args[0].at(Sum),
                    args[1].at(Product),
                    args[2].at(Product)
                ),
                Sum,
            ),
            "mul_product" => made(
                format!(
                    "{} ({} {})",
                    args[0].at(Product),
                    args[1].at(Product),
                    args[2].at(Product)
                ),
                Product,
            ),
            "through_sigmoid" => {
                let (ct, a) = (args[0].at(Product), args[1].at(Product));
                made(format!("{ct} ⊙ ({a} ⊙ (1 − {a}))"), Product)
            }
            "neg" => made(format!("−{}", args[0].at(Product)), Product),
            "square" => made(format!("{}²", args[0].at(Atom)), Atom),
            "sqrt" => made(format!("√{}", args[0].at(Atom)), Atom),
            "abs" => made(format!("|{}|", args[0].text), Atom),
            "pow" => made(format!("{}^{}", args[0].at(Atom), args[1].at(Atom)), Atom),
            "transpose" => made(format!("{}ᵀ", args[0].at(Atom)), Atom),
            "sigmoid" => made(format!("σ({})", args[0].text), Atom),
            "sum" | "sum_columns" => made(format!("Σ {}", args[0].at(Atom)), Product),
            "sum_rows" => made(format!("Σrows {}", args[0].at(Atom)), Product),
            "matmul" | "affine" => {
                let op = node.op();
                let product = op.and_then(|op| {
                    op.downcast::<MatMul>()
                        .or(op.downcast::<Affine>().map(|a| &a.0))
                });
                let operand = |index: usize, turn: bool| {
                    let mark = if turn { "ᵀ" } else { "" };
                    format!("{}{mark}", args[index].at(Atom))
                };
                let (left, right) =
                    product.map_or((false, false), |p| (p.transpose_left, p.transpose_right));
                let text = format!("{} {}", operand(0, left), operand(1, right));
                match args.get(2) {
                    Some(bias) => made(format!("{text} + {}", bias.at(Product)), Sum),
                    None => made(text, Product),
                }
            }
            "bce_on_logits" => {
                let a = self.names.sigmoids.get(&ids[0]);
                let a = a.and_then(|a| self.used_as[a.index()].clone());
                let a = a.map_or_else(|| format!("σ({})", args[0].text), |a| a.text);
                made(format!("bce({a}, {})", args[1].text), Atom)
            }
            _ => {
                let list: Vec<&str> = args.iter().map(|a| a.text.as_str()).collect();
                made(format!("{name}({})", list.join(", ")), Atom)
            }
        }
    }

    /// The divisor, where a node is one divided by it.
    fn reciprocal(&self, mut id: NodeId) -> Option<String> {
        let arena = self.module.graph.arena();
        if arena.node(id).is::<Broadcast>() {
            id = arena.args(id)[0];
        }
        let is_division = arena.node(id).is::<Map2<crate::ops::arithmetic::Div>>();
        let one = is_division && arena.node(arena.args(id)[0]).constant() == Some(1.0);
        one.then(|| {
            self.used_as[arena.args(id)[1].index()]
                .as_ref()
                .map(|t| t.at(Binding::Atom))
        })?
    }
}

/// A constant in as few characters as name it.
fn number(value: f64) -> String {
    if value < 0.0 {
        format!("−{}", -value)
    } else {
        format!("{value}")
    }
}
