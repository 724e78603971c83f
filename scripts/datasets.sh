#!/bin/sh
# The table of docs/datasets.md: for each table and seed, splits off a test file and trains on the rest with the defaults; prints the means
# on the test files.
#
# usage: scripts/datasets.sh FOLDER [OPTION OF TRAIN…]
#
# FOLDER has the CSV files; options such as --epochs 20 tell what other settings would give. In the environment: CHAINRULE names the binary
# (by default target/release/chainrule, or the one in CARGO_TARGET_DIR), SEEDS the number of seeds (10; of the two large tables 2), SPLITS
# a folder in which the split files stay, for scripts/oracle/datasets.py.
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
splits=${SPLITS:-$work}
mkdir -p "$splits"

# From one line of JSON: a number of an object that has no objects before it.
number() {
    printf '%s' "$1" | sed -n "s/.*\"$2\":{[^{}]*\"$3\":\([-+.0-9eE]*\).*/\1/p"
}

# measure TABLE SEEDS TARGET OPTION…; the target is empty for the last column of a table without a header.
measure() {
    table=$1 seeds=$2 target=$3
    shift 3
    : >"$work/scores"
    seed=0
    while [ "$seed" -lt "$seeds" ]; do
        part=$splits/$table.$seed
        "$chainrule" split "$folder/$table.csv" ${target:+--target "$target"} --validation 0 --test 0.2 --seed "$seed" \
            -o "$part" --force --json >"$work/split"
        "$chainrule" train "$part.train.csv" ${target:+--target "$target"} --validation "$part.test.csv" --seed "$seed" \
            --quiet --json -o "$work/model" "$@" >"$work/train"
        json=$(sed 's/"history":.*//' "$work/train")
        rows=$(sed -n 's/.*"rows":\([0-9]*\),"rows_left_out".*/\1/p' "$work/split")
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
            printf "| %s | %d | %.3f | %.3f (%.3f) / %.3f (%.3f) / %.3f (%.3f) |\n", table, rows, sum[5] / NR,
                sum[2] / NR, spread(2), sum[3] / NR, spread(3), sum[4] / NR, spread(4)
        }' "$work/scores"
}

echo "| table | rows | majority | chainrule |"
echo "|---|---|---|---|"
many=${SEEDS:-10}
few=${SEEDS:-2}
measure wdbc "$many" diagnosis "$@"
measure adult-train "$few" "" "$@"
measure banknote_authentication "$many" "" "$@"
measure ionosphere "$many" "" "$@"
measure pima-indians-diabetes "$many" "" "$@"
measure german "$many" "" "$@"
measure german_credit_named "$many" credit_risk "$@"
measure bank_marketing "$few" y "$@"
measure haberman "$many" "" "$@"
measure breast-cancer "$many" "" "$@"
measure oil-spill "$many" "" "$@"
