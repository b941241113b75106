#!/bin/sh
# A shell script as a test: starts mocktrail, runs what is tested, holds the calls against onboarding.expect.yaml.
# Needs the AWS CLI and the mocktrail program (MOCKTRAIL names it; default: mocktrail on the PATH).
set -eu
here=$(dirname "$0")
mocktrail=${MOCKTRAIL:-mocktrail}
data=$(mktemp -d)
"$mocktrail" serve --listen 127.0.0.1:0 --data "$data" > "$data.log" &
emulator=$!
trap 'kill $emulator; wait $emulator || true; rm -rf "$data" "$data.log"' EXIT
until grep -q 'listening on' "$data.log"; do kill -0 $emulator; sleep 0.05; done
endpoint=$(sed -n 's/^listening on //p' "$data.log")

export AWS_ENDPOINT_URL="$endpoint" AWS_ACCESS_KEY_ID=111122223333 AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
aws iam create-group --group-name readers > /dev/null
aws iam create-user --user-name alice > /dev/null
aws iam add-user-to-group --group-name readers --user-name alice

curl -fsS -X POST "$endpoint/_mocktrail/flush" > /dev/null
"$mocktrail" verify expect "$here/onboarding.expect.yaml" "$data"
