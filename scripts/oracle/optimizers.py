"""Writes `crates/trainer/src/optimizer/trajectories.txt`: what PyTorch's optimisers make of two small problems, in f64.

    python3 -m venv target/torch && target/torch/bin/pip install torch numpy
    target/torch/bin/python scripts/oracle/optimizers.py > crates/trainer/src/optimizer/trajectories.txt

A logistic regression and a least squares fit of 8 rows and 3 features, 40 steps each, over all rows; a line has the optimiser, the problem, the learning
rate, the step, and the three weights and the bias after it. The settings are those of `trajectories.rs` beside that file.
"""

import torch

torch.set_default_dtype(torch.float64)
X = torch.tensor([[((row * 7 + k * 5) % 11) / 5 - 1 for k in range(3)] for row in range(8)])
Y = torch.tensor([1.0 if row % 3 == 0 else 0.0 for row in range(8)])
PROBLEMS = {
    "logistic": lambda z: torch.nn.functional.binary_cross_entropy_with_logits(z, Y),
    "squares": lambda z: torch.nn.functional.mse_loss(z, Y),
}
OPTIMIZERS = {
    "sgd": (0.2, lambda p, lr: torch.optim.SGD(p, lr)),
    "momentum": (0.1, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.8)),
    "nesterov": (0.1, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.8, nesterov=True)),
    "rmsprop": (0.02, lambda p, lr: torch.optim.RMSprop(p, lr, alpha=0.9, eps=1e-6)),
    "adam": (0.05, lambda p, lr: torch.optim.Adam(p, lr, betas=(0.8, 0.95), eps=1e-6)),
    "adamw": (0.05, lambda p, lr: torch.optim.AdamW(p, lr, betas=(0.8, 0.95), eps=1e-6, weight_decay=0.1)),
    "clip": (0.1, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.8)),
    "clip-norm": (0.1, lambda p, lr: torch.optim.SGD(p, lr, momentum=0.8)),
    "l1": (0.2, lambda p, lr: torch.optim.SGD(p, lr)),
    "l2": (0.1, lambda p, lr: torch.optim.SGD([{"params": p[:1], "weight_decay": 0.3}, {"params": p[1:]}], lr, momentum=0.8)),
    "l2-with-biases": (0.2, lambda p, lr: torch.optim.SGD(p, lr, weight_decay=0.3)),
    "l1-l2-clips": (0.05, lambda p, lr: torch.optim.Adam(p, lr, betas=(0.8, 0.95), eps=1e-6)),
}
PENALTIES = {
    "l1": lambda w: 0.05 * w.abs().sum(),
    "l1-l2-clips": lambda w: 0.02 * w.abs().sum() + 0.1 / 2 * w.square().sum(),
}
CLIPS = {
    "clip": [lambda p: torch.nn.utils.clip_grad_value_(p, 0.05)],
    "clip-norm": [lambda p: torch.nn.utils.clip_grad_norm_(p, 0.2)],
    "l1-l2-clips": [lambda p: torch.nn.utils.clip_grad_norm_(p, 0.3), lambda p: torch.nn.utils.clip_grad_value_(p, 0.15)],
}
STEPS = [1, 2, 10, 40]

print(f"# PyTorch {torch.__version__}: scripts/oracle/optimizers.py")
for name, (rate, make) in OPTIMIZERS.items():
    for problem, loss in PROBLEMS.items():
        w = torch.tensor([0.5, -0.25, 0.1], requires_grad=True)
        b = torch.tensor([0.0], requires_grad=True)
        optimizer = make([w, b], rate)
        for step in range(1, max(STEPS) + 1):
            optimizer.zero_grad()
            penalty = PENALTIES.get(name, lambda w: 0)
            (loss(X @ w + b) + penalty(w)).backward()
            for clip in CLIPS.get(name, []):
                clip([w, b])
            optimizer.step()
            if step in STEPS:
                numbers = " ".join(repr(v) for v in [*w.tolist(), *b.tolist()])
                print(name, problem, rate, step, numbers)
