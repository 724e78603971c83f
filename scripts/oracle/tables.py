"""What pandas and scikit-learn make of real tables, for crates/data/tests/expectations.rs to compare with.

python3 -m venv target/tables && target/tables/bin/pip install pandas scikit-learn
target/tables/bin/python scripts/oracle/tables.py ../shared/data/csv > crates/data/tests/expectations.json
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import sklearn
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

# How each file is written, for a reader that has to be told.
TABLES = {
    "wdbc.csv": dict(header=0, target="diagnosis"),
    "adult-train.csv": dict(),
    "adult-test.csv": dict(),
    "bank_marketing.csv": dict(header=0, target="y"),
    "banknote_authentication.csv": dict(),
    "breast-cancer.csv": dict(quotechar="'"),
    "german.csv": dict(),
    "german_credit_named.csv": dict(header=0, target="credit_risk"),
    "haberman.csv": dict(),
    "ionosphere.csv": dict(),
    "oil-spill.csv": dict(),
    "pima-indians-diabetes.csv": dict(),
}


def sha256(values):
    """Of the bits of the values, little-endian; all NaN and both zeros have one form."""
    values = np.asarray(values, dtype="<f8") + 0.0
    values[np.isnan(values)] = np.nan
    return hashlib.sha256(values.tobytes()).hexdigest()


def numbers(column):
    present = column[column.notna()].to_numpy(dtype=float)
    scaler = StandardScaler().fit(present.reshape(-1, 1))
    constant = len(np.unique(present)) == 1
    return {
        "sha256": sha256(column.to_numpy(dtype=float)),
        "mean": float(scaler.mean_[0]),
        "deviation": 0.0 if constant else float(np.sqrt(scaler.var_[0])),
        "median": float(np.median(present)),
    }


def words(column):
    levels = column.value_counts()
    # Sorted by bytes, missing values filled in by the most frequent level (the first in order of several).
    filled = SimpleImputer(strategy="most_frequent").fit_transform(
        column.astype(object).where(column.notna(), np.nan).to_numpy().reshape(-1, 1)
    )
    encoder = OneHotEncoder(min_frequency=5, handle_unknown="infrequent_if_exist", sparse_output=False)
    inputs = encoder.fit_transform(filled)
    names = [name.removeprefix("x0_") for name in encoder.get_feature_names_out()]
    return {
        "levels": {str(level): int(count) for level, count in sorted(levels.items())},
        "inputs": dict(zip(names, map(int, inputs.sum(axis=0)))),
    }


def table(path, header=None, target=None, sep=",", quotechar='"'):
    data = pd.read_csv(
        path,
        header=header,
        sep=sep,
        quotechar=quotechar,
        skipinitialspace=True,
        na_values=["?"],
    )
    if header is None:
        data.columns = [f"c{at}" for at in range(1, data.shape[1] + 1)]
    target = target or data.columns[-1]
    columns = []
    for name in data.columns:
        column = data[name]
        facts = {"name": name, "missing": int(column.isna().sum())}
        if name != target:
            facts |= numbers(column) if pd.api.types.is_numeric_dtype(column) else words(column)
        columns.append(facts)
    labels = data[target].astype(str).value_counts()
    return {
        "file": path.name,
        "rows": len(data),
        "target": target,
        "labels": {str(label): int(count) for label, count in sorted(labels.items())},
        "columns": columns,
    }


def line(value):
    return json.dumps(value, ensure_ascii=False)


folder = Path(sys.argv[1])
print("{")
print(f' "made_by": "scripts/oracle/tables.py with pandas {pd.__version__} and scikit-learn {sklearn.__version__}",')
print(' "tables": [')
for at, (name, how) in enumerate(TABLES.items()):
    facts = table(folder / name, **how)
    columns = facts.pop("columns")
    print("  " + line(facts)[:-1] + ', "columns": [')
    print("   " + ",\n   ".join(map(line, columns)))
    print("  ]}" + ("," if at + 1 < len(TABLES) else ""))
print(" ]\n}")
