//! Where each value lies, and which updates may overwrite their slots at once.

use std::collections::BTreeMap;

use super::Scheduler;
use crate::graph::NodeId;
use crate::kernel::map::Read;
use crate::plan::items::{Item, ItemId, ItemKind};
use crate::plan::program::{Buffer, BufferId, Layout, Place, Space};
use crate::plan::state::StateLayout;
use crate::{Dim, Scalar};

/// Where each item's matrix is.
pub(super) struct Buffers {
    pub(super) buffers: Vec<Buffer>,
    pub(super) of: Vec<Option<BufferId>>,
    /// Copies that set slots after everything else.
    pub(super) commits: Vec<Commit>,
}

/// A new value that its slot receives once nothing reads the old one.
pub(super) struct Commit {
    pub(super) node: NodeId,
    pub(super) from: BufferId,
    pub(super) to: BufferId,
    pub(super) space: Space,
}

impl<T: Scalar> Scheduler<'_, T> {
    pub(super) fn buffers(&self, state: &StateLayout) -> Buffers {
        let mut out = Buffers {
            buffers: Vec::new(),
            of: vec![None; self.items.items.len()],
            commits: Vec::new(),
        };
        let mut slots = BTreeMap::new();
        let mut readers: BTreeMap<usize, Vec<ItemId>> = BTreeMap::new();
        for id in self.ids() {
            let item = self.item(id);
            if let ItemKind::Leaf(place) = item.kind {
                let buffer = out.push(place, item);
                out.of[id.index()] = Some(buffer);
                if let Place::Slot(slot) = place {
                    slots.entry(slot).or_insert(buffer);
                }
                if let Place::Slot(slot) | Place::SlotTransposed(slot) = place {
                    let users = self.users[id.index()].iter();
                    readers.entry(slot).or_default().extend(users);
                }
            }
        }
        let mut commits = Vec::new();
        for &(slot, new) in &self.items.updates {
            let taken = out.of[new.index()].is_some();
            let readers = readers.get(&slot).map_or(&[][..], Vec::as_slice);
            if !taken && self.can_update_in_place(slot, new, readers) {
                out.of[new.index()] = Some(out.slot(slot, state, &slots));
            } else {
                commits.push((slot, new));
            }
        }
        for id in self.ids() {
            let made = self.draft_of[id.index()].is_some();
            if made && out.of[id.index()].is_none() && self.is_materialised(id) {
                out.of[id.index()] = Some(out.push(Place::Workspace, self.item(id)));
            }
        }
        for (slot, new) in commits {
            let to = out.slot(slot, state, &slots);
            let from =
                out.of[new.index()].expect("an update is a result, and results have buffers");
            let space = self.item(new).space().expect("slots are lines or blocks");
            out.commits.push(Commit {
                node: self.item(new).node,
                from,
                to,
                space,
            });
        }
        out
    }

    /// Whether an item is read outside of the group that makes it.
    pub(super) fn is_materialised(&self, id: ItemId) -> bool {
        let draft = self.draft_of[id.index()];
        let read_elsewhere = self.users[id.index()]
            .iter()
            .any(|u| self.draft_of[u.index()].is_some() && self.draft_of[u.index()] != draft);
        let groups =
            self.item(id).is_map() || draft.is_some_and(|d| self.takes_group(&self.drafts[d]));
        self.is_result[id.index()] || read_elsewhere || !groups
    }

    /// Whether an update may overwrite its slot as soon as it is computed: all that reads the old value comes before, or reads the same element
    /// in the same operation or an earlier one of the group.
    pub(super) fn can_update_in_place(&self, slot: usize, new: ItemId, readers: &[ItemId]) -> bool {
        if !self.options.in_place {
            return false;
        }
        let Some(writer) = self.draft_of[new.index()] else {
            return false;
        };
        let draft = &self.drafts[writer];
        if !self.item(new).is_map() {
            return false;
        }
        let reads_slot = |id: &ItemId| matches!(self.item(*id).kind, ItemKind::Leaf(Place::Slot(s) | Place::SlotTransposed(s)) if s == slot);
        readers.iter().all(|&id| {
            let item = self.item(id);
            let Some(reader) = self.draft_of[id.index()] else {
                return true;
            };
            let reads: Vec<usize> = (0..item.args.len())
                .filter(|&i| reads_slot(&item.args[i]))
                .collect();
            if reads.is_empty() || self.drafts[reader].stage < draft.stage {
                return true;
            }
            let aligned = |i: &usize| match (&item.kind, draft.space) {
                (ItemKind::Map { reads, .. }, Some(space)) => {
                    reads[*i] == Read::Vectors || space.is_scalar()
                }
                _ => false,
            };
            let earlier = item.is_map() && self.position[id.index()] <= self.position[new.index()];
            reader == writer && earlier && reads.iter().all(aligned)
        })
    }
}

impl Buffers {
    fn push<T: Scalar>(&mut self, place: Place, item: &Item<T>) -> BufferId {
        self.push_raw(Buffer {
            place,
            layout: item.layout,
            rows: item.rows,
            cols: item.cols,
        })
    }

    fn push_raw(&mut self, buffer: Buffer) -> BufferId {
        self.buffers.push(buffer);
        BufferId((self.buffers.len() - 1) as u32)
    }

    fn slot(
        &mut self,
        slot: usize,
        state: &StateLayout,
        known: &BTreeMap<usize, BufferId>,
    ) -> BufferId {
        if let Some(buffer) = known.get(&slot) {
            return *buffer;
        }
        let spec = &state.slots[slot];
        self.push_raw(Buffer {
            place: Place::Slot(slot),
            layout: if spec.is_line() {
                Layout::Line
            } else {
                Layout::Blocked
            },
            rows: Dim::Fixed(spec.rows),
            cols: Dim::Fixed(spec.cols),
        })
    }
}
