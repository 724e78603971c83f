"""scikit-learn on the rows of scripts/datasets.sh: logistic regression and MLPClassifier, with median imputing, standard scaling and one-hot.

    SPLITS=folder scripts/datasets.sh FOLDER && python scripts/oracle/datasets.py folder

Needs pandas and scikit-learn. Prints the columns of docs/datasets.md: means over seeds, and in brackets the standard deviation.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# Target, where it is not the last column of a table without a header; and the quote, where it is a single one.
TARGETS = {"wdbc": "diagnosis", "german_credit_named": "credit_risk", "bank_marketing": "y"}
QUOTES = {"breast-cancer": "'"}


def read(path, name):
    header = 0 if name in TARGETS else None
    table = pd.read_csv(
        path, header=header, skipinitialspace=True, na_values=["?", "nan"], quotechar=QUOTES.get(name, '"')
    )
    target = TARGETS.get(name, table.columns[-1])
    return table.drop(columns=target), table[target]


def preprocessing(x):
    numeric = x.select_dtypes("number").columns
    names = x.columns.difference(numeric)
    return make_column_transformer(
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), list(numeric)),
        (OneHotEncoder(handle_unknown="ignore"), list(names)),
    )


def scores(model, x, y, x_test, y_test, positive):
    model.fit(x, y)
    p = model.predict_proba(x_test)[:, list(model.classes_).index(positive)]
    truth = y_test == positive
    predicted = p >= 0.5
    return roc_auc_score(truth, p), log_loss(truth, p, labels=[False, True]), accuracy_score(truth, predicted)


def main():
    warnings.filterwarnings("ignore")
    folder = Path(sys.argv[1])
    names = dict.fromkeys(path.name.split(".")[0] for path in sorted(folder.glob("*.train.csv"), key=lambda path: path.stat().st_size))
    print("| table | logistic | MLP |\n|---|---|---|")
    for name in names:
        found = {"logistic": [], "MLP": []}
        for train in sorted(folder.glob(f"{name}.*.train.csv")):
            seed = int(train.name.split(".")[1])
            x, y = read(train, name)
            x_test, y_test = read(folder / f"{name}.{seed}.test.csv", name)
            models = {
                "logistic": LogisticRegression(max_iter=2000),
                "MLP": MLPClassifier((16, 8), activation="logistic", random_state=seed, max_iter=1000),
            }
            for kind, model in models.items():
                model = make_pipeline(preprocessing(x), model)
                found[kind].append(scores(model, x, y, x_test, y_test, max(y.unique())))
        cells = []
        for values in found.values():
            mean, spread = np.mean(values, axis=0), np.std(values, axis=0, ddof=1)
            cells.append(" / ".join(f"{m:.3f} ({s:.3f})" for m, s in zip(mean, spread)))
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


main()
