//! From items to a program: stages, fused groups, buffers.
//!
//! A stage is what runs between two joins of the threads. Its *chain* goes tile by tile over the samples; its *units* are split over their
//! outputs. An item waits for the next stage where it needs all samples of an earlier one, or an output that other threads make.

mod buffers;
mod emit;

use std::collections::BTreeMap;

use crate::Scalar;
use crate::plan::CompileOptions;
use crate::plan::items::{Domain, Item, ItemId, ItemKind, Items};
use crate::plan::program::{Program, Space};
use crate::plan::state::StateLayout;

/// A step while it is put together.
struct Draft {
    stage: usize,
    domain: Domain,
    space: Option<Space>,
    /// What the step does before its elementwise operations.
    work: Option<ItemId>,
    maps: Vec<ItemId>,
    /// Has values that are computed again.
    late: bool,
}

/// Lays a program out.
pub(crate) fn schedule<T: Scalar>(
    items: Items<T>,
    state: &StateLayout,
    options: &CompileOptions,
) -> Program<T> {
    let mut s = Scheduler {
        users: users(&items),
        is_result: results(&items),
        draft_of: vec![None; items.items.len()],
        position: vec![0; items.items.len()],
        drafts: Vec::new(),
        open: BTreeMap::new(),
        newest: BTreeMap::new(),
        items,
        options,
    };
    s.place_all();
    let buffers = s.buffers(state);
    s.program(buffers)
}

struct Scheduler<'a, T: Scalar> {
    items: Items<T>,
    options: &'a CompileOptions,
    /// The items that read each item.
    users: Vec<Vec<ItemId>>,
    is_result: Vec<bool>,
    draft_of: Vec<Option<usize>>,
    /// The place of each elementwise operation among those of its draft.
    position: Vec<u32>,
    drafts: Vec<Draft>,
    /// Drafts that elementwise operations can join, in order, by stage, domain and space.
    open: BTreeMap<(usize, Domain, Option<Space>), Vec<usize>>,
    /// The newest draft of each stage's chain.
    newest: BTreeMap<usize, usize>,
}

impl<T: Scalar> Scheduler<'_, T> {
    fn item(&self, id: ItemId) -> &Item<T> {
        &self.items.items[id.index()]
    }

    fn ids(&self) -> impl Iterator<Item = ItemId> + use<T> {
        (0..self.items.items.len() as u32).map(ItemId)
    }

    fn place_all(&mut self) {
        for id in self.ids() {
            if self.item(id).domain == Domain::Leaf || self.floats(id) {
                continue;
            }
            if self.users[id.index()].is_empty() && !self.is_result[id.index()] {
                continue;
            }
            self.place(id);
        }
    }

    /// An elementwise operation that only one other over the same space reads is computed where that one is.
    fn floats(&self, id: ItemId) -> bool {
        if !self.options.fusion || self.is_result[id.index()] || !self.item(id).is_map() {
            return false;
        }
        let [user] = self.users[id.index()][..] else {
            return false;
        };
        let (item, user) = (self.item(id), self.item(user));
        user.is_map() && user.space() == item.space() && user.domain == item.domain
    }

    /// The elementwise operations that are computed together with `id`, arguments first, and what they read.
    fn cluster(&self, id: ItemId) -> (Vec<ItemId>, Vec<ItemId>) {
        let (mut members, mut external) = (Vec::new(), Vec::new());
        let mut stack = vec![(id, false)];
        while let Some((at, expanded)) = stack.pop() {
            if expanded {
                members.push(at);
                continue;
            }
            stack.push((at, true));
            let args = &self.item(at).args;
            for (index, &arg) in args.iter().enumerate().rev() {
                if self.floats(arg) {
                    // Its one user may read it twice: x · x.
                    if !args[..index].contains(&arg) {
                        stack.push((arg, false));
                    }
                } else {
                    external.push(arg);
                }
            }
        }
        (members, external)
    }

    fn place(&mut self, id: ItemId) {
        let (members, external) = if self.item(id).is_map() {
            self.cluster(id)
        } else {
            (vec![id], self.item(id).args.clone())
        };
        let (domain, space) = (self.item(id).domain, self.item(id).space());
        // The earliest stage if nothing is fused, and the draft that a fusion would have to join.
        let mut stage = 0;
        let mut same_stage: Vec<usize> = Vec::new();
        for arg in &external {
            let Some(draft) = self.draft_of[arg.index()] else {
                continue;
            };
            let made = &self.drafts[draft];
            let joinable = made.domain == domain;
            let after = if joinable { made.stage } else { made.stage + 1 };
            if after > stage {
                stage = after;
                same_stage.clear();
            }
            if joinable && made.stage == stage {
                same_stage.push(draft);
            }
        }
        let is_map = self.item(id).is_map();
        let joined = if is_map && self.options.fusion {
            self.draft_to_join(id, stage, &same_stage)
        } else {
            None
        };
        let draft = match joined {
            Some(draft) => {
                self.drafts[draft].maps.extend(&members);
                self.drafts[draft].late |= self.item(id).late;
                draft
            }
            None => {
                if domain == Domain::Unit && !same_stage.is_empty() {
                    stage += 1;
                }
                self.drafts.push(Draft {
                    stage,
                    domain,
                    space,
                    work: (!is_map).then_some(id),
                    maps: if is_map { members.clone() } else { Vec::new() },
                    late: self.item(id).late,
                });
                let made = self.drafts.len() - 1;
                if domain == Domain::Chain {
                    self.newest.insert(stage, made);
                }
                if self.takes_group(&self.drafts[made]) {
                    let key = (stage, domain, space);
                    self.open.entry(key).or_default().push(made);
                }
                made
            }
        };
        let before = self.drafts[draft].maps.len() - if is_map { members.len() } else { 0 };
        for (position, member) in (before as u32..).zip(members) {
            self.draft_of[member.index()] = Some(draft);
            self.position[member.index()] = position;
        }
    }

    fn draft_to_join(&self, id: ItemId, stage: usize, same_stage: &[usize]) -> Option<usize> {
        let (domain, space) = (self.item(id).domain, self.item(id).space());
        let open = self.open.get(&(stage, domain, space))?;
        let last = *same_stage.iter().max()?;
        let first_from = |from: usize| open.get(open.partition_point(|&d| d < from)).copied();
        match domain {
            // Threads do not wait for each other inside a stage: all that is read must be made by the step itself.
            Domain::Unit => {
                let alone = same_stage.iter().all(|d| *d == last);
                first_from(last).filter(|d| alone && *d == last)
            }
            // What is computed again runs beside what reads it, and not where its first computation did.
            _ if self.item(id).late => {
                let newest = self.newest.get(&stage) == Some(&last);
                let here = newest || self.drafts[last].late;
                open.last()
                    .copied()
                    .filter(|&d| d > last || (d == last && here))
            }
            // Along the chain, all that is read must be made by the step or before it.
            _ => first_from(last),
        }
    }

    /// Whether elementwise operations can run behind a draft's work.
    fn takes_group(&self, draft: &Draft) -> bool {
        match draft.work.map(|id| &self.item(id).kind) {
            None => true,
            Some(kind) => matches!(
                kind,
                ItemKind::Product { .. } | ItemKind::Dot { .. } | ItemKind::Sum { .. }
            ),
        }
    }
}

fn users<T: Scalar>(items: &Items<T>) -> Vec<Vec<ItemId>> {
    let mut users = vec![Vec::new(); items.items.len()];
    for (index, item) in items.items.iter().enumerate() {
        for arg in &item.args {
            let list: &mut Vec<ItemId> = &mut users[arg.index()];
            let user = ItemId(index as u32);
            if list.last() != Some(&user) {
                list.push(user);
            }
        }
    }
    users
}

fn results<T: Scalar>(items: &Items<T>) -> Vec<bool> {
    let mut is_result = vec![false; items.items.len()];
    let updates = items.updates.iter().map(|(_, id)| id);
    for id in items.outputs.iter().map(|(id, _)| id).chain(updates) {
        is_result[id.index()] = true;
    }
    is_result
}
