#!/usr/bin/env python3
"""Writes crates/autodiff/tests/oracle/derivatives.txt: values, gradients and Hessian-vector products as JAX computes them in f64.

Set up and run, from the root of the checkout (the file is committed: the tests don't need Python):

    python3 -m venv target/oracle && target/oracle/bin/pip install "jax[cpu]==0.10.2" && target/oracle/bin/python scripts/oracle/derivatives.py

The file describes each graph in a small language, which this script and the Rust test both interpret; its header explains it. There are
three sections: every operation in several shapes, points where derivatives need a rule (those on which JAX agrees with us: the
others are named at RULES below), and random graphs. A random graph is kept if its results are moderate and well conditioned, so
that two right implementations agree to far more than the 1e-9 that the test asks for.
"""

import math
import pathlib
import random

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.scipy.special import xlog1py, xlogy

jax.config.update("jax_enable_x64", True)

OUT = pathlib.Path(__file__).parents[2] / "crates/autodiff/tests/oracle/derivatives.txt"
GRAPHS = 400

HEADER = f"""\
# Values, gradients and Hessian-vector products by JAX {jax.__version__} in f64. Written by scripts/oracle/derivatives.py.
#
# graph NAME BATCH SEED   starts a graph; B in shapes is BATCH
# in NAME SHAPE LOW HIGH  an input; its elements are drawn between LOW and HIGH, column-major
# is NAME SHAPE VALUES    an input with these elements
# OP OPERANDS             an operation; the first makes t0, the next t1, and so on; an operand is an input, a t, or a number
# y VALUES                the elements of the last value, column-major
# d NAME VALUES           the cotangent that an input receives of the cotangent u
# h NAME VALUES           the product of the Hessian of the sum of u y with the direction v, for an input
#
# Drawn numbers come from SplitMix64, started at SEED: z = (state += 9e3779b97f4a7c15); z = (z ^ z >> 30) * bf58476d1ce4e5b9;
# z = (z ^ z >> 27) * 94d049bb133111eb; u = ((z ^ z >> 31) >> 11) / 2^53; LOW + (HIGH - LOW) * u. First the inputs, in order;
# then u, of the shape of the last value, between -1 and 1 (all 1 in a graph with given inputs); then a direction v for each
# input, between -1 and 1. Values have 13 digits.
"""

# ---------------------------------------------------------------- the language


class Stream:
    """SplitMix64."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self):
        mask = (1 << 64) - 1
        self.state = (self.state + 0x9E3779B97F4A7C15) & mask
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return ((z ^ (z >> 31)) >> 11) / (1 << 53)

    def matrix(self, shape, low, high):
        rows, cols = shape
        return np.array([low + (high - low) * self.uniform() for _ in range(rows * cols)]).reshape(cols, rows).T


def size(dims, batch):
    return tuple(batch if d == "B" else d for d in dims)


def spell(dims):
    return "x".join(str(d) for d in dims)


def like(x, y):
    """Both of the larger shape: one of the two is repeated, never both."""
    shape = x.shape if x.size >= y.size else y.shape
    return jnp.broadcast_to(x, shape), jnp.broadcast_to(y, shape)


def ones(mask):
    return jnp.where(mask, 1.0, 0.0)


def select(a, b, c):
    shape = max((a.shape, b.shape, c.shape), key=lambda s: s[0] * s[1])
    return jnp.where(*(jnp.broadcast_to(x, shape) for x in (a != 0.0, b, c)))


def chain(a, b):
    a, b = like(a, b)
    return jnp.where(a == 0.0, 0.0, a * b)


def clamp(x, low, high):
    # JAX halves the cotangent at the ends; PyTorch and we do not.
    return jnp.where(x < low, low, jnp.where(x > high, high, x))


OPERATIONS = {
    "neg": lambda x: -x,
    "square": lambda x: x * x,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "sign": jnp.sign,
    "exp": jnp.exp,
    "ln": jnp.log,
    "ln_1p": jnp.log1p,
    "sigmoid": jax.nn.sigmoid,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "softplus": jax.nn.softplus,
    "stop_gradient": lax.stop_gradient,
    "t": lambda x: x.T,
    "sum": lambda x: jnp.sum(x).reshape(1, 1),
    "mean": lambda x: jnp.mean(x).reshape(1, 1),
    "sum_rows": lambda x: jnp.sum(x, axis=0, keepdims=True),
    "sum_columns": lambda x: jnp.sum(x, axis=1, keepdims=True),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: jnp.multiply(a, b),
    "div": lambda a, b: jnp.divide(a, b),
    "pow": jnp.power,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "lt": lambda a, b: ones(a < b),
    "le": lambda a, b: ones(a <= b),
    "gt": lambda a, b: ones(a > b),
    "ge": lambda a, b: ones(a >= b),
    "equals": lambda a, b: ones(a == b),
    "chain": chain,
    "bce": lambda a, y: -(xlogy(y, a) + xlog1py(1.0 - y, -a)),
    "bce_on_logits": lambda z, y: jax.nn.softplus(z) - y * z,
    "matmul": jnp.matmul,
    "select": select,
    "clamp": clamp,
}

UNARY = list(OPERATIONS)[: list(OPERATIONS).index("t")]
BINARY = list(OPERATIONS)[list(OPERATIONS).index("add") : list(OPERATIONS).index("bce")]


class Graph:
    """A graph in the language, and what JAX says of it."""

    def __init__(self, name, batch, seed):
        self.name, self.batch, self.seed = name, batch, seed
        self.inputs, self.steps, self.given = [], [], False

    def drawn(self, name, dims, low, high):
        self.inputs.append((name, dims, low, high, None))
        return name

    def fixed(self, name, dims, values):
        self.inputs.append((name, dims, None, None, values))
        self.given = True
        return name

    def op(self, name, *operands):
        self.steps.append((name, operands))
        return f"t{len(self.steps) - 1}"

    def numbers(self):
        stream = Stream(self.seed)
        x = []
        for _, dims, low, high, values in self.inputs:
            shape = size(dims, self.batch)
            drawn = values is None
            x.append(stream.matrix(shape, low, high) if drawn else np.array(values, float).reshape(shape[::-1]).T)
        shape = np.shape(self.value(x))
        u = np.ones(shape) if self.given else stream.matrix(shape, -1.0, 1.0)
        v = [stream.matrix(m.shape, -1.0, 1.0) for m in x]
        return x, u, v

    def value(self, x):
        at = {name: m for (name, *_), m in zip(self.inputs, x)}
        for index, (op, operands) in enumerate(self.steps):
            args = [at[o] if isinstance(o, str) else o for o in operands]
            # Numbers are matrices too, but for the bounds of a clamp.
            args = [a if op == "clamp" or not isinstance(a, float) else jnp.full((1, 1), a) for a in args]
            at[f"t{index}"] = OPERATIONS[op](*args)
        return at[f"t{len(self.steps) - 1}"]

    def results(self, x, u, v):
        loss = lambda *x: jnp.sum(u * self.value(x))
        gradient = jax.grad(loss, argnums=tuple(range(len(x))))
        d, h = jax.jvp(gradient, tuple(x), tuple(v))
        return [np.asarray(m) for m in (self.value(x), *d, *h)]

    def entry(self):
        x, u, v = self.numbers()
        results = self.results(x, u, v)
        lines = [f"graph {self.name} {self.batch} {self.seed}"]
        for name, dims, low, high, values in self.inputs:
            if values is None:
                lines.append(f"in {name} {spell(dims)} {low!r} {high!r}")
            else:
                lines.append(f"is {name} {spell(dims)} {' '.join(repr(float(n)) for n in values)}")
        for op, operands in self.steps:
            lines.append(" ".join([op, *(o if isinstance(o, str) else repr(o) for o in operands)]))
        lines.append(f"y {shown(results[0])}")
        names = [name for name, *_ in self.inputs]
        count = len(names)
        lines += [f"d {name} {shown(m)}" for name, m in zip(names, results[1 : 1 + count])]
        if not self.given:
            lines += [f"h {name} {shown(m)}" for name, m in zip(names, results[1 + count :])]
        return lines

    def is_fit(self):
        """Whether the results are moderate, and hardly move with a rounding of the inputs."""
        x, u, v = self.numbers()
        results = self.results(x, u, v)
        if not all(np.all(np.abs(m) < 1e3) for m in results):
            return False
        signs = [np.where(np.arange(m.size).reshape(m.shape) % 2 == 0, 1.0, -1.0) for m in x]
        nearby = self.results([m * (1.0 + 1e-12 * s) for m, s in zip(x, signs)], u, v)
        return all(np.all(np.abs(a - b) <= 1e-10 * (1.0 + np.abs(b))) for a, b in zip(nearby, results))


def shown(matrix):
    return " ".join(f"{x:.13g}" for x in matrix.T.reshape(-1).tolist())


# ------------------------------------------------------- every operation


def domain(op, position):
    """Where an argument is drawn from, so that the operation is smooth or rarely not."""
    if op in ("sqrt", "ln") or (op == "pow" and position == 0):
        return 0.2, 3.0
    if op == "ln_1p":
        return -0.5, 2.0
    if op == "div" and position == 1:
        return 0.3, 2.0
    if op == "bce":
        return 0.05, 0.95
    return -2.0, 2.0


def every_operation():
    seeds = iter(range(1, 1000))

    def case(op, shapes, batch=4, more=()):
        graph = Graph(op, batch, next(seeds))
        names = [graph.drawn("abc"[i], dims, *domain(op, i)) for i, dims in enumerate(shapes)]
        graph.op(op, *names, *more)
        return graph

    for op in UNARY + ["t", "sum", "mean", "sum_rows", "sum_columns"]:
        for shape in [(3, "B"), (1, "B"), (2, 5), ("B", 2)]:
            yield case(op, [shape])
    for op in BINARY:
        for shapes in [[(3, "B")] * 2, [(2, 3)] * 2, [(3, "B"), (3, 1)], [(1, "B"), (2, "B")], [(1, 1), (3, 2)]]:
            yield case(op, shapes)
    for op in ["bce", "bce_on_logits"]:
        for shape in [(1, "B"), (3, 2)]:
            yield case(op, [shape] * 2)
    for shapes in [[(3, "B")] * 3, [(3, 1), (3, "B"), (1, 1)], [(2, 3), (1, 3), (2, 3)]]:
        yield case("select", shapes)
    for shape in [(3, "B"), (2, 5)]:
        yield case("clamp", [shape], more=(-0.5, 0.75))
    for shapes in [
        [(3, 5), (5, "B")],
        [(1, 5), (5, "B")],
        [(3, 2), (2, 4)],
        [(3, "B"), ("B", 2)],
        [("B", 3), (3, 2)],
        [("B", 2), (2, "B")],
        [(4, 1), (1, 3)],
        [(1, "B"), ("B", 1)],
    ]:
        yield case("matmul", shapes)
    for left, right, shapes in [
        (True, False, [(5, 3), (5, "B")]),
        (False, True, [(3, "B"), (2, "B")]),
        (True, True, [(5, 3), ("B", 5)]),
    ]:
        graph = Graph("matmul_turned", 4, next(seeds))
        a, b = (graph.drawn("ab"[i], dims, -2.0, 2.0) for i, dims in enumerate(shapes))
        graph.op("matmul", graph.op("t", a) if left else a, graph.op("t", b) if right else b)
        yield graph
    for rows in (1, 3):
        graph = Graph("affine_sigmoid", 5, next(seeds))
        w, x = graph.drawn("w", (rows, 4), -1.0, 1.0), graph.drawn("x", (4, "B"), -1.0, 1.0)
        z = graph.op("add", graph.op("matmul", w, x), graph.drawn("b", (rows, 1), -1.0, 1.0))
        y = graph.drawn("y", (rows, "B"), 0.0, 1.0)
        graph.op("mean", graph.op("bce", graph.op("sigmoid", z), y))
        yield graph


# ------------------------------------------------- points that need a rule

# Where we and PyTorch differ from JAX, and which are left out here: abs at 0 (1 there, 0 here), clamp at its ends (½ there, 1 here),
# pow at (0, 0) in the base (NaN there, 0 here). Where we differ from both: a cotangent of exactly 0 that meets an infinite derivative (NaN
# there, 0 here).
RULES = {
    "abs": [[-3.0]],
    "sign": [[0.0]],
    "relu": [[0.0], [-0.0], [2.0]],
    "sqrt": [[0.0]],
    "ln": [[0.0], [-2.0]],
    "ln_1p": [[-1.0]],
    "exp": [[-math.inf], [-745.0]],
    "sigmoid": [[math.inf], [-math.inf], [-548.0], [-90.0], [40.0]],
    "tanh": [[math.inf], [-math.inf], [30.0]],
    "softplus": [[800.0], [-800.0], [0.0], [math.inf], [-math.inf]],
    "square": [[0.0]],
    "maximum": [[1.0, 1.0], [0.0, -0.0], [2.0, 1.0]],
    "minimum": [[1.0, 1.0], [0.0, -0.0], [2.0, 1.0]],
    "lt": [[1.0, 1.0]],
    "le": [[1.0, 1.0]],
    "gt": [[1.0, 1.0]],
    "ge": [[1.0, 1.0]],
    "equals": [[1.0, 1.0]],
    "pow": [[0.0, 1.0], [0.0, 2.0], [-0.0, 1.0], [0.0, 0.5], [-2.0, 3.0], [0.0, -1.0]],
    "div": [[1.0, 0.0], [0.0, 2.0]],
    "mul": [[math.inf, 0.0]],
    "select": [[1.0, 2.0, math.inf], [0.0, math.inf, 3.0], [-0.0, 2.0, 3.0]],
    "bce_on_logits": [[-800.0, 1.0], [800.0, 0.0], [800.0, 1.0]],
}


def rules():
    for op, points in RULES.items():
        for point in points:
            graph = Graph(f"rule_{op}", 0, 0)
            graph.op(op, *(graph.fixed("abc"[i], (1, 1), [x]) for i, x in enumerate(point)))
            yield graph


# ---------------------------------------------------------------- random graphs


def fits(small, large):
    return all(s == l or s == 1 for s, l in zip(small, large))


def random_graph(name, seed):
    """Shapes, fan-out, reuse, repetition; some deep. The values of an operation are kept moderate by what follows it."""
    rng = random.Random(seed)
    graph = Graph(name, rng.choice([1, 3, 4, 6]), seed)
    dims = [1, 2, 3, "B"]
    values = []  # (name, dims)
    for i in range(rng.randint(2, 4)):
        shape = (rng.choice(dims), rng.choice(dims))
        values.append((graph.drawn("abcd"[i], shape, -1.5, 1.5), shape))

    def made(op, shape, *operands):
        values.append((graph.op(op, *operands), shape))

    def partner(shape):
        options = [v for v in values if fits(v[1], shape) or fits(shape, v[1])]
        return rng.choice(options)

    steps = rng.choice([6, 10, 16, 40])
    while len(graph.steps) < steps:
        a, shape = rng.choice(values[-4:]) if rng.random() < 0.7 else rng.choice(values)
        kind = rng.random()
        if kind < 0.3:
            op = rng.choice(["neg", "sigmoid", "tanh", "relu", "softplus", "abs", "square", "stop_gradient", "sign", "clamp"])
            made(op, shape, a, *((-0.5, 0.75) if op == "clamp" else ()))
        elif kind < 0.36:
            inner = graph.op("add", graph.op("square", a), 0.5)
            made(rng.choice(["sqrt", "ln", "ln_1p"]), shape, inner)
        elif kind < 0.4:
            made("exp", shape, graph.op("tanh", a))
        elif kind < 0.52:
            op = rng.choice(["t", "sum", "mean", "sum_rows", "sum_columns"])
            rows, cols = shape
            result = {"t": (cols, rows), "sum_rows": (1, cols), "sum_columns": (rows, 1)}.get(op, (1, 1))
            made(op, result, a)
        elif kind < 0.86:
            b, other = partner(shape)
            result = other if fits(shape, other) else shape
            op = rng.choice(["add", "sub", "mul", "mul", "div", "pow", "maximum", "minimum", "lt", "ge", "select", "bce"])
            if op == "div":
                b = graph.op("add", graph.op("softplus", b), 0.5)
            elif op == "pow":
                a, b = graph.op("add", graph.op("sigmoid", a), 0.5), graph.op("tanh", b)
            elif op == "select":
                c, third = partner(result)
                if not fits(third, result):
                    continue
                made("select", result, graph.op("gt", a, 0.1), b, c)
                continue
            elif op == "bce":
                if shape != other:
                    continue
                a, b = graph.op("sigmoid", a), graph.op("sigmoid", b)
            made(op, result, a, b)
        else:
            options = [v for v in values if v[1][0] == shape[1]]
            if not options:
                continue
            b, other = rng.choice(options)
            made("matmul", (shape[0], other[1]), a, b)
        if rng.random() < 0.25:
            last, shape = values[-1]
            made("tanh", shape, last)
    if graph.steps[-1][0] not in ("sum", "mean") and rng.random() < 0.7:
        graph.op(rng.choice(["sum", "mean"]), values[-1][0])
    return graph


def random_graphs():
    seed = 100_000
    for index in range(GRAPHS):
        while True:
            seed += 1
            graph = random_graph(f"random_{index}", seed)
            x, u, v = graph.numbers()
            results = graph.results(x, u, v)
            # Graphs in which nothing reaches an input teach little, and large ones much the same.
            moves = any(np.any(m != 0.0) for m in results[1:])
            if moves and sum(m.size for m in results) < 120 and graph.is_fit():
                break
        yield graph


def main():
    lines = []
    for section in (every_operation, rules, random_graphs):
        for graph in section():
            lines += graph.entry()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(HEADER + "\n".join(lines) + "\n")
    print(f"{OUT}: {OUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
