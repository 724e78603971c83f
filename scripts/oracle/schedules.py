"""Writes `crates/trainer/src/schedule/trajectories.txt`: the learning rates that PyTorch's schedulers give, in f64.

    python3 -m venv target/torch && target/torch/bin/pip install torch numpy
    target/torch/bin/python scripts/oracle/schedules.py > crates/trainer/src/schedule/trajectories.txt

Trainings of 12 epochs of 5 steps from a rate of 0.2; a line has the schedule as the command line spells it, the warm-up, and the rate of each step.
The losses that the plateaus look at are written down in `trajectories.rs` beside that file as well.
"""

import math

import torch
from torch.optim import lr_scheduler as lr

EPOCHS, PER_EPOCH, RATE = 12, 5, 0.2
STEPS = EPOCHS * PER_EPOCH
LOSSES = [0.7, 0.6, 0.6, 0.59, 0.6, 0.5, math.nan, 0.5, 0.499, 0.55, 0.48, 0.52]


def optimizer():
    return torch.optim.SGD([torch.zeros(1, dtype=torch.float64, requires_grad=True)], RATE)


def warm(opt, steps):
    return lr.LinearLR(opt, start_factor=1 / (steps + 1), total_iters=steps)


def by_step(make):
    """The rates of a scheduler that is told of each step."""
    opt = optimizer()
    scheduler, rates = make(opt), []
    for _ in range(STEPS):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    return rates


def by_epoch(make, warmup=0):
    """The rates of a scheduler that is told of each epoch, after so many epochs of warm-up."""
    opt = optimizer()
    rates, first, scheduler = [], (warm(opt, warmup * PER_EPOCH) if warmup else None), None
    for epoch in range(EPOCHS):
        if epoch == warmup:
            for group in opt.param_groups:
                group["lr"] = group["initial_lr"] = RATE
            scheduler = make(opt)
        for _ in range(PER_EPOCH):
            rates.append(opt.param_groups[0]["lr"])
            opt.step()
            if epoch < warmup:
                first.step()
        if scheduler is not None:
            if isinstance(scheduler, lr.ReduceLROnPlateau):
                scheduler.step(LOSSES[epoch])
            else:
                scheduler.step()
    return rates


def plateau(opt):
    return lr.ReduceLROnPlateau(opt, factor=0.3, patience=1, threshold=0.01, threshold_mode="abs", min_lr=0.01 * RATE, eps=0)


def warm_cosine(opt):
    after = lr.CosineAnnealingLR(opt, T_max=STEPS - 7, eta_min=0.1 * RATE)
    return lr.SequentialLR(opt, [warm(opt, 7), after], milestones=[7])


def one_cycle(rise, start, end):
    return lambda opt: lr.OneCycleLR(
        opt, max_lr=RATE, total_steps=STEPS, pct_start=rise, div_factor=1 / start, final_div_factor=start / end, cycle_momentum=False
    )


def stopped(make):
    """OneCycleLR refuses to be told of more steps than there are."""
    opt = optimizer()
    scheduler, rates = make(opt), []
    for step in range(STEPS):
        rates.append(opt.param_groups[0]["lr"])
        opt.step()
        if step + 1 < STEPS:
            scheduler.step()
    return rates


SCHEDULES = [
    ("constant", "0", by_step(lambda opt: lr.ConstantLR(opt, factor=1.0))),
    ("constant", "8steps", by_step(lambda opt: warm(opt, 8))),
    ("step:every=3,factor=0.4", "0", by_epoch(lambda opt: lr.StepLR(opt, 3, 0.4))),
    ("step:every=2,factor=0.4", "2epochs", by_epoch(lambda opt: lr.StepLR(opt, 2, 0.4), 2)),
    ("exponential:factor=0.9", "0", by_epoch(lambda opt: lr.ExponentialLR(opt, 0.9))),
    ("exponential:factor=0.9", "1epoch", by_epoch(lambda opt: lr.ExponentialLR(opt, 0.9), 1)),
    ("cosine", "0", by_step(lambda opt: lr.CosineAnnealingLR(opt, T_max=STEPS))),
    ("cosine:floor=0.1", "7steps", by_step(warm_cosine)),
    ("plateau:factor=0.3,patience=2,min-delta=0.01,floor=0.01", "0", by_epoch(plateau)),
    ("plateau:factor=0.3,patience=2,min-delta=0.01,floor=0.01", "3epochs", by_epoch(plateau, 3)),
    ("one-cycle", "0", stopped(one_cycle(0.3, 1 / 25, 1 / 25 / 1e4))),
    ("one-cycle:rise=0.45,start=0.1,end=0.001", "0", stopped(one_cycle(0.45, 0.1, 0.001))),
]

print(f"# PyTorch {torch.__version__}: scripts/oracle/schedules.py")
for name, warmup, rates in SCHEDULES:
    print(name, warmup, *map(repr, rates))
