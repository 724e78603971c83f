//! The slow way to run a graph: each node by [`Op::eval`](crate::Op::eval), which is its definition. Plans must give the same bits on the canonical
//! graph.

use nalgebra::DMatrix;

use crate::Scalar;
use crate::graph::{Leaf, NodeKind};
use crate::passes::Module;

/// The values of a module's outputs, then of its updates. Named leaves get their values from `leaf`.
pub(crate) fn interpret<T: Scalar>(
    module: &Module,
    batch: usize,
    leaf: impl Fn(&str) -> DMatrix<T>,
) -> Vec<DMatrix<T>> {
    let values = interpret_all(module, batch, leaf);
    let results = module
        .outputs
        .iter()
        .copied()
        .chain(module.updates.iter().map(|u| u.1));
    results
        .filter_map(|id| values[id.index()].clone())
        .collect()
}

/// The value of every node that the results need, by index.
pub(crate) fn interpret_all<T: Scalar>(
    module: &Module,
    batch: usize,
    leaf: impl Fn(&str) -> DMatrix<T>,
) -> Vec<Option<DMatrix<T>>> {
    let arena = module.graph.arena();
    let mut values: Vec<Option<DMatrix<T>>> = vec![None; arena.len()];
    for id in module.live() {
        let node = arena.node(id);
        let (rows, cols) = (node.shape.rows.at(batch), node.shape.cols.at(batch));
        let value = match &node.kind {
            NodeKind::Leaf(Leaf::Constant(bits)) => {
                DMatrix::from_element(1, 1, T::from_f64(f64::from_bits(*bits)))
            }
            NodeKind::Leaf(Leaf::BatchSize) => {
                DMatrix::from_element(1, 1, T::from_f64(batch as f64))
            }
            NodeKind::Leaf(_) => leaf(arena.name(id).unwrap_or_default()),
            NodeKind::Op(op) => {
                let args: Vec<_> = arena
                    .args(id)
                    .iter()
                    .filter_map(|a| values[a.index()].as_ref().map(|m| m.as_view()))
                    .collect();
                let mut out = DMatrix::from_element(rows, cols, T::ZERO);
                T::eval(&**op, &args, &mut out.as_view_mut());
                out
            }
        };
        assert_eq!(value.shape(), (rows, cols), "node {id:?}");
        values[id.index()] = Some(value);
    }
    values
}
