//! Differentiation: a graph in, more of the same graph out.

use std::panic::Location;

use crate::graph::{Leaf, NodeId, NodeKind};
use crate::op::{Cotangent, OpRef};
use crate::passes::algebra;
use crate::{CompileError, Expr, Graph};

impl Graph {
    /// The gradients of a scalar with respect to some values: parameters, inputs, or anything in between.
    ///
    /// The gradients are expressions of this graph, each of the shape of its value, so they can be differentiated again.
    /// Of a value on which the scalar does not depend, the gradient is 0.
    ///
    /// ```
    /// use chainrule_autodiff::Graph;
    /// let g = Graph::new();
    /// let x = g.param("x", 1);
    /// let cube = x * x * x;
    /// let [slope] = g.grad(cube, [x]);
    /// let [bend] = g.grad(slope, [x]);
    /// # let _ = bend;
    /// ```
    #[track_caller]
    pub fn grad<'g, const N: usize>(
        &'g self,
        of: Expr<'g>,
        with_respect_to: [Expr<'g>; N],
    ) -> [Expr<'g>; N] {
        let found = self.gradients(of, &with_respect_to);
        std::array::from_fn(|i| found[i])
    }

    /// [`grad`](Self::grad), for any number of values.
    #[track_caller]
    pub fn gradients<'g>(&'g self, of: Expr<'g>, with_respect_to: &[Expr<'g>]) -> Vec<Expr<'g>> {
        let location = Location::caller();
        let mut all = vec![of];
        all.extend(with_respect_to);
        if let Some(invalid) = self.refuse_foreign(&all, "grad", location) {
            return vec![invalid; with_respect_to.len()];
        }
        let shape = of.shape();
        if !shape.is_scalar() {
            self.arena
                .borrow_mut()
                .fail(CompileError::NotAScalar { shape, location });
            return with_respect_to
                .iter()
                .map(|_| self.invalid(location))
                .collect();
        }
        let found = self.pull_back(of, self.constant(1.0), with_respect_to, location);
        self.name_gradients(of, with_respect_to, &found);
        found
    }

    /// The vector-Jacobian product: for each value, `(∂ of / ∂ value)ᵀ · cotangent`, where the cotangent has the shape
    /// of `of`.
    #[track_caller]
    pub fn vjp<'g>(
        &'g self,
        of: Expr<'g>,
        cotangent: Expr<'g>,
        with_respect_to: &[Expr<'g>],
    ) -> Vec<Expr<'g>> {
        let location = Location::caller();
        let mut all = vec![of, cotangent];
        all.extend(with_respect_to);
        if let Some(invalid) = self.refuse_foreign(&all, "vjp", location) {
            return vec![invalid; with_respect_to.len()];
        }
        let cotangent = cotangent.broadcast_to(of.shape());
        self.pull_back(of, cotangent, with_respect_to, location)
    }

    fn pull_back<'g>(
        &'g self,
        of: Expr<'g>,
        seed: Expr<'g>,
        with_respect_to: &[Expr<'g>],
        location: &'static Location<'static>,
    ) -> Vec<Expr<'g>> {
        let before = self.len();
        let on_path = self.dependents(of.id(), with_respect_to);
        let mut cotangents: Vec<Option<NodeId>> = vec![None; of.id().index() + 1];
        cotangents[of.id().index()] = Some(seed.id());
        for index in (0..=of.id().index()).rev() {
            let Some(cotangent) = cotangents[index] else {
                continue;
            };
            if !on_path[index] {
                continue;
            }
            let id = NodeId::from_index(index);
            let Some((op, args)) = self.op_and_args(id) else {
                continue;
            };
            let exprs: Vec<Expr<'g>> = args.iter().map(|&a| Expr::new(self, a)).collect();
            let pulled = op.vjp(&exprs, Expr::new(self, id), Expr::new(self, cotangent));
            for (position, (&arg, passed)) in args.iter().zip(pulled).enumerate() {
                if !on_path[arg.index()] {
                    continue;
                }
                let passed = match passed {
                    Cotangent::Of(passed) => passed,
                    Cotangent::Zero => continue,
                    Cotangent::Undefined => {
                        self.arena
                            .borrow_mut()
                            .fail(CompileError::NotDifferentiable {
                                op: op.name().into_owned(),
                                argument: position,
                                location,
                            });
                        continue;
                    }
                };
                let sum = match cotangents[arg.index()] {
                    None => passed,
                    Some(earlier) => Expr::new(self, earlier) + passed,
                };
                cotangents[arg.index()] = Some(sum.id());
            }
        }
        let found: Vec<Expr<'g>> = with_respect_to
            .iter()
            .map(
                |value| match cotangents.get(value.id().index()).copied().flatten() {
                    Some(id) => Expr::new(self, id).broadcast_to(value.shape()),
                    None => self.constant(0.0).broadcast_to(value.shape()),
                },
            )
            .collect();
        algebra::simplify_since(self, before, &found)
    }

    /// Which nodes up to `of` depend on one of the values.
    fn dependents(&self, of: NodeId, values: &[Expr<'_>]) -> Vec<bool> {
        let arena = self.arena();
        let mut on_path = vec![false; of.index() + 1];
        let Some(first) = values.iter().map(|v| v.id().index()).min() else {
            return on_path;
        };
        for value in values {
            if let Some(slot) = on_path.get_mut(value.id().index()) {
                *slot = true;
            }
        }
        for index in first..on_path.len() {
            let args = arena.args(NodeId::from_index(index));
            on_path[index] |= args.iter().any(|a| on_path[a.index()]);
        }
        on_path
    }

    pub(crate) fn op_and_args(&self, id: NodeId) -> Option<(OpRef, Vec<NodeId>)> {
        let arena = self.arena();
        match &arena.node(id).kind {
            NodeKind::Leaf(_) => None,
            NodeKind::Op(op) => Some((op.clone(), arena.args(id).to_vec())),
        }
    }

    fn name_gradients(&self, of: Expr<'_>, values: &[Expr<'_>], gradients: &[Expr<'_>]) {
        let mut arena = self.arena.borrow_mut();
        if arena.name(of.id()).is_none() && arena.node(of.id()).op().is_some() {
            arena.set_name(of.id(), "J".to_owned());
        }
        let of = arena.name(of.id()).unwrap_or("J").to_owned();
        for (value, gradient) in values.iter().zip(gradients) {
            let is_op = arena.node(gradient.id()).op().is_some();
            if is_op
                && arena.name(gradient.id()).is_none()
                && let Some(value) = arena.name(value.id())
            {
                let name = format!("∂{of}/∂{value}");
                arena.set_name(gradient.id(), name);
            }
        }
    }

    fn invalid(&self, location: &'static Location<'static>) -> Expr<'_> {
        Expr::new(self, self.arena.borrow_mut().invalid(location))
    }

    fn refuse_foreign(
        &self,
        all: &[Expr<'_>],
        what: &str,
        location: &'static Location<'static>,
    ) -> Option<Expr<'_>> {
        let foreign = all.iter().any(|e| !std::ptr::eq(e.graph(), self));
        if foreign {
            let op = what.to_owned();
            self.arena
                .borrow_mut()
                .fail(CompileError::OtherGraph { op, location });
        }
        let invalid = foreign
            || all
                .iter()
                .any(|e| self.arena().node(e.id()).leaf() == Some(Leaf::Invalid));
        invalid.then(|| self.invalid(location))
    }
}
