#!/usr/bin/env python3
"""One call of every operation of every service, both ways, against botocore.

botocore serialises a request with a value for every member; the C side (roundtrip.c) identifies and
parses it, and the parameters are compared. The C side then writes an answer from a tree with a value
for every member of the output, and a refusal with an error of the operation; botocore's parsers read
them, and what they read is compared.

    roundtrip.py [--write] [--only SERVICE[,SERVICE]] [-v] PROGRAM CATALOGUE

Every operation that differs must stand in docs/wire-exceptions.md with a cause (causes.py);
--write renews the file. Exit 1: under 99.7 %, an unexplained difference, or a stale file. 77: no botocore.
"""
import argparse
import base64
import collections
import glob
import json
import os
import re
import subprocess
import sys
import textwrap

sys.path.insert(0, os.path.dirname(__file__))
from causes import cause_of
from synth import Synth, tagged

try:
    import botocore
    from botocore import awsrequest, handlers, loaders, model, parsers, serialize
except ImportError:
    print('roundtrip: skipped: no botocore for', sys.executable)
    sys.exit(77)

LIMIT = 0.997
DOC = 'docs/wire-exceptions.md'
AGENT = 'Boto3/1.43.11 md/Botocore#1.43.11 ua/2.1 os/linux lang/python#3.11'
ERROR_TEXT = 'no <way>'
EXTRA_PROTOCOLS = {'smithy-rpc-v2-cbor'}
TWINS = (  # nothing on the wire tells them apart: equal when operation and parameters are
    {'rds', 'docdb', 'neptune'}, {'wisdom', 'qconnect'}, {'sms-voice', 'pinpoint-sms-voice'},
    {'greengrass', 'greengrassv2'}, {'timestream-query', 'timestream-write'})


class Case:
    """One operation over one protocol, in one direction each: what was sent, what came back."""

    def __init__(self, service, protocol, op, version):
        self.service, self.protocol, self.op = service, protocol, op
        self.version = version
        self.raw = op.service_model._service_description
        self.faults, self.twin = [], None

    def fault(self, direction, text):
        if direction == 'response' and self.op.has_event_stream_output:
            text = 'event stream: ' + text
        if self.version != botocore.__version__:
            text = 'other model: ' + text
        self.faults.append((direction, text))

    def sent(self):
        shape = self.op.input_shape
        return synth(self.raw, 'input').members(shape.name) if shape else {}

    def returned(self):
        shape, method = self.op.output_shape, self.op.http.get('method', 'POST')
        return synth(self.raw, 'output').members(shape.name, method) if shape else {}


SYNTHS = {}


def synth(raw, direction):
    key = id(raw), direction
    if key not in SYNTHS:
        SYNTHS[key] = Synth(raw['shapes'], direction)
    return SYNTHS[key]


# --- requests ---

def host_of(service_model):
    return '%s.us-east-1.amazonaws.com' % service_model.endpoint_prefix


def authorization(op):
    if op.auth_type == 'none' or 'smithy.api#noAuth' in (getattr(op, 'auth', None) or []):
        return {}
    if op.service_model.signature_version == 'bearer':
        return {'Authorization': 'Bearer token'}
    scope = 'AKIAIOSFODNN7EXAMPLE/20260102/us-east-1/%s/aws4_request' % op.service_model.signing_name
    return {'Authorization': 'AWS4-HMAC-SHA256 Credential=%s, SignedHeaders=host, Signature=00' % scope}


def request_of(case, params):
    serializer = serialize.create_serializer(case.protocol, include_validation=False)
    r = serializer.serialize_to_request(params, case.op)
    awsrequest.prepare_request_dict(r, 'http://' + host_of(case.op.service_model), user_agent=AGENT)
    prepared = awsrequest.create_request_object(r).prepare()
    host, target = re.match(r'http://([^/]*)(/.*)', prepared.url).groups()
    headers = {k: v.decode() if isinstance(v, bytes) else str(v) for k, v in prepared.headers.items()}
    headers.update({'Host': host}, **authorization(case.op))
    body = prepared.body or b''
    if hasattr(body, 'read'):
        body = body.read()
    return {'method': prepared.method, 'target': target, 'headers': list(headers.items()),
            'body': base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode()}


def line_of(case):
    line = request_of(case, case.sent())
    output, shape = case.returned(), case.op.output_shape
    payload = shape and shape.serialization.get('payload')
    if payload in output and case.op.has_streaming_output:
        value = output.pop(payload)
        line['payload'] = base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()
    if shape:
        line['output'] = tagged(output)
    if case.op.error_shapes:
        line['refuse'] = case.op.error_shapes[0].name
    return line


# --- comparing ---

def expected_params(case):
    """What the C side must have read: what was sent, without a payload that streams past the tree."""
    params, shape = case.sent(), case.op.input_shape
    payload = shape and shape.serialization.get('payload')
    if payload in params and streams(case.raw, case.op.input_shape.name, payload):
        return params, params.pop(payload)
    return params, None


def streams(raw, shape_name, member):
    ref = raw['shapes'][shape_name]['members'][member]
    return ref.get('streaming') or raw['shapes'][ref['shape']].get('streaming')


def compare_request(case, got):
    want, payload = expected_params(case)
    if got.get('code'):
        return case.fault('request', '%s: %s' % (got['code'], got.get('message')))
    if got['operation'] != case.op.name or not is_service(case, got['service']):
        return case.fault('request', 'taken for %s.%s' % (got['service'], got['operation']))
    path = difference(tagged(want), got['params'])
    if path:
        return case.fault('request', path)
    if payload is not None:
        raw = payload if isinstance(payload, bytes) else payload.encode()
        if base64.b64decode(got['payload']['$blob']) != raw:
            case.fault('request', 'the payload differs')


def is_service(case, service):
    """Itself, or a twin with which it shares endpoint, signing name, version and paths."""
    if service == case.service:
        return True
    case.twin = service
    return any({service, case.service} <= group for group in TWINS)


def difference(want, got, path=''):
    """The first path at which two tagged trees differ, or None."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in list(want) + [k for k in got if k not in want]:
            if key not in got:
                return '%s.%s is missing' % (path, key)
            if key not in want:
                return '%s.%s is too much' % (path, key)
            found = difference(want[key], got[key], '%s.%s' % (path, key))
            if found:
                return found
        return None
    if isinstance(want, list) and isinstance(got, list):
        if len(want) != len(got):
            return '%s has %d items, not %d' % (path, len(got), len(want))
        for i, (w, g) in enumerate(zip(want, got)):
            found = difference(w, g, '%s[%d]' % (path, i))
            if found:
                return found
        return None
    if want == got and (type(want) is type(got) or {type(want), type(got)} == {int, float}):
        return None
    return '%s is %.60r, not %.60r' % (path, got, want)


def response_of(case, reply):
    headers = awsrequest.HeadersDict()
    for name, value in reply['headers']:
        headers[name] = value
    return {'status_code': reply['status'], 'headers': headers,
            'body': base64.b64decode(reply['body']['$blob']),
            'context': {'operation_name': case.op.name}}


Content = collections.namedtuple('Content', 'content raw', defaults=[True])


def compare_reply(case, got):
    shape = case.op.output_shape
    want = case.returned()
    try:
        parsed = parsers.create_parser(case.protocol).parse(response_of(case, got['reply']), shape)
    except Exception as e:  # whatever the client says is the finding
        return case.fault('response', '%s: %.100s' % (type(e).__name__, e))
    if case.op.name == 'GetBucketLocation':  # read by a handler of botocore, not by its parser
        handlers.parse_get_bucket_location(parsed, Content(response_of(case, got['reply'])['body']))
    meta = parsed.pop('ResponseMetadata', {})
    if meta.get('RequestId') != 'REQUESTID0000001' and meta.get('HTTPHeaders', {}).get(
            'x-amzn-requestid') != 'REQUESTID0000001':
        return case.fault('response', 'no request id')
    payload = shape and shape.serialization.get('payload')
    if payload in want and isinstance(want[payload], bytes):
        want = dict(want, **{payload: want[payload].decode()})
    path = difference(tagged(want), tagged(parsed))
    if path:
        case.fault('response', path)


def compare_refusal(case, got):
    if 'refusal' not in got:
        return
    error = case.op.error_shapes[0]
    want = error.metadata.get('error', {}).get('code', error.name)
    head = case.op.http.get('method') == 'HEAD' and case.service == 's3'
    try:
        parsed = parsers.create_parser(case.protocol).parse(response_of(case, got['refusal']), None)
    except Exception as e:
        return case.fault('error', '%s: %.100s' % (type(e).__name__, e))
    seen = parsed.get('Error', {})
    if head:
        want = str(got['refusal']['status'])
    if 'QueryErrorCode' in seen:  # Code is the one of the query days
        want, seen['Code'] = error.name, seen['QueryErrorCode']
    if seen.get('Code') != want:
        case.fault('error', 'code %r, not %r' % (seen.get('Code'), want))
    elif not head and seen.get('Message', seen.get('message')) != ERROR_TEXT:
        case.fault('error', 'message %r' % seen.get('Message'))


# --- all of it ---

def cases_of(service, raw, data_set):
    m = model.ServiceModel(raw, service)
    protocol = getattr(m, 'resolved_protocol', m.metadata['protocol'])
    protocols = [protocol] + [p for p in m.metadata.get('protocols', [])
                              if p in EXTRA_PROTOCOLS and p != protocol]
    return [Case(service, p, m.operation_model(name), data_set)
            for p in protocols for name in m.operation_names]


def data_sets():
    """(version, directory): botocore's own, then others of other versions that the catalogue has."""
    sets = [(botocore.__version__, os.path.join(os.path.dirname(botocore.__file__), 'data'))]
    for place in ['/usr/lib/python3/dist-packages/botocore/data'] + sorted(
            glob.glob('build/botocore/*/botocore/data')):
        init = os.path.join(os.path.dirname(place), '__init__.py')
        if os.path.exists(init):
            version = re.search(r"__version__ = '(.*)'", open(init).read()).group(1)
            if version not in dict(sets):
                sets.append((version, place))
    return sets


def all_cases(only):
    for version, place in data_sets():
        # sdk-extras hold what never goes over the wire (SourceRegion of rds)
        loader = loaders.Loader(extra_search_paths=[place], include_default_search_paths=False,
                                include_default_extras=False)
        for service in loader.list_available_services('service-2'):
            if not only or service in only:
                yield cases_of(service, loader.load_service_model(service, 'service-2'), version)
                SYNTHS.clear()


def run(program, catalogue, cases):
    lines = []
    for case in cases:
        try:
            lines.append(json.dumps(line_of(case)))
        except Exception as e:
            case.fault('request', 'not sent: %s: %.100s' % (type(e).__name__, e))
    sent = [c for c in cases if not c.faults]
    done = subprocess.run([program, catalogue], input='\n'.join(lines) + '\n', text=True,
                          stdout=subprocess.PIPE, check=True)
    for case, text in zip(sent, done.stdout.splitlines(), strict=True):
        got = json.loads(text)
        compare_request(case, got)
        if 'reply' in got and not any('taken for' in text for _, text in case.faults):
            compare_reply(case, got)
            compare_refusal(case, got)


def models():
    return 'botocore ' + ' and '.join(version for version, _ in data_sets())


def shares(cases):
    """[(version, equal, all)], in the order of the data sets."""
    total, equal = collections.Counter(), collections.Counter()
    for case in cases:
        total[case.version] += 1
        equal[case.version] += not case.faults
    return [(version, equal[version], n) for version, n in total.items()]


def report(cases):
    """The text of DOC, and the lines that nothing explains."""
    rows, unexplained = {}, []
    for case in cases:
        for direction, text in case.faults:
            cause = cause_of(case.service, case.op.name, direction, text)
            name = '%s.%s (%s, %s)' % (case.service, case.op.name, case.protocol, case.version)
            if not cause:
                unexplained.append('%s, %s: %s' % (name, direction, text))
            group = '%s (%s, botocore %s), %s: ' % (
                case.service, case.protocol, case.version, direction)
            names = rows.setdefault(cause or 'unexplained', {}).setdefault(group, [])
            if case.op.name not in names:
                names.append(case.op.name)
    twins = collections.Counter((c.service, c.twin) for c in cases if c.twin and not c.faults)
    out = ['# Where the wire does not come back equal', '',
           'Written by `make roundtrip-write`, held by `make roundtrip`; do not edit. Models: ' +
           models() + '.', '']
    out += ['- botocore %s: %d of %d calls (an operation over a protocol) come back equal in both '
            'directions, %.2f %%' % (version, equal, total, 100 * equal / total)
            for version, equal, total in shares(cases)]
    out += [''] + textwrap.wrap(
        'Counted as equal, although the call is taken for one of a twin with which it shares endpoint, '
        'signing name, version and paths: ' +
        ', '.join('%s for %s (%d)' % (b, a, n) for (a, b), n in sorted(twins.items())) + '.', 100) + ['']
    for cause, groups in sorted(rows.items()):
        out += ['## ' + cause[0].upper() + cause[1:], '']
        for group, names in sorted(groups.items()):
            out += textwrap.wrap(group + ', '.join(sorted(names)), 100, initial_indent='- ',
                                 subsequent_indent='  ')
        out.append('')
    return '\n'.join(out), unexplained


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--write', action='store_true')
    p.add_argument('--only')
    p.add_argument('-v', action='store_true')
    p.add_argument('program')
    p.add_argument('catalogue')
    args = p.parse_args()
    done = []
    for cases in all_cases(args.only and args.only.split(',')):
        run(args.program, args.catalogue, cases)
        done += cases
    text, unexplained = report(done)
    protocols = collections.Counter(c.protocol for c in done)
    for version, equal, total in shares(done):
        print('roundtrip: botocore %s: %d of %d calls equal both ways (%.2f %%)' % (
            version, equal, total, 100 * equal / total))
    print('roundtrip: ' + ', '.join('%s %d' % x for x in sorted(protocols.items())))
    for line in unexplained if args.v else unexplained[:20]:
        print('unexplained: ' + line)
    if args.write:
        with open(DOC, 'w') as f:
            f.write(text)
        return 0
    # A service is one test; over a whole run, so are the share of the newest models and the page.
    services = {case.service for case in done}
    failed = len({line.split('.')[0] for line in unexplained})
    whole = not args.only
    if whole and models() in open(DOC).read() and open(DOC).read() != text:
        print('roundtrip: %s is stale: make roundtrip-write' % DOC)
        failed += 1
    _, equal, total = shares(done)[0]
    if whole and equal / total < LIMIT:
        print('roundtrip: under %.1f %%' % (100 * LIMIT))
        failed += 1
    print('%d passed, %d failed' % (len(services) + 2 * whole - failed, failed))
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
