//! Transformations beside the gradient: forward mode, Jacobians, Hessians. All of them give expressions of the same
//! graph, so they compose, and none needs more of an operation than its vector-Jacobian product.

use std::panic::Location;
use std::sync::Arc;

use crate::ops::{OneHot, Placeholder, Stack, StopGradient};
use crate::{CompileError, Expr, Graph, Op, Shape};

impl Graph {
    /// The Jacobian-vector product, forward mode: how `of` moves when each value moves along its tangent,
    /// `Σ (∂ of / ∂ value) · tangent`, of the shape of `of`.
    ///
    /// A tangent has the shape of its value, or is repeated to it. The work is that of the forward pass once more, for
    /// any number of outputs, where a gradient is so for any number of inputs.
    ///
    /// A vector-Jacobian product is linear in its cotangent, so the vector-Jacobian product of *that* is forward mode,
    /// and no operation needs a second rule. (J. Townsend, *A new trick for calculating Jacobian vector products*, 2017.)
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let (x, v) = (g.input("x", 2), g.input("v", 2));
    /// let moved = g.jvp(x * x.sum(), &[(x, v)]);
    ///
    /// let plan = g.compile::<f64>(Step::returns(moved), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[1.0, 2.0], &[1.0, 0.0]], &mut workspace, &Team::solo())?;
    /// // x₁² + x₁x₂ and x₁x₂ + x₂², moved along x₁
    /// assert_eq!(workspace.output(0), [4.0, 2.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn jvp<'g>(&'g self, of: Expr<'g>, along: &[(Expr<'g>, Expr<'g>)]) -> Expr<'g> {
        let location = Location::caller();
        let Some(along) = self.directions(of, along, "jvp", location) else {
            return self.invalid(location);
        };
        let values: Vec<Expr<'g>> = along.iter().map(|(value, _)| *value).collect();
        let cotangent = self.placeholder(of.shape(), location);
        let transposed = self.pull_back(&[(of, cotangent)], &values, location);
        let tangents = along.iter().map(|(_, tangent)| *tangent);
        let seeds: Vec<_> = transposed.into_iter().zip(tangents).collect();
        self.pull_back(&seeds, &[cotangent], location)[0]
    }

    /// The product of a scalar's Hessian with a vector, given as one direction for each value: how the gradient moves
    /// when the values move along their directions. One matrix for each value, of its shape.
    ///
    /// The work is that of two gradients; the Hessian itself is never made. (B. Pearlmutter, *Fast exact multiplication
    /// by the Hessian*, 1994.)
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let (x, v) = (g.input("x", 2), g.input("v", 2));
    /// let cubes = (x * x * x).sum();
    /// let product = g.hessian_vector_product(cubes, &[(x, v)]);
    ///
    /// let plan = g.compile::<f64>(Step::returns(product[0]), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[1.0, 2.0], &[1.0, 10.0]], &mut workspace, &Team::solo())?;
    /// assert_eq!(workspace.output(0), [6.0, 120.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn hessian_vector_product<'g>(
        &'g self,
        of: Expr<'g>,
        along: &[(Expr<'g>, Expr<'g>)],
    ) -> Vec<Expr<'g>> {
        let location = Location::caller();
        let Some(along) = self.directions(of, along, "hessian_vector_product", location) else {
            return vec![self.invalid(location); along.len()];
        };
        let values: Vec<Expr<'g>> = along.iter().map(|(value, _)| *value).collect();
        let gradient = self.gradients(of, &values);
        let tangents = along.iter().map(|(_, tangent)| *tangent);
        // The Hessian is symmetric, so its product from the left is the one from the right.
        let seeds: Vec<_> = gradient.into_iter().zip(tangents).collect();
        self.pull_back(&seeds, &values, location)
    }

    /// The Jacobian of a small value of fixed size, by rows: for each of its elements, in column-major order, the
    /// gradient of that element, of the shape of `with_respect_to` (which may be a batch).
    ///
    /// The work is that of one gradient for each element.
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let x = g.input("x", 2);
    /// let rows = g.jacobian_rows(x * x.sum(), x);
    ///
    /// let plan = g.compile::<f64>(Step::returns(rows[1]), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[1.0, 2.0]], &mut workspace, &Team::solo())?;
    /// // x₁x₂ + x₂²
    /// assert_eq!(workspace.output(0), [2.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn jacobian_rows<'g>(&'g self, of: Expr<'g>, with_respect_to: Expr<'g>) -> Vec<Expr<'g>> {
        let location = Location::caller();
        self.rows(of, with_respect_to, "jacobian_rows", location)
    }

    /// The Jacobian of a small value of fixed size with respect to another, as one matrix: a row for each element of
    /// `of`, a column for each element of `with_respect_to`, both in column-major order.
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let x = g.input("x", 2);
    /// let j = g.jacobian(x * x.sum(), x);
    /// assert_eq!(j.shape(), (2, 2).into());
    ///
    /// let plan = g.compile::<f64>(Step::returns(j), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[1.0, 2.0]], &mut workspace, &Team::solo())?;
    /// assert_eq!(workspace.output(0), [4.0, 2.0, 1.0, 5.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn jacobian<'g>(&'g self, of: Expr<'g>, with_respect_to: Expr<'g>) -> Expr<'g> {
        let location = Location::caller();
        self.matrix(of, with_respect_to, "jacobian", location)
    }

    /// The Hessian of a scalar with respect to a small value of n elements: n × n, in column-major order.
    ///
    /// The work is that of n + 1 gradients. Where its product with a vector is enough, take
    /// [`hessian_vector_product`](Self::hessian_vector_product); the block of two values is
    /// [`jacobian`](Self::jacobian) of the gradient of the one with respect to the other.
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let x = g.input("x", 2);
    /// let h = g.hessian((x * x * x).sum() + x.sum().square(), x);
    ///
    /// let plan = g.compile::<f64>(Step::returns(h), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[1.0, 2.0]], &mut workspace, &Team::solo())?;
    /// assert_eq!(workspace.output(0), [8.0, 2.0, 2.0, 14.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn hessian<'g>(&'g self, of: Expr<'g>, with_respect_to: Expr<'g>) -> Expr<'g> {
        let location = Location::caller();
        if let Some(invalid) = self.refuse_foreign(&[of, with_respect_to], "hessian", location) {
            return invalid;
        }
        let [gradient] = self.grad(of, [with_respect_to]);
        self.matrix(gradient, with_respect_to, "hessian", location)
    }

    /// Values and directions of this graph, each direction in the shape of its value.
    fn directions<'g>(
        &'g self,
        of: Expr<'g>,
        along: &[(Expr<'g>, Expr<'g>)],
        op: &str,
        location: &'static Location<'static>,
    ) -> Option<Vec<(Expr<'g>, Expr<'g>)>> {
        let pairs = along.iter().flat_map(|&(value, tangent)| [value, tangent]);
        let all: Vec<Expr<'g>> = std::iter::once(of).chain(pairs).collect();
        if self.refuse_foreign(&all, op, location).is_some() {
            return None;
        }
        let checked = along.iter().map(|&(value, tangent)| {
            let tangent = self.beside(value, tangent, op, "the direction", location)?;
            Some((value, tangent))
        });
        checked.collect()
    }

    fn matrix<'g>(
        &'g self,
        of: Expr<'g>,
        with_respect_to: Expr<'g>,
        op: &str,
        location: &'static Location<'static>,
    ) -> Expr<'g> {
        let foreign = self.refuse_foreign(&[of, with_respect_to], op, location);
        let fixed = foreign.is_none() && self.is_fixed(with_respect_to, op, location);
        if !fixed {
            return self.invalid(location);
        }
        let rows = self.rows(of, with_respect_to, op, location);
        if rows.is_empty() {
            return self.invalid(location);
        }
        self.apply_at(Arc::new(Stack), &rows, location)
    }

    fn rows<'g>(
        &'g self,
        of: Expr<'g>,
        with_respect_to: Expr<'g>,
        op: &str,
        location: &'static Location<'static>,
    ) -> Vec<Expr<'g>> {
        let foreign = self.refuse_foreign(&[of, with_respect_to], op, location);
        if foreign.is_some() || !self.is_fixed(of, op, location) {
            return Vec::new();
        }
        let shape = of.shape();
        let elements = 0..shape.len_at(0);
        let row = |element| {
            let cotangent = OneHot { shape, element };
            let cotangent = self.apply_at(Arc::new(cotangent), &[], location);
            self.pull_back(&[(of, cotangent)], &[with_respect_to], location)[0]
        };
        elements.map(row).collect()
    }

    fn is_fixed(&self, value: Expr<'_>, op: &str, location: &'static Location<'static>) -> bool {
        let shape = value.shape();
        if shape.has_batch() {
            self.arena.borrow_mut().fail(CompileError::NotFixed {
                op: op.to_owned(),
                shape,
                location,
            });
        }
        !shape.has_batch()
    }

    /// A node of its own, for what a linear function is linear in.
    fn placeholder(&self, shape: Shape, location: &'static Location<'static>) -> Expr<'_> {
        let op = Placeholder { shape };
        debug_assert!(op.key().is_none(), "each placeholder is a node of its own");
        self.apply_at(Arc::new(op), &[], location)
    }
}

impl<'g> Expr<'g> {
    /// This value, of which gradients see a constant: nothing is passed back through it.
    ///
    /// ```
    /// use chainrule_autodiff::{Graph, Isa, Step, Team};
    /// let g = Graph::new();
    /// let x = g.input("x", 1);
    /// let [slope] = g.grad(x * x.stop_gradient(), [x]);
    ///
    /// let plan = g.compile::<f64>(Step::returns(slope), Isa::detect())?;
    /// let mut workspace = plan.workspace(0, 1);
    /// plan.eval(&plan.state(), &[&[3.0]], &mut workspace, &Team::solo())?;
    /// assert_eq!(workspace.output(0), [3.0]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[track_caller]
    pub fn stop_gradient(self) -> Self {
        self.map(StopGradient)
    }
}
