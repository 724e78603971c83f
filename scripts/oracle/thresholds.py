#!/usr/bin/env python3
"""Writes crates/metrics/tests/data/thresholds.txt: the best thresholds as scikit-learn finds them, which a test compares ours with.

Set up and run, from the root of the checkout (the file is committed: the tests don't need Python):

    python3 -m venv target/oracle && target/oracle/bin/pip install scikit-learn==1.9.1 && target/oracle/bin/python scripts/oracle/thresholds.py

One case a line, fields parted by " ; ": labels, probabilities, weights ("-" for none), then metric=score,above,up_to for each metric.

The scores are those of TunedThresholdClassifierCV with cv="prefit", for a classifier that gives the probabilities of the case, at one threshold
for each way to decide: above one probability (or 0), up to the next (or 1). Of the ways that are equally good (to 1e-12) the one nearest to
1/2 is written, the lower one of two that are as near: scikit-learn takes the lowest threshold of all, and has no rule for what lies between.
Matthews' correlation of decisions that are all the same is not looked at (scikit-learn says 0). nan is written where no way is left.
"""

import pathlib
import warnings

import numpy as np
import sklearn
from sklearn import metrics
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import TunedThresholdClassifierCV

CASES = 240
OUT = pathlib.Path(__file__).parents[2] / "crates/metrics/tests/data/thresholds.txt"
SCORES = {
    "accuracy": metrics.accuracy_score,
    "balanced-accuracy": metrics.balanced_accuracy_score,
    "f1": metrics.f1_score,
    "mcc": metrics.matthews_corrcoef,
}


class Given(ClassifierMixin, BaseEstimator):
    """Its one feature is the probability."""

    def fit(self, x, y):
        self.classes_ = np.array([0, 1])
        return self

    def predict_proba(self, x):
        return np.column_stack([1 - x[:, 0], x[:, 0]])


def draw(rng, case):
    rows = int(rng.integers(2, 12)) if case % 4 == 0 else int(rng.integers(12, 60))
    share = rng.choice([0.05, 0.2, 0.5, 0.9])
    labels = (rng.random(rows) < share).astype(int)
    labels[:2] = 0, 1
    digits = int(rng.choice([1, 2, 12]))
    middle = rng.choice([0.1, 0.3, 0.7])
    p = np.clip(rng.normal(middle + 0.2 * labels, 0.2), 0, 1).round(digits)
    weights = None
    if case % 3 == 0:
        weights = rng.choice([0.0, 0.5, 1.0, 2.0, 7.25], size=rows) if case % 2 else rng.exponential(size=rows).round(4)
        weights[:2] = 1.0, 0.5
    return labels, p, weights


def expected(name, labels, p, weights):
    present = np.ones(len(labels), bool) if weights is None else weights > 0
    y, p = labels[present], p[present]
    levels = np.unique(p)
    above = np.concatenate([[0.0], levels])
    up_to = np.concatenate([levels, [1.0]])
    if levels[-1] == 1.0:
        above, up_to = above[:-1], up_to[:-1]
    scorer = metrics.make_scorer(SCORES[name])
    given = {}
    if weights is not None:
        scorer = scorer.set_score_request(sample_weight=True)
        given["sample_weight"] = weights[present]
    tuned = TunedThresholdClassifierCV(
        Given().fit(None, None), scoring=scorer, thresholds=up_to, cv="prefit", refit=False, store_cv_results=True
    )
    tuned.fit(p[:, None], y, **given)
    scores = np.array(tuned.cv_results_["scores"])
    assert (np.array(tuned.cv_results_["thresholds"]) == up_to).all() and tuned.best_score_ == scores.max()
    if name == "mcc":
        both = np.array([0 < (p >= t).sum() < len(p) for t in up_to])
        scores = np.where(both, scores, -np.inf)
    best = scores.max()
    if best == -np.inf:
        return "nan,nan,nan"
    distance = np.maximum(np.maximum(0.5 - up_to, above - 0.5), 0.0)
    distance = np.where(scores >= best - 1e-12, distance, np.inf)
    place = int(np.argmin(distance))  # the first: the lowest
    return ",".join(repr(float(value)) for value in (best, above[place], up_to[place]))


def numbers(values):
    return " ".join(repr(float(value)) for value in values)


def main():
    warnings.simplefilter("ignore")
    sklearn.set_config(enable_metadata_routing=True)
    rng = np.random.default_rng(20251128)
    lines = [f"# Written by scripts/oracle/thresholds.py with scikit-learn {sklearn.__version__}, which describes the format."]
    for case in range(CASES):
        labels, p, weights = draw(rng, case)
        found = " ".join(f"{name}={expected(name, labels, p, weights)}" for name in SCORES)
        weights = "-" if weights is None else numbers(weights)
        lines.append(" ; ".join(["".join(map(str, labels)), numbers(p), weights, found]))
    OUT.write_text("\n".join(lines) + "\n")
    print(f"{CASES} cases in {OUT}")


if __name__ == "__main__":
    main()
