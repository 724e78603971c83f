//! From items to a program: stages, fused groups, buffers.
//!
//! A stage is what runs between two joins of the threads. Its *chain* goes tile by tile over the samples; its *units* are split over their
//! outputs. An item waits for the next stage where it needs all samples of an earlier one, or an output that other threads make.

use std::collections::{BTreeMap, BTreeSet};

use crate::graph::NodeId;
use crate::kernel::map::{OpData, Read};
use crate::kernel::table::Table;
use crate::plan::CompileOptions;
use crate::plan::items::{Domain, Item, ItemId, ItemKind, Items};
use crate::plan::program::{
    Buffer, BufferId, Dot, Group, Layout, MapStep, Operand, Place, Product, Program, Space, Spot,
    Stage, Step, Sum, Work,
};
use crate::plan::state::StateLayout;
use crate::{Dim, Scalar};

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

/// The scratch pieces of the items that only their own group reads.
struct Temps {
    of: Vec<Option<u32>>,
    /// The last operation of the group that reads each item.
    last_use: Vec<u32>,
}

/// Where each item's matrix is.
struct Buffers {
    buffers: Vec<Buffer>,
    of: Vec<Option<BufferId>>,
    /// Copies that set slots after everything else.
    commits: Vec<Commit>,
}

/// A new value that its slot receives once nothing reads the old one.
struct Commit {
    node: NodeId,
    from: BufferId,
    to: BufferId,
    space: Space,
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

    fn buffers(&self, state: &StateLayout) -> Buffers {
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
    fn is_materialised(&self, id: ItemId) -> bool {
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
    fn can_update_in_place(&self, slot: usize, new: ItemId, readers: &[ItemId]) -> bool {
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

    fn program(self, buffers: Buffers) -> Program<T> {
        let last = self.drafts.iter().map(|d| d.stage + 1).max().unwrap_or(0);
        let mut stages: Vec<Stage<T>> = (0..last)
            .map(|_| Stage {
                units: Vec::new(),
                chain: Vec::new(),
            })
            .collect();
        let mut temps = 0;
        let mut held = self.temps();
        for draft in &self.drafts {
            let (step, used) = self.step(draft, &buffers, &mut held);
            temps = temps.max(used);
            let stage = &mut stages[draft.stage];
            if draft.domain == Domain::Chain {
                stage.chain.push(step);
            } else {
                stage.units.push(step);
            }
        }
        if !buffers.commits.is_empty() {
            let units = buffers
                .commits
                .iter()
                .map(|commit| copy_step(commit, self.options))
                .collect();
            stages.push(Stage {
                units,
                chain: Vec::new(),
            });
        }
        let outputs = self
            .items
            .outputs
            .iter()
            .map(|&(id, shape)| (buffers.of[id.index()].expect("results have buffers"), shape))
            .collect();
        Program {
            isa: self.options.isa,
            kernels: Table::new(self.options.isa),
            buffers: buffers.buffers,
            constants: self.items.constants,
            stages,
            inputs: self.items.inputs,
            outputs,
            temps,
            has_updates: !self.items.updates.is_empty(),
        }
    }

    fn step(&self, draft: &Draft, buffers: &Buffers, temps: &mut Temps) -> (Step<T>, usize) {
        let at = |id: ItemId| buffers.of[id.index()].expect("what another step reads has a buffer");
        let produced = |id: ItemId| buffers.of[id.index()].map_or(Spot::Produced, Spot::Buffer);
        let work = draft.work.map_or(Work::None, |id| {
            let item = self.item(id);
            match &item.kind {
                ItemKind::Product { b_turned, inner } => Work::Product(Product {
                    a: at(item.args[0]),
                    b: at(item.args[1]),
                    b_turned: *b_turned,
                    inner: *inner,
                    bias: item.args.get(2).map(|&b| at(b)),
                    rows: fixed(item.rows),
                    cols: item.cols,
                    out: produced(id),
                }),
                ItemKind::Dot { inner } => Work::Dot(Dot {
                    weights: at(item.args[0]),
                    x: at(item.args[1]),
                    inner: *inner,
                    bias: item.args.get(2).map(|&b| at(b)),
                    cols: if item.cols.is_one() {
                        item.rows
                    } else {
                        item.cols
                    },
                    out: produced(id),
                }),
                ItemKind::Sum { over, rows, cols } => Work::Sum(Sum {
                    over: *over,
                    from: at(item.args[0]),
                    rows: *rows,
                    cols: *cols,
                    out: produced(id),
                }),
                ItemKind::Convert { turn } => Work::Convert {
                    from: at(item.args[0]),
                    turn: *turn,
                    to: at(id),
                },
                ItemKind::Eval { op, shapes, shape } => Work::Eval {
                    op: op.clone(),
                    args: item
                        .args
                        .iter()
                        .zip(shapes)
                        .map(|(&a, &s)| (at(a), s))
                        .collect(),
                    out: (at(id), *shape),
                },
                ItemKind::Map { .. } | ItemKind::Leaf(_) => {
                    unreachable!("neither is the work of a step")
                }
            }
        });
        let space = draft.space.unwrap_or(Space {
            rows: 0,
            cols: Dim::Fixed(0),
        });
        let (maps, used) = self.maps(draft, buffers, temps);
        let group = Group { space, maps };
        let node = draft.work.map(|id| self.item(id).node);
        (Step { work, node, group }, used)
    }

    /// No scratch pieces yet, and when they will be free.
    fn temps(&self) -> Temps {
        let mut last_use = vec![0; self.items.items.len()];
        for id in self.ids() {
            let in_draft = |u: &&ItemId| self.draft_of[u.index()] == self.draft_of[id.index()];
            let readers = self.users[id.index()].iter().filter(in_draft);
            let last = readers.map(|u| self.position[u.index()]).max();
            last_use[id.index()] = last.unwrap_or(0);
        }
        Temps {
            of: vec![None; self.items.items.len()],
            last_use,
        }
    }

    /// The elementwise operations of a draft, with scratch pieces for the values that only they read.
    fn maps(
        &self,
        draft: &Draft,
        buffers: &Buffers,
        temps: &mut Temps,
    ) -> (Vec<MapStep<T>>, usize) {
        let mut free: BTreeSet<u32> = BTreeSet::new();
        let mut used = 0;
        let mut maps = Vec::new();
        for &id in &draft.maps {
            let ItemKind::Map { op, kernel, reads } = &self.item(id).kind else {
                continue;
            };
            let read = self.item(id).args.iter().zip(reads);
            let args: Vec<Operand> = read
                .map(|(&arg, &read)| {
                    let spot = match (buffers.of[arg.index()], temps.of[arg.index()]) {
                        (Some(buffer), _) => Spot::Buffer(buffer),
                        (None, Some(temp)) => Spot::Temp(temp as usize),
                        (None, None) => Spot::Produced,
                    };
                    Operand { spot, read }
                })
                .collect();
            if self.options.reuse {
                let args = self.item(id).args.iter();
                let done = args.filter(|a| temps.last_use[a.index()] <= self.position[id.index()]);
                free.extend(done.filter_map(|a| temps.of[a.index()]));
            }
            let out = match buffers.of[id.index()] {
                Some(buffer) => Spot::Buffer(buffer),
                None => {
                    let temp = free.pop_first().unwrap_or_else(|| {
                        used += 1;
                        used - 1
                    });
                    temps.of[id.index()] = Some(temp);
                    Spot::Temp(temp as usize)
                }
            };
            maps.push(MapStep {
                node: self.item(id).node,
                function: kernel.function(self.options.isa),
                data: OpData::of(op),
                op: op.clone(),
                args,
                out,
            });
        }
        (maps, used as usize)
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

fn fixed(dim: Dim) -> usize {
    match dim {
        Dim::Fixed(n) => n,
        Dim::Batch => unreachable!("stored matrices have their samples in columns"),
    }
}

fn copy_step<T: Scalar>(commit: &Commit, options: &CompileOptions) -> Step<T> {
    use crate::elementwise::Map1;
    use crate::kernel::map::MapKernel;
    use crate::ops::arithmetic::Copy;
    let read = if commit.space.is_scalar() {
        Read::SameNumber
    } else {
        Read::Vectors
    };
    let op: crate::op::OpRef = std::sync::Arc::new(Map1(Copy));
    let map = MapStep {
        node: commit.node,
        function: MapKernel::<T>::unary::<Copy>().function(options.isa),
        data: OpData::of(&op),
        op,
        args: vec![Operand {
            spot: Spot::Buffer(commit.from),
            read,
        }],
        out: Spot::Buffer(commit.to),
    };
    Step {
        work: Work::None,
        node: None,
        group: Group {
            space: commit.space,
            maps: vec![map],
        },
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
