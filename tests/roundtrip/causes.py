"""Why a call does not come back equal: (service, operation, direction, finding) patterns -> cause."""
import re

CAUSES = [
    ('greengrass', '.*', '.*', 'greengrassv2|is missing$|is too much$',
     'greengrass and greengrassv2 share endpoint, signing name and these paths: taken for version 2'),
    ('signer', 'GetRevocationStatus', 'request', 'taken for signer-data',
     'signer and signer-data share signing name and path'),
    ('s3', '(Get|Put)Bucket(Lifecycle|Notification)', '.*', 'taken for s3',
     'two operations of one method and path: taken for the newer one'),
    ('s3', 'ListDirectoryBuckets', 'request', 'taken for s3.ListBuckets',
     'two operations of one method and path, told apart by the host s3express-control alone'),
    ('chime', '.*', 'request', '^other model: taken for chime-sdk-',
     'retired from chime, taken for its successor of equal paths'),
    ('securitylake', '.*', 'request', '^other model: ',
     'the preview API of that model is gone, its paths are used otherwise'),
    ('quicksight|codecatalyst|sesv2', '.*', 'request',
     '^other model: (UnknownOperationException|MissingAction)', 'the method or path changed'),
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
