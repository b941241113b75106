#!/usr/bin/env bash
# lint.sh: what the style asks, as checks that can fail: layout, forbidden calls, sizes, includes that go
# up, cppcheck and clang-tidy. Prints the numbers and exits 1 on the first class that is over its limit.
set -u
cd "$(dirname "$0")/.."
bad=0
note() { printf '%s\n' "$*"; bad=1; }
mapfile -t sources < <(git ls-files 'core/*.c' 'emulator/*.c' 'generator/*.c' 'verify/*.c' mocktrail.c)
mapfile -t headers < <(git ls-files 'core/*.h' 'emulator/*.h' 'generator/*.h' 'verify/*.h')

clang-format --dry-run -Werror "${sources[@]}" "${headers[@]}" 2>/dev/null || note 'layout: run make format'

grep -nE '\b(strcpy|strcat|sprintf|strtok|atoi|rand|localtime|gmtime)\(|[^_a-z]time\(' "${sources[@]}" |
    grep -vE '^\S+\s*(/\*|\*)' && note 'forbidden calls, above'
grep -nE '\b(malloc|calloc|realloc|free)\(' "${sources[@]}" | grep -v '^core/base/' |
    grep -vE '\b(mem|arena|buf|[a-z_]+)_(malloc|calloc|realloc|free)\(' && note 'malloc outside core/base, above'

grep -nE '#include "(emulator|generator|verify)/' $(git ls-files 'core/*.[ch]') && note 'core includes from above'
grep -nE '#include "(generator|verify)/' $(git ls-files 'emulator/*.[ch]') && note 'emulator includes from above'
grep -nE '#include "(emulator|generator)/' $(git ls-files 'verify/*.[ch]') 2>/dev/null && note 'verify includes the emulator'

wc -l "${sources[@]}" | awk '$2 != "total" && $1 > 800 { print "over 800 lines: " $2, $1; f = 1 } END { exit f }' || bad=1
wc -l "${headers[@]}" | awk '$2 != "total" && $1 > 200 { print "over 200 lines: " $2, $1; f = 1 } END { exit f }' || bad=1
python3 scripts/lint_numbers.py "${sources[@]}" || bad=1

# internalAstError: cppcheck 2.10 stumbles over a compound literal behind a question mark.
cppcheck -q -j"$(nproc)" --std=c11 --enable=warning,portability --inline-suppr --error-exitcode=1 \
    --suppress=missingIncludeSystem --suppress=internalAstError -I. "${sources[@]}" || note 'cppcheck, above'
# Left out are checks that misjudge C: macros whose arguments are names, memchr over a set without its NUL,
# strings that continue, pointers to pointers, and the order of members for the reader's sake.
checks='-*,bugprone-*,-bugprone-easily-swappable-parameters,-bugprone-reserved-identifier'
checks+=',-bugprone-narrowing-conversions,-bugprone-implicit-widening-of-multiplication-result'
checks+=',-bugprone-macro-parentheses,-bugprone-not-null-terminated-result,-bugprone-branch-clone'
checks+=',-bugprone-suspicious-missing-comma,-bugprone-sizeof-expression'
checks+=',clang-analyzer-*,-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling'
checks+=',-clang-analyzer-valist.Uninitialized,-clang-analyzer-optin.performance.Padding'
export checks
# shellcheck disable=SC2016 # the inner shell expands
printf '%s\n' "${sources[@]}" | xargs -P"$(nproc)" -n8 sh -c 'clang-tidy -quiet --checks="$checks" \
    --warnings-as-errors="*" "$@" -- -std=c17 -D_POSIX_C_SOURCE=200809L -D_DEFAULT_SOURCE -I. \
    -I/usr/include/cjson 2>/dev/null' _ || note 'clang-tidy, above'
[ "$bad" = 0 ] && echo 'lint: clean'
exit "$bad"
