"""Reads technique and scenario files and holds them against docs/scenarios.md and botocore's models."""
import json
import pathlib
import re
import sys

import botocore.session
import botocore.validate
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from harness import needs_newest  # noqa: E402,F401 - the newest models know the techniques' operations
TECHNIQUES = ROOT / "fixtures" / "techniques"
SCENARIOS = ROOT / "fixtures" / "scenarios"

STEP_KEYS = set("""call event use sequence with id as account region tool network source_ip user_agent invoked_by
mfa wait repeat each capture expect on_error malicious technique weight benign""".split())
TECHNIQUE_KEYS = set("""technique title tactics attack severity description parameters actor setup steps benign finding
sigma""".split())
SEVERITIES = {"low", "medium", "high", "critical"}
TACTICS = set("""initial-access execution persistence privilege-escalation defense-evasion credential-access discovery
lateral-movement collection exfiltration impact""".split())
ACTORS = {"user", "role", "instance", "root", "federated", "service"}
BUILT_IN = set("account region start end now user arn instance instances uuid seq item i".split())
FUNCTIONS = set("hex digits letters bytes int pick ip base64 json lower".split())
PLACE = re.compile(r"\$\{([^}]*)\}")
DURATION = re.compile(r"\d+(ms|s|m|h|d)(\.\.\d+(ms|s|m|h|d))?")

_session = botocore.session.get_session()
_services = set(_session.get_available_services())
_models = {}


def model(service):
    if service not in _models:
        _models[service] = _session.get_service_model(service)
    return _models[service]


def load(path):
    return yaml.load(path.read_text(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


# values

def names_in(value):
    """Names that the ${...} of a value use, functions' list arguments included."""
    if isinstance(value, dict):
        return {n for v in value.values() for n in names_in(v)}
    if isinstance(value, list):
        return {n for v in value for n in names_in(v)}
    return {n for text in PLACE.findall(value.replace("$${", "")) for n in expression_names(text)} \
        if isinstance(value, str) else set()


def expression_names(text):
    call = re.fullmatch(r"(\w+)\((.*)\)", text.strip())
    if call and call[1] not in FUNCTIONS:
        return {f"function {call[1]}"}
    if call:
        return expression_names(call[2]) if call[1] in ("pick", "base64", "json", "lower") else set()
    return {re.split(r"[.:\[+-]", text.strip())[0]} - BUILT_IN


def sample(shape, text=""):
    """Something that a ${...} might stand for, of the shape's type."""
    if shape.type_name in ("integer", "long"):
        return max(1, shape.metadata.get("min", 1))
    if shape.type_name in ("float", "double"):
        return 1.0
    if shape.type_name == "boolean":
        return True
    if shape.type_name == "timestamp":
        return "2026-01-05T09:00:00Z"
    if shape.type_name == "list":
        return [sample(shape.member)]
    filled = PLACE.sub("a1b2c3d4e5", text) or "a1b2c3d4e5"
    return filled + "x" * max(0, shape.metadata.get("min", 0) - len(filled))


def fill(value, shape):
    """The value as botocore takes it: ${...} replaced by samples, documents written out, bytes as bytes."""
    if shape is None:
        return value
    if isinstance(value, str) and PLACE.fullmatch(value) and shape.type_name not in ("string", "blob"):
        return sample(shape)
    if shape.type_name == "structure" and isinstance(value, dict):
        return {k: fill(v, shape.members.get(k)) for k, v in value.items()}
    if shape.type_name == "map" and isinstance(value, dict):
        return {k: fill(v, shape.value) for k, v in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [fill(v, shape.member) for v in value]
    if shape.type_name == "string" and isinstance(value, (dict, list)):
        return json.dumps(value)
    if shape.type_name in ("string", "blob") and isinstance(value, str) and PLACE.search(value):
        value = sample(shape, value)
    if shape.type_name == "blob" and isinstance(value, str):
        return value.encode()
    return value


def bad_enums(value, shape, path):
    """Literal texts that the model's enumerations don't know."""
    if isinstance(value, dict) and shape.type_name == "structure":
        return [e for k, v in value.items() if k in shape.members for e in bad_enums(v, shape.members[k], f"{path}.{k}")]
    if isinstance(value, list) and shape.type_name == "list":
        return [e for v in value for e in bad_enums(v, shape.member, path)]
    words = shape.metadata.get("enum", []) if shape.type_name == "string" else []
    if words and isinstance(value, str) and not PLACE.search(value) and value not in words:
        return [f"{path}: {value!r} is none of the model's {words[:8]}"]
    return []


def split_call(call):
    """(service, operation) of the model, or a complaint."""
    service, _, operation = str(call).partition(".")
    if service not in _services:
        return None, f"{call}: no such service"
    if operation not in model(service).operation_names:
        return None, f"{call}: no such operation"
    return model(service).operation_model(operation), None


def check_call(call, params):
    operation, bad = split_call(call)
    if bad:
        return [bad]
    shape = operation.input_shape
    if shape is None:
        return [f"{call} takes no parameters"] if params else []
    report = botocore.validate.ParamValidator().validate(fill(params or {}, shape), shape)
    found = [f"{call}: {line}" for line in report.generate_report().splitlines()] if report.has_errors() else []
    return found + bad_enums(params or {}, shape, call)


def check_capture(call, path):
    """Does the answer have such a member?"""
    operation, bad = split_call(call)
    shape = None if bad else operation.output_shape
    for name, index in re.findall(r"([A-Za-z]\w*)|\[([\d*]*)\]", path):
        if name and shape is not None and shape.type_name == "structure":
            shape = shape.members.get(name)
        elif not name and shape is not None and shape.type_name == "list":
            shape = shape.member
        else:
            shape = None
    return [] if shape is not None else [f"{call} answers no {path}"]


# steps

class Steps:
    """Checks a list of steps; names that captures and parameters define grow as it goes."""

    def __init__(self, where, defined, events, tools):
        self.where, self.defined, self.events, self.tools = where, set(defined), events, tools
        self.ids, self.calls, self.bad = [], [], []

    def complain(self, text):
        self.bad.append(f"{self.where}: {text}")

    def check(self, steps):
        for step in steps or []:
            self.check_one(step)
        return self

    def check_one(self, step):
        what = [k for k in ("call", "event", "use", "sequence") if k in step]
        if len(what) != 1:
            return self.complain(f"one of call, event, use, sequence: {step}")
        for key in sorted(set(step) - STEP_KEYS):
            self.complain(f"unknown key {key!r} of {step[what[0]]}")
        used = names_in({k: step.get(k) for k in ("with", "as", "each", "source_ip", "region", "user_agent") if k in step})
        for name in sorted(used - self.defined):
            self.complain(f"${{{name}}} of {step[what[0]]} is not defined")
        if step.get("tool") and step["tool"] not in self.tools:
            self.complain(f"no tool {step['tool']}")
        if "wait" in step and not DURATION.fullmatch(str(step["wait"])):
            self.complain(f"wait: {step['wait']}")
        if "id" in step:
            self.ids.append(step["id"])
            if not isinstance(step["id"], str):
                self.complain(f"id: {step['id']!r} is no text in YAML 1.1")
        getattr(self, "check_" + what[0])(step)
        if isinstance(step.get("on_error"), list):
            self.check(step["on_error"])

    def check_call(self, step):
        self.calls.append(step["call"])
        for text in check_call(step["call"], step.get("with")):
            self.complain(text)
        for name, path in (step.get("capture") or {}).items():
            for text in check_capture(step["call"], path):
                self.complain(text)
            self.defined.add(name)

    def check_event(self, step):
        self.calls.append(step["event"])
        if self.events is not None and step["event"] not in self.events:
            self.complain(f"no event {step['event']}")

    def check_use(self, step):
        if not (TECHNIQUES / f"{step['use']}.yaml").exists():
            self.complain(f"no technique {step['use']}")

    def check_sequence(self, step):
        self.check(step["sequence"])


def events():
    return set(load(SCENARIOS / "events.yaml"))


def tools():
    return set(load(SCENARIOS / "tools.yaml"))


def check_technique(path, sigma_stems):
    """Everything that is wrong with a technique file, a line a complaint."""
    t, where, bad = load(path), path.stem, []
    bad += [f"{where}: unknown key {k!r}" for k in sorted(set(t) - TECHNIQUE_KEYS)]
    bad += [f"{where}: {k} is missing" for k in ("technique", "title", "tactics", "attack", "severity", "steps",
                                                   "benign", "finding", "sigma") if k not in t]
    if bad:
        return bad
    if t["technique"] != "aws." + where:
        bad.append(f"{where}: technique is {t['technique']}")
    if t["severity"] not in SEVERITIES or t.get("actor", "user") not in ACTORS or set(t["tactics"]) - TACTICS:
        bad.append(f"{where}: severity, actor or tactics")
    bad += [f"{where}: ATT&CK id {a}" for a in t["attack"] if not re.fullmatch(r"T\d{4}(\.\d{3})?", a)]
    setup = Steps(where + " setup", t.get("parameters") or {}, events(), tools()).check(t.get("setup"))
    attack = Steps(where, setup.defined, events(), tools()).check(t["steps"])
    given = set(setup.defined) | set(t["benign"].get("parameters") or {})
    benign = Steps(where + " benign", given, events(), tools()).check(t["benign"]["steps"])
    bad += setup.bad + attack.bad + benign.bad
    if "network:" in path.read_text():
        bad.append(f"{where}: a network is a scenario's; say source_ip")
    if not set(attack.calls) & set(benign.calls):
        bad += [f"{where}: the look-alike makes none of the attack's calls"]
    if len(set(attack.ids)) != len(attack.ids):
        bad.append(f"{where}: an id twice")
    bad += [f"{where}: finding of unknown step {i}" for f in findings(t) for i in f["events"] if i not in attack.ids]
    bad += [f"{where}: no Sigma rule {s}" for k in ("fires", "benign_fires") for s in t["sigma"][k] if s not in sigma_stems]
    return bad


def findings(technique):
    found = technique["finding"]
    return found if isinstance(found, list) else [found]


# scenarios

SCENARIO_KEYS = set("""scenario description start end events accounts organization regions home_region trails networks
tools lists vars groups principals resources workloads stories""".split())


def check_parameters(where, use):
    """Parameters that a `use` gives, and that the technique doesn't have."""
    path = TECHNIQUES / f"{use['use']}.yaml"
    if not path.exists():
        return [f"{where}: no technique {use['use']}"]
    known = set(load(path).get("parameters") or {})
    return [f"{where}: {use['use']} has no parameter {k!r}" for k in sorted(set(use.get("with") or {}) - known)]


def check_scenario(path):
    """Everything that is wrong with a scenario file, a line a complaint."""
    s, where = load(path), path.stem
    bad = [f"{where}: unknown key {k!r}" for k in sorted(set(s) - SCENARIO_KEYS)]
    if s["scenario"] != where:
        bad.append(f"{where}: scenario is {s['scenario']}")
    people = [p["name"] for p in s["principals"]]
    bad += [f"{where}: principal {p} twice" for p in sorted({p for p in people if people.count(p) > 1})]
    known_tools = tools() | set(s.get("tools") or {})
    given = set(s.get("lists") or {}) | set(s.get("vars") or {})
    resources = Steps(where + " resources", given, events(), known_tools).check(s.get("resources"))
    bad += resources.bad
    for w in s.get("workloads") or []:
        actors = w["as"] if isinstance(w["as"], list) else [w["as"]]
        bad += [f"{where}: {w['name']}: nobody is called {a}" for a in actors if a not in people]
        bad += Steps(f"{where} {w['name']}", resources.defined, events(), known_tools).check(w["calls"]).bad
    for story in s.get("stories") or []:
        own = resources.defined | set(story.get("parameters") or {})
        bad += [f"{where}: {story['name']}: nobody is called {story['as']}"] if story["as"] not in people else []
        bad += Steps(f"{where} {story['name']}", own, events(), known_tools).check(story.get("steps")).bad
        for use in ([story] if "use" in story else []) + [x for x in story.get("steps") or [] if "use" in x]:
            bad += check_parameters(f"{where} {story['name']}", use)
    return bad
