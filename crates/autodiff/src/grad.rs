//! Differentiation: a graph in, more of the same graph out.

use std::panic::Location;

use crate::elementwise::Map1;
use crate::graph::{Leaf, NodeId, NodeKind};
use crate::op::{Cotangent, DynOp, OpRef};
use crate::ops::StopGradient;
use crate::passes::algebra;
use crate::region::Recomputation;
use crate::{CompileError, Expr, Graph, ShapeError};

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
        let seed = (of, self.constant(1.0));
        let found = self.pull_back(&[seed], with_respect_to, location);
        self.name_gradients(of, with_respect_to, &found);
        found
    }

    /// The vector-Jacobian product: for each value, `(∂ of / ∂ value)ᵀ · cotangent`, of the shape of the value.
    ///
    /// The cotangent has the shape of `of`, or is repeated to it. With the cotangent 1 of a scalar this is
    /// [`gradients`](Self::gradients).
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let (x, cotangent) = (g.input("x", 2), g.input("ȳ", 2));
    /// let pulled_back = g.vjp(x.square(), cotangent, &[x]);
    ///
    /// let plan = g.compile::<f64>(Step::returns(pulled_back[0]), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[3.0, 5.0], &[1.0, 10.0]], &mut workspace, &Team::solo())?;
    /// assert_eq!(workspace.output(0), [6.0, 100.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
        let Some(cotangent) = self.beside(of, cotangent, "vjp", "the cotangent", location) else {
            return vec![self.invalid(location); with_respect_to.len()];
        };
        self.pull_back(&[(of, cotangent)], with_respect_to, location)
    }

    /// A cotangent or a tangent of `value`, repeated to its shape; an error when it has another.
    pub(crate) fn beside<'g>(
        &'g self,
        value: Expr<'g>,
        direction: Expr<'g>,
        op: &str,
        what: &str,
        location: &'static Location<'static>,
    ) -> Option<Expr<'g>> {
        let (shape, found) = (value.shape(), direction.shape());
        if found.broadcasts_to(shape) {
            return Some(direction.broadcast_to(shape));
        }
        let reason = ShapeError::expected(format!(
            "{what} has the shape of its value, or is repeated to it"
        ));
        self.arena.borrow_mut().fail(CompileError::Shape {
            op: op.to_owned(),
            shapes: vec![shape, found],
            reason,
            location,
        });
        None
    }

    /// For each value, `Σ (∂ seeded / ∂ value)ᵀ · cotangent` over the pairs of seeded expressions and their cotangents.
    pub(crate) fn pull_back<'g>(
        &'g self,
        seeds: &[(Expr<'g>, Expr<'g>)],
        with_respect_to: &[Expr<'g>],
        location: &'static Location<'static>,
    ) -> Vec<Expr<'g>> {
        let before = self.len();
        let end = seeds.iter().map(|(of, _)| of.id().index() + 1).max();
        let end = end.unwrap_or(0);
        let on_path = self.dependents(end, with_respect_to);
        let mut recomputation = Recomputation::of(self, end);
        let mut cotangents: Vec<Option<NodeId>> = vec![None; end];
        for &(of, cotangent) in seeds {
            self.accumulate(&mut cotangents[of.id().index()], cotangent);
        }
        for index in (0..end).rev() {
            let Some(cotangent) = cotangents[index].filter(|_| on_path[index]) else {
                continue;
            };
            let id = NodeId::from_index(index);
            let Some((op, args)) = self.op_and_args(id) else {
                continue;
            };
            let viewer = self.arena().node(id).region;
            let mut seen = |id: NodeId| {
                let id = match &mut recomputation {
                    Some(recomputation) => recomputation.seen_from(viewer, id),
                    None => id,
                };
                Expr::new(self, id)
            };
            let exprs: Vec<Expr<'g>> = args.iter().map(|&a| seen(a)).collect();
            let (result, cotangent) = (seen(id), Expr::new(self, cotangent));
            // What a rule writes again of a marked region must not be the value that is not kept.
            let region = self.arena.borrow_mut().backward_region(viewer);
            let pulled = self.within(region, || op.vjp(&exprs, result, cotangent));
            if pulled.len() != args.len() {
                let reason = format!(
                    "it takes {} arguments and gives {}",
                    args.len(),
                    pulled.len()
                );
                self.refuse_rule(&*op, reason, location);
            }
            for (position, (&arg, passed)) in args.iter().zip(pulled).enumerate() {
                if !on_path[arg.index()] {
                    continue;
                }
                let passed = match passed {
                    Cotangent::Of(passed) => self.checked(passed, &*op, arg, position, location),
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
                self.accumulate(&mut cotangents[arg.index()], passed);
            }
        }
        let found: Vec<Expr<'g>> = with_respect_to
            .iter()
            .map(
                |value| match cotangents.get(value.id().index()).copied().flatten() {
                    Some(id) => Expr::new(self, id),
                    None => self.constant(0.0).broadcast_to(value.shape()),
                },
            )
            .collect();
        algebra::simplify_since(self, before, &found)
    }

    fn accumulate<'g>(&'g self, sum: &mut Option<NodeId>, passed: Expr<'g>) {
        let all = match *sum {
            None => passed,
            Some(earlier) => Expr::new(self, earlier) + passed,
        };
        *sum = Some(all.id());
    }

    /// A cotangent from an operation's rule, in the shape of the argument that it is for.
    fn checked<'g>(
        &'g self,
        passed: Expr<'g>,
        op: &dyn DynOp,
        arg: NodeId,
        position: usize,
        location: &'static Location<'static>,
    ) -> Expr<'g> {
        if !std::ptr::eq(passed.graph(), self) {
            self.refuse_rule(op, "it gives a variable of another graph".into(), location);
            return self.invalid(location);
        }
        let (shape, found) = (self.arena().node(arg).shape, passed.shape());
        if found.broadcasts_to(shape) {
            return passed.broadcast_to(shape);
        }
        let is_invalid = self.arena().node(passed.id()).leaf() == Some(Leaf::Invalid);
        if !is_invalid {
            let reason = format!("argument {position} is {shape}, and its cotangent {found}");
            self.refuse_rule(op, reason, location);
        }
        self.invalid(location)
    }

    fn refuse_rule(&self, op: &dyn DynOp, reason: String, location: &'static Location<'static>) {
        self.arena.borrow_mut().fail(CompileError::BrokenRule {
            op: op.name().into_owned(),
            reason,
            location,
        });
    }

    /// Which of the first `end` nodes depend on one of the values.
    fn dependents(&self, end: usize, values: &[Expr<'_>]) -> Vec<bool> {
        let arena = self.arena();
        let mut on_path = vec![false; end];
        let Some(first) = values.iter().map(|v| v.id().index()).min() else {
            return on_path;
        };
        for value in values {
            if let Some(slot) = on_path.get_mut(value.id().index()) {
                *slot = true;
            }
        }
        for index in first..on_path.len() {
            let id = NodeId::from_index(index);
            // What comes behind may have no derivative there, and is not asked for one.
            if !arena.node(id).is::<Map1<StopGradient>>() {
                let args = arena.args(id);
                on_path[index] |= args.iter().any(|a| on_path[a.index()]);
            }
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

    pub(crate) fn invalid(&self, location: &'static Location<'static>) -> Expr<'_> {
        Expr::new(self, self.arena.borrow_mut().invalid(location))
    }

    pub(crate) fn refuse_foreign(
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
