//! A step's graph before and after the passes, to be looked at.

use std::fmt;

use crate::display;
use crate::passes::Module;
use crate::{CompileError, Step};

/// How far a graph is rewritten.
///
/// ```
/// use chainrule_autodiff::{BATCH, Graph, Passes, Step};
/// let g = Graph::new();
/// let (z, y) = (g.input("z", (1, BATCH)), g.input("y", (1, BATCH)));
/// let step = Step::returns(z.sigmoid().binary_cross_entropy(y).mean());
/// assert_eq!(step.rewritten(Passes::None)?.nodes(), 7);
/// assert_eq!(step.rewritten(Passes::Canonical)?.nodes(), 6);
/// # Ok::<(), chainrule_autodiff::CompileError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passes {
    /// As written.
    None,
    /// By the passes that may change rounding: what is left says what the arithmetic means.
    Canonical,
    /// By all passes: what is laid out as a plan.
    All,
}

/// The part of a graph that a step needs, after some of the passes. It prints one line a value.
#[derive(Debug)]
pub struct Rewritten {
    pub(crate) module: Module,
    pub(crate) passes: Passes,
}

impl Step<'_> {
    /// The part of the graph that this step needs, after some of the passes.
    ///
    /// # Errors
    /// The first mistake made while the graph was built, or one in the step.
    pub fn rewritten(&self, passes: Passes) -> Result<Rewritten, CompileError> {
        self.check()?;
        let module = Module::of(self).through(|pass| match passes {
            Passes::None => false,
            Passes::Canonical => !pass.keeps_bits,
            Passes::All => true,
        })?;
        Ok(Rewritten { module, passes })
    }
}

impl Rewritten {
    /// The passes that it went through.
    #[must_use]
    pub fn passes(&self) -> Passes {
        self.passes
    }

    /// How many nodes the results need.
    #[must_use]
    pub fn nodes(&self) -> usize {
        self.module.live().len()
    }
}

impl fmt::Display for Rewritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        display::write_module(&self.module, f)
    }
}
