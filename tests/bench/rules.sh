#!/usr/bin/env bash
# make bench-rules: the CPU time of the embedded Sigma rules beside that of only inflating the same files with zlib, and
# beside one rule, in interleaved rounds; their memory on a tenth and on all of the data; and one rule beside the same
# question to DuckDB (of `make tools-check`) and to jq, where they are installed, on a tenth and on as many threads.
# BENCH_RULES_MB (1000) of records, BENCH_FILE_KB (6000; 0: small files, as generated) of them in a file, BENCH_ROUNDS
# (5) change the effort. Exits 1 when a limit is missed on a machine that was quiet when it began.
set -u
cd "$(dirname "$0")/../.."
bench=$1
rounds=${BENCH_ROUNDS:-5} megabytes=${BENCH_RULES_MB:-1000} threads=$(nproc) file_kb=${BENCH_FILE_KB:-6000}
one=tests/bench/one_rule.yml
work=$(mktemp -d build/bench.XXXXXX)
missed=0
busy=$(awk -v n="$threads" '{ print ($1 > n / 4) ? $1 : 0 }' /proc/loadavg)
trap 'rm -rf "$work"' EXIT

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
judge() { # judge VALUE LIMIT
    if awk -v v="$1" -v l="$2" 'BEGIN { exit !(v <= l) }'; then verdict=ok; else verdict=MISSED missed=$((missed + 1)); fi
}
cost() { "$bench/cost" "$@" || { echo "bench: failed: $*" >&2; exit 1; }; }
cpu() { cost "$@" | cut -d' ' -f1; }

build/mocktrail generate startup --out "$work/small" --seed 1 --events 20000 > "$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
"$bench/repeat" make "$work/small/buckets" "$work/tenth" $((megabytes / 10)) "$file_kb" > "$work/log" || exit 1
"$bench/repeat" make "$work/small/buckets" "$work/all" "$megabytes" "$file_kb" > "$work/made" || exit 1
echo "$(awk '{ printf "%.0f MB of records in %d files", $1 / 1e6, $2 }' "$work/made"); rounds: $rounds, interleaved"
for ((i = 0; i < rounds; i++)); do
    cpu "$bench/repeat" inflate "$work/all" >> "$work/bare"
    cpu "$bench/rules" own "$work/all" >> "$work/own"
    cpu "$bench/rules" "$one" "$work/all" >> "$work/one"
done
ratio=$(paste "$work/own" "$work/bare" | awk '{ print $1 / $2 }' | median)
judge "$ratio" 1.45
printf 'own rules: %s s of CPU; inflating alone (zlib): %s s; ratio %.2f, limit 1.45 %s\n' \
    "$(median < "$work/own")" "$(median < "$work/bare")" "$ratio" "$verdict"
ratio=$(paste "$work/own" "$work/one" | awk '{ print $1 / $2 }' | median)
judge "$ratio" 1.1
printf 'own rules: %s s of CPU; one rule: %s s; ratio %.2f, limit 1.1 %s\n' \
    "$(median < "$work/own")" "$(median < "$work/one")" "$ratio" "$verdict"
tenth_kb=$(cost "$bench/rules" own "$work/tenth" | cut -d' ' -f2)
all_kb=$(cost "$bench/rules" own "$work/all" | cut -d' ' -f2)
judge "$all_kb" $((tenth_kb + 65536)) # correlations keep a mark of each match that may count
printf 'peak memory: %d MB on a tenth, %d MB on all; limit +64 MB %s\n' $((tenth_kb / 1024)) $((all_kb / 1024)) "$verdict"

# One rule beside other tools, on a tenth. By CPU time: others on the machine disturb it less than the clock.
beside() { # beside NAME LIMIT COMMAND...
    local name=$1 limit=$2 ours theirs bare
    shift 2
    [ "$("$bench/rules" "$one" "$work/tenth")" = "$("$@")" ] || { echo "bench: $name finds something else" >&2; exit 1; }
    for ((i = 0; i < 3; i++)); do
        cpu "$bench/rules" "$one" "$work/tenth" >> "$work/$name.ours"
        cpu "$@" >> "$work/$name.theirs"
        cpu "$bench/repeat" inflate "$work/tenth" >> "$work/$name.bare"
    done
    ours=$(median < "$work/$name.ours") theirs=$(median < "$work/$name.theirs") bare=$(median < "$work/$name.bare")
    ratio=$(awk -v t="$theirs" -v o="$ours" 'BEGIN { print t / o }')
    judge "$limit" "$ratio"
    printf 'one rule, a tenth: %s s of CPU; %s: %s s; %.1f times its rate, limit %.1f (only inflating: %.1f times) %s\n' \
        "$ours" "$name" "$theirs" "$ratio" "$limit" "$(awk -v t="$theirs" -v b="$bare" 'BEGIN { print t / b }')" "$verdict"
}
if build/venv-tools/bin/python -c 'import duckdb' 2> "$work/log"; then
    beside DuckDB 8 build/venv-tools/bin/python tests/bench/duckdb_rule.py "$work/tenth" "$threads"
else
    echo 'DuckDB is not installed: make build/venv-tools/.done'
fi
if command -v jq > "$work/log"; then
    beside jq 25 tests/bench/jq_rule.sh "$work/tenth" "$threads"
else
    echo 'jq is not installed'
fi
[ "$missed" -eq 0 ] && exit 0
[ "$busy" = 0 ] && exit 1
echo "$missed limits are missed, but the machine was busy (load $busy): run it again when it is quiet"
