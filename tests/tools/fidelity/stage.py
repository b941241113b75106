"""What must exist before a call can succeed: made through the API, by what the catalogue knows of types.

`mocktrail operations --json` says which operation makes a type, where its keys come from and where
other operations take them. A key that the client chooses keeps the record's value; one that the
service makes is put into the call in the record's place, and back again in the comparison.
"""
import copy
import json
import re
import subprocess
import tempfile
import pathlib

import botocore.exceptions

import recipes
import values
from rebuild import normal

DEPTH = 3


def table(program):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "operations.json")
        subprocess.run([program, "operations", "--json", str(path)], check=True)
        got = json.loads(path.read_text())
    types = {}
    for kind in got["types"]:
        types[kind["service"], kind["type"]] = kind
    return {s: {o["operation"]: o for o in ops} for s, ops in got["services"].items()}, types


def at(tree, path):
    for name in filter(None, path.split(".")):
        plain = name.removesuffix("[]")
        tree = tree.get(plain) if isinstance(tree, dict) else None
        if name.endswith("[]") or isinstance(tree, list):
            tree = tree[0] if tree else None
    return tree


def put(tree, path, value):
    names = path.split(".")
    for i, name in enumerate(names):
        plain, last = name.removesuffix("[]"), i + 1 == len(names)
        if not isinstance(tree, dict):
            return
        if last:
            tree[plain] = [value] if name.endswith("[]") else value
        else:
            tree = tree.setdefault(plain, [{}] if name.endswith("[]") else {})
            tree = tree[0] if isinstance(tree, list) and tree else tree


def find(tree, name):
    """The first scalar member of that name, whatever its case."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree if isinstance(tree, list) else [])
    later = []
    for key, value in items:
        if isinstance(value, (dict, list)):
            later.append(value)
        elif normal(key) == normal(name) and value not in (None, ""):
            return value
    return next((v for v in (find(x, name) for x in later) if v is not None), None)


def replaced(tree, old, new):
    if isinstance(tree, dict):
        return {replaced(k, old, new): replaced(v, old, new) for k, v in tree.items()}
    if isinstance(tree, list):
        return [replaced(v, old, new) for v in tree]
    if isinstance(tree, str) and len(old) > 1:
        return re.sub(r"(?<![A-Za-z0-9])" + re.escape(old) + r"(?![A-Za-z0-9])", lambda _: new, tree)
    return tree


def scalars(tree, name=""):
    """(name, text) of every string, lists by the name of their member."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from scalars(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from scalars(value, name)
    elif isinstance(tree, str) and tree:
        yield name, tree


def singular(name):
    name = normal(name)
    return name[:-1] if name.endswith(("ids", "names", "arns")) else name


class Stage:
    """Prerequisites of one call."""

    def __init__(self, caller, service, region, known):
        self.caller, self.service, self.region = caller, service, region
        self.client = caller.client(service, region)
        self.things = recipes.THINGS.get(service, {})
        self.operations, self.types = known[0].get(service, {}), known[1]
        self.put_back = {}  # ours -> the record's
        self.left_out = []  # members of the call that only AWS understands
        self.failed = []  # steps that were refused, and why
        self.params, self.operation = {}, ""
        self.shared = {}  # one of each kind of thing serves as another's parent

    def model(self, name):
        return self.client.meta.service_model.operation_model(name)

    def call(self, name, params):
        """(answer, "") or (None, error code); "s3:CreateBucket" is another service's."""
        service, _, plain = name.rpartition(":")
        client = self.caller.client(service, self.region) if service else self.client
        try:
            answer = client._make_api_call(plain, params)
        except botocore.exceptions.ClientError as error:
            self.failed.append(f"{plain}: {error}")
            return None, error.response["Error"].get("Code", "")
        except Exception as error:  # the client itself refuses made-up values
            self.failed.append(f"{plain}: {type(error).__name__} {error}")
            return None, type(error).__name__
        answer.pop("ResponseMetadata", None)
        return answer, ""

    # ---- by recipe ----

    def thing(self, member, value, depth=0):
        """The identity of one, made anew; the value itself when the client chooses it."""
        operation, params, path, *after = recipes.FOR.get((self.service, self.operation, member), self.things[member])
        name = re.split("[:/]", value)[-1] if value.startswith(("arn:", "http")) else value
        if depth and member in self.shared:
            return self.shared[member]
        answer, _ = self.call(operation, self.filled(params, name, depth))
        for step, given in after[0] if after else ():
            self.call(step, self.filled(given, name, depth))
        new = at(answer or {}, path) if path else value
        if isinstance(new, str) and value.startswith("arn:") and not new.startswith("arn:"):
            new = find(answer or {}, "arn") or new
        new = new if isinstance(new, str) and new else value
        self.shared.setdefault(member, new)
        return new

    def filled(self, params, name, depth):
        """Parameters of a recipe: "$" the name, "@member" another thing, {texts}."""
        if isinstance(params, dict):
            if params.get("LocationConstraint") and self.region == "us-east-1":
                return {}
            return {k: self.filled(v, name, depth) for k, v in params.items()}
        if isinstance(params, list):
            return [self.filled(v, name, depth) for v in params]
        if params == "$":
            return name
        if isinstance(params, str) and params.startswith("[") and params[1:] in self.params:
            return [self.params[params[1:]]]
        if isinstance(params, str) and params.startswith("@") and depth < DEPTH:
            return self.thing(params[1:], "made-first", depth + 1)
        if not isinstance(params, str):
            return params
        policy = json.dumps({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:*",
            "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]}]})
        algorithm = self.params.get("MacAlgorithm") or self.params.get("SigningAlgorithm") or ""
        params = params.replace("{spec}", recipes.KEY_SPECS.get(algorithm, "RSA_2048"))
        return params.replace("{region}", self.region).replace("{constraint}", self.region) \
            .replace("{bucketpolicy}", policy).replace("{account}", self.caller.account)

    def by_recipe(self, name, params):
        """Every thing that the call names; the call with their identities."""
        own = recipes.OWN.get((self.service, name), set())
        done = {}
        self.operation, self.params = name, params
        for member, value in list(scalars(params)):
            member = singular(member)
            member = {"resources": "resource", "securitygroupid": "groupid", "groups": "groupid",
                      "securitygroups": "groupname"}.get(member, member)
            if member in own or value in done or value.startswith(("arn:aws:iam::aws:", "alias/aws/")):
                continue
            member = self.by_prefix(value) if member in ("resource", "resourceid") else member
            if member in self.things and member not in own:
                done[value] = self.thing(member, value)
        for old, new in sorted(done.items(), key=lambda d: -len(d[0])):
            if new != old:
                params = replaced(params, old, new)
                self.put_back[new] = old
        self.params = params
        if (self.service, name) in recipes.BEFORE:
            self.caller.server.advance("10m")
        for operation, given in recipes.BEFORE.get((self.service, name), ()):
            bucket = params.get("Bucket", "")
            self.call(operation, self.filled(self.own(given, params), bucket, 0))
        if (self.service, name) in recipes.INTO:
            operation, given, into = recipes.INTO[self.service, name]
            answer, _ = self.call(operation, self.filled(self.own(given, params), "", 0))
            for member, path in into.items():
                new, old = at(answer or {}, path), params.get(member)
                if new is not None:
                    params[member] = new
                if isinstance(new, str) and isinstance(old, str):
                    self.put_back[new] = old
        return params, bool(done)

    def by_prefix(self, value):
        """What an EC2 id is of: CreateTags takes any."""
        prefixes = {"vpc": "vpcid", "subnet": "subnetid", "i": "instanceid", "vol": "volumeid", "snap": "snapshotid",
                    "ami": "imageid", "sg": "groupid", "rtb": "routetableid", "acl": "networkaclid",
                    "igw": "internetgatewayid", "eni": "networkinterfaceid", "eipalloc": "allocationid",
                    "nat": "natgatewayid", "dopt": "dhcpoptionsid"}
        return prefixes.get(value.split("-")[0], "resourceid") if self.service == "ec2" else "resourceid"

    def own(self, given, params):
        """Members of a recipe with the call's own values in place of "=Member"; those it lacks are left out."""
        out = {}
        for key, value in given.items():
            if isinstance(value, dict):
                value = self.own(value, params)
            elif isinstance(value, str) and value.startswith("="):
                value = params.get(value[1:]) if "." not in value else at(params, value[1:])
                if value is None:
                    continue
            out[key] = value
        return out

    # ---- by the catalogue's types ----

    def prepare(self, name, params, shown=None):
        """params with the ids of what was made for the call; shown: the record's own."""
        params = self.without_tokens(name, copy.deepcopy(params))
        if self.service == "sts" and name in ("AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"):
            return self.federated(name, params, shown or {})
        if self.things or (self.service, name) in recipes.BEFORE:
            params, done = self.by_recipe(name, params)
            if done:
                return params
        row = self.operations.get(name, {})
        kind = self.types.get((self.service, row.get("type")))
        if not kind and "tag" in row.get("role", ""):
            return self.tagged(params)
        if not kind:
            return self.settings(row, params)
        wanted = {}
        for key, path in row.get("keys", {}).items():
            value = at(params, path)
            if value is not None:
                wanted[key] = (path, value)
        if row["role"] == "create" or (row["role"] == "list" and not wanted):
            return params
        return self.make(kind, wanted, params, row, 0)

    def federated(self, name, params, shown):
        """A provider, a role that trusts it, and what the provider would have handed out."""
        iam = "iam:CreateSAMLProvider" if name.endswith("SAML") else "iam:CreateOpenIDConnectProvider"
        given = {"Name": "made", "SAMLMetadataDocument": recipes.SAML_DOCUMENT} if name.endswith("SAML") else {
            "Url": recipes.ISSUER, "ClientIDList": ["made"]}
        answer, _ = self.call(iam, given)
        provider = (answer or {}).get("SAMLProviderArn") or (answer or {}).get("OpenIDConnectProviderArn", "")
        role = params.get("RoleArn", "made").split("/")[-1]
        trust = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Federated": provider},
            "Action": [f"sts:{name}", "sts:TagSession", "sts:SetSourceIdentity"]}]}
        answer, _ = self.call("iam:CreateRole", {"RoleName": role, "AssumeRolePolicyDocument": json.dumps(trust)})
        made = dict(params, RoleArn=at(answer or {}, "Role.Arn") or params.get("RoleArn"))
        if name.endswith("SAML"):
            made.update(PrincipalArn=provider, SAMLAssertion=recipes.assertion(made["RoleArn"], provider, shown))
        else:
            made["WebIdentityToken"] = recipes.token(shown)
            made.pop("ProviderId", None)
        for member in ("RoleArn", "PrincipalArn"):
            if made.get(member) and params.get(member):
                self.put_back[made[member]] = params[member]
        return made

    def without_tokens(self, name, params):
        """No one but AWS takes its page tokens: the list is asked from its beginning."""
        shape = self.model(name).input_shape
        for member in list(params):
            if re.search("(token|marker)$", member.lower()) and name.startswith(("List", "Describe", "Get")) \
                    and member not in shape.required_members:
                self.left_out.append(member)
                del params[member]
        return params

    def tagged(self, params):
        """What a tag operation names: one of the type in the ARN, else of the first type that answers an ARN."""
        old = next((v for _, v in scalars(params) if v.startswith("arn:")), None) \
            or next((v for _, v in scalars(params)), "")
        creates = [o for o in self.operations.values() if o["role"] == "create"]
        creates.sort(key=lambda o: (normal(o["type"]) not in normal(old), -len(o["type"]),
                                    not o["operation"].startswith(("Create", "Request", "Register"))))
        for create in creates[:6]:
            kind = self.types[self.service, create["type"]]
            given = values.of_operation(self.model(create["operation"])) \
                if create["operation"] in self.client.meta.service_model.operation_names else None
            answer = self.call(create["operation"], given)[0] if given is not None else None
            if answer is None:
                continue
            arns = re.findall(r'"(arn:[^"]+)"', json.dumps(answer, default=str))
            mine = old.split(":")[2] if old.startswith("arn:") and old.count(":") > 4 else ""
            new = next((arn for arn in arns if not mine or arn.split(":")[2] == mine), None)
            if not new and kind["keys"]:
                new = self.identity(kind["keys"][0], "", given, answer)
                if old.startswith("arn:") and new:
                    new = re.sub("[^:/]+$", new, old)
            if new:
                self.put_back[new] = old
                return replaced(params, old, new)
        return params

    def settings(self, row, params):
        """A setting that is read was written; what is untyped gets the things that its members name."""
        if row.get("role") == "read setting":
            self.write_before(row)
        return params

    def write_before(self, row):
        for other in self.operations.values():
            if other["role"] == row["role"].replace("read", "write").replace("delete", "write") \
                    and other.get("type") == row.get("type"):
                self.call(other["operation"], values.of_operation(self.model(other["operation"])))

    def make(self, kind, wanted, params, row, depth):
        """One of the type, with the keys that the call has; substitutes those that the service made."""
        creates = [o for o in self.operations.values() if o.get("type") == kind["type"] and o["role"] == "create"]
        creates.sort(key=lambda o: (not o["operation"].startswith(("Create", "Put", "Register", "Run", "Request")),
                                    o["operation"]))
        for create in creates[:3]:
            if create["operation"] not in self.client.meta.service_model.operation_names:
                continue
            given = self.create_params(create, kind, wanted, depth)
            answer, code = self.call(create["operation"], given)
            if answer is None and "xist" not in code:
                continue
            params = self.substituted(kind, wanted, given, answer or {}, params, row)
            break
        return params

    def create_params(self, create, kind, wanted, depth):
        given = values.of_operation(self.model(create["operation"]))
        shape = self.model(create["operation"]).input_shape
        for key in kind["keys"]:
            value = wanted.get(key["name"], (None, None))[1]
            if isinstance(value, list):
                value = value[0] if value else None
            if value is None or isinstance(value, dict):
                continue
            path = create["keys"].get(key["name"]) or (key["path"] if key["from"] == "input" else None)
            if path:
                put(given, path, self.fitted(shape, path, value))
        return given

    @staticmethod
    def fitted(shape, path, value):
        """A name where the call has an ARN, a list where the create has one."""
        member = shape.members.get(path.split(".")[0].removesuffix("[]")) if shape else None
        if isinstance(value, str) and value.startswith("arn:") and path.lower().rstrip("[]").endswith("name"):
            value = re.split("[:/]", value)[-1]
        if member is not None and "." not in path and member.type_name == "list" and not isinstance(value, list) \
                and not path.endswith("[]"):
            value = [value]
        return value

    def substituted(self, kind, wanted, given, answer, params, row):
        for key in kind["keys"]:
            path, old = wanted.get(key["name"], (None, None))
            if isinstance(old, list):
                old = old[0] if old else None
            if not isinstance(old, str):
                continue
            new = self.identity(key, old, given, answer)
            if isinstance(new, str) and new and new != old:
                params = replaced(params, old, new)
                self.put_back[new] = old
        return params

    @staticmethod
    def identity(key, old, given, answer):
        """What the call is to say where the record said old."""
        new = at(given if key["from"] == "input" else answer, key["path"]) if key["path"] else None
        if old.startswith("arn:") and (not isinstance(new, str) or not new.startswith("arn:")):
            arns = [v for v in re.findall(r'"(arn:[^"]+)"', json.dumps(answer, default=str))]
            return arns[0] if arns else old
        if new is None:
            new = find(answer, key["name"])
        return old if new is None else str(new)
