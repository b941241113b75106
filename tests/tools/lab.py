"""A scenario in which every technique is played once, as an attack or as its look-alike.

Each technique has an account of its own, so that none finds another's state; what concerns an
organization is played in its management account.
"""
import json

import scenario_files

IN_MANAGEMENT = {"defense-evasion.organizations-detach-policy"}
OWN_TRAIL = {"defense-evasion.organizations-leave"}  # who has left is on the organization's trail no more
NETWORKS = {"office": ["203.0.113.0/26"], "aws": ["3.80.0.0/16"]}


def account_id(number):
    return f"{333300000000 + number:012d}"


def principal(name, actor, account):
    base = {"name": name, "account": account, "network": "office"}
    if actor == "role":
        maker = dict(base, name=name + "-by", kind="user", policies=["AdministratorAccess"])
        return [maker, dict(base, kind="role", trust=[name + "-by"], policies=["AdministratorAccess"])]
    if actor == "instance":
        return [dict(base, kind="instance", role=name, policies=["ReadOnlyAccess"], network="aws")]
    if actor == "root":
        return [dict(base, kind="root", mfa=True)]
    return [dict(base, kind="user", policies=["AdministratorAccess"], mfa=True)]


def trail(name, account, organization):
    return {"name": name, "account": account, "bucket": f"lab-{name}-logs", "organization": organization,
            "data_events": True, "validation": False}


def scenario(benign, techniques=None):
    """The scenario as a dict; one story for each technique, named after it."""
    stems = techniques or sorted(p.stem for p in scenario_files.TECHNIQUES.glob("*.yaml"))
    trails = [trail("all", "main", True)]
    accounts = [{"alias": "main", "id": account_id(0), "name": "main", "email": "root@main.example"}]
    principals, stories = [], []
    for number, stem in enumerate(stems, 1):
        alias, name = f"a{number}", f"p{number}"
        actor = scenario_files.load(scenario_files.TECHNIQUES / f"{stem}.yaml").get("actor", "user")
        if stem in IN_MANAGEMENT:
            alias = "main"
        else:
            accounts.append({"alias": alias, "id": account_id(number), "name": alias, "email": f"root@{alias}.example"})
        if stem in OWN_TRAIL:
            trails.append(trail("own", alias, False))
        principals += principal(name, actor, alias)
        stories.append({"name": stem, "use": stem, "benign": benign, "as": name, "at": f"+{1 + number // 60}h{number % 60}m"})
    return {
        "scenario": "lab", "description": "Every technique once.",
        "start": "2026-01-05T00:00:00Z", "end": "2026-01-07T00:00:00Z",
        "accounts": accounts, "organization": {"management": "main"},
        "regions": ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-southeast-3"],
        "home_region": "us-east-1", "networks": NETWORKS, "principals": principals,
        "trails": trails, "stories": stories,
    }


def write(path, benign, techniques=None):
    """JSON is YAML."""
    path.write_text(json.dumps(scenario(benign, techniques), indent=1))
    return path
