#!/bin/sh
# quiet.sh LOG COMMAND...: runs the command with what it prints kept in LOG; shows the end of it, and fails,
# when the command fails.
log=$1
shift
mkdir -p "$(dirname "$log")"
"$@" >"$log" 2>&1 && exit 0
code=$?
grep -E 'error|\*\*\*|undefined' "$log" >/dev/null && tail -n 30 "$log" >&2 || cat "$log" >&2
echo "$1 failed; all of it: $log" >&2
exit "$code"
