//! The elementary functions outside of a graph, with the bits that they have inside: of a slice on a chosen instruction set, and of
//! a single number.
//!
//! No platform's C library is involved. `docs/numerics.md` in the repository states the error of each function.
//!
//! ```
//! use chainrule_autodiff::{Isa, elementary::{self, Function}};
//!
//! let mut values = [-90.0f32, 0.0, 1.0, f32::INFINITY];
//! Function::Sigmoid.apply(Isa::detect(), &mut values)?;
//! assert_eq!(values, [8.19401e-40, 0.5, 0.7310586, 1.0]);
//! assert_eq!(values[2], elementary::sigmoid(1.0f32));
//! # Ok::<(), chainrule_autodiff::IsaError>(())
//! ```

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use crate::kernel::dispatch::{Kernel, entry};
use crate::kernel::isa::{Isa, IsaError};
use crate::kernel::lanes::{Lanes, Vector};
use crate::kernel::portable::Portable;
use crate::scalar::Scalar;

/// Declares the functions of one argument: the enum, a free function for each, and the vector forms.
macro_rules! functions {
    ($($(#[$doc:meta])* $variant:ident $name:ident,)*) => {
        /// An elementary function of one argument.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Function {
            $($(#[$doc])* $variant,)*
        }

        impl Function {
            /// All of them.
            pub const ALL: &[Function] = &[$(Function::$variant),*];

            /// The name of the method in [`Lanes`].
            pub fn name(self) -> &'static str {
                match self {
                    $(Function::$variant => stringify!($name),)*
                }
            }

            /// Replaces each value by the function of it.
            ///
            /// # Errors
            /// [`IsaError::Absent`] when this machine lacks the instruction set.
            pub fn apply<T: Scalar>(self, isa: Isa, values: &mut [T]) -> Result<(), IsaError> {
                let isa = isa.require()?;
                let run = match self {
                    $(Function::$variant => entry::<T, Map<vector::$variant>>(isa),)*
                };
                let (values, count) = (values.as_mut_ptr(), values.len());
                let args = Args { values, others: values, count };
                // SAFETY: the pointers and the count are those of a mutable slice.
                unsafe { run(&args) };
                Ok(())
            }

            /// The function of one number.
            pub fn of<T: Scalar>(self, x: T) -> T {
                match self {
                    $(Function::$variant => $name(x),)*
                }
            }
        }

        $($(#[$doc])*
        pub fn $name<T: Scalar>(x: T) -> T {
            Portable([x]).$name().0[0]
        })*

        mod vector {
            use super::{Lanes, OfLanes};
            $(pub struct $variant;
            impl OfLanes for $variant {
                #[inline(always)]
                fn value<V: Lanes>(x: V, _: V) -> V {
                    x.$name()
                }
            })*
        }
    };
}

functions! {
    /// eˣ.
    Exp exp,
    /// eˣ − 1, accurate for a small x too.
    ExpM1 exp_m1,
    /// The natural logarithm; −∞ of ±0, NaN below.
    Ln ln,
    /// ln (1 + x), accurate for a small x too; −∞ of −1, NaN below.
    Ln1p ln_1p,
    /// σ(x) = 1 / (1 + e⁻ˣ).
    Sigmoid sigmoid,
    /// The hyperbolic tangent.
    Tanh tanh,
    /// ln (1 + eˣ).
    Softplus softplus,
}

/// The binary cross-entropy of a logit and a label, [`Lanes::bce_logits`].
pub fn bce_logits<T: Scalar>(logit: T, label: T) -> T {
    Portable([logit]).bce_logits(Portable([label])).0[0]
}

/// x to the power y, [`Lanes::powf`].
pub fn powf<T: Scalar>(x: T, y: T) -> T {
    Portable([x]).powf(Portable([y])).0[0]
}

/// Replaces each logit by its [`bce_logits`] with the label at the same place. When the lengths differ, the shorter one counts.
///
/// # Errors
/// [`IsaError::Absent`] when this machine lacks the instruction set.
pub fn apply_bce_logits<T: Scalar>(
    isa: Isa,
    logits: &mut [T],
    labels: &[T],
) -> Result<(), IsaError> {
    apply::<T, BceLogits>(isa, logits, labels)
}

/// Replaces each base by its [`powf`] with the exponent at the same place. When the lengths differ, the shorter one counts.
///
/// # Errors
/// [`IsaError::Absent`] when this machine lacks the instruction set.
pub fn apply_powf<T: Scalar>(isa: Isa, bases: &mut [T], exponents: &[T]) -> Result<(), IsaError> {
    apply::<T, Powf>(isa, bases, exponents)
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// There is no function of this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown function \"{}\": expected one of exp, exp_m1, ln, ln_1p, sigmoid, tanh, softplus", .0.escape_default())]
pub struct UnknownFunction(pub String);

impl FromStr for Function {
    type Err = UnknownFunction;

    fn from_str(name: &str) -> Result<Function, UnknownFunction> {
        let found = Function::ALL
            .iter()
            .copied()
            .find(|function| function.name() == name);
        found.ok_or_else(|| UnknownFunction(name.to_string()))
    }
}

trait OfLanes {
    fn value<V: Lanes>(x: V, y: V) -> V;
}

struct BceLogits;

impl OfLanes for BceLogits {
    #[inline(always)]
    fn value<V: Lanes>(x: V, y: V) -> V {
        x.bce_logits(y)
    }
}

struct Powf;

impl OfLanes for Powf {
    #[inline(always)]
    fn value<V: Lanes>(x: V, y: V) -> V {
        x.powf(y)
    }
}

fn apply<T: Scalar, F: OfLanes>(isa: Isa, values: &mut [T], others: &[T]) -> Result<(), IsaError> {
    let run = entry::<T, Map<F>>(isa.require()?);
    let count = values.len().min(others.len());
    let args = Args {
        values: values.as_mut_ptr(),
        others: others.as_ptr(),
        count,
    };
    // SAFETY: both slices have `count` numbers at least.
    unsafe { run(&args) };
    Ok(())
}

/// The kernel: `values[i] = F(values[i], others[i])`.
struct Map<F>(PhantomData<F>);

/// `values` is valid for reads and writes, `others` for reads, of `count` numbers. They are the same or don't overlap.
struct Args<T> {
    values: *mut T,
    others: *const T,
    count: usize,
}

impl<T: Scalar, F: OfLanes> Kernel<T> for Map<F> {
    type Args = Args<T>;

    #[inline(always)]
    unsafe fn run<V: Vector<Scalar = T>>(args: &Args<T>) {
        let rest = args.count % V::COUNT;
        let whole = args.count - rest;
        let mut at = 0;
        while at < whole {
            // SAFETY: `at + COUNT` ≤ `count`, and the caller promises `count` numbers.
            unsafe {
                let value = F::value(V::load(args.values.add(at)), V::load(args.others.add(at)));
                value.store(args.values.add(at));
            }
            at += V::COUNT;
        }
        if rest > 0 {
            // SAFETY: the `rest` numbers from `whole` on are the last of those that the caller promises.
            unsafe {
                let to = args.values.add(whole);
                let other = V::load_first(args.others.add(whole), rest);
                F::value(V::load_first(to, rest), other).store_first(to, rest);
            }
        }
    }
}
