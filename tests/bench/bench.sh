#!/usr/bin/env bash
# make bench: prints ratios beside their limits. Exits 1 when one is missed on a machine that was
# quiet when it began; on a busy one the numbers tell little, and it says so. No part of make check.
#
# Requests per second of `mocktrail serve --auth verify` (every signature checked, every call in the
# journal, records delivered all the while) beside a bare libmicrohttpd that answers bytes of the same
# length, on the same threads, in interleaved rounds; then start-up and memory; then moto's server
# where it is installed. What is fair about it: README.md.
# BENCH_ROUNDS (5), BENCH_SECONDS (2), BENCH_CALLS (1000000) change the effort.
set -u
cd "$(dirname "$0")/../.."
bench=$1
rounds=${BENCH_ROUNDS:-5} seconds=${BENCH_SECONDS:-2} calls=${BENCH_CALLS:-1000000}
threads=$(nproc)
work=$(mktemp -d build/bench.XXXXXX)
pids=() missed=0
busy=$(awk -v n="$threads" '{ print ($1 > n / 4) ? $1 : 0 }' /proc/loadavg)
trap 'for p in ${pids[@]+"${pids[@]}"}; do kill "$p" 2>/dev/null; done; wait; rm -rf "$work"' EXIT

wait_line() { # wait_line FILE PATTERN PID: until a line of FILE matches; prints the port at its end
    local i
    for ((i = 0; i < 1000; i++)); do
        grep -qE "$2" "$1" 2>/dev/null && { grep -E "$2" "$1" | head -n 1 | sed 's/.*[^0-9]//'; return 0; }
        kill -0 "$3" 2>/dev/null || break
        read -rt 0.02 <> <(:)
    done
    echo "bench: $1 says: $(tail -n 2 "$1")" >&2
    return 1
}

start_mocktrail() { # start_mocktrail NAME OPTIONS...: sets port and pid
    local name=$1
    shift
    # With a seed digests are signed with keys that are there; making new ones takes seconds, once.
    build/mocktrail serve --listen 127.0.0.1:0 --data "$work/$name" --threads "$threads" --seed 1 "$@" \
        > "$work/$name.log" 2>&1 &
    pid=$!
    pids+=("$pid")
    port=$(wait_line "$work/$name.log" '^listening on ' "$pid") || exit 1
}

stop() { # stop PID
    kill "$1" 2>/dev/null
    wait "$1" 2>/dev/null
}

make_bucket() { # make_bucket PORT: a 200 comes also when the bucket is there already
    "$bench/load" "$1" bucket 1 1 1 > "$work/bucket.out" || exit 1
    [ "$(cut -d' ' -f4 "$work/bucket.out")" = 1 ] || { echo 'bench: no bucket' >&2; exit 1; }
}

start_echo() {
    # Its standard input stays open as long as this shell lives: its end ends the echo.
    mkfifo "$work/echo.in"
    "$bench/echo" "$threads" poll < "$work/echo.in" > "$work/echo.log" 2>&1 &
    echo_pid=$!
    pids+=("$echo_pid")
    exec 8> "$work/echo.in"
    echo_port=$(wait_line "$work/echo.log" '^[0-9]+$' "$echo_pid") || exit 1
}

judge() { # judge VALUE LIMIT least|most: prints a word, counts what is missed
    if awk -v v="$1" -v l="$2" -v how="$3" 'BEGIN { exit !((how == "least") ? v >= l : v <= l) }'; then
        verdict=ok
    else
        verdict=MISSED missed=$((missed + 1))
    fi
}

median() { sort -n | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

cpu_us() { # cpu_us PID: user and system time of all its threads, dead ones too
    awk -v hz="$(getconf CLK_TCK)" '{ printf "%.0f\n", ($14 + $15) * 1e6 / hz }' "/proc/$1/stat"
}

measure() { # measure FILE PORT WHAT CONNECTIONS: appends requests per second, after a warm-up
    out=$("$bench/load" "$2" "$3" "$4" "$seconds" 0 1) || exit 1
    echo "$out" | awk '{ exit !($1 > 0 && $5 == 0) }' || { echo "bench: $3: $out" >&2; exit 1; }
    echo "$out" | cut -d' ' -f1 >> "$1"
}

measure_cpu() { # measure_cpu FILE PORT WHAT CONNECTIONS PID THEN: also FILE.cpu, us a call, THEN included
    local before
    before=$(cpu_us "$5")
    measure "$1" "$2" "$3" "$4"
    $6 "$2"
    echo "$before $(cpu_us "$5") $out" | awk '{ print ($2 - $1) / $6 }' >> "$1.cpu"
}

pending() { # pending PORT: how many records are not delivered yet
    exec 7<> "/dev/tcp/127.0.0.1/$1" || exit 1
    printf 'GET /_mocktrail/health HTTP/1.1\r\nHost: 127.0.0.1:%s\r\nConnection: close\r\n\r\n' "$1" >&7
    sed -n 's/.*"pending": *\([0-9]*\).*/\1/p' <&7
    exec 7>&-
}

settle() { # settle PORT: until all is delivered; nothing of it runs on into the other server's turn
    until [ "$(pending "$1")" = 0 ]; do read -rt 0.1 <> <(:); done
}

compare() { # compare TITLE PORT WHAT CONNECTIONS LIMIT PID
    local i ours="$work/ours" bare="$work/bare"
    for i in "$ours" "$bare" "$ours.cpu" "$bare.cpu"; do : > "$i"; done
    for ((i = 0; i < rounds; i++)); do
        measure_cpu "$bare" "$echo_port" "$3" "$4" "$echo_pid" true
        measure_cpu "$ours" "$2" "$3" "$4" "$6" settle
    done
    paste "$ours" "$bare" | awk '{ print $1 / $2 }' | median > "$work/ratio"
    judge "$(cat "$work/ratio")" "$5" least
    printf '%-34s %4d %8.0f %8.0f %6.1f %6.1f %6.2f %5s %s\n' "$1" "$4" "$(median < "$ours")" \
        "$(median < "$bare")" "$(median < "$ours.cpu")" "$(median < "$bare.cpu")" \
        "$(cat "$work/ratio")" "$5" "$verdict"
}

rss_mb() { awk '/^VmRSS/ { printf "%.1f", $2 / 1024 }' "/proc/$1/status"; }

first_answer_ms() { # exec to the first answer in a new data directory, median of 11
    local i
    for ((i = 0; i < 11; i++)); do
        "$bench/start" build/mocktrail "$work/start$i" || exit 1
    done | median
}

echo "threads: $threads; rounds: $rounds of $seconds s, interleaved; medians"
printf '%-34s %4s %8s %8s %6s %6s %6s %5s\n' '' '' '' '' 'us CPU' 'a call' '' ''
printf '%-34s %4s %8s %8s %6s %6s %6s %5s\n' '' conn ours/s bare/s ours bare ratio limit
start_echo
start_mocktrail os --auth verify --durability os --deliver-every 1s
os_port=$port os_pid=$pid
make_bucket "$os_port"
idle_mb=$(rss_mb "$os_pid")
for c in 8 32 120; do compare 'GetCallerIdentity, durability os' "$os_port" sts "$c" 0.50 "$os_pid"; done
for c in 8 32 120; do compare 'PutObject 100 B, durability os' "$os_port" put "$c" 0.50 "$os_pid"; done
stop "$os_pid"
start_mocktrail disk --auth verify --durability disk --deliver-every 1s
make_bucket "$port"
compare 'GetCallerIdentity, durability disk' "$port" sts 120 0.40 "$pid"
compare 'PutObject 100 B, durability disk' "$port" put 120 0.40 "$pid"
stop "$pid"

echo
first_ms=$(first_answer_ms) || exit 1
judge "$first_ms" 20 most
printf 'exec to first answer, median of 11:  %6.1f ms   limit 20 %s\n' "$first_ms" "$verdict"
judge "$idle_mb" 30 most
printf 'resident memory, idle:               %6.1f MB   limit 30 %s\n' "$idle_mb" "$verdict"
start_mocktrail flat --auth verify
"$bench/load" "$port" sts 32 600 $((calls / 10)) > "$work/out" || exit 1
settle "$port"
early_mb=$(rss_mb "$pid")
"$bench/load" "$port" sts 32 600 $((calls - calls / 10)) > "$work/out" || exit 1
settle "$port"
late_mb=$(rss_mb "$pid")
peak_mb=$(awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$pid/status")
judge "$late_mb" "$(awk -v m="$early_mb" 'BEGIN { print m * 1.5 + 8 }')" most
printf 'resident memory after %d calls: %.1f MB; after a tenth: %.1f MB; most: %.1f MB %s\n' "$calls" \
    "$late_mb" "$early_mb" "$peak_mb" "$verdict"

finish() {
    [ "$missed" -eq 0 ] && { echo 'every limit is kept'; exit 0; }
    [ "$busy" = 0 ] && { echo "$missed limits are missed"; exit 1; }
    echo "$missed limits are missed, but the machine was busy (load $busy): run it again when it is quiet"
    exit 0
}

moto=$(command -v moto_server || ls build/venv/bin/moto_server 2> "$work/out") ||
    { echo 'moto_server is not installed: not compared'; finish; }
port_of_moto=$((20000 + RANDOM % 20000))
"$moto" -H 127.0.0.1 -p "$port_of_moto" > "$work/moto.log" 2>&1 &
pids+=($!)
wait_line "$work/moto.log" "Running on .*:$port_of_moto" $! > "$work/out" || exit 1
"$bench/load" "$port_of_moto" sts 8 60 16 > "$work/out" || exit 1 # its first answers take seconds
: > "$work/ours"; : > "$work/bare"
for ((i = 0; i < rounds; i++)); do
    measure "$work/bare" "$port_of_moto" sts 8
    measure "$work/ours" "$port" sts 8
done
paste "$work/ours" "$work/bare" | awk '{ print $1 / $2 }' | median > "$work/ratio"
judge "$(cat "$work/ratio")" 100 least
printf '%-34s %4d %9.0f %9.0f %7.0f %7s %s\n' "beside moto's server: sts" 8 "$(median < "$work/ours")" \
    "$(median < "$work/bare")" "$(cat "$work/ratio")" 100 "$verdict"
finish
