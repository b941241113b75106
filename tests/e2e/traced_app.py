"""A program with AWS's X-Ray SDK, for test_xray.py: one traced request that calls AWS by boto3.

Prints the ids of the requests that it made, one a line, then the trace's id."""
import sys

import boto3
from aws_xray_sdk.core import patch, xray_recorder

patch(["botocore"])
xray_recorder.configure(service="shop", sampling=sys.argv[1] == "sampling", context_missing="RUNTIME_ERROR",
                        plugins=())


@xray_recorder.capture("checkout")
def checkout():
    xray_recorder.current_subsegment().put_annotation("order", 42)
    answers = [boto3.client("sts").get_caller_identity(),
               boto3.client("dynamodb").list_tables()]
    try:
        boto3.client("iam").get_user(UserName="nobody")
    except boto3.client("iam").exceptions.NoSuchEntityException as error:
        answers.append(error.response)
    return [a["ResponseMetadata"]["RequestId"] for a in answers]


with xray_recorder.in_segment("shop") as segment:
    segment.put_http_meta("url", "http://shop.example.com/checkout")
    ids = checkout()
    trace_id = segment.trace_id
print(*ids, trace_id, sep="\n")
