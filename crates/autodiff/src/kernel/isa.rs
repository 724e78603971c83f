//! Which vector instructions a plan is compiled for.

use std::fmt;
use std::str::FromStr;

/// A set of vector instructions.
///
/// It is a value given to `compile`; it decides the speed of a plan and never a bit of its results, because the
/// kernels of every set carry out the same written sequence of operations.
///
/// ```
/// use chainrule_autodiff::Isa;
/// let best = Isa::detect();
/// assert!(Isa::available().contains(&best));
/// assert_eq!(best.to_string().parse(), Ok(best));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// No instructions beyond the baseline of the target: runs everywhere, for tests and other processors.
    Portable,
    /// AVX2 and FMA (x86-64, since about 2013).
    Avx2,
    /// AVX-512 F, DQ, BW and VL, with AVX2 and FMA (x86-64).
    Avx512,
}

/// The environment variable that [`Isa::from_env`] reads.
const VARIABLE: &str = "CHAINRULE_ISA";

impl Isa {
    /// Every set that this library has kernels for, from the least to the most capable.
    pub const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];

    /// The most capable set that this machine has. The environment plays no part in it.
    pub fn detect() -> Isa {
        if Isa::Avx512.is_available() {
            Isa::Avx512
        } else if Isa::Avx2.is_available() {
            Isa::Avx2
        } else {
            Isa::Portable
        }
    }

    /// The sets that this machine has, from the least to the most capable; never empty.
    pub fn available() -> Vec<Isa> {
        Isa::ALL
            .into_iter()
            .filter(|isa| isa.is_available())
            .collect()
    }

    /// The set that the environment variable `CHAINRULE_ISA` names, or the best one when it is unset or empty.
    ///
    /// # Errors
    /// [`IsaError::Unknown`] when the name is none of `portable`, `avx2`, `avx512`, and [`IsaError::Absent`] when this
    /// machine lacks the set that it names.
    pub fn from_env() -> Result<Isa, IsaError> {
        match std::env::var_os(VARIABLE) {
            None => Ok(Isa::detect()),
            Some(name) => Isa::named(&name.to_string_lossy()),
        }
    }

    /// Whether this machine has the set.
    pub fn is_available(self) -> bool {
        match self {
            Isa::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => {
                Isa::Avx2.is_available()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
            }
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => false,
        }
    }

    /// The set itself, if this machine has it.
    ///
    /// # Errors
    /// [`IsaError::Absent`], which lists the sets that the machine has.
    pub fn require(self) -> Result<Isa, IsaError> {
        if self.is_available() {
            Ok(self)
        } else {
            Err(IsaError::Absent {
                isa: self,
                available: Isa::available(),
            })
        }
    }

    fn named(name: &str) -> Result<Isa, IsaError> {
        match name.trim() {
            "" => Ok(Isa::detect()),
            name => name.parse::<Isa>()?.require(),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Isa::Portable => "portable",
            Isa::Avx2 => "avx2",
            Isa::Avx512 => "avx512",
        }
    }
}

/// Why an instruction set can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No set has this name.
    #[error("unknown instruction set \"{}\": expected one of portable, avx2, avx512 (this machine has {})",
        name.escape_default(), list(available))]
    Unknown {
        /// The name that was given.
        name: String,
        /// What this machine has.
        available: Vec<Isa>,
    },
    /// The machine lacks the set.
    #[error("this machine has no {isa}: use one of {}", list(available))]
    Absent {
        /// The set that was asked for.
        isa: Isa,
        /// What this machine has.
        available: Vec<Isa>,
    },
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    /// Reads `portable`, `avx2` or `avx512`, whether or not this machine has the set.
    fn from_str(name: &str) -> Result<Isa, IsaError> {
        let found = Isa::ALL.into_iter().find(|isa| isa.name() == name);
        found.ok_or_else(|| IsaError::Unknown {
            name: name.to_string(),
            available: Isa::available(),
        })
    }
}

fn list(sets: &[Isa]) -> String {
    sets.iter()
        .map(|isa| isa.name())
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for isa in Isa::ALL {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
        assert_eq!(format!("{:>9}", Isa::Avx2), "     avx2");
    }

    #[test]
    fn portable_is_always_available_and_the_best_is_the_last() {
        let sets = Isa::available();
        assert_eq!(sets.first(), Some(&Isa::Portable));
        assert_eq!(sets.last(), Some(&Isa::detect()));
    }

    #[test]
    fn a_name_is_checked_and_no_name_means_the_best() {
        assert_eq!(Isa::named(""), Ok(Isa::detect()));
        assert_eq!(Isa::named("portable"), Ok(Isa::Portable));
        let error = Isa::named("neon\n").unwrap_err().to_string();
        assert!(
            error.starts_with(
                "unknown instruction set \"neon\": expected one of portable, avx2, avx512"
            ),
            "{error}"
        );
        for isa in Isa::ALL.into_iter().filter(|isa| !isa.is_available()) {
            let error = Isa::named(isa.name()).unwrap_err();
            assert_eq!(
                error,
                IsaError::Absent {
                    isa,
                    available: Isa::available()
                }
            );
            assert!(error.to_string().ends_with(&list(&Isa::available())));
        }
    }
}
