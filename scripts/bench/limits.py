"""Measures the command line against the limits that `docs/benchmarks.md` names: time, memory, size.

    cargo build --release
    python3 scripts/bench/limits.py

Plain Python, nothing to install. Whole processes are timed from outside, their peak memory is the system's own figure. Each line says what was found and what
the limit is; exits with 1 if one is missed. Times are medians of 30 runs (3 for the large table): run it on an idle machine.
"""

import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = TARGET / "release" / "chainrule"
ROWS, FEATURES, HIDDEN = 100_000, 28, (256, 256)


def run(*arguments, runs):
    """Median seconds, and the peak of resident memory in MB (of 2^20 bytes), of a command that must succeed."""
    seconds, peak = [], 0
    for _ in range(runs):
        started = time.perf_counter()
        child = subprocess.Popen([BINARY, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        seconds.append(time.perf_counter() - started)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            sys.exit(f"{' '.join(map(str, arguments))}: exit code {child.returncode}")
        peak = max(peak, usage.ru_maxrss / 1024)
    return sorted(seconds)[runs // 2], peak


def table(path):
    numbers = random.Random(1)
    with open(path, "w", encoding="ascii") as out:
        out.write(",".join(f"f{i}" for i in range(FEATURES)) + ",y\n")
        for _ in range(ROWS):
            x = [numbers.gauss(0, 1) for _ in range(FEATURES)]
            label = int(x[0] * x[1] + x[2] + numbers.gauss(0, 0.5) > 0)
            out.write(",".join(f"{v:.9g}" for v in x) + f",{label}\n")


def main():
    if not BINARY.exists():
        sys.exit(f"{BINARY} is not there: cargo build --release")
    missed = []

    def line(what, found, limit, unit):
        print(f"{what:<66} {found:>8.1f} {unit:<3} (limit {limit:.1f})")
        if found > limit:
            missed.append(what)

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        small, large, model = folder / "wdbc.csv", folder / "large.csv", folder / "m.chainrule"
        small.write_bytes((ROOT / "crates/data/embedded/wdbc.csv").read_bytes())
        table(large)
        line("size of the binary", BINARY.stat().st_size / 2**20, 12, "MB")
        line("start-up (--version)", run("--version", runs=30)[0] * 1e3, 5, "ms")
        train = ["train", small, "--target", "diagnosis", "--epochs", 200, "--output", model, "--quiet"]
        line("train 569 rows, 200 epochs, from start to model on disk", run(*train, runs=30)[0] * 1e3, 30, "ms")
        sizes = [FEATURES, *HIDDEN, 1]
        parameters = sum((a + 1) * b for a, b in zip(sizes, sizes[1:]))
        limit = ROWS * FEATURES * 4 / 2**20 * 1.3 + parameters * 16 / 2**20 + 30
        hidden = ",".join(map(str, HIDDEN))
        train = ["train", large, "--target", "y", "--hidden", hidden, "--epochs", 2, "--batch-size", 1024, "--output", model, "--quiet"]
        seconds, peak = run(*train, runs=1)
        line(f"peak memory, train {ROWS:,} × {FEATURES} ({large.stat().st_size / 2**20:.0f} MB of text)", peak, limit, "MB")
        seconds, peak = run("predict", model, large, runs=3)
        print(f"{f'predict {ROWS:,} × {FEATURES}, printed':<66} {seconds * 1e3:>8.1f} ms, peak {peak:.0f} MB")
    if missed:
        print("missed: " + "; ".join(missed))
        sys.exit(1)


main()
