"""Values that a model's constraints allow, for the required members of an operation's input."""
import datetime
import re

try:
    from re import _constants as sre, _parser as sre_parse
except ImportError:  # before Python 3.11
    import sre_constants as sre
    import sre_parse

UTC = datetime.timezone.utc
DEPTH = 12


def of_operation(operation, optional=()):
    """The required members (and those at the dotted paths) of a botocore OperationModel's input."""
    shape = operation.input_shape
    return structure(shape, 0, optional) if shape else {}


def below(optional, name):
    """What of the paths lies below a member; "Members[].Id" goes through the list."""
    return [path.split(".", 1)[1] for path in optional
            if "." in path and path.split(".", 1)[0].removesuffix("[]") == name]


def structure(shape, depth, optional=()):
    members = list(shape.members.items())
    if getattr(shape, "is_tagged_union", False):
        members = members[:1]
        required = [members[0][0]] if members else []
    else:
        required = shape.required_members
    named = {path.split(".")[0].removesuffix("[]") for path in optional}
    return {name: value(target, name, depth + 1, below(optional, name)) for name, target in members
            if name in required or name in named or target.serialization.get("location") == "uri"}


def value(shape, name, depth=0, optional=()):
    kind, meta = shape.type_name, shape.metadata
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return {"a": 1}
        return structure(shape, depth, optional) if depth < DEPTH else {}
    if kind == "list":
        return [value(shape.member, name, depth + 1, optional)] * max(1, meta.get("min", 1))
    if kind == "map":
        return {value(shape.key, name, depth + 1): value(shape.value, name, depth + 1)}
    if kind in ("string", "character"):
        return text(meta, name)
    if kind == "blob":
        return b"x" * max(1, meta.get("min", 1))
    if kind == "boolean":
        return False
    if kind in ("integer", "long"):
        return max(1, meta.get("min", 1))
    if kind in ("float", "double"):
        return float(max(1, meta.get("min", 1)))
    if kind == "timestamp":
        late = re.search("end|before|until|earlier", name, re.I)
        return datetime.datetime(2100 if late else 2020, 1, 1, tzinfo=UTC)
    raise ValueError(kind)


def text(meta, name):
    if meta.get("enum"):
        return meta["enum"][0]
    least, most = meta.get("min", 1), meta.get("max", 1000)
    plain = re.sub("[^a-z0-9]", "", name.lower())[:12] or "x"
    plain = (plain * (least // len(plain) + 1))[:max(least, len(plain))][:most] or plain[:1]
    pattern = meta.get("pattern")
    if not pattern:
        return plain
    try:
        whole = re.compile(pattern)
        if whole.fullmatch(plain):
            return plain
        parsed = sre_parse.parse(pattern)
    except (re.error, OverflowError):
        return plain
    for length in (1, 3, 6, 12, 20, 40, 64, 100, 0):
        made = "".join(pieces(parsed, length))
        if whole.fullmatch(made) and least <= len(made) <= most:
            return made
    return plain


def pieces(parsed, length):
    for op, arg in parsed:
        if op is sre.LITERAL:
            yield chr(arg)
        elif op is sre.ANY:
            yield "x"
        elif op is sre.NOT_LITERAL:
            yield "x" if arg != ord("x") else "y"
        elif op is sre.IN:
            yield one_of(arg)
        elif op is sre.BRANCH:
            yield from pieces(arg[1][0], length)
        elif op is sre.SUBPATTERN:
            yield from pieces(arg[-1], length)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            least, most, inner = arg
            count = least if len(inner) > 1 or inner[0][0] is sre.SUBPATTERN else min(most, max(least, length))
            for _ in range(min(count, 4000)):
                yield from pieces(inner, length)


def one_of(items):
    allowed = [c for c in "a1xA0z-_/.:= ,@" + "".join(map(chr, range(33, 127))) if fits(items, ord(c))]
    return allowed[0] if allowed else "x"


def fits(items, code):
    inverted, hit = False, False
    for op, arg in items:
        if op is sre.NEGATE:
            inverted = True
        elif op is sre.LITERAL:
            hit |= arg == code
        elif op is sre.RANGE:
            hit |= arg[0] <= code <= arg[1]
        elif op is sre.CATEGORY:
            c = chr(code)
            hit |= {sre.CATEGORY_DIGIT: c.isdigit(), sre.CATEGORY_WORD: c.isalnum() or c == "_",
                    sre.CATEGORY_SPACE: c.isspace(), sre.CATEGORY_NOT_SPACE: not c.isspace(),
                    sre.CATEGORY_NOT_DIGIT: not c.isdigit(),
                    sre.CATEGORY_NOT_WORD: not (c.isalnum() or c == "_")}.get(arg, False)
    return hit != inverted
