//! Plans as text: the schedule, what is fused, where each value lies, and what it costs.

mod table;

use std::collections::BTreeMap;
use std::fmt;

use crate::display::names::Names;
use crate::graph::NodeId;
use crate::kernel::execute::Sizes;
use crate::passes::Module;
use crate::plan::Plan;
use crate::plan::cost::{Count, buffer_bytes, map_flops, step_bytes, step_flops, work_flops};
use crate::plan::program::{
    Buffer, BufferId, Group, Layout, Over, Place, Program, Space, Spot, Step, Work,
};
use crate::{Dim, Scalar, Shape};
use table::Table;

/// More lines of a schedule, or of memory, than this are shown by their first and last ones.
const MOST_LINES: usize = 200;

/// A plan as it runs over a number of samples: see [`Plan::describe`].
#[derive(Debug, Clone)]
pub struct PlanDescription {
    /// Floating-point operations of one run: a fused multiply-add is two, an elementary function is one.
    pub flops: u64,
    /// Bytes of a workspace for that many samples and one thread.
    pub workspace_bytes: usize,
    /// Bytes of the state, with the copies that are derived from it.
    pub state_bytes: usize,
    text: String,
}

impl fmt::Display for PlanDescription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<T: Scalar> fmt::Display for Plan<T> {
    /// The schedule, the memory and the costs, as formulas in the number of samples B.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&Describer::new(self, None).text())
    }
}

impl<T: Scalar> Plan<T> {
    /// Floating-point operations of one run: a fused multiply-add is two, an elementary function is one.
    #[must_use]
    pub fn flops(&self) -> Count {
        let stages = self.program.stages.iter();
        let steps = stages.flat_map(|s| s.units.iter().chain(&s.chain));
        steps.map(step_flops).sum()
    }

    /// Bytes that the steps of one run read and write: each buffer once for a step, scratch memory not at all.
    #[must_use]
    pub fn bytes_moved(&self) -> Count {
        let stages = self.program.stages.iter();
        let steps = stages.flat_map(|s| s.units.iter().chain(&s.chain));
        steps.map(|step| step_bytes(&self.program, step)).sum()
    }

    /// What a run over `batch` samples does, step by step, and what it takes.
    ///
    /// ```
    /// use chainrule_autodiff::{BATCH, Graph, Isa, Step};
    /// let g = Graph::new();
    /// let (w, b, x) = (g.param("W", (3, 2)), g.param("b", 3), g.input("x", (2, BATCH)));
    /// let plan = g.compile::<f32>(Step::returns((w.matmul(x) + b).sigmoid()), Isa::Portable)?;
    /// let described = plan.describe(100);
    /// assert_eq!(described.flops, 100 * (3 * 2 * 2 + 3));
    /// assert!(described.to_string().contains("a = sigmoid(z)"), "{described}");
    /// # Ok::<(), chainrule_autodiff::CompileError>(())
    /// ```
    #[must_use]
    pub fn describe(&self, batch: usize) -> PlanDescription {
        let sizes = Sizes::of(&self.program, &self.layout, batch);
        PlanDescription {
            flops: self.flops().at(batch),
            workspace_bytes: (sizes.arena + sizes.scratch) * T::BYTES,
            state_bytes: self.layout.len * T::BYTES,
            text: Describer::new(self, Some(batch)).text(),
        }
    }
}

/// The names of the nodes of a plan's graph, those that have one.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct ValueNames(BTreeMap<NodeId, String>);

impl ValueNames {
    pub(crate) fn of(module: &Module) -> Self {
        let names = Names::of(module).of.into_iter().enumerate();
        let named = names.filter_map(|(i, name)| Some((NodeId::from_index(i), name?)));
        Self(named.collect())
    }
}

/// Writes a plan.
pub(crate) struct Describer<'a, T: Scalar> {
    plan: &'a Plan<T>,
    batch: Option<usize>,
    /// What is in each buffer.
    contents: Vec<String>,
    /// Names for values that have none, in the order of the schedule.
    temporaries: BTreeMap<NodeId, String>,
}

/// One operation of a step.
pub(crate) struct Operation {
    /// `a = sigmoid(z)`
    pub(crate) text: String,
    shape: Shape,
    place: &'static str,
    flops: Count,
}

impl<'a, T: Scalar> Describer<'a, T> {
    pub(crate) fn new(plan: &'a Plan<T>, batch: Option<usize>) -> Self {
        let mut d = Self {
            plan,
            batch,
            contents: Vec::new(),
            temporaries: BTreeMap::new(),
        };
        d.name_values();
        d
    }

    fn program(&self) -> &'a Program<T> {
        &self.plan.program
    }

    fn steps(&self) -> impl Iterator<Item = &'a Step<T>> + use<'a, T> {
        let stages = self.plan.program.stages.iter();
        stages.flat_map(|s| s.units.iter().chain(&s.chain))
    }

    fn name_values(&mut self) {
        let program = self.program();
        for step in self.steps() {
            // A slot's new value goes by the slot's name.
            let sets = |out: Spot| match out {
                Spot::Buffer(id) => matches!(self.buffer(id).place, Place::Slot(_)),
                Spot::Temp(_) | Spot::Produced => false,
            };
            let maps = step.group.maps.iter().filter(|m| !sets(m.out));
            let nodes: Vec<NodeId> = step.node.into_iter().chain(maps.map(|m| m.node)).collect();
            for node in nodes {
                if !self.plan.names.0.contains_key(&node) {
                    let next = format!("t{}", self.temporaries.len() + 1);
                    self.temporaries.entry(node).or_insert(next);
                }
            }
        }
        let slot = |slot: usize| self.plan.layout.slots[slot].name.clone();
        self.contents = program
            .buffers
            .iter()
            .map(|buffer| match buffer.place {
                Place::Input(input) => program.inputs[input].name.clone(),
                Place::Slot(s) => slot(s),
                Place::SlotTransposed(s) => format!("{}ᵀ", slot(s)),
                Place::Constant(index) => number(program.constants[index].to_f64()),
                Place::BatchSize => "B".to_owned(),
                Place::Workspace => String::new(),
            })
            .collect();
        for step in self.steps() {
            if let (Some(node), Some(id)) = (step.node, made_by(&step.work)) {
                self.fill(id, node);
            }
            for map in &step.group.maps {
                if let Spot::Buffer(id) = map.out {
                    self.fill(id, map.node);
                }
            }
        }
    }

    fn fill(&mut self, id: BufferId, node: NodeId) {
        if self.contents[id.0 as usize].is_empty() {
            self.contents[id.0 as usize] = self.name(node).to_owned();
        }
    }

    fn name(&self, node: NodeId) -> &str {
        let known = self.plan.names.0.get(&node);
        known
            .or_else(|| self.temporaries.get(&node))
            .map_or("?", String::as_str)
    }

    fn content(&self, id: BufferId) -> &str {
        &self.contents[id.0 as usize]
    }

    fn buffer(&self, id: BufferId) -> &'a Buffer {
        &self.plan.program.buffers[id.0 as usize]
    }

    /// The operations of a step, its work first.
    pub(crate) fn operations(&self, step: &Step<T>) -> Vec<Operation> {
        let mut all = Vec::new();
        if let Some(node) = step.node {
            let text = format!(
                "{} = {}",
                self.made(&step.work, node),
                self.work(&step.work)
            );
            all.push(Operation {
                text,
                shape: self.work_shape(&step.work, &step.group),
                place: made_by(&step.work).map_or("in cache", |id| self.place(id)),
                flops: work_flops(&step.work),
            });
        }
        // What is in scratch memory while the group runs.
        let mut held: BTreeMap<usize, NodeId> = BTreeMap::new();
        let Space { rows, cols } = step.group.space;
        for map in &step.group.maps {
            let args: Vec<&str> = map
                .args
                .iter()
                .map(|arg| match arg.spot {
                    Spot::Buffer(id) => self.content(id),
                    Spot::Temp(temp) => held.get(&temp).map_or("?", |node| self.name(*node)),
                    Spot::Produced => step.node.map_or("?", |node| self.name(node)),
                })
                .collect();
            let (target, sign, place) = match map.out {
                Spot::Buffer(id) => {
                    let sets = matches!(self.buffer(id).place, Place::Slot(_));
                    let sign = if sets { ":=" } else { "=" };
                    (self.content(id), sign, self.place(id))
                }
                Spot::Temp(temp) => {
                    held.insert(temp, map.node);
                    (self.name(map.node), "=", "in cache")
                }
                Spot::Produced => (self.name(map.node), "=", "in cache"),
            };
            all.push(Operation {
                text: format!("{target} {sign} {}", elementwise(&map.op.name(), &args)),
                shape: Shape::new(rows, cols),
                place,
                flops: map_flops(&step.group, &*map.op),
            });
        }
        all
    }

    /// The name of what a step's work makes; a matrix in another layout is told from the one it is made of.
    fn made(&self, work: &Work, node: NodeId) -> String {
        let name = self.name(node);
        match work {
            Work::Convert { turn: true, .. } => format!("{name}ᵀ"),
            _ => name.to_owned(),
        }
    }

    fn work(&self, work: &Work) -> String {
        let bias = |bias: &Option<BufferId>| match bias {
            Some(bias) => format!(" + {}", self.content(*bias)),
            None => String::new(),
        };
        match work {
            Work::None => String::new(),
            Work::Product(p) => {
                let turned = if p.b_turned { "ᵀ" } else { "" };
                let (a, b) = (self.content(p.a), self.content(p.b));
                format!("{a} · {b}{turned}{}", bias(&p.bias))
            }
            Work::Dot(d) => {
                let (weights, x) = (self.content(d.weights), self.content(d.x));
                format!("{weights} · {x}{}", bias(&d.bias))
            }
            Work::Sum(s) => {
                let over = match s.over {
                    Over::Rows => "rows of",
                    Over::Columns => "columns of",
                    Over::All => "all of",
                };
                format!("Σ {over} {}", self.content(s.from))
            }
            Work::Convert { from, to, .. } => {
                let layout = layout_name(self.buffer(*to).layout);
                format!("{} copied {layout}", self.content(*from))
            }
            Work::Eval { op, args, .. } => {
                let args: Vec<&str> = args.iter().map(|a| self.content(a.0)).collect();
                format!("{}({})", op.name(), args.join(", "))
            }
        }
    }

    fn work_shape(&self, work: &Work, group: &Group<T>) -> Shape {
        match work {
            Work::Product(p) => Shape::new(p.rows, p.cols),
            Work::Dot(d) => Shape::new(1, d.cols),
            Work::Sum(_) | Work::None => made_by(work)
                .map_or(Shape::new(group.space.rows, group.space.cols), |id| {
                    self.shape(id)
                }),
            Work::Convert { to, .. } => self.shape(*to),
            Work::Eval { out, .. } => out.1,
        }
    }

    fn shape(&self, id: BufferId) -> Shape {
        let buffer = self.buffer(id);
        Shape::new(buffer.rows, buffer.cols)
    }

    fn place(&self, id: BufferId) -> &'static str {
        layout_name(self.buffer(id).layout)
    }

    fn count(&self, count: Count) -> String {
        match self.batch {
            Some(batch) => count.at(batch).to_string(),
            None => count.to_string(),
        }
    }

    fn text(&self) -> String {
        let program = self.program();
        let mut out = self.heading();
        let mut table = Table::new(["", "", "", "FLOPs"]);
        for (index, stage) in program.stages.iter().enumerate() {
            let parts = [
                (&stage.units, "split over outputs"),
                (&stage.chain, "tile by tile over the samples"),
            ];
            for (steps, how) in parts.into_iter().filter(|(steps, _)| !steps.is_empty()) {
                table.heading(format!("stage {}, {how}", index + 1));
                for step in steps {
                    self.step_rows(step, &mut table);
                }
            }
        }
        table.write(&mut out);
        out.push('\n');
        self.memory(&mut out);
        out
    }

    fn step_rows(&self, step: &Step<T>, table: &mut Table) {
        let operations = self.operations(step);
        let last = operations.len().saturating_sub(1);
        for (index, operation) in operations.iter().enumerate() {
            let bracket = match index {
                0 if last == 0 => '─',
                0 => '┌',
                _ if index == last => '└',
                _ => '│',
            };
            table.row([
                format!("{bracket} {}", operation.text),
                self.sized(operation.shape),
                operation.place.to_owned(),
                self.count(operation.flops),
            ]);
        }
    }

    fn sized(&self, shape: Shape) -> String {
        let at = |dim: Dim| self.batch.map_or(dim, |batch| Dim::Fixed(dim.at(batch)));
        Shape::new(at(shape.rows), at(shape.cols)).to_string()
    }

    fn heading(&self) -> String {
        let program = self.program();
        let stages = program.stages.len();
        let plural = if stages == 1 { "" } else { "s" };
        let batch = self
            .batch
            .map_or(String::new(), |b| format!(", over {b} samples"));
        format!(
            "plan in {} for {}, {} lanes: {stages} stage{plural}{batch}\n\n",
            T::NAME,
            program.isa,
            T::LANES
        )
    }

    fn memory(&self, out: &mut String) {
        let program = self.program();
        let mut table = Table::new(["", "", "", "bytes"]);
        table.heading("memory".to_owned());
        let (mut inputs, mut workspace) = (Count::default(), Count::default());
        for index in 0..program.buffers.len() {
            let id = BufferId(index as u32);
            let bytes = buffer_bytes(program, id);
            let shape = match self.buffer(id).place {
                Place::Input(input) => program.inputs[input].shape,
                Place::Slot(slot) => self.plan.layout.slots[slot].shape,
                _ => self.shape(id),
            };
            let kind = match self.buffer(id).place {
                Place::Input(_) => {
                    inputs += bytes;
                    "input"
                }
                Place::Slot(slot) if self.plan.layout.slots[slot].is_param => "parameter",
                Place::Slot(_) => "state",
                Place::SlotTransposed(_) => "copy of a parameter",
                Place::Constant(_) | Place::BatchSize => {
                    workspace += bytes;
                    continue;
                }
                Place::Workspace => {
                    workspace += bytes;
                    "workspace"
                }
            };
            table.row([
                format!("  {}", self.content(id)),
                self.sized(shape),
                format!("{kind}, {}", self.place(id)),
                self.count(bytes),
            ]);
        }
        table.write(out);
        let sizes = self.batch.map(|b| Sizes::of(program, &self.plan.layout, b));
        let workspace = match &sizes {
            Some(sizes) => (sizes.arena * T::BYTES).to_string(),
            None => workspace.to_string(),
        };
        let scratch = sizes.map_or(String::new(), |sizes| {
            format!(", {} of scratch for each thread", sizes.scratch * T::BYTES)
        });
        let state = self.plan.layout.len * T::BYTES;
        out.push_str(&format!(
            "\nin all {} FLOPs; {} bytes of inputs, {state} of state, {workspace} of workspace{scratch}\n",
            self.count(self.plan.flops()),
            self.count(inputs),
        ));
    }
}

/// The buffer that a step's work writes.
fn made_by(work: &Work) -> Option<BufferId> {
    let spot = match work {
        Work::None => return None,
        Work::Product(p) => p.out,
        Work::Dot(d) => d.out,
        Work::Sum(s) => s.out,
        Work::Convert { to, .. } => return Some(*to),
        Work::Eval { out, .. } => return Some(out.0),
    };
    match spot {
        Spot::Buffer(id) => Some(id),
        Spot::Temp(_) | Spot::Produced => None,
    }
}

fn layout_name(layout: Layout) -> &'static str {
    match layout {
        Layout::Line => "line",
        Layout::Blocked => "blocks",
        Layout::Plain => "columns",
    }
}

pub(crate) fn elementwise(name: &str, args: &[&str]) -> String {
    match (name, args) {
        ("add", [a, b]) => format!("{a} + {b}"),
        ("sub", [a, b]) => format!("{a} − {b}"),
        ("mul" | "chain", [a, b]) => format!("{a} · {b}"),
        ("div", [a, b]) => format!("{a} / {b}"),
        ("neg", [a]) => format!("−{a}"),
        ("square", [a]) => format!("{a}²"),
        ("copy" | "broadcast", [a]) => (*a).to_owned(),
        ("add_product", [a, b, c]) => format!("{a} + {b} · {c}"),
        ("sub_product", [a, b, c]) => format!("{a} − {b} · {c}"),
        ("mul_product", [a, b, c]) => format!("{a} · ({b} · {c})"),
        ("through_sigmoid", [a, b]) => format!("{a} · ({b} · (1 − {b}))"),
        _ => format!("{name}({})", args.join(", ")),
    }
}

fn number(value: f64) -> String {
    if value < 0.0 {
        format!("−{}", -value)
    } else {
        format!("{value}")
    }
}
