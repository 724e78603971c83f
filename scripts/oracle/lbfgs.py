"""Writes `crates/trainer/src/optimizer/lbfgs/trajectories.txt`: what PyTorch's L-BFGS with its strong Wolfe search makes of two small networks, in f64.

    python3 -m venv target/torch && target/torch/bin/pip install torch numpy
    target/torch/bin/python scripts/oracle/lbfgs.py > crates/trainer/src/optimizer/lbfgs/trajectories.txt

A logistic regression and a network of one hidden layer, over 12 rows of 3 features. A line has the hidden units, the learning rate, the history, the most evaluations
of a search, the strength of an L2 penalty for the weights, the number of iterations, how many evaluations they took in all, and the parameters after them, each matrix column by column.
"""

import torch

torch.set_default_dtype(torch.float64)
ROWS = 12
X = torch.tensor([[((row * 7 + k * 5) % 11) / 5 - 1 for k in range(3)] for row in range(ROWS)])
Y = torch.tensor([1.0 if row % 3 == 0 or row == 7 else 0.0 for row in range(ROWS)])
CASES = [
    (0, 1.0, 10, 25, 0.0),
    (0, 50.0, 10, 25, 0.0),
    (0, 0.001, 3, 25, 0.05),
    (2, 1.0, 10, 25, 0.0),
    (2, 1.0, 2, 25, 0.01),
    (2, 20.0, 5, 3, 0.01),
    (2, 0.02, 5, 25, 0.0),
]
ITERATIONS = [1, 2, 3, 5, 8, 12]


def first(hidden):
    """Parameters that are neither zero nor like each other."""
    shapes = [(hidden, 3), (hidden,), (1, hidden), (1,)] if hidden else [(1, 3), (1,)]
    count, tensors = 0, []
    for shape in shapes:
        rows, cols = shape[0], shape[1] if len(shape) > 1 else 1
        tensor = torch.zeros(rows, cols)
        for at in range(rows * cols):
            tensor[at % rows, at // rows] = ((count * 5 + 3) % 13) / 8 - 0.75
            count += 1
        tensors.append(tensor.requires_grad_())
    return tensors


def logits(parameters):
    a = X.T
    for layer in range(0, len(parameters), 2):
        z = parameters[layer] @ a + parameters[layer + 1]
        a = torch.sigmoid(z)
    return z[0]


print(f"# PyTorch {torch.__version__}: scripts/oracle/lbfgs.py")
for hidden, rate, history, evaluations, l2 in CASES:
    parameters = first(hidden)
    # One evaluation is that of the start, which this class makes anew in each call.
    optimizer = torch.optim.LBFGS(
        parameters, rate, max_iter=1, max_eval=evaluations + 1, history_size=history, line_search_fn="strong_wolfe"
    )
    evaluated = 0

    def closure():
        global evaluated
        evaluated += 1
        optimizer.zero_grad()
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits(parameters), Y)
        total = loss + sum(l2 / 2 * w.square().sum() for w in parameters[::2])
        total.backward()
        return total

    def value():
        loss = torch.nn.functional.binary_cross_entropy_with_logits(logits(parameters), Y)
        return (loss + sum(l2 / 2 * w.square().sum() for w in parameters[::2])).item()

    for iteration in range(1, max(ITERATIONS) + 1):
        before = value()
        optimizer.step(closure)
        if abs(value() - before) < 1e-9:
            break  # converged, which ends a training
        if iteration in ITERATIONS:
            flat = [v for p in parameters for v in p.detach().T.reshape(-1).tolist()]
            print(hidden, rate, history, evaluations, l2, iteration, evaluated - iteration, *map(repr, flat))
