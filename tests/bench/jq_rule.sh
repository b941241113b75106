#!/bin/sh
# jq_rule.sh TREE THREADS: tests/bench/one_rule.yml in jq, as many pipelines as threads. Prints how many events match.
find "$1" -name '*.json.gz' -print0 | xargs -0 -P "$2" -n 500 sh -c 'zcat "$@" | jq -r "
    .Records[] | select(.eventSource == \"ec2.amazonaws.com\" and .eventName == \"AuthorizeSecurityGroupIngress\"
                        and .errorCode == null) | .eventID"' - | sort -u | wc -l
