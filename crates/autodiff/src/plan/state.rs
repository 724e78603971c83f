//! What a training keeps between steps: parameters and optimiser state, in the layout that the kernels read.

use std::sync::Arc;

use crate::graph::Leaf;
use crate::kernel::buffer::AlignedVec;
use crate::plan::items::stored;
use crate::{Dim, Graph, Scalar, Shape, StateError};

/// The slots of a graph and where they lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StateLayout {
    pub(crate) slots: Vec<Slot>,
    pub(crate) lanes: usize,
    /// Elements in all, copies included.
    pub(crate) len: usize,
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) is_param: bool,
    /// As stored: a vector is one column.
    pub(crate) rows: usize,
    pub(crate) cols: usize,
    turned: bool,
    pub(crate) offset: usize,
    /// The copy that holds the transpose, where a kernel reads it.
    pub(crate) transposed: Option<usize>,
    wants_transposed: bool,
}

impl StateLayout {
    /// The slots of a graph in the order in which they were made.
    pub(crate) fn of<T: Scalar>(graph: &Graph) -> Self {
        let arena = graph.arena();
        let slots = arena.ids().filter_map(|id| {
            let node = arena.node(id);
            let leaf = node.leaf().filter(|leaf| leaf.is_slot())?;
            let (rows, cols, turned) = stored(node.shape);
            let fixed = |d: Dim| match d {
                Dim::Fixed(n) => n,
                Dim::Batch => unreachable!("the graph refuses slots with the batch dimension"),
            };
            Some(Slot {
                name: arena.name(id).unwrap_or_default().to_owned(),
                shape: node.shape,
                is_param: leaf == Leaf::Param,
                rows: fixed(rows),
                cols: fixed(cols),
                turned,
                offset: 0,
                transposed: None,
                wants_transposed: false,
            })
        });
        Self {
            slots: slots.collect(),
            lanes: T::LANES,
            len: 0,
        }
    }

    pub(crate) fn index_of(&self, name: &str) -> Option<usize> {
        self.slots.iter().position(|s| s.name == name)
    }

    /// A plan reads the transpose of this slot.
    pub(crate) fn keep_transposed(&mut self, slot: usize) {
        self.slots[slot].wants_transposed = true;
    }

    /// Gives every slot and copy its place, once all plans have said what they read.
    pub(crate) fn place(&mut self) {
        let lanes = self.lanes;
        let mut end = 0;
        for slot in &mut self.slots {
            slot.offset = end;
            end += slot.rows.next_multiple_of(lanes) * slot.column_capacity(lanes);
            if slot.wants_transposed {
                slot.transposed = Some(end);
                end += slot.cols.next_multiple_of(lanes) * slot.rows.next_multiple_of(lanes);
            }
        }
        self.len = end;
    }
}

impl Slot {
    pub(crate) fn len(&self) -> usize {
        self.rows * self.cols
    }

    pub(crate) fn is_line(&self) -> bool {
        self.cols == 1
    }

    /// Columns stored, the last ones being zero: whole blocks can be transposed.
    fn column_capacity(&self, lanes: usize) -> usize {
        if self.is_line() {
            1
        } else {
            self.cols.next_multiple_of(lanes)
        }
    }

    /// From one block of rows to the next.
    pub(crate) fn block_stride(&self, lanes: usize) -> usize {
        self.column_capacity(lanes) * lanes
    }

    /// From one block of columns to the next, in the transposed copy.
    pub(crate) fn transposed_block_stride(&self, lanes: usize) -> usize {
        self.rows.next_multiple_of(lanes) * lanes
    }

    /// Where the element `index` of the caller's column-major matrix lies.
    fn position(&self, index: usize, lanes: usize) -> usize {
        // A row vector is stored as a column, in the same order.
        let (row, col) = (index % self.rows, index / self.rows);
        self.offset + row / lanes * self.block_stride(lanes) + col * lanes + row % lanes
    }

    fn transposed_position(&self, index: usize, lanes: usize) -> Option<usize> {
        let (row, col) = (index % self.rows, index / self.rows);
        let start = self.transposed?;
        Some(start + col / lanes * self.transposed_block_stride(lanes) + row * lanes + col % lanes)
    }
}

/// Parameters and optimiser state, shared by the plans that were compiled together.
///
/// Outside it is one flat sequence of named matrices, each column-major. Inside it has the layout that the kernels read, and copies of it
/// that are derived and never saved. A clone is an exact snapshot, taken and put back without conversion.
///
/// ```
/// use chainrule_autodiff::{Graph, Isa, Step};
/// let g = Graph::new();
/// let w = g.param("W", (2, 3));
/// let plan = g.compile::<f32>(Step::returns(w.sum()), Isa::detect())?;
/// let mut state = plan.state();
/// state.set("W", &[1., 2., 3., 4., 5., 6.])?;
/// assert_eq!(state.get("W")?, [1., 2., 3., 4., 5., 6.]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct State<T: Scalar> {
    pub(crate) layout: Arc<StateLayout>,
    pub(crate) values: AlignedVec<T>,
}

impl<T: Scalar> State<T> {
    pub(crate) fn new(layout: Arc<StateLayout>) -> Self {
        let values = AlignedVec::zeros(layout.len);
        Self { layout, values }
    }

    /// The names of the slots and their shapes, in the order in which the graph made them.
    pub fn slots(&self) -> impl Iterator<Item = (&str, Shape)> {
        self.layout.slots.iter().map(|s| (s.name.as_str(), s.shape))
    }

    /// A slot's values, column-major.
    ///
    /// # Errors
    /// When there is no such slot.
    pub fn get(&self, name: &str) -> Result<Vec<T>, StateError> {
        let slot = &self.layout.slots[self.find(name)?];
        let mut out = vec![T::ZERO; slot.len()];
        self.read_slot(slot, &mut out);
        Ok(out)
    }

    /// Sets a slot from its values, column-major.
    ///
    /// # Errors
    /// When there is no such slot, or it holds another number of values.
    pub fn set(&mut self, name: &str, values: &[T]) -> Result<(), StateError> {
        let index = self.find(name)?;
        let expected = self.layout.slots[index].len();
        if values.len() != expected {
            return Err(StateError::Length {
                name: name.to_owned(),
                expected,
                found: values.len(),
            });
        }
        self.write_slot(index, values);
        Ok(())
    }

    /// How many values all parameters hold.
    #[must_use]
    pub fn parameter_count(&self) -> usize {
        self.layout
            .slots
            .iter()
            .filter(|s| s.is_param)
            .map(Slot::len)
            .sum()
    }

    /// How many values the parameters and the optimiser's state hold.
    #[must_use]
    pub fn value_count(&self) -> usize {
        self.layout.slots.iter().map(Slot::len).sum()
    }

    /// Copies all parameters into one slice: each column-major, in the order in which the graph made them.
    ///
    /// # Errors
    /// When the slice has another length than [`parameter_count`](Self::parameter_count).
    pub fn read_parameters(&self, out: &mut [T]) -> Result<(), StateError> {
        self.read(out, |s| s.is_param)
    }

    /// Sets all parameters from one slice.
    ///
    /// # Errors
    /// When the slice has another length than [`parameter_count`](Self::parameter_count).
    pub fn write_parameters(&mut self, values: &[T]) -> Result<(), StateError> {
        self.write(values, |s| s.is_param)
    }

    /// Copies all slots into one slice, in the order in which the graph made them.
    ///
    /// # Errors
    /// When the slice has another length than [`value_count`](Self::value_count).
    pub fn read_all(&self, out: &mut [T]) -> Result<(), StateError> {
        self.read(out, |_| true)
    }

    /// Sets all slots from one slice.
    ///
    /// # Errors
    /// When the slice has another length than [`value_count`](Self::value_count).
    pub fn write_all(&mut self, values: &[T]) -> Result<(), StateError> {
        self.write(values, |_| true)
    }

    /// Whether the padding of every slot is zero and every derived copy agrees: what every step keeps.
    #[must_use]
    pub fn is_consistent(&self) -> bool {
        let mut expected = Self::new(self.layout.clone());
        let mut all = vec![T::ZERO; self.value_count()];
        let copied = self
            .read_all(&mut all)
            .and_then(|()| expected.write_all(&all));
        let bits = |s: &Self| s.values.iter().map(|v| v.to_bits_u64()).collect::<Vec<_>>();
        copied.is_ok() && bits(self) == bits(&expected)
    }

    fn find(&self, name: &str) -> Result<usize, StateError> {
        self.layout
            .index_of(name)
            .ok_or_else(|| StateError::UnknownSlot {
                name: name.to_owned(),
                known: self.slots().map(|(n, _)| n).collect::<Vec<_>>().join(", "),
            })
    }

    fn read_slot(&self, slot: &Slot, out: &mut [T]) {
        for (index, value) in out.iter_mut().enumerate() {
            *value = self.values[slot.position(index, T::LANES)];
        }
    }

    fn write_slot(&mut self, index: usize, values: &[T]) {
        let slot = &self.layout.slots[index];
        for (index, &value) in values.iter().enumerate() {
            self.values[slot.position(index, T::LANES)] = value;
            if let Some(copy) = slot.transposed_position(index, T::LANES) {
                self.values[copy] = value;
            }
        }
    }

    fn read(&self, out: &mut [T], chosen: impl Fn(&Slot) -> bool) -> Result<(), StateError> {
        self.check_length(out.len(), &chosen)?;
        let mut rest = out;
        for slot in self.layout.slots.iter().filter(|s| chosen(s)) {
            let (head, tail) = rest.split_at_mut(slot.len());
            self.read_slot(slot, head);
            rest = tail;
        }
        Ok(())
    }

    fn write(&mut self, values: &[T], chosen: impl Fn(&Slot) -> bool) -> Result<(), StateError> {
        self.check_length(values.len(), &chosen)?;
        let layout = self.layout.clone();
        let mut rest = values;
        for (index, slot) in layout.slots.iter().enumerate().filter(|(_, s)| chosen(s)) {
            let (head, tail) = rest.split_at(slot.len());
            self.write_slot(index, head);
            rest = tail;
        }
        Ok(())
    }

    fn check_length(&self, found: usize, chosen: impl Fn(&Slot) -> bool) -> Result<(), StateError> {
        let expected = self
            .layout
            .slots
            .iter()
            .filter(|s| chosen(s))
            .map(Slot::len)
            .sum();
        if found == expected {
            Ok(())
        } else {
            Err(StateError::Length {
                name: "the state".to_owned(),
                expected,
                found,
            })
        }
    }
}
