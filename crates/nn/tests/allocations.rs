//! A prediction allocates nothing: counted by the allocator, on one thread.

use std::alloc::System;

use chainrule_autodiff::{Graph, Isa, Step, Team};
use chainrule_nn::{Initializer, Network, Precision};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

fn allocations() -> usize {
    let stats = ALLOCATOR.stats();
    stats.allocations + stats.reallocations
}

#[test]
fn a_prediction_allocates_nothing() {
    let network = Network::classifier(30, &[16, 8]);
    for isa in Isa::available() {
        let g = Graph::new();
        let step = Step::returns(network.build(&g).output());
        let plan = g.compile::<f32>(step, isa).expect("a sound graph");
        let mut state = plan.state();
        let parameters = network.initial_parameters(Initializer::default(), 7, Precision::F32);
        state
            .write_parameters(&parameters.to_vec())
            .expect("as many as the network has");
        let (mut workspace, team) = (plan.workspace(64, 1), Team::solo());
        let x = [0.5; 30 * 64];
        let before = allocations();
        assert!(before > 0, "the allocator counts");
        // The first run of a size too.
        for rows in [1, 1, 64, 64, 7, 1] {
            plan.eval(&state, &[&x[..30 * rows]], &mut workspace, &team)
                .expect("a run");
            assert!(workspace.output(0).iter().all(|p| (0.0..=1.0).contains(p)));
        }
        assert_eq!(allocations(), before, "{isa}");
    }
}
