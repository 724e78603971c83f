//! The graph: an arena of interned nodes.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasherDefault, Hash, Hasher};
use std::panic::Location;

use crate::op::{DynOp, OpRef};
use crate::region::{RegionId, Regions};
use crate::{CompileError, Expr, Op, Shape};

/// The index of a node. Arguments always come before the nodes that use them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct NodeId(pub(crate) u32);

impl NodeId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }

    pub(crate) fn from_index(index: usize) -> Self {
        Self(u32::try_from(index).expect("a graph holds at most 2^32 nodes"))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

/// What a leaf stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Leaf {
    /// A matrix given to each run.
    Input,
    /// A trained parameter.
    Param,
    /// A value that an optimiser keeps between steps.
    State,
    /// A constant, by its bits in f64.
    Constant(u64),
    /// The number of samples of the run.
    BatchSize,
    /// Stands where a mistake was made: the graph holds the error.
    Invalid,
}

impl Leaf {
    /// Whether the leaf is kept in a `State` between runs.
    pub(crate) fn is_slot(self) -> bool {
        matches!(self, Self::Param | Self::State)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Leaf(Leaf),
    Op(OpRef),
}

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    pub(crate) shape: Shape,
    pub(crate) location: &'static Location<'static>,
    args_start: u32,
    args_len: u32,
    pub(crate) region: RegionId,
}

impl Node {
    pub(crate) fn leaf(&self) -> Option<Leaf> {
        match self.kind {
            NodeKind::Leaf(leaf) => Some(leaf),
            NodeKind::Op(_) => None,
        }
    }

    pub(crate) fn op(&self) -> Option<&dyn DynOp> {
        match &self.kind {
            NodeKind::Leaf(_) => None,
            NodeKind::Op(op) => Some(&**op),
        }
    }

    pub(crate) fn is<O: Op>(&self) -> bool {
        self.op().is_some_and(|op| op.is::<O>())
    }

    /// The value of a constant leaf.
    pub(crate) fn constant(&self) -> Option<f64> {
        match self.kind {
            NodeKind::Leaf(Leaf::Constant(bits)) => Some(f64::from_bits(bits)),
            _ => None,
        }
    }
}

/// The arena behind a [`Graph`].
#[derive(Default)]
pub(crate) struct Arena {
    nodes: Vec<Node>,
    args: Vec<NodeId>,
    /// From a node's hash to the node: only looked up, never walked, so its order can't reach a result.
    interned: HashMap<u64, NodeId, BuildHasherDefault<HashIsKey>>,
    /// Names by node, in the order of the nodes.
    names: BTreeMap<NodeId, String>,
    /// Names of leaves: only looked up, never walked.
    leaf_names: HashSet<String>,
    error: Option<CompileError>,
    /// Reused from node to node, as `ids` is.
    shapes: Vec<Shape>,
    ids: Vec<NodeId>,
    pub(crate) regions: Regions,
    /// The region that new nodes belong to.
    pub(crate) region: RegionId,
}

impl Arena {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Makes room for so many more nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        self.nodes.reserve(nodes);
        self.args.reserve(2 * nodes);
        self.interned.reserve(nodes);
    }

    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(crate) fn args(&self, id: NodeId) -> &[NodeId] {
        let node = self.node(id);
        &self.args[node.args_start as usize..][..node.args_len as usize]
    }

    pub(crate) fn name(&self, id: NodeId) -> Option<&str> {
        self.names.get(&id).map(String::as_str)
    }

    pub(crate) fn set_name(&mut self, id: NodeId, name: String) {
        self.names.insert(id, name);
    }

    pub(crate) fn error(&self) -> Option<&CompileError> {
        self.error.as_ref()
    }

    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = NodeId> + use<> {
        (0..self.nodes.len()).map(NodeId::from_index)
    }

    /// Keeps the first error.
    pub(crate) fn fail(&mut self, error: CompileError) {
        self.error.get_or_insert(error);
    }

    pub(crate) fn leaf(
        &mut self,
        leaf: Leaf,
        shape: Shape,
        name: Option<String>,
        location: &'static Location<'static>,
    ) -> NodeId {
        // Named leaves are told apart by their names; the others by their data.
        let shared = name.is_none();
        let hash = hash_of(|h| (leaf, shape).hash(h));
        if shared && let Some(found) = self.find(hash, |a, id| a.node(id).leaf() == Some(leaf)) {
            return found;
        }
        let id = self.push(NodeKind::Leaf(leaf), shape, &[], location);
        if shared {
            self.remember(hash, id);
        }
        if let Some(name) = name {
            if !self.leaf_names.insert(name.clone()) {
                self.fail(CompileError::DuplicateName {
                    name: name.clone(),
                    location,
                });
            }
            self.names.insert(id, name);
        }
        id
    }

    pub(crate) fn apply(
        &mut self,
        op: OpRef,
        args: &[NodeId],
        location: &'static Location<'static>,
    ) -> NodeId {
        if args
            .iter()
            .any(|&a| self.node(a).leaf() == Some(Leaf::Invalid))
        {
            return self.invalid(location);
        }
        let mut shapes = std::mem::take(&mut self.shapes);
        shapes.clear();
        shapes.extend(args.iter().map(|&a| self.node(a).shape));
        let shape = match op.shape(&shapes) {
            Ok(shape) => shape,
            Err(reason) => {
                self.fail(CompileError::Shape {
                    op: op.name().into_owned(),
                    shapes,
                    reason,
                    location,
                });
                return self.invalid(location);
            }
        };
        self.shapes = shapes;
        let Some(key) = op.key() else {
            return self.push(NodeKind::Op(op), shape, args, location);
        };
        let region = self.regions.shared_in(self.region);
        let hash = hash_of(|h| (op.type_id(), &key, args, region).hash(h));
        let same = |arena: &Self, id: NodeId| {
            let node = arena.node(id);
            arena.regions.shared_in(node.region) == region
                && arena.args(id) == args
                && node.op().is_some_and(|other| {
                    other.type_id() == op.type_id() && other.key().as_ref() == Some(&key)
                })
        };
        if let Some(found) = self.find(hash, same) {
            return found;
        }
        let id = self.push(NodeKind::Op(op), shape, args, location);
        self.remember(hash, id);
        id
    }

    pub(crate) fn invalid(&mut self, location: &'static Location<'static>) -> NodeId {
        self.leaf(Leaf::Invalid, Shape::SCALAR, None, location)
    }

    fn push(
        &mut self,
        kind: NodeKind,
        shape: Shape,
        args: &[NodeId],
        location: &'static Location<'static>,
    ) -> NodeId {
        let id = NodeId::from_index(self.nodes.len());
        let args_start = u32::try_from(self.args.len()).expect("a graph holds at most 2^32 edges");
        self.args.extend_from_slice(args);
        self.nodes.push(Node {
            kind,
            shape,
            location,
            args_start,
            args_len: args.len() as u32,
            region: self.region,
        });
        id
    }

    fn find(&self, mut hash: u64, same: impl Fn(&Self, NodeId) -> bool) -> Option<NodeId> {
        while let Some(&id) = self.interned.get(&hash) {
            if same(self, id) {
                return Some(id);
            }
            hash = hash.wrapping_add(1);
        }
        None
    }

    fn remember(&mut self, mut hash: u64, id: NodeId) {
        while self.interned.contains_key(&hash) {
            hash = hash.wrapping_add(1);
        }
        self.interned.insert(hash, id);
    }
}

/// A graph of expressions, from which plans are compiled.
///
/// Nodes are made by the methods of [`Expr`] and never change. A mistake (shapes that do not fit, a variable of another
/// graph) is kept, with the place in the source where it was made, and returned when the graph is compiled.
///
/// ```
/// use chainrule_autodiff::{BATCH, Graph};
/// let g = Graph::new();
/// let (w, x) = (g.param("W", (3, 2)), g.input("x", (4, BATCH)));
/// let _ = w.matmul(x);
/// assert!(g.error().unwrap().to_string().starts_with("matmul of [3 × 2] and [4 × B]"));
/// ```
#[derive(Default)]
pub struct Graph {
    pub(crate) arena: RefCell<Arena>,
}

impl Graph {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A matrix that each run is given, such as a batch of features × [`BATCH`](crate::BATCH).
    #[track_caller]
    pub fn input(&self, name: &str, shape: impl Into<Shape>) -> Expr<'_> {
        self.named_leaf(Leaf::Input, name, shape.into())
    }

    /// A number that each run is given, such as a learning rate: an input of 1 × 1.
    #[track_caller]
    pub fn scalar(&self, name: &str) -> Expr<'_> {
        self.named_leaf(Leaf::Input, name, Shape::SCALAR)
    }

    /// A trained parameter, of a fixed size.
    #[track_caller]
    pub fn param(&self, name: &str, shape: impl Into<Shape>) -> Expr<'_> {
        self.slot(Leaf::Param, name, shape.into())
    }

    /// A value of a fixed size that an optimiser keeps between steps.
    #[track_caller]
    pub fn state(&self, name: &str, shape: impl Into<Shape>) -> Expr<'_> {
        self.slot(Leaf::State, name, shape.into())
    }

    /// A constant, rounded once to the precision of the plan.
    #[track_caller]
    pub fn constant(&self, value: f64) -> Expr<'_> {
        let leaf = Leaf::Constant(value.to_bits());
        let location = Location::caller();
        let id = self
            .arena
            .borrow_mut()
            .leaf(leaf, Shape::SCALAR, None, location);
        Expr::new(self, id)
    }

    /// The number of samples of a run, as a scalar.
    #[track_caller]
    pub fn batch_size(&self) -> Expr<'_> {
        let location = Location::caller();
        let id = self
            .arena
            .borrow_mut()
            .leaf(Leaf::BatchSize, Shape::SCALAR, None, location);
        Expr::new(self, id)
    }

    /// The number of nodes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.arena.borrow().len()
    }

    /// Whether the graph has no nodes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The first mistake made while the graph was built, which compiling returns.
    #[must_use]
    pub fn error(&self) -> Option<CompileError> {
        self.arena.borrow().error().cloned()
    }

    pub(crate) fn arena(&self) -> Ref<'_, Arena> {
        self.arena.borrow()
    }

    #[track_caller]
    pub(crate) fn apply(&self, op: OpRef, args: &[Expr<'_>]) -> Expr<'_> {
        self.apply_at(op, args, Location::caller())
    }

    pub(crate) fn apply_at(
        &self,
        op: OpRef,
        args: &[Expr<'_>],
        location: &'static Location<'static>,
    ) -> Expr<'_> {
        let mut arena = self.arena.borrow_mut();
        let id = if args.iter().all(|a| std::ptr::eq(a.graph(), self)) {
            let mut ids = std::mem::take(&mut arena.ids);
            ids.clear();
            ids.extend(args.iter().map(|a| a.id()));
            let made = arena.apply(op, &ids, location);
            arena.ids = ids;
            made
        } else {
            let op = op.name().into_owned();
            arena.fail(CompileError::OtherGraph { op, location });
            arena.invalid(location)
        };
        Expr::new(self, id)
    }

    #[track_caller]
    fn named_leaf(&self, leaf: Leaf, name: &str, shape: Shape) -> Expr<'_> {
        let location = Location::caller();
        let id = self
            .arena
            .borrow_mut()
            .leaf(leaf, shape, Some(name.to_owned()), location);
        Expr::new(self, id)
    }

    #[track_caller]
    fn slot(&self, leaf: Leaf, name: &str, shape: Shape) -> Expr<'_> {
        if shape.has_batch() {
            self.arena.borrow_mut().fail(CompileError::SlotWithBatch {
                name: name.to_owned(),
                shape,
                location: Location::caller(),
            });
        }
        self.named_leaf(leaf, name, shape)
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph of {} nodes", self.len())
    }
}

/// A fixed hash (FNV-1a by words), so that nothing depends on a seed of the process.
#[derive(Default)]
struct WordHash(u64);

impl Hasher for WordHash {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u64(&mut self, word: u64) {
        let mixed = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed ^ (mixed >> 32);
    }
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }
    fn write_usize(&mut self, word: usize) {
        self.write_u64(word as u64);
    }
}

fn hash_of(feed: impl FnOnce(&mut WordHash)) -> u64 {
    let mut hasher = WordHash::default();
    feed(&mut hasher);
    hasher.finish()
}

/// The keys of the intern table are hashes already.
#[derive(Default)]
struct HashIsKey(u64);

impl Hasher for HashIsKey {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, _: &[u8]) {}
    fn write_u64(&mut self, word: u64) {
        self.0 = word;
    }
}
