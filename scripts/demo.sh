#!/usr/bin/env bash
# demo.sh: real `aws` commands against a fresh mocktrail, and the audit trail that they leave.
#
# Needs build/mocktrail, build/catalogue.bin and build/venv (make demo makes them). Leaves everything
# below build/demo.
set -euo pipefail
cd "$(dirname "$0")/.."
demo=build/demo
start=2026-01-05T09:00:00Z
account=111122223333

rm -rf "$demo"
mkdir -p "$demo"
build/mocktrail serve --listen 127.0.0.1:0 --data "$demo/data" --account $account --seed 7 \
    --clock "virtual:$start" >"$demo/serve.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true' EXIT
for _ in $(seq 100); do
    endpoint=$(sed -n 's/^listening on //p' "$demo/serve.log")
    [ -n "$endpoint" ] && break
    kill -0 $server 2>/dev/null || { cat "$demo/serve.log"; exit 1; }
    sleep 0.05
done
[ -n "$endpoint" ] || { echo 'demo: the emulator did not start'; cat "$demo/serve.log"; exit 1; }

for name in $(compgen -v AWS_); do unset "$name"; done # nothing of the caller's own AWS set-up
export AWS_ENDPOINT_URL=$endpoint AWS_DEFAULT_REGION=us-east-1 AWS_PAGER= AWS_MAX_ATTEMPTS=1
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null
export AWS_REQUEST_CHECKSUM_CALCULATION=when_required
aws=build/venv/bin/aws

bold='' plain=''
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then bold=$'\033[1m' plain=$'\033[0m'; fi
say() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
as() { # as NAME KEY SECRET [TOKEN]: the caller from here on
    who=$1
    export AWS_ACCESS_KEY_ID=$2 AWS_SECRET_ACCESS_KEY=$3
    if [ $# -gt 3 ]; then export AWS_SESSION_TOKEN=$4; else unset AWS_SESSION_TOKEN; fi
}
calls=0
shown() { # the command in at most 56 columns: a document as {...}, this account's ARNs without their head
    local word line=
    for word; do
        case $word in '{'*) word='{...}' ;; esac
        line+=" ${word//arn:aws:iam::$account:/...}"
    done
    line=${line# }
    if [ ${#line} -gt 56 ]; then line=${line:0:53}...; fi
    printf %s "$line"
}
try() { # one aws command: who asks, what, and how it ended
    local rc=0 out end=ok
    calls=$((calls + 1))
    out=$($aws "$@" 2>&1) || rc=$?
    last=$out
    # shellcheck disable=SC2001 # a pattern with groups
    [ $rc = 0 ] || end=$(tr '\n' ' ' <<<"$out" | sed 's/.*An error occurred (\([^)]*\)).*/\1/')
    printf '  %-5s %-56s %.40s\n' "$who" "$(shown "$@")" "$end"
}
field() { python3 -c 'import json, sys; v = json.load(sys.stdin)
for k in sys.argv[1].split("."): v = v[k]
print(v)' "$1" <<<"$last"; }
clock() { curl -sSf -X POST "$endpoint/_mocktrail/clock" -d "$1" >/dev/null; }

say "1. Real AWS CLI calls, as three identities"
as root $account test
try sts get-caller-identity
try iam create-user --user-name alice
try iam create-access-key --user-name alice
key=$(field AccessKey.AccessKeyId) secret=$(field AccessKey.SecretAccessKey)
trust='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
 "Principal":{"AWS":"arn:aws:iam::'$account':user/alice"}}]}'
closed='{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",
 "Principal":{"Service":"ec2.amazonaws.com"}}]}'
try iam create-role --role-name deploy --assume-role-policy-document "$trust"
try iam create-role --role-name vault --assume-role-policy-document "$closed"
try iam attach-role-policy --role-name deploy --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess
try s3api create-bucket --bucket acme-reports
try ec2 describe-regions --region-names us-east-1 eu-west-1

clock '{"advance":"12m"}'
as alice "$key" "$secret"
try sts get-caller-identity
try sts assume-role --role-arn arn:aws:iam::$account:role/vault --role-session-name peek
try sts assume-role --role-arn arn:aws:iam::$account:role/deploy --role-session-name ci-42
k=$(field Credentials.AccessKeyId) s=$(field Credentials.SecretAccessKey) t=$(field Credentials.SessionToken)
try s3api get-object --bucket acme-missing --key x "$demo/x"
try iam get-user --user-name bob

clock '{"advance":"9m"}'
as ci "$k" "$s" "$t"
try sts get-caller-identity
echo 'quarter,revenue' >"$demo/q1.csv"
try s3api put-object --bucket acme-reports --key 2026/q1.csv --body "$demo/q1.csv"
try s3api get-object --bucket acme-reports --key 2026/q1.csv "$demo/copy.csv"
cmp "$demo/q1.csv" "$demo/copy.csv"
try s3api list-objects-v2 --bucket acme-reports
try iam list-users
try kms list-keys
try lambda list-functions
try comprehend detect-dominant-language --text hello

clock '{"advance":"17m"}'
as root $account test
try cloudtrail describe-trails
try cloudtrail get-trail-status --name mocktrail
try iam delete-access-key --user-name alice --access-key-id "$key"
try iam detach-role-policy --role-name deploy --policy-arn arn:aws:iam::aws:policy/ReadOnlyAccess
try iam delete-role --role-name deploy
echo
echo "  $calls calls. A call that mocktrail can't perform yet is refused, never faked,"
echo "  and the refusal is on record like every other call."

say "2. Two hours later on the virtual clock: the trail on disk"
clock '{"advance":"2h"}'
python3 - "$demo/data/buckets/mocktrail-trail" $calls <<'EOT'
import gzip, json, pathlib, sys
root, last = pathlib.Path(sys.argv[1]), None
files = sorted(root.rglob("*.json.gz"))
regions, calls = set(), 0
for path in files:
    folder, region = path.parent.relative_to(root), path.relative_to(root).parts[3]
    regions.add(region)
    if region != "us-east-1":
        continue
    if folder != last:
        print(f"  {folder}/")
        last = folder
    text = gzip.decompress(path.read_bytes()).decode()
    kind = path.relative_to(root).parts[2]
    said = ""
    if kind == "CloudTrail":
        count = len(json.loads(text)["Records"])
        calls += count
        said = f" {count:3} records"
    elif kind in ("CloudWatch", "XRay"):
        said = f" {text.count(chr(10)):3} {'points' if kind == 'CloudWatch' else 'segments'}"
    print(f'   ...{path.name[path.name.index("_"):]}' + said)
print(f"  {calls} records of {sys.argv[2]} calls. {len(regions) - 1} idle regions have a signed digest an hour.")
sys.exit(calls != int(sys.argv[2]))
EOT

say "3. One record, as any CloudTrail consumer reads it (iam CreateAccessKey)"
find "$demo/data/buckets" -path '*/CloudTrail/*' -name '*.json.gz' -exec zcat {} + |
    python3 -c '
import json, sys
text, decode = sys.stdin.read(), json.JSONDecoder()
while text:
    page, end = decode.raw_decode(text)
    text = text[end:]
    for record in page["Records"]:
        if record["eventName"] == "CreateAccessKey":
            for line in json.dumps(record, indent=1).splitlines():
                print("  " + (line if len(line) < 78 else line[:74] + "..."))
'

say "4. aws cloudtrail lookup-events: which management calls were refused?"
$aws cloudtrail lookup-events --max-items 40 --output json | python3 -c '
import json, sys
for event in json.load(sys.stdin)["Events"]:
    record = json.loads(event["CloudTrailEvent"])
    if "errorCode" in record:
        print("  %s  %-22s %-7s %s" % (record["eventTime"], event["EventName"],
              event.get("Username", "-")[:7], record["errorCode"][:24]))
'

say "5. aws cloudtrail validate-logs: AWS's own validator, unmodified"
rc=0
$aws cloudtrail validate-logs --start-time $start --end-time 2026-01-05T12:00:00Z \
    --trail-arn arn:aws:cloudtrail:us-east-1:$account:trail/mocktrail >"$demo/validate.log" 2>&1 || rc=$?
fold -s -w 78 "$demo/validate.log" | sed 's/^/  /; s/ *$//'
[ $rc = 0 ] || { echo 'demo: validate-logs did not accept the trail'; exit 1; }

say "6. The other two commands: a dataset with labels is made, and records judged"
told() { # one mocktrail command, and the last line that it says
    printf '  $ mocktrail %s\n' "$*"
    build/mocktrail "$@" >"$demo/told.log" 2>&1 || { cat "$demo/told.log"; exit 1; }
    tail -n 1 "$demo/told.log" | sed 's/^/    /'
}
told generate ci-smoke --out "$demo/dataset"
told verify records "$demo/dataset"
told verify run fixtures/suites/builtin.yaml

say "Where things are, and what next"
cat <<EOT
  $demo/data/buckets     the trail's bucket and yours, plain files
  $demo/serve.log        what the emulator said
  $demo/dataset          what generate made: buckets, labels.jsonl,
                              expected.json, manifest.json

  Start your own:   build/mocktrail serve --data mydata
  Point a client:   export AWS_ENDPOINT_URL=http://127.0.0.1:4566
                    export AWS_DEFAULT_REGION=us-east-1
                    export AWS_ACCESS_KEY_ID=$account
                    export AWS_SECRET_ACCESS_KEY=test
  An AWS CLI:       build/venv/bin/aws sts get-caller-identity
  Make a dataset:   build/mocktrail generate startup --out company
  Judge a tool:     docs/howto-verify.md; by default it is the built-in rules
  Options:          build/mocktrail --help, build/mocktrail serve --help ...
EOT
