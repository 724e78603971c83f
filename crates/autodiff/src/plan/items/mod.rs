//! From the canonical graph to items of work: which kernel computes each node, in which layout, from which operands.

mod item;
mod layouts;
mod products;

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::{Leaf, NodeId, NodeKind};
use crate::kernel::map::{MapKernel, Read};
use crate::op::{KernelKind, OpRef};
use crate::ops::arithmetic::Copy as CopyMap;
use crate::ops::{Affine, Broadcast, MatMul, Transpose};
use crate::passes::Module;
use crate::plan::program::{InputSpec, Layout, Place};
use crate::plan::state::StateLayout;
use crate::{Dim, Scalar, Shape};

pub(crate) use item::{Domain, Item, ItemId, ItemKind, Items, Value, stored};

/// Chooses the items of a module.
pub(crate) fn select<T: Scalar>(module: &Module, state: &mut StateLayout) -> Items<T> {
    let slots = state.slots.iter().map(|s| s.name.clone());
    let mut b = Builder {
        module,
        slots: slots.zip(0..).collect(),
        state,
        current: NodeId(0),
        values: vec![None; module.graph.len()],
        converted: BTreeMap::new(),
        out: Items {
            items: Vec::new(),
            constants: Vec::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            updates: Vec::new(),
        },
    };
    for id in module.live() {
        if matches!(b.node_kind(id), NodeKind::Leaf(_)) {
            b.leaf(id);
        }
    }
    for id in b.order() {
        b.current = id;
        let value = b.select_node(id);
        b.values[id.index()] = value;
    }
    b.results();
    b.out
}

struct Builder<'a, T: Scalar> {
    module: &'a Module,
    state: &'a mut StateLayout,
    /// The slots by name.
    slots: BTreeMap<String, usize>,
    /// The node that items are made for.
    current: NodeId,
    values: Vec<Option<Value>>,
    /// Conversions made: from, turned, to which layout.
    converted: BTreeMap<(ItemId, bool, Layout), ItemId>,
    out: Items<T>,
}

impl<T: Scalar> Builder<'_, T> {
    fn node_kind(&self, id: NodeId) -> NodeKind {
        self.module.graph.arena().node(id).kind.clone()
    }

    fn shape(&self, id: NodeId) -> Shape {
        self.module.graph.arena().node(id).shape
    }

    fn args(&self, id: NodeId) -> Vec<NodeId> {
        self.module.graph.arena().args(id).to_vec()
    }

    /// Operations in an order that computes each as late as its users allow, products before the elementwise operations that can
    /// be fused behind them.
    fn order(&self) -> Vec<NodeId> {
        let arena = self.module.graph.arena();
        let mut done = vec![false; arena.len()];
        let mut order = Vec::new();
        let is_map = |id: NodeId| {
            let node = arena.node(id);
            node.op()
                .is_some_and(|op| matches!(op.kernels_f32().kind, KernelKind::Map(_)))
        };
        for root in self.module.results() {
            let mut stack = vec![(root, false)];
            while let Some((id, expanded)) = stack.pop() {
                if done[id.index()] {
                    continue;
                }
                if expanded {
                    done[id.index()] = true;
                    if arena.node(id).op().is_some() {
                        order.push(id);
                    }
                    continue;
                }
                stack.push((id, true));
                let args = arena.args(id);
                // The last pushed is computed first.
                for &arg in args.iter().rev().filter(|a| is_map(**a)) {
                    stack.push((arg, false));
                }
                for &arg in args.iter().rev().filter(|a| !is_map(**a)) {
                    stack.push((arg, false));
                }
            }
        }
        order
    }

    fn leaf(&mut self, id: NodeId) {
        self.current = id;
        let arena = self.module.graph.arena();
        let node = arena.node(id);
        let NodeKind::Leaf(leaf) = node.kind else {
            return;
        };
        let shape = node.shape;
        let name = arena.name(id).unwrap_or_default().to_owned();
        drop(arena);
        let (rows, cols, turned) = stored(shape);
        let vector = shape.rows.is_one() || shape.cols.is_one();
        let (place, layout) = match leaf {
            Leaf::Input => {
                self.out.inputs.push(InputSpec { name, shape });
                let place = Place::Input(self.out.inputs.len() - 1);
                let layout = if shape.is_scalar() {
                    Layout::Line
                } else {
                    Layout::Plain
                };
                (place, layout)
            }
            Leaf::Param | Leaf::State => {
                let slot = self.slots[&name];
                (
                    Place::Slot(slot),
                    if vector {
                        Layout::Line
                    } else {
                        Layout::Blocked
                    },
                )
            }
            Leaf::Constant(bits) => {
                self.out.constants.push(T::from_f64(f64::from_bits(bits)));
                (Place::Constant(self.out.constants.len() - 1), Layout::Line)
            }
            Leaf::BatchSize => (Place::BatchSize, Layout::Line),
            Leaf::Invalid => unreachable!("a graph with an error is not lowered"),
        };
        // An input lies as the caller gives it: its transpose is not stored.
        let (rows, cols, turned) = match layout {
            Layout::Plain if !vector => (shape.rows, shape.cols, false),
            _ => (rows, cols, turned),
        };
        let item = self.push(
            ItemKind::Leaf(place),
            Vec::new(),
            (rows, cols),
            layout,
            Domain::Leaf,
        );
        self.values[id.index()] = Some(Value { item, turned });
    }

    fn push(
        &mut self,
        kind: ItemKind<T>,
        args: Vec<ItemId>,
        (rows, cols): (Dim, Dim),
        layout: Layout,
        domain: Domain,
    ) -> ItemId {
        self.out.items.push(Item {
            node: self.current,
            kind,
            args,
            rows,
            cols,
            layout,
            domain,
            late: false,
        });
        ItemId((self.out.items.len() - 1) as u32)
    }

    fn item(&self, id: ItemId) -> &Item<T> {
        &self.out.items[id.index()]
    }

    fn value(&mut self, id: NodeId) -> Value {
        if let Some(value) = self.values[id.index()] {
            return value;
        }
        // A repetition that no elementwise operation could take in: written out.
        let value = self.map_node(
            id,
            std::sync::Arc::new(crate::elementwise::Map1(CopyMap)),
            MapKernel::unary::<CopyMap>(),
            &[id],
        );
        self.values[id.index()] = Some(value);
        value
    }

    fn select_node(&mut self, id: NodeId) -> Option<Value> {
        let NodeKind::Op(op) = self.node_kind(id) else {
            return self.values[id.index()];
        };
        let args = self.args(id);
        if op.is::<Broadcast>() && can_store(self.shape(id)) {
            return None;
        }
        if op.is::<Transpose>() {
            return Some(self.value(args[0]).t(true));
        }
        if let Some(product) = op.downcast::<MatMul>()
            && let Some(value) = self.product(id, product, &args)
        {
            return Some(value);
        }
        if let Some(Affine(product)) = op.downcast::<Affine>()
            && let Some(value) = self.product(id, product, &args)
        {
            return Some(value);
        }
        if let Some(&arg) = args.first()
            && let Some(value) = self.sum(id, &op, arg)
        {
            return Some(value);
        }
        if let KernelKind::Map(kernel) = T::kernels(&*op).kind
            && can_store(self.shape(id))
        {
            return Some(self.map_node(id, op, kernel, &args));
        }
        Some(self.eval(id, op, &args))
    }

    fn map_node(&mut self, id: NodeId, op: OpRef, kernel: MapKernel<T>, args: &[NodeId]) -> Value {
        let shape = self.shape(id);
        let (rows, cols, turned) = stored(shape);
        let mut operands = Vec::new();
        let mut reads = Vec::new();
        for &arg in args {
            let (item, read) = self.operand(arg, shape, turned);
            operands.push(item);
            reads.push(read);
        }
        let vector = shape.rows.is_one() || shape.cols.is_one();
        let layout = if vector {
            Layout::Line
        } else {
            Layout::Blocked
        };
        let domain = if shape.has_batch() {
            Domain::Chain
        } else {
            Domain::Unit
        };
        let item = self.push(
            ItemKind::Map { op, kernel, reads },
            operands,
            (rows, cols),
            layout,
            domain,
        );
        let arena = self.module.graph.arena();
        self.out.items[item.index()].late = arena.regions.is_again(arena.node(id).region);
        drop(arena);
        Value { item, turned }
    }

    /// An operand of an elementwise operation of a shape: taken as it is, or repeated.
    fn operand(&mut self, arg: NodeId, shape: Shape, turned: bool) -> (ItemId, Read) {
        if shape.is_scalar() {
            let value = self.value(arg);
            return (self.vectors(value, turned), Read::SameNumber);
        }
        let is_repeated = self.values[arg.index()].is_none();
        if !is_repeated {
            let value = self.value(arg);
            return (self.vectors(value, turned), Read::Vectors);
        }
        let source = self.args(arg)[0];
        let source_shape = self.shape(source);
        let value = self.value(source);
        if source_shape.is_scalar() {
            return (self.vectors(value, false), Read::SameNumber);
        }
        // One number for each row of the stored matrix is a vector for each block.
        let by_rows = source_shape.cols.is_one() != turned;
        let item = self.vectors(value, false);
        (
            item,
            if by_rows {
                Read::SameVector
            } else {
                Read::NumberEach
            },
        )
    }

    fn eval(&mut self, id: NodeId, op: OpRef, args: &[NodeId]) -> Value {
        let shape = self.shape(id);
        let shapes: Vec<Shape> = args.iter().map(|&a| self.shape(a)).collect();
        let operands: Vec<ItemId> = args
            .iter()
            .zip(&shapes)
            .map(|(&a, &s)| {
                let value = self.value(a);
                self.plain(value, s)
            })
            .collect();
        let samples = |s: &Shape| s.cols == Dim::Batch && s.rows != Dim::Batch;
        let columnwise = matches!(T::kernels(&*op).kind, KernelKind::Columnwise)
            && samples(&shape)
            && shapes.iter().all(|s| samples(s) || !s.has_batch());
        let vector = shape.rows.is_one() || shape.cols.is_one();
        let (rows, cols, turned) = stored(shape);
        let (rows, cols, turned, layout) = if vector {
            (rows, cols, turned, Layout::Line)
        } else {
            (shape.rows, shape.cols, false, Layout::Plain)
        };
        let domain = if columnwise {
            Domain::Chain
        } else {
            Domain::Unit
        };
        let kind = ItemKind::Eval { op, shapes, shape };
        let item = self.push(kind, operands, (rows, cols), layout, domain);
        Value { item, turned }
    }

    fn results(&mut self) {
        for &id in &self.module.outputs {
            let shape = self.shape(id);
            let value = self.value(id);
            let mut item = self.plain(value, shape);
            if self.item(item).domain == Domain::Leaf {
                let layout = self.item(item).layout;
                item = self.convert(item, value.turned && layout == Layout::Plain, layout);
            }
            self.out.outputs.push((item, shape));
        }
        for &(slot, new) in &self.module.updates {
            let arena = self.module.graph.arena();
            let name = arena.name(slot).unwrap_or_default().to_owned();
            drop(arena);
            let index = self.slots[&name];
            let value = self.value(new);
            let turned = stored(self.shape(slot)).2;
            let mut item = self.vectors(value, turned);
            if self.item(item).domain == Domain::Leaf {
                // Updates are simultaneous: what another update may overwrite is copied first.
                let layout = self.item(item).layout;
                item = self.convert(item, false, layout);
            }
            self.out.updates.push((index, item));
        }
        // A returned value that also sets a slot is copied, since the slot's memory is the state's.
        let updates: BTreeSet<ItemId> = self.out.updates.iter().map(|u| u.1).collect();
        for index in 0..self.out.outputs.len() {
            let (item, shape) = self.out.outputs[index];
            if updates.contains(&item) {
                let layout = self.item(item).layout;
                self.out.outputs[index] = (self.convert(item, false, layout), shape);
            }
        }
    }
}

/// Whether elementwise kernels can run over a shape: not over samples × samples.
fn can_store(shape: Shape) -> bool {
    !(shape.rows == Dim::Batch && shape.cols == Dim::Batch)
}
