"""Counts the instructions of one step of each workload and compares them with `instructions.json` beside it.

    cargo build --release -p chainrule-trainer --example workloads
    python3 scripts/bench/instructions.py [--write]

The AVX2 path, one thread, by valgrind's callgrind: the same binary gives the same counts on any machine, whatever else runs there, so a step that has
become dearer shows without a clock. (Another version of the compiler gives other counts: then look at the difference, and write the file again.) A
count is that of a longer run less that of a shorter one; the tape of a short step is written in both. Exits with 1 if a step takes over 1 % more than the
reference; says so and exits with 0 where there is no valgrind. It takes some five minutes: valgrind has fused multiply-adds done one by one.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
REFERENCE = HERE / "instructions.json"
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target"))
EXAMPLE = TARGET / "release" / "examples" / "workloads"
# Steps of the shorter and of the longer run: many of short ones, since what comes before them differs by some thousand instructions from run to run.
WORKLOADS = {"tiny": (100, 1100), "small": (10, 60), "medium": (1, 2), "wide": (1, 2)}
MORE = 0.01


def count(workload, steps):
    """The instructions of the whole process."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", str(EXAMPLE), workload, f"steps={steps}"]
    env = {**os.environ, "CHAINRULE_ISA": "avx2"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not found:
        sys.exit(done.stderr)
    return int(found.group(1))


def main():
    if shutil.which("valgrind") is None:
        print("SKIPPED: valgrind is not installed, so no instructions were counted")
        return
    if not EXAMPLE.exists():
        sys.exit(f"{EXAMPLE} is not there: cargo build --release -p chainrule-trainer --example workloads")
    counts = {w: (count(w, long) - count(w, short)) // (long - short) for w, (short, long) in WORKLOADS.items()}
    if "--write" in sys.argv:
        REFERENCE.write_text(json.dumps(counts, indent=2) + "\n")
    reference = json.loads(REFERENCE.read_text())
    dearer = False
    for workload, found in counts.items():
        change = found / reference[workload] - 1
        dearer |= change > MORE
        print(f"{workload:8} {found:>13,} instructions a step, {change:+.2%}")
    sys.exit(1 if dearer else 0)


main()
