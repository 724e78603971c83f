//! The operations of the engine, registered like everyone's.

mod arithmetic;
mod functions;
mod matrix;
mod pairs;

use super::Registration;

/// All of them.
pub(super) fn all() -> Vec<Registration> {
    let mut all = arithmetic::all();
    all.extend(functions::all());
    all.extend(pairs::all());
    all.extend(matrix::all());
    all
}
