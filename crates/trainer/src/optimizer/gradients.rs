//! The gradients of a step, before the updates.

use chainrule_autodiff::Expr;

/// What a parameter is in its layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It weighs inputs.
    Weight,
    /// It is added.
    Bias,
}

/// The gradient of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct Gradient<'g> {
    /// What the parameter is.
    pub role: Role,
    /// The parameter before the step.
    pub parameter: Expr<'g>,
    /// The derivative in it, of the parameter's shape.
    pub gradient: Expr<'g>,
}

/// The gradients of all parameters of a step, in the order of the parameters, and what has been added to the loss.
///
/// [`Optimizer::prepare`](crate::Optimizer::prepare) is given them and gives them back.
#[derive(Clone, Debug)]
pub struct Gradients<'g> {
    all: Vec<Gradient<'g>>,
    penalty: Option<Expr<'g>>,
    are_derivatives: bool,
}

impl<'g> Gradients<'g> {
    pub(crate) fn new(all: Vec<Gradient<'g>>) -> Gradients<'g> {
        Gradients {
            all,
            penalty: None,
            are_derivatives: true,
        }
    }

    /// Each of them, in the order of the parameters.
    pub fn iter(&self) -> impl Iterator<Item = &Gradient<'g>> {
        self.all.iter()
    }

    /// Replaces each gradient. The new ones need not be derivatives of anything.
    #[must_use]
    pub fn map(mut self, mut change: impl FnMut(Expr<'g>) -> Expr<'g>) -> Gradients<'g> {
        for gradient in &mut self.all {
            gradient.gradient = change(gradient.gradient);
        }
        self.are_derivatives = false;
        self
    }

    /// Adds a term to what is minimised, and its derivative to the gradient, for each parameter that is chosen. `term` gives both: a scalar,
    /// and an expression of the parameter's shape.
    ///
    /// The loss that is reported stays without it.
    #[must_use]
    pub fn penalise(
        mut self,
        is_chosen: impl Fn(Role) -> bool,
        mut term: impl FnMut(Expr<'g>) -> (Expr<'g>, Expr<'g>),
    ) -> Gradients<'g> {
        for gradient in self.all.iter_mut().filter(|g| is_chosen(g.role)) {
            let (term, derivative) = term(gradient.parameter);
            gradient.gradient = gradient.gradient + derivative;
            self.penalty = Some(match self.penalty {
                None => term,
                Some(penalty) => penalty + term,
            });
        }
        self
    }

    /// The sum of all that was added to the loss: nothing if nothing was.
    pub fn penalty(&self) -> Option<Expr<'g>> {
        self.penalty
    }

    /// Whether they are still the derivatives of the loss and the penalty.
    pub fn are_derivatives(&self) -> bool {
        self.are_derivatives
    }
}

#[cfg(test)]
mod tests {
    use chainrule_autodiff::Graph;

    use super::*;

    #[test]
    fn clipped_gradients_are_no_derivatives_any_more_and_penalised_ones_are() {
        let g = Graph::new();
        let w = g.param("W", (2, 2));
        let gradient = Gradient {
            role: Role::Weight,
            parameter: w,
            gradient: w.square(),
        };
        let gradients = Gradients::new(vec![gradient]);
        assert!(gradients.are_derivatives() && gradients.penalty().is_none());
        let penalised = gradients.penalise(|_| true, |w| (w.sum(), w));
        assert!(penalised.are_derivatives() && penalised.penalty().is_some());
        assert!(!penalised.map(|g| g).are_derivatives());
    }
}
