"""Why a call does not come back equal: (service, operation, direction, finding) patterns -> cause."""
import re

CAUSES = [
    ('.*', '.*', '.*', r'^other model: \S+ is missing$',
     'a member that the newest model no longer has'),
    ('s3', '.*', 'request', r'^other model: \.Expires is ',
     'a time in that model, text in the newest'),
    ('.*', '.*', 'response', 'event stream: ',
     'the answer is an event stream, which is refused (501)'),
    ('s3', '(Get|Put)BucketNotification', '.*', r'Events has \d items',
     'two members of one structure share a wire name (Event)'),
    ('dataexchange', 'SendApiAsset', 'response', 'ResponseHeaders',
     'the member takes every header of the answer, those of the protocol too'),
]


def cause_of(service, operation, direction, finding):
    for s, o, d, f, cause in CAUSES:
        if re.fullmatch(s, service) and re.fullmatch(o, operation) and re.fullmatch(d, direction) \
                and re.search(f, finding):
            return cause
    return None
