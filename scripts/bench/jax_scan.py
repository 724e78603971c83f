"""Times the four workloads of `crates/trainer/benches/workloads/mod.rs` in JAX: one compiled scan over the batches of an epoch.

Data and first weights are those of the example, so after as many epochs both have the same loss to about six digits: a run
that is faster but ends elsewhere is wrong. (The example does not time its first epoch, so its `epochs` is one less than it ran.)
Run both beside each other on an idle machine, and compare ratios.

    python3 -m venv target/jax && target/jax/bin/pip install jax numpy
    target/jax/bin/python scripts/bench/jax_scan.py [NAME] [THREADS] [EPOCHS]
    cargo run --release -p chainrule-trainer --example workloads -- [NAME] [THREADS]

Prints one line of JSON for each workload: `us_step` is the median epoch after the first, divided by its steps, and `loss` is
the mean loss of the last epoch. Without EPOCHS it runs for three seconds.
"""

import json
import math
import os
import sys
import time

NAME = sys.argv[1] if len(sys.argv) > 1 else "all"
THREADS = int(sys.argv[2]) if len(sys.argv) > 2 else 2
EPOCHS = int(sys.argv[3]) if len(sys.argv) > 3 else None
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:THREADS])

import jax  # noqa: E402  (after the threads are settled)
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

WORKLOADS = {
    "tiny": (569, [30, 16, 8, 1], 32, 0.5),
    "small": (32_000, [100, 64, 32, 1], 128, 0.5),
    "medium": (100_000, [28, 256, 256, 1], 1024, 0.5),
    "wide": (10_000, [784, 1024, 1024, 1], 256, 0.1),
}


class Random:
    """SplitMix64, as the example has it."""

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
            for i in range(12):  # from left to right, as the example adds
                total += draws[:, i]
            parts.append(total - 6.0)
        return np.concatenate(parts).astype(np.float32)


def make(rows, sizes):
    random = Random(42)
    parameters = []
    for inputs, outputs in zip(sizes, sizes[1:]):
        limit = math.sqrt(6.0 / (inputs + outputs))
        draws = (random.uniform(inputs * outputs) * 2.0 - 1.0) * limit
        # The example's matrices are outputs × inputs, column by column.
        w = draws.astype(np.float32).reshape(inputs, outputs)
        parameters.append((jnp.asarray(w), jnp.zeros(outputs, jnp.float32)))
    x = random.normal(rows * sizes[0]).reshape(rows, sizes[0])
    z = x[:, 0] * x[:, 1] + np.sin(np.float32(2) * x[:, 2]) + np.float32(0.5) * x[:, 3] - np.float32(0.3) * x[:, 4] * x[:, 4]
    y = (random.uniform(rows) < 1 / (1 + np.exp(-3.0 * z.astype(np.float64)))).astype(np.float32)
    return parameters, x, y


def loss_of(parameters, x, y):
    a = x
    for w, b in parameters[:-1]:
        a = jax.nn.sigmoid(a @ w + b)
    w, b = parameters[-1]
    z = (a @ w + b)[:, 0]
    return jnp.mean(jax.nn.softplus(z) - y * z)


def measure(name, rows, sizes, batch, rate):
    parameters, x, y = make(rows, sizes)
    whole = rows // batch
    rest = rows - whole * batch
    xs = jnp.asarray(x[: whole * batch].reshape(whole, batch, -1))
    ys = jnp.asarray(y[: whole * batch].reshape(whole, batch))
    x_rest, y_rest = jnp.asarray(x[whole * batch :]), jnp.asarray(y[whole * batch :])

    def step(parameters, data):
        loss, gradients = jax.value_and_grad(loss_of)(parameters, *data)
        return jax.tree.map(lambda w, d: w - rate * d, parameters, gradients), loss

    @jax.jit
    def epoch(parameters):
        parameters, losses = jax.lax.scan(step, parameters, (xs, ys))
        total = losses.sum() * batch
        if rest:
            parameters, loss = step(parameters, (x_rest, y_rest))
            total += loss * rest
        return parameters, total / rows

    def more(done):
        return done < EPOCHS if EPOCHS else done < 3 or time.perf_counter() - begun < 3.0

    seconds, begun = [], time.perf_counter()
    while more(len(seconds)):
        start = time.perf_counter()
        parameters, loss = jax.block_until_ready(epoch(parameters))
        seconds.append(time.perf_counter() - start)
        if len(seconds) == 1:
            begun = time.perf_counter()  # the first epoch compiles
    seconds = sorted(seconds[1:] or seconds)
    steps = whole + bool(rest)
    print(json.dumps({
        "workload": name,
        "jax": jax.__version__,
        "threads": THREADS,
        "us_step": round(seconds[len(seconds) // 2] / steps * 1e6, 2),
        "epochs": len(seconds),
        "loss": round(float(loss), 7),
    }), flush=True)


for name, (rows, sizes, batch, rate) in WORKLOADS.items():
    if NAME in ("all", name):
        measure(name, rows, sizes, batch, rate)
