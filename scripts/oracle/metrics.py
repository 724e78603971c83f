#!/usr/bin/env python3
"""Writes crates/metrics/tests/data/scikit-learn.txt: metrics as scikit-learn computes them, which a test compares ours with.

Set up and run, from the root of the checkout (the file is committed: the tests don't need Python):

    python3 -m venv target/oracle && target/oracle/bin/pip install scikit-learn==1.9.1 && target/oracle/bin/python scripts/oracle/metrics.py

One case a line, fields parted by " ; ": kind, threshold, labels, scores, weights ("-" for none), then name=value for each
metric. Of kind "logits" the scores are logits, of kind "probabilities" they are probabilities. NaN means undefined: where scikit-learn warns and
returns a number all the same, NaN is written here.

The first cases are moderate rows; then come many ties, scores at and beyond the ends of what an f64 tells apart, larger tables, and weights
from tiny to huge. The log loss of extreme logits is scikit-learn's HalfBinomialLoss, which starts from logits too. scikit-learn has no expected
calibration error: it is computed here, and compared with its calibration_curve wherever the two put rows in the same bins.
"""

import math
import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics
from sklearn._loss.loss import HalfBinomialLoss
from sklearn.calibration import calibration_curve

CASES = 400
HARD_CASES = 400
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


def draw_hard(rng, case):
    """The same for what is hard: see the head of this file."""
    theme = ("ties", "extreme", "large", "scale")[case % 4]
    kind = "logits" if case // 4 % 2 else "probabilities"
    rows = int(rng.integers(60, 150)) if theme == "large" else int(rng.integers(2, 40))
    share = rng.choice([0.02, 0.2, 0.5, 0.98])
    labels = (rng.random(rows) < share).astype(int)
    if case % 5 and rows > 3:
        labels[:2] = 0, 1
    if theme == "ties":
        values = [-1.5, 0.0, 0.25] if kind == "logits" else [0.1, 0.5, 0.8]
        scores = rng.choice(values[: int(rng.integers(1, 4))], size=rows)
    elif theme == "extreme":
        if kind == "logits":
            values = [-1000.0, -745.2, -709.8, -40.0, -1e-300, 0.0, 5e-324, 36.5, 37.0, 710.0, 1000.0, 1e15]
        else:
            values = [0.0, 5e-324, 1e-300, 1e-17, 2.220446049250313e-16, 1e-9, 0.5, 1 - 1e-9, 1 - 2.0**-52, 1 - 2.0**-53, 1.0]
        scores = rng.choice(values, size=rows)
    elif kind == "logits":
        scores = np.clip(rng.normal(1.2 * (2 * labels - 1), 2.0), -6, 6).round(int(rng.choice([1, 6])))
    else:
        scores = np.clip(rng.normal(0.3 + 0.4 * labels, 0.35), 0, 1).round(int(rng.choice([2, 6])))
    weights = None
    if theme == "scale":
        weights = rng.choice([0.0, 1.0, 3.0, 1e-6, 0.1], size=rows) * rng.choice([1e-200, 1e-12, 1e12, 1e200])
    elif case // 8 % 2:
        weights = rng.integers(0, 5, size=rows).astype(float)
    if weights is not None and weights.sum() == 0:
        weights[0] = 1.0
    if kind == "probabilities" and rng.random() < 0.5:
        threshold = float(rng.choice(scores))
    else:
        threshold = float(rng.choice([0.0, 0.5, 0.75, 1.0]))
    return kind, labels, scores, weights, threshold


def log_loss(kind, y, s, p, w):
    if kind == "logits":
        return HalfBinomialLoss()(y.astype(float), s, None if w is None else w / w.max())
    return metrics.log_loss(y, p, labels=[0, 1], sample_weight=w)


def calibration_error(y, p, w, bins=10):
    """Bins of equal width, [k / n, (k + 1) / n), the last with its upper end."""
    place = np.minimum((p * bins).astype(int), bins - 1)
    weights = np.ones(len(y)) if w is None else w / w.max()
    sums = [math.fsum(weights[place == k] * (p - y)[place == k]) for k in range(bins)]
    error = math.fsum(map(abs, sums)) / math.fsum(weights)
    inner = p[(p > 0.01) & (p < 0.99)]
    if w is None and (np.abs(inner * bins - np.round(inner * bins)) > 1e-9).all():
        counts = np.bincount(place, minlength=bins)
        true, predicted = calibration_curve(y, p, n_bins=bins)
        other = np.sum(np.abs(true - predicted) * counts[counts > 0]) / len(y)
        assert abs(error - other) < 1e-13, (error, other)
    return error


def expected(kind, labels, scores, weights, threshold):
    present = np.ones(len(labels), bool) if weights is None else weights > 0
    y, s = labels[present], scores[present]
    w = None if weights is None else weights[present]
    p = 1 / (1 + np.exp(-s)) if kind == "logits" else s
    if w is not None and not 1e-100 < w.max() < 1e100:
        # Some of scikit-learn's sums lose digits or overflow there. A power of two changes nothing else.
        found = expected(kind, y, s, w * 2.0 ** -math.frexp(w.max())[1], threshold)
        return found | {name: found[name] * 2.0 ** math.frexp(w.max())[1] for name in ("tp", "fp", "fn", "tn")}
    decided = (p >= threshold).astype(int)
    both, decided_both = len(set(y)) == 2, len(set(decided)) == 2
    (tn, fp), (fn, tp) = metrics.confusion_matrix(y, decided, labels=[0, 1], sample_weight=w)
    nan = math.nan
    return {
        "log_loss": log_loss(kind, y, s, p, w),
        "brier": metrics.brier_score_loss(y, p, sample_weight=w, pos_label=1),
        "accuracy": metrics.accuracy_score(y, decided, sample_weight=w),
        "balanced_accuracy": metrics.balanced_accuracy_score(y, decided, sample_weight=w) if both else nan,
        "precision": metrics.precision_score(y, decided, sample_weight=w, zero_division=nan),
        "recall": metrics.recall_score(y, decided, sample_weight=w, zero_division=nan),
        "f1": metrics.f1_score(y, decided, sample_weight=w, zero_division=nan),
        "mcc": metrics.matthews_corrcoef(y, decided, sample_weight=w) if both and decided_both else nan,
        "roc_auc": metrics.roc_auc_score(y, s, sample_weight=w) if both else nan,
        "average_precision": metrics.average_precision_score(y, s, sample_weight=w) if y.any() else nan,
        "calibration_error": calibration_error(y, p, w),
        "tp": tp, "fp": fp, "fn": fn, "tn": tn,
    }  # fmt: skip


def numbers(values):
    return " ".join(repr(float(value)) for value in values)


def main():
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(20240917)
    lines = [f"# Written by scripts/oracle/metrics.py with scikit-learn {sklearn.__version__}, which describes the format."]
    hard = np.random.default_rng(20251125)
    cases = [draw(rng, case) for case in range(CASES)] + [draw_hard(hard, case) for case in range(HARD_CASES)]
    for kind, labels, scores, weights, threshold in cases:
        found = expected(kind, labels, scores, weights, threshold)
        fields = [kind, repr(threshold), "".join(map(str, labels)), numbers(scores)]
        fields.append("-" if weights is None else numbers(weights))
        fields.append(" ".join(f"{name}={float(value)!r}" for name, value in found.items()))
        lines.append(" ; ".join(fields))
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{len(cases)} cases in {OUT}")


if __name__ == "__main__":
    main()
