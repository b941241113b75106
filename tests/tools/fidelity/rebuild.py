"""A record read backwards: which call of which service it was, and what was sent.

Tolerant on purpose: names are compared without case and punctuation, lists are taken from every form
in which records wrap them. What a record hides or leaves out is filled with a plausible value.
"""
import datetime
import json
import re

import values

HIDDEN = re.compile(r"^(HIDDEN_|Hidden_|\*{3,}|<sensitiveDataRemoved>|Value hidden|\*\*\*\(Redacted)")
JAVA = re.compile(r"^([A-Z][a-z]{2}) (\d+), (\d{4}),? (\d+):(\d\d):(\d\d)\s*([AP]M)$")
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
DATED = re.compile(r"(20\d\d_?\d\d_?\d\d)(v2)?$")

# eventSource (without .amazonaws.com) -> directories of botocore, where the signing name does not tell.
SOURCES = {
    "agreement-marketplace": ["marketplace-agreement"], "amazonmq": ["mq"], "application-insights": ["application-insights"],
    "applicationsignals": ["application-signals"], "autoscaling": ["autoscaling", "application-autoscaling",
                                                                  "autoscaling-plans"],
    "chime": ["chime", "chime-sdk-voice", "chime-sdk-meetings", "chime-sdk-identity"],
    "edgekeyvaluestore": ["cloudfront-keyvaluestore"], "elasticloadbalancing": ["elbv2", "elb"],
    "kinesisanalytics": ["kinesisanalyticsv2", "kinesisanalytics"], "monitoring": ["cloudwatch"],
    "bedrock": ["bedrock", "bedrock-runtime", "bedrock-agent", "bedrock-agent-runtime"], 
    "cloudhsm": ["cloudhsmv2", "cloudhsm"], "personalize": ["personalize", "personalize-events", "personalize-runtime"],
    "sagemaker": ["sagemaker", "sagemaker-featurestore-runtime", "sagemaker-runtime", "sagemaker-a2i-runtime"],
    "inspector": ["inspector", "inspector2"], "sso": ["sso-admin", "sso", "sso-oidc"],
    "rds": ["rds", "docdb", "neptune"], "rdsdata": ["rds-data"], "refactor-spaces": ["migration-hub-refactor-spaces"],
    "s3": ["s3", "s3control"], "s3-outposts": ["s3outposts", "s3control"], "s3express": ["s3"],
    "servicecatalog-appregistry": ["servicecatalog-appregistry"], "migrationhub": ["mgh"],
    "metering-marketplace": ["meteringmarketplace"], "mediapackage": ["mediapackage", "mediapackage-vod"],
    "lex": ["lexv2-models", "lex-models"], "iot": ["iot", "iot-data", "iot-jobs-data"],
    "apigateway": ["apigateway", "apigatewayv2"], "greengrass": ["greengrassv2", "greengrass"],
    "ses": ["sesv2", "ses", "pinpoint-email"], "dynamodb": ["dynamodb", "dynamodbstreams"],
}
EVENTS = {  # (directory, event) -> operation, where the event is named otherwise
    ("s3", "GetAccelerateConfiguration"): "GetBucketAccelerateConfiguration",
    ("s3", "PutAccelerateConfiguration"): "PutBucketAccelerateConfiguration",
    ("s3", "GetBucketPublicAccessBlock"): "GetPublicAccessBlock",
    ("s3", "PutBucketPublicAccessBlock"): "PutPublicAccessBlock",
    ("s3", "DeleteBucketPublicAccessBlock"): "DeletePublicAccessBlock",
    ("s3", "GetBucketObjectLockConfiguration"): "GetObjectLockConfiguration",
    ("s3", "PutBucketObjectLockConfiguration"): "PutObjectLockConfiguration",
    ("s3", "GetBucketNotification"): "GetBucketNotificationConfiguration",
    ("s3", "PutBucketNotification"): "PutBucketNotificationConfiguration",
    ("s3", "GetBucketLifecycle"): "GetBucketLifecycleConfiguration",
    ("s3", "PutBucketLifecycle"): "PutBucketLifecycleConfiguration",
    ("s3control", "GetAccountPublicAccessBlock"): "GetPublicAccessBlock",
    ("s3control", "PutAccountPublicAccessBlock"): "PutPublicAccessBlock",
    ("s3control", "DeleteAccountPublicAccessBlock"): "DeletePublicAccessBlock",
}
NAMES = {  # (directory, member of the record) -> member of the model, where nothing else tells
    ("kms", "clusterid"): "CloudHsmClusterId", ("kms", "sourceaad"): "SourceEncryptionContext",
    ("kms", "destinationaad"): "DestinationEncryptionContext", ("dynamodb", "requestitems"): "Statements",
    ("ec2", "zone"): "AvailabilityZone", ("ec2", "aclprotocol"): "Protocol",
}
ONE_OF = {  # (directory, operation): one of these is sent; what records leave out has a value
    ("lambda", "UpdateFunctionCode"): {"ZipFile": b"PK\x05\x06" + bytes(18), "S3Bucket": None, "ImageUri": None},
}
IN_TOKEN = {"sourceIdentity", "principalTags", "transitiveTagKeys"}  # of a federated call: its token says them
SETS = {  # EC2's older names of lists -> the query's name
    "sharedusersset": "restorableby", "executablebyset": "executableby", "accountattributenameset": "attributename",
    "customergatewayset": "customergatewayid", "vpngatewayset": "vpngatewayid", "vpnconnectionset": "vpnconnectionid",
    "dhcpoptionsset": "dhcpoptionsid", "availabilityzoneset": "zonename", "availabilityzoneidset": "zoneid",
    "securitygroupset": "groupname", "placementgroupset": "groupname", "keyset": "keyname",
    "groupset": "securitygroupid", "tagspecificationset": "tagspecification",
}


def normal(name):
    return re.sub("[^a-z0-9]", "", str(name).lower())


class Models:
    """The services of a botocore session, by eventSource."""

    def __init__(self, session):
        self.session, self.models, self.scanned = session, {}, {}
        self.available = set(session.get_available_services())

    def services(self, source):
        """Those of a source: by the table, by their directory's name, else by their signing names."""
        found = [s for s in SOURCES.get(source, []) + [source] if s in self.available]
        if not found and not self.scanned:
            for service in sorted(self.available):
                meta = self.model(service).metadata
                name = meta.get("signingName") or meta.get("endpointPrefix", service)
                self.scanned.setdefault(name.lower(), []).append(service)
        return found or self.scanned.get(source, [])

    def model(self, service):
        if service not in self.models:
            self.models[service] = self.session.get_service_model(service)
        return self.models[service]

    def operation(self, record):
        """(service, OperationModel), or None when no public model has the event."""
        source = str(record.get("eventSource", "")).removesuffix(".amazonaws.com").lower()
        event = str(record.get("eventName"))
        best = None
        for service in self.services(source):
            model = self.model(service)
            names = {normal(DATED.sub("", model.operation_model(n).name)): n for n in model.operation_names}
            name = EVENTS.get((service, event)) or names.get(normal(DATED.sub("", event))) \
                or names.get(normal(re.sub("v2$", "", event)))
            if name in model.operation_names:
                operation = model.operation_model(name)
                missed = unknown_members(service, operation, record.get("requestParameters"))
                missed += 10 * (str(record.get("apiVersion", "")) not in ("", model.api_version))
                if best is None or missed < best[0]:
                    best = missed, service, operation
        return best and best[1:]


def unknown_members(service, operation, params):
    """How many members of the record the operation's input lacks: tells rds from neptune, elb from elbv2."""
    shape = operation.input_shape
    if not isinstance(params, dict):
        return 0
    return sum(not (shape and member_of(service, shape, key)) for key in params)


def member_of(service, shape, key):
    """(name, shape) of the member that a record's key stands for."""
    want = normal(key)
    wants = [normal(NAMES[service, want])] if (service, want) in NAMES else []
    wants.append(want)
    if service == "ec2":
        stem = SETS.get(want, want.removesuffix("set"))
        wants += [stem, stem + "id", stem + "s", stem + "ids", stem.removesuffix("s"), stem.removesuffix("s") + "id",
                  stem.removesuffix("s") + "ids"]
    for candidate in wants:
        for name, target in shape.members.items():
            wire = target.serialization
            if candidate in (normal(name), normal(wire.get("name", "")), normal(wire.get("queryName", ""))):
                return name, target
    return None


class Rebuilt:
    """What a record says was sent."""

    def __init__(self, service, operation, record):
        self.service, self.operation = service, operation
        self.unsendable = []  # members of the record that no client can send
        self.put_back = {}  # a plausible value -> the record's, which no model allows: masked
        self.filled = set()  # members that the record hides, and the call can't do without
        given = record.get("requestParameters")
        shape = operation.input_shape
        self.params = {}
        if service == "s3":
            self.filled |= {"xamzsdkchecksumalgorithm"}  # today's clients add it
        if not shape:
            return
        if isinstance(given, dict):
            given = self.unwrap(given)
            self.params = self.s3(shape, given) if service == "s3" else self.structure(shape, given, "")
        self.complete(shape, self.params)
        if (service, operation.name) in ONE_OF and not set(self.params) & set(ONE_OF[service, operation.name]):
            self.params.update({k: v for k, v in ONE_OF[service, operation.name].items() if v})

    def unwrap(self, given):
        wrapper = self.operation.name + "Request"
        if self.service == "ec2" and list(given) and normal(list(given)[0]).startswith("deltgw"):
            return next(iter(given.values())) or {}
        for key, inner in given.items():
            if self.service == "ec2" and key == wrapper:
                return inner if isinstance(inner, dict) else {}
            if isinstance(inner, dict) and normal(key) == normal(self.operation.name) + "input":
                return {**{k: v for k, v in given.items() if k != key}, **inner}
        item = given.get("instancesSet")
        if self.operation.name == "RunInstances" and isinstance(item, dict) and item.get("items"):
            return {**given, **item["items"][0]}
        return given

    def structure(self, shape, given, path):
        out, lifted = {}, {}
        if getattr(shape, "is_document_type", False):
            return given
        for key, inner in given.items():
            if key in ("tag", "xmlns", "xmlns:xsi") and self.service in ("ec2", "s3"):
                continue
            found = member_of(self.service, shape, key)
            body = shape.members.get(shape.serialization.get("payload", "")) if not found else None
            if body is not None and body.type_name == "structure" and member_of(self.service, body, key):
                lifted[key] = inner
                continue
            if not found and self.operation.name.startswith("AssumeRoleWith") and key in IN_TOKEN:
                continue
            if not found:
                self.unsendable.append(f"{path}.{key}".lstrip("."))
                continue
            made = self.value(found[1], inner, found[0], f"{path}.{key}".lstrip("."))
            if made is not None:
                out[found[0]] = made
        if lifted:  # records of some services have the members of a body beside the others
            name = shape.serialization["payload"]
            out[name] = self.structure(shape.members[name], lifted, path)
        return out

    def value(self, shape, given, name, path):
        kind = shape.type_name
        if isinstance(given, str) and HIDDEN.match(given):
            return values.value(shape, name)
        if kind == "structure":
            if isinstance(given, str) and given.startswith("{"):
                given = json.loads(given)
            if isinstance(given, list) and len(given) == 1:
                given = given[0]
            return self.structure(shape, given, path) if isinstance(given, dict) else {}
        if kind == "list":
            return self.list(shape, given, name, path)
        if kind == "map":
            if not isinstance(given, dict):
                return {}
            return {k: self.value(shape.value, v, k, f"{path}.{k}") for k, v in given.items()}
        return self.allowed(shape, scalar(shape, given, name), name)

    def allowed(self, shape, made, name):
        """A masked value is not what was sent: one that the model allows stands for it."""
        if not isinstance(made, str) or shape.type_name != "string" or fits(shape.metadata, made):
            return made
        other = values.text(shape.metadata, name)
        if not fits(shape.metadata, other):
            return made
        if len(made) > 1:
            self.put_back[other] = made
        return other

    def list(self, shape, given, name, path):
        element = normal(shape.member.serialization.get("name", "member"))
        if isinstance(given, dict):
            if not given:
                return None if self.service == "ec2" else []
            inner = next((v for k, v in given.items() if k in ("items", "item") or normal(k) == element), None)
            if inner is not None and (self.service in ("ec2", "s3") or isinstance(inner, list)):
                given = inner
        if given == "" or given is None:
            return []
        if not isinstance(given, list):
            given = [given]
        made = [self.value(shape.member, v, name, path + "[]") for v in given]
        return [v for v in made if v is not None]

    def s3(self, shape, given):
        """S3's parameters are query, headers and body as they were on the wire."""
        out = {}
        grants = given.get("accessControlList")
        given = {**given, **grants} if isinstance(grants, dict) else given
        for key, inner in given.items():
            if key == "accessControlList" and isinstance(grants, dict):
                continue
            if key == "bucketName":
                out["Bucket"] = inner
                if not re.fullmatch("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", str(inner)):
                    out["Bucket"] = re.sub("[^a-z0-9-]+", "-", str(inner).lower()).strip("-")[:60] or "masked"
                    self.put_back[out["Bucket"]] = str(inner)
            elif key == "bucketPolicy":
                out["Policy"] = json.dumps(inner) if not isinstance(inner, str) else inner
            elif key != "Host" and inner != "":  # "acl": "" is the query's, no parameter
                found = member_of("s3", shape, key)
                if found:
                    made = self.value(found[1], inner, found[0], key)
                    if made is not None:
                        out[found[0]] = made
                elif key not in ("list-type", "x-id", "X-Amz-Date", "X-Amz-Algorithm"):
                    self.unsendable.append(key)
        return out

    def complete(self, shape, params, depth=0):
        """What records never show but a call can't do without."""
        required = shape.required_members
        for name, member in shape.members.items():
            if name not in params and (name in required or member.serialization.get("location") == "uri"):
                params[name] = values.value(member, name)
                self.filled.add(normal(name))
            elif name not in params and member.metadata.get("idempotencyToken"):
                self.filled.add(normal(name))  # the client makes one up
            inner = params.get(name)
            if member.type_name == "structure" and isinstance(inner, dict) and depth < 4 \
                    and not getattr(member, "is_document_type", False):
                if not inner and any(m.type_name == "blob" for m in member.members.values()):
                    inner.update((n, b"x") for n, m in member.members.items() if m.type_name == "blob")
                if not getattr(member, "is_tagged_union", False):
                    self.complete(member, inner, depth + 1)
            if member.type_name == "list" and member.member.type_name == "structure" and isinstance(inner, list) \
                    and depth < 4 and not getattr(member.member, "is_tagged_union", False):
                for one in inner:
                    if isinstance(one, dict):
                        self.complete(member.member, one, depth + 1)


def fits(meta, text):
    if meta.get("enum"):
        return text in meta["enum"]
    if not meta.get("min", 0) <= len(text) <= meta.get("max", 1 << 30):
        return False
    try:
        return not meta.get("pattern") or bool(re.search(meta["pattern"], text))
    except re.error:  # Java's own
        return True


def scalar(shape, given, name):
    kind = shape.type_name
    if isinstance(given, dict):
        if "content" in given:
            given = given["content"]
        elif len(given) == 1:
            given = next(iter(given.values()))
        else:
            return values.value(shape, name)
    if isinstance(given, list) and len(given) == 1:
        given = given[0]
    if given is None or isinstance(given, (dict, list)):
        return None if given is None else values.value(shape, name)
    if kind == "timestamp":
        return time_of(given)
    try:
        if kind in ("integer", "long"):
            return int(given)
        if kind in ("float", "double"):
            return float(given)
    except ValueError:
        return 1
    if kind == "boolean":
        return given if isinstance(given, bool) else str(given).lower() in ("true", "enabled", "1")
    if kind == "blob":
        return str(given).encode()
    if isinstance(given, str):
        return given
    return json.dumps(given)


def time_of(given):
    utc = datetime.timezone.utc
    if isinstance(given, (int, float)):
        return datetime.datetime.fromtimestamp(given / 1000 if given > 1e11 else given, utc)
    java = JAVA.match(str(given).replace("\u202f", " "))
    if java:
        month, day, year, hour, minute, second, half = java.groups()
        return datetime.datetime(int(year), MONTHS.index(month) + 1, int(day),
                                 int(hour) % 12 + 12 * (half == "PM"), int(minute), int(second), tzinfo=utc)
    try:
        when = datetime.datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(given)).replace("Z", "+00:00"))
        return when if when.tzinfo else when.replace(tzinfo=utc)
    except ValueError:
        return datetime.datetime(2026, 1, 1, tzinfo=utc)


