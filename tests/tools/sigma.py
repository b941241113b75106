"""A small evaluator of Sigma selections over CloudTrail records, independent of mocktrail's own.

sigma_rules.json holds the facts of SigmaHQ's rules/cloud/aws/cloudtrail at 8eaafff (2026-08-05) in our
own notation: rule -> id, level, ATT&CK ids, selections (name -> alternatives of [field, operator,
values] that must all hold) and the condition. The rules themselves are under the Detection Rule
License 1.1 and are not here.

What engines disagree about is settled as the specification says: texts compare without case, `*` and
`?` are wildcards, a missing field is null, an array on the way means any of its members, a boolean is
its word, and an object or array as a whole is its compact JSON.
"""
import json
import pathlib
import re

RULES = json.loads(pathlib.Path(__file__).with_name("sigma_rules.json").read_text())


def values_at(record, path):
    """All values at a dotted path; arrays on the way contribute each of their members."""
    found = [record]
    for name in path.split("."):
        found = [v[name] for v in found if isinstance(v, dict) and name in v]
        found = [m for v in found for m in (v if isinstance(v, list) else [v])]
    return [v for v in found if v is not None]


def text_of(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return str(value)


def wildcard(pattern, before="", after=""):
    body = "".join(".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.compile(before + body + after, re.I | re.S)


def is_equal(text, want):
    return wildcard(want).fullmatch(text) is not None


def holds(text, want):
    if want == "*":
        return text != ""
    return want.lower() in text.lower()


TESTS = {
    "is": is_equal,
    "contains": holds,
    "starts": lambda text, want: text.lower().startswith(want.lower()),
    "regex": lambda text, want: re.search(want, text) is not None,
}


def item_matches(record, item):
    field, operator, wanted = item
    found = [text_of(v) for v in values_at(record, field)]
    if operator == "field":
        return any(text_of(o).lower() == t.lower() for w in wanted for o in values_at(record, w) for t in found)
    if operator == "contains-all":
        return any(all(holds(t, w) for w in wanted) for t in found)
    if None in wanted and not found:
        return True
    return any(TESTS[operator](t, w) for t in found for w in wanted if w is not None)


def selection_matches(record, alternatives):
    return any(all(item_matches(record, item) for item in items) for items in alternatives)


def condition_matches(condition, truth):
    """A condition over the truth of selections: and, or, not, parentheses, `1 of name*`, `all of name*`."""
    tokens = re.findall(r"\(|\)|[\w*]+", condition)
    python = []
    while tokens:
        token = tokens.pop(0)
        if token in ("1", "all") and tokens and tokens[0] == "of":
            tokens.pop(0)
            pattern = tokens.pop(0).replace("*", ".*")
            named = [v for k, v in truth.items() if pattern == "them" or re.fullmatch(pattern, k)]
            python.append(str(any(named) if token == "1" else all(named)))
        elif token in ("and", "or", "not", "(", ")"):
            python.append(token)
        else:
            python.append(str(truth[token]))
    return eval(" ".join(python), {"__builtins__": {}})  # only True, False, and, or, not and brackets


def fires(record):
    """The stems of the rules that fire on one record."""
    hits = set()
    for stem, rule in RULES.items():
        truth = {name: selection_matches(record, s) for name, s in rule["selections"].items()}
        if condition_matches(rule["condition"], truth):
            hits.add(stem)
    return hits
