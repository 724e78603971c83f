//! Expressions: what a graph is written in.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};
use std::panic::Location;
use std::sync::Arc;

use crate::elementwise::{Binary, Map1, Map2, Map3, Ternary, Unary};
use crate::graph::NodeId;
use crate::ops::{
    Affine, BinaryCrossEntropy, BinaryCrossEntropyOnLogits, Broadcast, Compare, MatMul, SumAll,
    SumColumns, SumRows, Transpose,
};
use crate::ops::{arithmetic, functions};
use crate::{Dim, Graph, Op, Shape};

/// A value of a graph: a reference to the graph and the index of a node, free to copy.
///
/// Operators and methods add nodes. They never fail: the graph keeps the first mistake, and compiling returns it.
/// Where two shapes differ, the operand that is of size 1 along a dimension is repeated, provided that the other has the
/// shape of the result.
///
/// ```
/// use chainrule_autodiff::{BATCH, Graph};
/// let g = Graph::new();
/// let (w, b, x) = (g.param("W", (3, 2)), g.param("b", 3), g.input("x", (2, BATCH)));
/// let a = (w.matmul(x) + b).sigmoid();
/// assert_eq!(a.shape().to_string(), "3 × B");
/// ```
#[derive(Clone, Copy)]
pub struct Expr<'g> {
    graph: &'g Graph,
    id: NodeId,
}

impl<'g> Expr<'g> {
    pub(crate) fn new(graph: &'g Graph, id: NodeId) -> Self {
        Self { graph, id }
    }

    pub(crate) fn id(self) -> NodeId {
        self.id
    }

    /// The graph that this is a value of.
    #[must_use]
    pub fn graph(self) -> &'g Graph {
        self.graph
    }

    /// The shape, known as soon as the expression is written.
    #[must_use]
    pub fn shape(self) -> Shape {
        self.graph.arena().node(self.id).shape
    }

    /// Gives this value a name, which prints and draws it. The last name given holds.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let is_leaf = self.graph.arena().node(self.id).leaf().is_some();
        if !is_leaf {
            let mut arena = self.graph.arena.borrow_mut();
            arena.set_name(self.id, name.to_owned());
        }
        self
    }

    /// Applies an operation of one argument.
    #[track_caller]
    pub fn apply<O: Op>(self, op: O) -> Self {
        self.graph.apply(Arc::new(op), &[self])
    }

    /// Applies an operation to this and other arguments.
    #[track_caller]
    pub fn apply_with<O: Op>(self, op: O, others: &[Self]) -> Self {
        let args: Vec<Self> = std::iter::once(self)
            .chain(others.iter().copied())
            .collect();
        self.graph.apply(Arc::new(op), &args)
    }

    /// Applies an elementwise operation.
    #[track_caller]
    pub fn map<U: Unary>(self, op: U) -> Self {
        self.apply(Map1(op))
    }

    /// Applies an elementwise operation of two arguments, of which one may be repeated to the other's shape.
    #[track_caller]
    pub fn zip_map<B: Binary>(self, other: Self, op: B) -> Self {
        let (a, b) = self.repeated_with(other);
        a.apply_with(Map2(op), &[b])
    }

    /// Applies an elementwise operation of three arguments, each of which may be repeated to the largest shape.
    #[track_caller]
    pub fn zip_map_3<F: Ternary>(self, b: Self, c: Self, op: F) -> Self {
        let (a, b) = self.repeated_with(b);
        let (a, c) = a.repeated_with(c);
        // What does not fit is left to the operation, whose error names all three.
        let fits = b.shape().broadcasts_to(a.shape());
        let b = if fits { b.broadcast_to(a.shape()) } else { b };
        a.apply_with(Map3(op), &[b, c])
    }

    /// The matrix product. Its inner dimension may be the batch: a sum over samples.
    #[track_caller]
    pub fn matmul(self, other: Self) -> Self {
        let op = MatMul::for_shapes(self.shape(), other.shape());
        self.apply_with(op, &[other])
    }

    /// `self · other + bias`, as one product whose sums start at the bias.
    #[track_caller]
    pub(crate) fn affine(self, product: &MatMul, other: Self, bias: Self) -> Self {
        self.apply_with(Affine(product.clone()), &[other, bias])
    }

    /// The transpose.
    #[track_caller]
    pub fn t(self) -> Self {
        self.apply(Transpose)
    }

    /// This value repeated along its dimensions of size 1.
    #[track_caller]
    pub fn broadcast_to(self, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        if self.shape() == shape {
            self
        } else {
            self.apply(Broadcast(shape))
        }
    }

    /// The sum of all elements: over features first, then over samples.
    #[track_caller]
    pub fn sum(self) -> Self {
        let shape = self.shape();
        if shape.is_scalar() {
            self
        } else if shape.has_batch() {
            self.sum_rows().sum_columns()
        } else {
            self.apply(SumAll)
        }
    }

    /// The rows added up: 1 × columns. Of a batch, the sum over its features.
    #[track_caller]
    pub fn sum_rows(self) -> Self {
        if self.shape().rows.is_one() {
            self
        } else {
            self.apply(SumRows::of(self.shape()))
        }
    }

    /// The columns added up: rows × 1. Of a batch, the sum over its samples.
    #[track_caller]
    pub fn sum_columns(self) -> Self {
        if self.shape().cols.is_one() {
            self
        } else {
            self.apply(SumColumns::of(self.shape()))
        }
    }

    /// The mean of all elements: the finished sum divided once.
    #[track_caller]
    pub fn mean(self) -> Self {
        let shape = self.shape();
        let sum = self.sum();
        let batches = usize::from(shape.rows == Dim::Batch) + usize::from(shape.cols == Dim::Batch);
        let fixed = [shape.rows, shape.cols]
            .iter()
            .map(|d| if let Dim::Fixed(n) = d { *n } else { 1 })
            .product::<usize>();
        let mut count = self.graph.constant(fixed as f64);
        for _ in 0..batches {
            let b = self.graph.batch_size();
            count = if count.is_constant(1.0) { b } else { count * b };
        }
        if count.is_constant(1.0) {
            sum
        } else {
            sum / count
        }
    }

    /// `e^x`
    #[track_caller]
    pub fn exp(self) -> Self {
        self.map(functions::Exp)
    }

    /// The natural logarithm.
    #[track_caller]
    pub fn ln(self) -> Self {
        self.map(functions::Ln)
    }

    /// `ln(1 + x)`, precise near 0.
    #[track_caller]
    pub fn ln_1p(self) -> Self {
        self.map(functions::Ln1p)
    }

    /// The logistic sigmoid, `σ(x) = 1 / (1 + e^-x)`.
    #[track_caller]
    pub fn sigmoid(self) -> Self {
        self.map(functions::Sigmoid)
    }

    /// The hyperbolic tangent.
    #[track_caller]
    pub fn tanh(self) -> Self {
        self.map(functions::Tanh)
    }

    /// `max(x, 0)`; its derivative at 0 is 0.
    #[track_caller]
    pub fn relu(self) -> Self {
        self.map(functions::Relu)
    }

    /// `ln(1 + e^x)`
    #[track_caller]
    pub fn softplus(self) -> Self {
        self.map(functions::Softplus)
    }

    /// `x²`
    #[track_caller]
    pub fn square(self) -> Self {
        self.map(arithmetic::Square)
    }

    /// `√x`; its derivative at 0 is infinite.
    #[track_caller]
    pub fn sqrt(self) -> Self {
        self.map(arithmetic::Sqrt)
    }

    /// `|x|`; its derivative at 0 is 0.
    #[track_caller]
    pub fn abs(self) -> Self {
        self.map(arithmetic::Abs)
    }

    /// The sign: 1, −1, or 0 at 0. Its derivative is 0.
    #[track_caller]
    pub fn sign(self) -> Self {
        self.map(arithmetic::Sign)
    }

    /// `x^p`, elementwise. Its derivative in `x` is `p x^(p−1)`, and 0 where `p` is 0; in `p`, `x^p ln x`, and 0 where
    /// `x` is 0.
    #[track_caller]
    pub fn pow(self, exponent: impl IntoExpr<'g>) -> Self {
        self.zip_map(exponent.into_expr(self.graph), functions::Pow)
    }

    /// The larger of the two, elementwise; of equals, each receives half of the cotangent.
    #[track_caller]
    pub fn maximum(self, other: impl IntoExpr<'g>) -> Self {
        self.zip_map(other.into_expr(self.graph), arithmetic::Maximum)
    }

    /// The smaller of the two, elementwise; of equals, each receives half of the cotangent.
    #[track_caller]
    pub fn minimum(self, other: impl IntoExpr<'g>) -> Self {
        self.zip_map(other.into_expr(self.graph), arithmetic::Minimum)
    }

    /// `x` limited to `low..=high`; its derivative is 1 at the ends and 0 outside.
    #[track_caller]
    pub fn clamp(self, low: f64, high: f64) -> Self {
        self.map(arithmetic::Clamp { low, high })
    }

    /// 1 where `self < other`, else 0. Comparisons have the derivative 0.
    #[track_caller]
    pub fn lt(self, other: impl IntoExpr<'g>) -> Self {
        self.compare::<{ Compare::<0>::LESS }>(other)
    }

    /// 1 where `self <= other`, else 0.
    #[track_caller]
    pub fn le(self, other: impl IntoExpr<'g>) -> Self {
        self.compare::<{ Compare::<0>::LESS_OR_EQUAL }>(other)
    }

    /// 1 where `self > other`, else 0.
    #[track_caller]
    pub fn gt(self, other: impl IntoExpr<'g>) -> Self {
        self.compare::<{ Compare::<0>::GREATER }>(other)
    }

    /// 1 where `self >= other`, else 0.
    #[track_caller]
    pub fn ge(self, other: impl IntoExpr<'g>) -> Self {
        self.compare::<{ Compare::<0>::GREATER_OR_EQUAL }>(other)
    }

    /// 1 where the two are equal, else 0.
    #[track_caller]
    pub fn equals(self, other: impl IntoExpr<'g>) -> Self {
        self.compare::<{ Compare::<0>::EQUAL }>(other)
    }

    #[track_caller]
    fn compare<const HOW: u8>(self, other: impl IntoExpr<'g>) -> Self {
        self.zip_map(other.into_expr(self.graph), Compare::<HOW>)
    }

    /// `if_true` where this is not 0, else `if_false`. The one not taken receives a cotangent of exactly 0.
    #[track_caller]
    pub fn select(self, if_true: impl IntoExpr<'g>, if_false: impl IntoExpr<'g>) -> Self {
        let (a, b) = (
            if_true.into_expr(self.graph),
            if_false.into_expr(self.graph),
        );
        self.zip_map_3(a, b, arithmetic::Select)
    }

    /// The chain rule's product of a cotangent (this) and a derivative: 0 where the cotangent is 0, whatever the
    /// derivative, so that `0 · ∞` can't arise in a branch that was not taken.
    #[track_caller]
    pub fn chain(self, derivative: Self) -> Self {
        self.zip_map(derivative, arithmetic::Chain)
    }

    /// Binary cross-entropy of probabilities (this) and targets of the same shape, elementwise:
    /// `−(y ln a + (1 − y) ln(1 − a))`.
    ///
    /// Of a sigmoid, compiling rewrites it into a form that is finite for every finite logit, and its gradient into
    /// `a − y`.
    #[track_caller]
    pub fn binary_cross_entropy(self, targets: Self) -> Self {
        self.apply_with(Map2(BinaryCrossEntropy), &[targets])
    }

    /// Binary cross-entropy of logits (this) and targets of the same shape, elementwise: `ln(1 + e^z) − y z`, finite for
    /// every finite logit.
    #[track_caller]
    pub fn binary_cross_entropy_on_logits(self, targets: Self) -> Self {
        self.apply_with(Map2(BinaryCrossEntropyOnLogits), &[targets])
    }

    pub(crate) fn is_constant(self, value: f64) -> bool {
        self.constant_value() == Some(value)
    }

    /// The value, where this is a constant or a constant repeated.
    pub(crate) fn constant_value(self) -> Option<f64> {
        let arena = self.graph.arena();
        let node = arena.node(self.id);
        if node.is::<Broadcast>() {
            arena.node(arena.args(self.id)[0]).constant()
        } else {
            node.constant()
        }
    }

    #[track_caller]
    fn repeated_with(self, other: Self) -> (Self, Self) {
        if !std::ptr::eq(self.graph, other.graph) {
            return (self, other);
        }
        let (a, b) = (self.shape(), other.shape());
        if a == b {
            (self, other)
        } else if a.broadcasts_to(b) {
            (self.broadcast_to(b), other)
        } else if b.broadcasts_to(a) {
            (self, other.broadcast_to(a))
        } else {
            (self, other)
        }
    }
}

impl fmt::Debug for Expr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arena = self.graph.arena();
        let name = arena.name(self.id).unwrap_or("_");
        write!(f, "{name} {:?}: {}", self.id, self.shape())
    }
}

/// What an operand may be: an expression or a number.
pub trait IntoExpr<'g> {
    /// The expression, in `graph`.
    fn into_expr(self, graph: &'g Graph) -> Expr<'g>;
}

impl<'g> IntoExpr<'g> for Expr<'g> {
    fn into_expr(self, _: &'g Graph) -> Self {
        self
    }
}

impl<'g> IntoExpr<'g> for f64 {
    #[track_caller]
    fn into_expr(self, graph: &'g Graph) -> Expr<'g> {
        graph.constant(self)
    }
}

macro_rules! operator {
    ($trait:ident, $method:ident, $op:expr) => {
        impl<'g> $trait for Expr<'g> {
            type Output = Expr<'g>;
            #[track_caller]
            fn $method(self, other: Expr<'g>) -> Expr<'g> {
                self.zip_map(other, $op)
            }
        }
        impl<'g> $trait<f64> for Expr<'g> {
            type Output = Expr<'g>;
            #[track_caller]
            fn $method(self, other: f64) -> Expr<'g> {
                self.zip_map(self.graph.constant(other), $op)
            }
        }
        impl<'g> $trait<Expr<'g>> for f64 {
            type Output = Expr<'g>;
            #[track_caller]
            fn $method(self, other: Expr<'g>) -> Expr<'g> {
                other.graph.constant(self).zip_map(other, $op)
            }
        }
    };
}
operator!(Add, add, arithmetic::Add);
operator!(Sub, sub, arithmetic::Sub);
operator!(Mul, mul, arithmetic::Mul);
operator!(Div, div, arithmetic::Div);

impl<'g> Neg for Expr<'g> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.map(arithmetic::Neg)
    }
}

/// The caller's place in the source, for errors.
#[track_caller]
pub(crate) fn caller() -> &'static Location<'static> {
    Location::caller()
}
