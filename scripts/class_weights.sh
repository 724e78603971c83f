#!/bin/sh
# The first two tables of docs/guide/weights.md: on random splits of two tables with a rare class, what weights of the classes do, beside
# another threshold; prints the means on the rows to test on.
#
# usage: scripts/class_weights.sh FOLDER
#
# FOLDER has the CSV files. In the environment: CHAINRULE names the binary (by default target/release/chainrule, or the one in
# CARGO_TARGET_DIR).
set -eu
if [ $# -ne 1 ] || [ ! -d "$1" ]; then
    echo "usage: scripts/class_weights.sh FOLDER; FOLDER has the CSV files" >&2
    exit 2
fi
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")/.." && pwd)
chainrule=${CHAINRULE:-${CARGO_TARGET_DIR:-$here/target}/release/chainrule}
if [ ! -x "$chainrule" ]; then
    echo "$chainrule: no such program; run cargo build --release, or name it in CHAINRULE" >&2
    exit 2
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
cd "$work"

metrics='log_loss log_loss_of_chances calibration_error mean_probability roc_auc recall precision balanced_accuracy'

# measure TABLE TARGET SPLITS CLASS-WEIGHT THRESHOLD OPTION…
measure() {
    table=$1 target=$2 splits=$3 weight=$4 threshold=$5
    shift 5
    : >scores
    seed=0
    while [ "$seed" -lt "$splits" ]; do
        "$chainrule" split "$folder/$table.csv" --target "$target" --validation 0 --test 0.3 --seed "$seed" -o part --force >split
        "$chainrule" train part.train.csv --target "$target" --validation 0 --seed "$seed" --class-weight "$weight" --quiet -o model "$@"
        json=$("$chainrule" evaluate model part.test.csv --threshold "$threshold" --json 2>notes | sed 's/"baseline":{[^{}]*},//')
        for metric in $metrics; do
            printf '%s ' "$(printf '%s' "$json" | sed -n "s/.*[{,]\"$metric\":\([-+.0-9eE]*\|null\),.*/\1/p")"
        done >>scores
        echo >>scores
        seed=$((seed + 1))
    done
    case $weight in
    1:1) name='no weights' ;;
    *) name="\`$weight\`" ;;
    esac
    awk -v table="$table" -v name="$name, threshold $threshold" '
        { for (i = 1; i <= NF; i++) if ($i != "null") { sum[i] += $i; count[i]++ } }
        END {
            printf "| %s: %s |", table, name
            for (i = 1; i <= NF; i++) printf count[i] ? " %.3f |" : " |", sum[i] / (count[i] ? count[i] : 1)
            print ""
        }' scores
}

echo "| | log loss | the same, chances | calibration error | mean probability | ROC AUC | recall | precision | balanced accuracy |"
echo "|---|---|---|---|---|---|---|---|---|"
measure oil-spill last 20 1:1 0.5
measure oil-spill last 20 1:1 0.044
measure oil-spill last 20 balanced 0.5
measure bank_marketing y 5 1:1 0.5 --ignore duration
measure bank_marketing y 5 1:1 0.113 --ignore duration
measure bank_marketing y 5 balanced 0.5 --ignore duration
