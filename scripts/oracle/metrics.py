#!/usr/bin/env python3
"""Writes crates/metrics/tests/data/scikit-learn.txt: metrics as scikit-learn computes them, which a test compares ours with.

Set up and run, from the root of the checkout (the file is committed: the tests don't need Python):

    python3 -m venv target/oracle && target/oracle/bin/pip install scikit-learn==1.9.1 && target/oracle/bin/python scripts/oracle/metrics.py

One case a line, fields parted by " ; ": kind, threshold, labels, scores, weights ("-" for none), then name=value for each
metric. Of kind "logits" the scores are logits, of kind "probabilities" they are probabilities. NaN means undefined: where scikit-learn warns and
returns a number all the same, NaN is written here.
"""

import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics

CASES = 400
OUT = pathlib.Path(__file__).parents[2] / "crates/metrics/tests/data/scikit-learn.txt"


def draw(rng, case):
    """Labels, scores, weights and threshold of one case: with and without ties, weights, zeros among them, and one class only."""
    rows = int(rng.integers(1, 30))
    share = rng.choice([0.0, 0.1, 0.5, 0.9, 1.0], p=[0.04, 0.16, 0.6, 0.16, 0.04])
    labels = (rng.random(rows) < share).astype(int)
    kind = "logits" if case % 2 else "probabilities"
    if kind == "logits":
        # Not larger: scikit-learn starts from probabilities, and 1 - p must keep twelve digits.
        scores = np.clip(rng.normal(1.5 * (2 * labels - 1), 2.0), -6, 6).round(int(rng.choice([0, 1, 6])))
    else:
        scores = np.clip(rng.normal(0.3 + 0.4 * labels, 0.35), 0, 1).round(int(rng.choice([1, 2, 6])))
    weights = None
    if case % 3 == 0:
        weights = rng.choice([0.0, 0.5, 1.0, 2.0, 7.25], size=rows) if case % 2 else rng.exponential(size=rows).round(4)
        if weights.sum() == 0:
            weights[0] = 1.0
    threshold = float(rng.choice([0.5, 0.3, 0.9]))
    return kind, labels, scores, weights, threshold


def expected(kind, labels, scores, weights, threshold):
    present = np.ones(len(labels), bool) if weights is None else weights > 0
    y, s = labels[present], scores[present]
    w = None if weights is None else weights[present]
    p = 1 / (1 + np.exp(-s)) if kind == "logits" else s
    decided = (p >= threshold).astype(int)
    both, decided_both = len(set(y)) == 2, len(set(decided)) == 2
    (tn, fp), (fn, tp) = metrics.confusion_matrix(y, decided, labels=[0, 1], sample_weight=w)
    nan = math.nan
    return {
        "log_loss": metrics.log_loss(y, p, labels=[0, 1], sample_weight=w),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w, pos_label=1),
        "accuracy": metrics.accuracy_score(y, decided, sample_weight=w),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided, sample_weight=w) if both else nan,
        "precision": metrics.precision_score(y, decided, sample_weight=w, zero_division=nan),
        "recall": metrics.recall_score(y, decided, sample_weight=w, zero_division=nan),
        "f1": metrics.f1_score(y, decided, sample_weight=w, zero_division=nan),
        "mcc": metrics.matthews_corrcoef(y, decided, sample_weight=w) if both and decided_both else nan,
        "roc_auc": metrics.roc_auc_score(y, s, sample_weight=w) if both else nan,
        "average_precision": metrics.average_precision_score(y, s, sample_weight=w) if y.any() else nan,
        "tp": tp, "fp": fp, "fn": fn, "tn": tn,
    }  # fmt: skip


def numbers(values):
    return " ".join(repr(float(value)) for value in values)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(20240917)
    lines = [f"# Written by scripts/oracle/metrics.py with scikit-learn {sklearn.__version__}, which describes the format."]
    for case in range(CASES):
        kind, labels, scores, weights, threshold = draw(rng, case)
        found = expected(kind, labels, scores, weights, threshold)
        fields = [kind, repr(threshold), "".join(map(str, labels)), numbers(scores)]
        fields.append("-" if weights is None else numbers(weights))
        fields.append(" ".join(f"{name}={float(value)!r}" for name, value in found.items()))
        lines.append(" ; ".join(fields))
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{CASES} cases in {OUT}")


if __name__ == "__main__":
    main()
