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
            loss(X @ w + b).backward()
            if name == "clip":
                torch.nn.utils.clip_grad_value_([w, b], 0.05)
            optimizer.step()
            if step in STEPS:
                numbers = " ".join(repr(v) for v in [*w.tolist(), *b.tolist()])
                print(name, problem, rate, step, numbers)
