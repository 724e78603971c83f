"""Times the four workloads of `crates/trainer/benches/workloads/mod.rs` in other frameworks.

    python3 -m venv target/peers && target/peers/bin/pip install jax numpy torch
    target/peers/bin/python scripts/bench/training_peers.py PEER [NAME|all] [THREADS] [EPOCHS]

PEER is one of
- jax-scan: JAX, one compiled scan over the batches of an epoch, the fastest that we know of;
- jax-step: JAX, one compiled call a step;
- pytorch: PyTorch, eager;
- numpy: the method in NumPy, by hand.

Data and first weights are those of the Rust side, so after as many epochs all have the same loss to about six digits: a run that is faster but ends
elsewhere is wrong. Prints one line of JSON for each workload: `us_step` is the median epoch after the first, divided by its steps, and `loss` the mean
loss of the last epoch. Without EPOCHS it runs for three seconds. `compare.py` runs it beside ours.
"""

import json
import math
import os
import sys
import time

PEER = sys.argv[1] if len(sys.argv) > 1 else sys.exit(__doc__)
NAME = sys.argv[2] if len(sys.argv) > 2 else "all"
THREADS = int(sys.argv[3]) if len(sys.argv) > 3 else 2
EPOCHS = int(sys.argv[4]) if len(sys.argv) > 4 else None
# Before the frameworks count processors.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = str(THREADS)

import numpy as np  # noqa: E402

WORKLOADS = {
    "tiny": (569, [30, 16, 8, 1], 32, 0.5),
    "small": (32_000, [100, 64, 32, 1], 128, 0.5),
    "medium": (100_000, [28, 256, 256, 1], 1024, 0.5),
    "wide": (10_000, [784, 1024, 1024, 1], 256, 0.1),
}


class Random:
    """SplitMix64, as the Rust side has it."""

    def __init__(self, seed):
        self.state = np.uint64(seed)

    def uniform(self, count):
        with np.errstate(over="ignore"):
            gamma = np.uint64(0x9E3779B97F4A7C15)
            z = self.state + gamma * np.arange(1, count + 1, dtype=np.uint64)
            self.state = self.state + gamma * np.uint64(count)
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2.0**53

    def normal(self, count):
        parts = []
        for start in range(0, count, 1 << 20):
            n = min(1 << 20, count - start)
            draws = self.uniform(12 * n).reshape(n, 12)
            total = np.zeros(n)
            for i in range(12):  # from left to right, as the Rust side adds
                total += draws[:, i]
            parts.append(total - 6.0)
        return np.concatenate(parts).astype(np.float32)


def make(rows, sizes):
    """First parameters as (inputs × units, units), rows and labels."""
    random = Random(42)
    parameters = []
    for inputs, units in zip(sizes, sizes[1:]):
        limit = math.sqrt(6.0 / (inputs + units))
        draws = (random.uniform(inputs * units) * 2.0 - 1.0) * limit
        # The Rust side's matrices are units × inputs, column by column.
        parameters.append((draws.astype(np.float32).reshape(inputs, units), np.zeros(units, np.float32)))
    x = random.normal(rows * sizes[0]).reshape(rows, sizes[0])
    z = x[:, 0] * x[:, 1] + np.sin(np.float32(2) * x[:, 2]) + np.float32(0.5) * x[:, 3] - np.float32(0.3) * x[:, 4] * x[:, 4]
    y = (random.uniform(rows) < 1 / (1 + np.exp(-3.0 * z.astype(np.float64)))).astype(np.float32)
    return parameters, x, y


def jax_epoch(rows, sizes, batch, rate, scan):
    import jax
    import jax.numpy as jnp

    parameters, x, y = make(rows, sizes)
    parameters = jax.tree.map(jnp.asarray, parameters)
    whole, rest = divmod(rows, batch)
    cut = whole * batch
    xs, ys = jnp.asarray(x[:cut].reshape(whole, batch, -1)), jnp.asarray(y[:cut].reshape(whole, batch))
    x_rest, y_rest = jnp.asarray(x[cut:]), jnp.asarray(y[cut:])

    def loss_of(parameters, x, y):
        a = x
        for w, b in parameters[:-1]:
            a = jax.nn.sigmoid(a @ w + b)
        w, b = parameters[-1]
        z = (a @ w + b)[:, 0]
        return jnp.mean(jax.nn.softplus(z) - y * z)

    def step(parameters, data):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, *data)
        return jax.tree.map(lambda w, d: w - rate * d, parameters, gradients), loss

    @jax.jit
    def scanned(parameters):
        parameters, losses = jax.lax.scan(step, parameters, (xs, ys))
        total = losses.sum() * batch
        if rest:
            parameters, loss = step(parameters, (x_rest, y_rest))
            total += loss * rest
        return parameters, total / rows

    compiled = jax.jit(step, donate_argnums=0)
    batches = [(x_batch, y_batch) for x_batch, y_batch in zip(xs, ys)] + ([(x_rest, y_rest)] if rest else [])

    def epoch():
        nonlocal parameters
        if scan:
            parameters, loss = jax.block_until_ready(scanned(parameters))
            return float(loss)
        total = 0.0
        losses = []
        for data in batches:
            parameters, loss = compiled(parameters, data)
            losses.append((loss, len(data[1])))
        jax.block_until_ready(parameters)
        for loss, count in losses:
            total += float(loss) * count
        return total / rows

    return epoch, f"JAX {jax.__version__}"


def torch_epoch(rows, sizes, batch, rate):
    import torch

    torch.set_num_threads(THREADS)
    parameters, x, y = make(rows, sizes)
    layers = []
    for (w, b), last in zip(parameters, [False] * (len(parameters) - 1) + [True]):
        linear = torch.nn.Linear(*w.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.T.copy()))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear] if last else [linear, torch.nn.Sigmoid()]
    model = torch.nn.Sequential(*layers)
    optimizer = torch.optim.SGD(model.parameters(), lr=rate)
    loss_of = torch.nn.BCEWithLogitsLoss()
    xs, ys = torch.from_numpy(x).split(batch), torch.from_numpy(y).split(batch)

    def epoch():
        total = 0.0
        for xb, yb in zip(xs, ys):
            optimizer.zero_grad(set_to_none=True)
            loss = loss_of(model(xb)[:, 0], yb)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(yb)
        return total / rows

    return epoch, f"PyTorch {torch.__version__}"


def numpy_epoch(rows, sizes, batch, rate):
    parameters, x, y = make(rows, sizes)
    rate = np.float32(rate)

    def epoch():
        total = 0.0
        for start in range(0, rows, batch):
            xb, yb = x[start : start + batch], y[start : start + batch]
            activations = [xb]
            for w, b in parameters[:-1]:
                activations.append(1 / (1 + np.exp(-(activations[-1] @ w + b))))
            w, b = parameters[-1]
            z = (activations[-1] @ w + b)[:, 0]
            total += float(np.sum(np.logaddexp(np.float32(0), z) - yb * z))
            delta = ((1 / (1 + np.exp(-z)) - yb) / np.float32(len(yb)))[:, None]
            for layer in range(len(parameters) - 1, -1, -1):
                (w, b), a = parameters[layer], activations[layer]
                before = delta
                if layer:
                    delta = (before @ w.T) * a * (1 - a)
                w -= rate * (a.T @ before)
                b -= rate * before.sum(axis=0)
        return total / rows

    return epoch, f"NumPy {np.__version__}"


PEERS = {
    "jax-scan": lambda *of: jax_epoch(*of, scan=True),
    "jax-step": lambda *of: jax_epoch(*of, scan=False),
    "pytorch": torch_epoch,
    "numpy": numpy_epoch,
}


def measure(name, rows, sizes, batch, rate):
    epoch, version = PEERS[PEER](rows, sizes, batch, rate)
    seconds, begun, loss = [], time.perf_counter(), math.nan
    while len(seconds) < EPOCHS if EPOCHS else len(seconds) < 3 or time.perf_counter() - begun < 3.0:
        start = time.perf_counter()
        loss = epoch()
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            begun = time.perf_counter()  # the first epoch compiles
    timed = sorted(seconds[1:] or seconds)
    steps = -(-rows // batch)
    line = {
        "workload": name,
        "peer": version,
        "threads": THREADS,
        "us_step": round(timed[len(timed) // 2] / steps * 1e6, 2),
        "us_best_epoch": round(timed[0] / steps * 1e6, 2),
        "epochs": len(seconds),
        "loss": round(loss, 7),
    }
    print(json.dumps(line), flush=True)


if PEER not in PEERS:
    sys.exit(f"unknown peer {PEER}: expected one of {', '.join(PEERS)}")
for workload, of in WORKLOADS.items():
    if NAME in ("all", workload):
        measure(workload, *of)
