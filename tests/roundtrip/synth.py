"""Values for every member of a shape, down to four levels, straight from the model's JSON."""
import datetime
import zlib

DEPTH = 4
OMIT = object()
UTC = datetime.timezone.utc
TEXT = 'a&b <c> "é" +%/'


class Synth:
    """direction: 'input' or 'output'. Values repeat for one shape and depth: a tree is shared."""

    def __init__(self, shapes, direction):
        self.shapes, self.direction, self.memo = shapes, direction, {}

    def members(self, shape_name, method='POST'):
        """The members of an operation's input or output: the only place where locations count."""
        shape = self.shapes[shape_name]
        out = {}
        for name, ref in shape.get('members', {}).items():
            value = self.located(name, ref, shape, method)
            if value is not OMIT:
                out[name] = value
        if shape.get('union') and len(out) > 1:
            out = dict([pick(out.items(), shape_name)])
        return out

    def located(self, name, ref, shape, method):
        target = self.shapes[ref['shape']]
        kind, place = target['type'], ref.get('location')
        wire = ref.get('locationName', name)
        if target.get('eventstream'):
            return OMIT
        if place == 'statusCode':
            return 200
        if place == 'headers':
            return {'one': 'first value', 'Two-x': 'second'}
        if place == 'querystring' and kind == 'map':
            listed = self.shapes[target['value']['shape']]['type'] == 'list'
            return {k: [v, v + '2'] if listed else v for k, v in (('k1', 'x y'), ('k2', 'é&'))}
        if place == 'header' and ref.get('jsonvalue'):
            return {'k': [1, 'v'], 'n': None}
        if place == 'header' and kind == 'string':
            return one_of(target, name) or 'h-' + name
        if place == 'header' and kind == 'list' and self.direction == 'input':
            return ['plain', 'with, comma', 'with "quote"']
        if place == 'header' and wire.lower() == 'content-length' and method != 'HEAD':
            return OMIT if self.direction == 'output' else 3
        if place == 'uri' and kind == 'string':
            if ref.get('hostLabel'):
                return '123456789012'
            return one_of(target, name) or self.label(name)
        if ref.get('hostLabel'):
            return '123456789012'
        if shape.get('payload') == name and kind in ('blob', 'string'):
            return b'raw <payload>' if kind == 'blob' else 'raw <payload>'
        return self.value(ref, 1)

    @staticmethod
    def label(name):
        return 'my-bucket' if name == 'Bucket' else 'l/x y+%é'

    def value(self, ref, depth):
        key = (ref['shape'], depth, ref.get('jsonvalue'))
        if key not in self.memo:
            self.memo[key] = self.make(ref['shape'], depth)
        return self.memo[key]

    def make(self, shape_name, depth):
        shape = self.shapes[shape_name]
        kind = shape['type']
        if kind == 'structure':
            return self.structure(shape_name, shape, depth)
        if kind == 'list':
            item = self.value(shape['member'], depth + 1) if depth < DEPTH else OMIT
            return OMIT if item is OMIT else [item, item]
        if kind == 'map':
            item = self.value(shape['value'], depth + 1) if depth < DEPTH else OMIT
            keys = self.shapes[shape['key']['shape']].get('enum', ['key.1', 'k <é>'])[:2]
            return OMIT if item is OMIT else {k: item for k in keys}
        return scalar(shape_name, shape)

    def structure(self, shape_name, shape, depth):
        if shape.get('document'):
            return {'a': [1, 'x', True], 'b': {'c': 1.5}}
        if depth > DEPTH:
            return OMIT
        out = {}
        for name, ref in shape.get('members', {}).items():
            if self.shapes[ref['shape']].get('eventstream'):
                continue
            value = self.value(ref, depth + 1)
            if value is not OMIT:
                out[name] = value
        if shape.get('union') and out:
            out = dict([pick(out.items(), shape_name)])
        return out if out or not shape.get('members') else OMIT


def pick(items, salt):
    items = list(items)
    return items[zlib.crc32(salt.encode()) % len(items)]


def one_of(shape, salt):
    return pick(shape['enum'], salt) if shape.get('enum') else None


def scalar(name, shape):
    kind, n = shape['type'], zlib.crc32(name.encode())
    if kind in ('string', 'character'):
        return one_of(shape, name) or TEXT
    if kind == 'blob':
        return b'\x00\xffb' + name.encode()
    if kind == 'boolean':
        return bool(n % 2)
    if kind == 'integer':
        return n % 100000 - 50000
    if kind in ('long', 'bigInteger'):
        return (n << 20) + 1
    if kind in ('float', 'double', 'bigDecimal'):
        return n % 1000 / 8
    if kind == 'timestamp':
        return datetime.datetime.fromtimestamp(1_500_000_000 + n % 300_000_000, UTC)
    raise ValueError(kind)


def tagged(value):
    """The form in which the C side prints trees."""
    if isinstance(value, dict):
        return {k: tagged(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [tagged(v) for v in value]
    if isinstance(value, (bytes, bytearray)):
        import base64
        return {'$blob': base64.b64encode(value).decode()}
    if isinstance(value, datetime.datetime):
        return {'$time': round(value.timestamp() * 1000)}
    return value
