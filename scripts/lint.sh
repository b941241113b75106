#!/usr/bin/env bash
# lint.sh: what no analyzer knows of the style: forbidden calls, sizes, includes that go up. Prints the
# numbers and exits 1 when one is over its limit. make lint runs it, with the analyzers.
set -u
cd "$(dirname "$0")/.."
bad=0
note() { printf '%s\n' "$*"; bad=1; }
mapfile -t sources < <(git ls-files 'core/*.c' 'emulator/*.c' 'generator/*.c' 'verify/*.c' mocktrail.c)
mapfile -t tests < <(git ls-files 'tests/*.c')
mapfile -t headers < <(git ls-files '*.h')

grep -nE '\b(strcpy|strcat|sprintf|strtok|atoi|rand|localtime|gmtime)\(|[^_a-z]time\(' "${sources[@]}" "${tests[@]}" |
    grep -vE '^\S+\s*(/\*|\*)' && note 'forbidden calls, above'
grep -nE '\b(malloc|calloc|realloc|free)\(' "${sources[@]}" | grep -v '^core/base/' |
    grep -vE '\b(mem|arena|buf|[a-z_]+)_(malloc|calloc|realloc|free)\(' && note 'malloc outside core/base, above'

grep -nE '#include "(emulator|generator|verify)/' $(git ls-files 'core/*.[ch]') && note 'core includes from above'
grep -nE '#include "(generator|verify)/' $(git ls-files 'emulator/*.[ch]') && note 'emulator includes from above'
grep -nE '#include "(emulator|generator)/' $(git ls-files 'verify/*.[ch]') && note 'verify includes the emulator'
grep -nE '#include "verify/' $(git ls-files 'generator/*.[ch]') && note 'generator includes verify'

over() { # over LINES FILE...: the files that are longer
    wc -l "${@:2}" | awk -v most="$1" '$2 != "total" && $1 > most { print "over " most " lines: " $2, $1; f = 1 } END { exit f }'
}
over 800 "${sources[@]}" "${tests[@]}" || bad=1
over 200 "${headers[@]}" || bad=1
python3 scripts/lint_numbers.py "${sources[@]}" "${tests[@]}" || bad=1
exit "$bad"
