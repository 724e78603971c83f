//! The program, written from drafts and buffers.

use std::collections::BTreeSet;

use super::buffers::{Buffers, Commit};
use super::{Draft, Scheduler};
use crate::kernel::map::{OpData, Read};
use crate::kernel::table::Table;
use crate::plan::CompileOptions;
use crate::plan::items::{Domain, ItemId, ItemKind};
use crate::plan::program::{
    Dot, Group, MapStep, Operand, Product, Program, Space, Spot, Stage, Step, Sum, Work,
};
use crate::{Dim, Scalar};

/// The scratch pieces of the items that only their own group reads.
struct Temps {
    of: Vec<Option<u32>>,
    /// The last operation of the group that reads each item.
    last_use: Vec<u32>,
}

impl<T: Scalar> Scheduler<'_, T> {
    pub(super) fn program(self, buffers: Buffers) -> Program<T> {
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
