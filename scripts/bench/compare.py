"""Runs ours and its peers in turn and prints the tables of `docs/benchmarks.md`: medians, and ratios within each round.

    python3 -m venv target/peers && target/peers/bin/pip install jax numpy torch onnxruntime onnx
    cargo build --release -p chainrule-trainer --example workloads && cargo build --release -p chainrule-nn --example prediction
    target/peers/bin/python scripts/bench/compare.py training|prediction [--rounds N] [--peers jax-scan,jax-step,pytorch,numpy] [--only NAME]

Training: ours has the threads that it takes by itself (one for tiny), peers have two. A peer that is not installed is left out, and it says so. Prediction: ONNX Runtime.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent.parent / "target"))
EXAMPLES = TARGET / "release" / "examples"


def lines(command):
    """The lines of JSON that a command prints; nothing, and a word on why, if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip() or "it printed nothing").splitlines()[-1]
        print(f"SKIPPED: {' '.join(map(str, command[:3]))}: {reason}", file=sys.stderr)
        return []
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def example(name):
    path = EXAMPLES / name
    if not path.exists():
        sys.exit(f"{path} is not there: build it as the head of this script says")
    return path


def median(values):
    return sorted(values)[len(values) // 2] if values else None


def number(value):
    return "–" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def training(options):
    ours, names = example("workloads"), ["tiny", "small", "medium", "wide"]
    times, isa = {}, ""
    for _ in range(options.rounds):
        for name in names if options.only == "all" else [options.only]:
            for line in lines([ours, name, "auto"]):
                times.setdefault((name, "ours"), []).append(line["us_step"])
                times.setdefault((name, "ours, best epoch"), []).append(line["us_best_epoch"])
                isa = line["isa"]
            for peer in options.peers.split(","):
                for line in lines([sys.executable, HERE / "training_peers.py", peer, name, 2]):
                    times.setdefault((name, line["peer"] + f" ({peer})"), []).append(line["us_step"])
    peers = list(dict.fromkeys(who for _, who in times if not who.startswith("ours")))
    print(f"µs a step, {isa}, medians of {options.rounds} rounds; in brackets our median against the peer's of the same round\n")
    print("| workload | ours | best epoch | " + " | ".join(peers) + " |")
    print("|---|---|---|" + "---|" * len(peers))
    for name in names:
        own = times.get((name, "ours"))
        if not own:
            continue
        cells = [number(median(own)), number(min(times[name, "ours, best epoch"]))]
        for peer in peers:
            theirs = times.get((name, peer), [])
            ratios = ", ".join(f"{b / a:.2f}" for a, b in zip(own, theirs))
            cells.append(f"{number(median(theirs))} ({ratios})")
        print(f"| {name} | " + " | ".join(cells) + " |")


def prediction(options):
    ours = example("prediction")
    times = {}
    for _ in range(options.rounds):
        for who, command in [
            ("ours", [ours, options.only, 2]),
            ("onnx", [sys.executable, HERE / "onnx_runtime.py", options.only, 2]),
        ]:
            for line in lines(command):
                times.setdefault((line["network"], line["rows"]), {}).setdefault(who, []).append(line["us"])
    print("| network | rows | ONNX Runtime, µs | ours, µs | ratio of each round |")
    print("|---|---|---|---|---|")
    for (network, rows), of in times.items():
        own, theirs = of.get("ours", []), of.get("onnx", [])
        ratios = ", ".join(f"{b / a:.2f}" for a, b in zip(own, theirs))
        print(f"| {network} | {rows:,} | {number(median(theirs))} | {number(median(own))} | {ratios} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["training", "prediction"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default="jax-scan,jax-step,pytorch,numpy")
    parser.add_argument("--only", default="all")
    options = parser.parse_args()
    {"training": training, "prediction": prediction}[options.what](options)


main()
