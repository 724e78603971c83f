//! The elementary functions, each one written sequence of operations over [`Lanes`](super::lanes::Lanes).

/// The coefficients of the polynomials for a type.
pub trait Coefficients {}

impl Coefficients for f32 {}
impl Coefficients for f64 {}
