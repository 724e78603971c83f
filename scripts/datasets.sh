#!/bin/sh
# The table of docs/datasets.md: trains each table with the defaults, over seeds, and prints means on the rows held out.
#
# usage: scripts/datasets.sh FOLDER [OPTION OF TRAIN…]
#
# FOLDER has the CSV files; options such as --epochs 20 tell what other settings would give. CHAINRULE names the binary
# (by default target/release/chainrule, or the one in CARGO_TARGET_DIR), SEEDS the number of seeds (10; of the two large tables 2).
set -eu
if [ $# -lt 1 ] || [ ! -d "$1" ]; then
    echo "usage: scripts/datasets.sh FOLDER [OPTION OF TRAIN...]; FOLDER has the CSV files" >&2
    exit 2
fi
folder=$1
shift
here=$(cd "$(dirname "$0")/.." && pwd)
chainrule=${CHAINRULE:-${CARGO_TARGET_DIR:-$here/target}/release/chainrule}
if [ ! -x "$chainrule" ]; then
    echo "$chainrule: no such program; run cargo build --release, or name it in CHAINRULE" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

# From one line of JSON: a number of an object that has no objects before it.
number() {
    printf '%s' "$1" | sed -n "s/.*\"$2\":{[^{}]*\"$3\":\([-+.0-9eE]*\).*/\1/p"
}

measure() {
    table=$1 seeds=$2
    shift 2
    : >"$work/scores"
    seed=0
    while [ "$seed" -lt "$seeds" ]; do
        "$chainrule" train "$folder/$table" --seed "$seed" --quiet --json -o "$work/model" "$@" >"$work/json"
        json=$(sed 's/"history":.*//' "$work/json")
        rows=$(printf '%s' "$json" | sed -n 's/.*"rows":\([0-9]*\),"features".*/\1/p')
        echo "$rows $(number "$json" validation roc_auc) $(number "$json" validation log_loss) $(number "$json" validation accuracy)" \
            "$(number "$json" baseline accuracy)" >>"$work/scores"
        seed=$((seed + 1))
    done
    # Means, and in brackets the standard deviation over the splits.
    awk -v table="$table" '
        NF != 5 { print table ": a score is missing: " $0 > "/dev/stderr"; failed = 1; exit 1 }
        { for (i = 2; i <= 5; i++) { sum[i] += $i; squares[i] += $i * $i } rows = $1 }
        function spread(i) { v = squares[i] / NR - (sum[i] / NR) ^ 2; return sqrt((v > 0 ? v : 0) * NR / (NR > 1 ? NR - 1 : 1)) }
        END {
            if (failed) exit 1
            printf "| %s | %d | %.3f | %.3f (%.3f) | %.3f (%.3f) | %.3f (%.3f) |\n", table, rows, sum[5] / NR,
                sum[2] / NR, spread(2), sum[3] / NR, spread(3), sum[4] / NR, spread(4)
        }' "$work/scores"
}

echo "| table | rows | majority | ROC AUC | log loss | accuracy |"
echo "|---|---|---|---|---|---|"
many=${SEEDS:-10}
few=${SEEDS:-2}
measure wdbc.csv "$many" --target diagnosis "$@"
measure adult-train.csv "$few" "$@"
measure banknote_authentication.csv "$many" "$@"
measure ionosphere.csv "$many" "$@"
measure pima-indians-diabetes.csv "$many" "$@"
measure german.csv "$many" "$@"
measure german_credit_named.csv "$many" --target credit_risk "$@"
measure bank_marketing.csv "$few" --target y "$@"
measure haberman.csv "$many" "$@"
measure breast-cancer.csv "$many" "$@"
measure oil-spill.csv "$many" "$@"
