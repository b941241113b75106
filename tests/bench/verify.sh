#!/usr/bin/env bash
# make bench-verify: the CPU time of `verify records` beside that of only inflating the same files with zlib, in
# interleaved rounds, and its memory on a tenth and on all of the data. The data is a generated tree, repeated.
# BENCH_VERIFY_MB (1000) of records, BENCH_FILE_KB (6000; 0: small files, as generated) of them in a file, BENCH_ROUNDS
# (5) change the effort. Exits 1 when a limit is missed on a machine that was quiet when it began.
set -u
cd "$(dirname "$0")/../.."
bench=$1
rounds=${BENCH_ROUNDS:-5} megabytes=${BENCH_VERIFY_MB:-1000} threads=$(nproc) file_kb=${BENCH_FILE_KB:-6000}
work=$(mktemp -d build/bench.XXXXXX)
missed=0
busy=$(awk -v n="$threads" '{ print ($1 > n / 4) ? $1 : 0 }' /proc/loadavg)
trap 'rm -rf "$work"' EXIT

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }
judge() { # judge VALUE LIMIT
    if awk -v v="$1" -v l="$2" 'BEGIN { exit !(v <= l) }'; then verdict=ok; else verdict=MISSED missed=$((missed + 1)); fi
}
cost() { "$bench/cost" "$@" || { echo "bench: failed: $*" >&2; exit 1; }; }

build/mocktrail generate startup --out "$work/small" --seed 1 --events 20000 > "$work/log" 2>&1 ||
    { cat "$work/log" >&2; exit 1; }
"$bench/repeat" make "$work/small/buckets" "$work/tenth" $((megabytes / 10)) "$file_kb" > "$work/log" || exit 1
"$bench/repeat" make "$work/small/buckets" "$work/all" "$megabytes" "$file_kb" > "$work/made" || exit 1
echo "$(awk '{ printf "%.0f MB of records in %d files", $1 / 1e6, $2 }' "$work/made"); rounds: $rounds, interleaved"
: > "$work/ratio"; : > "$work/ours"; : > "$work/bare"
for ((i = 0; i < rounds; i++)); do
    cost "$bench/repeat" inflate "$work/all" | cut -d' ' -f1 >> "$work/bare"
    cost build/mocktrail verify records "$work/all" | cut -d' ' -f1 >> "$work/ours"
done
paste "$work/ours" "$work/bare" | awk '{ print $1 / $2 }' | median > "$work/ratio"
judge "$(cat "$work/ratio")" 1.45
printf 'verify records: %s s of CPU; inflating alone (zlib): %s s; ratio %.2f, limit 1.45 %s\n' \
    "$(median < "$work/ours")" "$(median < "$work/bare")" "$(cat "$work/ratio")" "$verdict"
tenth_kb=$(cost build/mocktrail verify records "$work/tenth" | cut -d' ' -f2)
all_kb=$(cost build/mocktrail verify records "$work/all" | cut -d' ' -f2)
# ids of events, for duplicates, take 24 bytes each up to 48 MB, then they go to a file
judge "$all_kb" $((tenth_kb + 65536))
printf 'peak memory: %d MB on a tenth, %d MB on all; limit +64 MB %s\n' $((tenth_kb / 1024)) $((all_kb / 1024)) "$verdict"
[ "$missed" -eq 0 ] && exit 0
[ "$busy" = 0 ] && exit 1
echo "$missed limits are missed, but the machine was busy (load $busy): run it again when it is quiet"
