#include <assert.h>

#include <cjson/cJSON.h>

#include "emulator/catalogue/compile/compile.h"

/* One model while it is read: shapes by name. */
struct reading {
    struct build *b;
    const char *path;
    uint32_t first_shape, shape_count;
    uint32_t *slots; /* 1 + index in build.shapes */
    uint32_t slot_count;
    struct err *err;
};

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}
static const char *text_of(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(get(object, name));
}
static bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(get(object, name));
}
static uint32_t word(struct reading *r, const cJSON *object, const char *name)
{
    return strings_add(&r->b->strings, text_of(object, name));
}

struct name_bit {
    const char *name;
    uint32_t bit;
};
static uint16_t bits_of(const cJSON *object, const struct name_bit *rows)
{
    uint32_t bits = 0;

    for (; rows->name; rows++)
        if (is_true(object, rows->name))
            bits |= rows->bit;
    return (uint16_t)bits;
}
/* The number of a word; -1 when it is none of the rows. */
static int number_of(const char *text, const struct name_bit *rows)
{
    for (; text && rows->name; rows++)
        if (strcmp(rows->name, text) == 0)
            return (int)rows->bit;
    return -1;
}

static const struct name_bit types[] = {
    { "structure", CAT_STRUCTURE }, { "list", CAT_LIST },           { "map", CAT_MAP },
    { "string", CAT_STRING },       { "blob", CAT_BLOB },           { "boolean", CAT_BOOLEAN },
    { "integer", CAT_INTEGER },     { "long", CAT_LONG },           { "float", CAT_FLOAT },
    { "double", CAT_DOUBLE },       { "timestamp", CAT_TIMESTAMP }, { "character", CAT_STRING },
    { "short", CAT_INTEGER },       { "byte", CAT_INTEGER },        { NULL, 0 },
};
static const struct name_bit locations[] = {
    { "uri", CAT_URI },         { "querystring", CAT_QUERYSTRING }, { "header", CAT_HEADER },
    { "headers", CAT_HEADERS }, { "statusCode", CAT_STATUS },       { NULL, 0 },
};
static const struct name_bit timestamps[] = {
    { "iso8601", CAT_TS_ISO8601 },
    { "rfc822", CAT_TS_RFC822 },
    { "unixTimestamp", CAT_TS_UNIX },
    { NULL, 0 },
};
static const struct name_bit protocols[] = {
    { "json", CAT_JSON },
    { "rest-json", CAT_REST_JSON },
    { "rest-xml", CAT_REST_XML },
    { "query", CAT_QUERY },
    { "ec2", CAT_EC2 },
    { "smithy-rpc-v2-cbor", CAT_CBOR },
    { NULL, 0 },
};
static const struct name_bit shape_flags[] = {
    { "sensitive", CAT_S_SENSITIVE },
    { "union", CAT_S_UNION },
    { "document", CAT_S_DOCUMENT },
    { "eventstream", CAT_S_EVENTSTREAM },
    { "streaming", CAT_S_STREAMING },
    { "flattened", CAT_S_FLATTENED },
    { "wrapper", CAT_S_WRAPPER },
    { "exception", CAT_S_EXCEPTION },
    { "fault", CAT_S_FAULT },
    { "sparse", CAT_S_SPARSE },
    { NULL, 0 },
};
static const struct name_bit member_flags[] = {
    { "flattened", CAT_M_FLATTENED },      { "xmlAttribute", CAT_M_XML_ATTRIBUTE },
    { "jsonvalue", CAT_M_JSONVALUE },      { "idempotencyToken", CAT_M_IDEMPOTENCY },
    { "streaming", CAT_M_STREAMING },      { "eventpayload", CAT_M_EVENT_PAYLOAD },
    { "eventheader", CAT_M_EVENT_HEADER }, { "hostLabel", CAT_M_HOST_LABEL },
    { "deprecated", CAT_M_DEPRECATED },    { NULL, 0 },
};
static const struct name_bit op_flags[] = {
    { "readonly", CAT_O_READONLY },
    { "idempotent", CAT_O_IDEMPOTENT },
    { "httpChecksumRequired", CAT_O_CHECKSUM_REQUIRED },
    { NULL, 0 },
};

/* xmlNamespace is a text, or an object with uri and perhaps prefix. */
static uint32_t xml_namespace(struct reading *r, const cJSON *object)
{
    const cJSON *item = get(object, "xmlNamespace");

    return cJSON_IsObject(item) ? word(r, item, "uri") : word(r, object, "xmlNamespace");
}

static uint32_t *shape_slot(struct reading *r, const char *name)
{
    assert(r->slots);
    uint32_t number = strings_add(&r->b->strings, name);
    uint32_t at = (number * 0x9e3779b1u) & (r->slot_count - 1);

    while (r->slots[at] &&
           LIST_AT(r->b->shapes, struct build_shape)[r->slots[at] - 1].name != number)
        at = (at + 1) & (r->slot_count - 1);
    return &r->slots[at];
}

static int fail(struct reading *r, const char *what, const char *which)
{
    return err_set(r->err, E_PARSE, "%s: %s %s", r->path, what, which ? which : "(none)");
}

/* 1 + index of the shape that object.shape names; 0 for an absent object. */
static int shape_ref(struct reading *r, const cJSON *object, uint32_t *out)
{
    const char *name = text_of(object, "shape");

    *out = 0;
    if (!object)
        return 0;
    if (!name || !*shape_slot(r, name))
        return fail(r, "no such shape:", name);
    *out = *shape_slot(r, name);
    return 0;
}

static int read_member(struct reading *r, const cJSON *json, const char *name, bool required)
{
    struct build_member m = {
        .name = strings_add(&r->b->strings, name),
        .own_wire = word(r, json, "locationName"),
        .query_name = word(r, json, "queryName"),
        .xml_namespace = xml_namespace(r, json),
        .flags = bits_of(json, member_flags),
    };
    int location = number_of(text_of(json, "location"), locations);
    int ts = number_of(text_of(json, "timestampFormat"), timestamps);
    int rc = shape_ref(r, json, &m.shape);

    if (rc < 0)
        return rc;
    if (m.shape == 0)
        return fail(r, "a member without shape:", name);
    m.shape--;
    m.location = (uint8_t)(location < 0 ? CAT_BODY : location);
    m.ts = (uint8_t)(ts < 0 ? CAT_TS_DEFAULT : ts);
    if (required)
        m.flags |= CAT_M_REQUIRED;
    LIST_ADD(&r->b->members, struct build_member, m);
    return 0;
}

static bool is_listed(const cJSON *list, const char *name)
{
    const cJSON *item;

    cJSON_ArrayForEach(item, list)
    {
        if (item->valuestring && strcmp(item->valuestring, name) == 0)
            return true;
    }
    return false;
}

static int read_members(struct reading *r, const cJSON *json, struct build_shape *s)
{
    static const char *const parts[] = { "member", "key", "value" };
    const cJSON *member, *required = get(json, "required");
    const char *payload = text_of(json, "payload");
    int rc = 0;

    s->first_member = LIST_COUNT(r->b->members, struct build_member);
    cJSON_ArrayForEach(member, get(json, "members"))
    {
        rc = read_member(r, member, member->string, is_listed(required, member->string));
        if (rc < 0)
            return rc;
        s->member_count++;
        if (payload && strcmp(payload, member->string) == 0)
            s->payload = (uint16_t)s->member_count;
    }
    for (size_t i = 0; rc == 0 && i < COUNT(parts); i++) {
        if (!get(json, parts[i]))
            continue;
        rc = read_member(r, get(json, parts[i]), NULL, false);
        s->member_count++;
    }
    if (s->member_count >= 1u << 12)
        return fail(r, "too many members in", json->string);
    return rc;
}

static void read_enum(struct reading *r, const cJSON *json, struct build_shape *s)
{
    const cJSON *item;

    s->first_enum = LIST_COUNT(r->b->enums, uint32_t);
    cJSON_ArrayForEach(item, get(json, "enum"))
    {
        LIST_ADD(&r->b->enums, uint32_t, strings_add(&r->b->strings, item->valuestring));
        s->enum_count++;
    }
}

static void read_bound(const cJSON *json, const char *name, bool *has, int64_t *out)
{
    const cJSON *item = get(json, name);

    if (!cJSON_IsNumber(item) || item->valuedouble > 9e18 || item->valuedouble < -9e18)
        return;
    *has = true;
    *out = (int64_t)item->valuedouble;
}

static int read_shape(struct reading *r, const cJSON *json, uint32_t index)
{
    struct build_shape s = LIST_AT(r->b->shapes, struct build_shape)[index];
    const cJSON *error = get(json, "error"), *status = get(error, "httpStatusCode");
    int type = number_of(text_of(json, "type"), types);
    int ts = number_of(text_of(json, "timestampFormat"), timestamps);

    if (type < 0)
        return fail(r, "unknown type of shape", json->string);
    s.type = (uint8_t)type;
    s.ts = (uint8_t)(ts < 0 ? CAT_TS_DEFAULT : ts);
    s.flags = bits_of(json, shape_flags);
    s.location_name = word(r, json, "locationName");
    s.xml_namespace = xml_namespace(r, json);
    s.pattern = word(r, json, "pattern");
    s.error_code = word(r, error, "code");
    if (is_true(error, "senderFault"))
        s.flags |= CAT_S_SENDER_FAULT;
    if (cJSON_IsNumber(status) && status->valueint > 0 && status->valueint < 1000)
        s.http_status = (uint16_t)status->valueint;
    read_bound(json, "min", &s.has_min, &s.min);
    read_bound(json, "max", &s.has_max, &s.max);
    read_enum(r, json, &s);
    int rc = read_members(r, json, &s);

    LIST_AT(r->b->shapes, struct build_shape)[index] = s;
    return rc;
}

/* Names first, so that references find them; then contents. */
static int read_shapes(struct reading *r, const cJSON *json)
{
    const cJSON *shape;
    uint32_t index;
    int rc = 0;

    r->first_shape = index = LIST_COUNT(r->b->shapes, struct build_shape);
    r->shape_count = (uint32_t)cJSON_GetArraySize(json);
    r->slot_count = 16;
    while (r->slot_count < 2 * r->shape_count)
        r->slot_count *= 2;
    r->slots = arena_array(&r->b->arena, r->slot_count, sizeof *r->slots);
    cJSON_ArrayForEach(shape, json)
    {
        LIST_ADD(&r->b->shapes, struct build_shape,
                 { .name = strings_add(&r->b->strings, shape->string) });
        *shape_slot(r, shape->string) = ++index;
    }
    index = r->first_shape;
    cJSON_ArrayForEach(shape, json)
    {
        rc = rc < 0 ? rc : read_shape(r, shape, index++);
    }
    return rc;
}

static bool streams(struct reading *r, uint32_t shape)
{
    const struct build_shape *shapes = LIST_AT(r->b->shapes, struct build_shape);

    if (shape == 0)
        return false;
    const struct build_shape *s = &shapes[shape - 1];

    for (uint32_t i = 0; i < s->member_count; i++) {
        const struct build_member *m =
            &LIST_AT(r->b->members, struct build_member)[s->first_member + i];
        if (shapes[m->shape].flags & CAT_S_EVENTSTREAM)
            return true;
    }
    return false;
}

static uint16_t flags_of_op(struct reading *r, const cJSON *json, const struct build_op *op)
{
    const char *authtype = text_of(json, "authtype");
    uint16_t flags = bits_of(json, op_flags);

    if (authtype && strcmp(authtype, "none") == 0)
        flags |= CAT_O_NOAUTH;
    if (authtype && strcmp(authtype, "v4-unsigned-body") == 0)
        flags |= CAT_O_UNSIGNED_BODY;
    if (streams(r, op->input))
        flags |= CAT_O_EVENTSTREAM_IN;
    if (streams(r, op->output))
        flags |= CAT_O_EVENTSTREAM_OUT;
    return flags;
}

static int read_op(struct reading *r, const cJSON *json)
{
    const cJSON *http = get(json, "http"), *status = get(http, "responseCode"), *error;
    struct build_op op = {
        .name = word(r, json, "name"),
        .key = strings_add(&r->b->strings, json->string),
        .method = word(r, http, "method"),
        .uri = word(r, http, "requestUri"),
        .host_prefix = word(r, get(json, "endpoint"), "hostPrefix"),
        .result_wrapper = word(r, get(json, "output"), "resultWrapper"),
        .first_error = LIST_COUNT(r->b->errors, uint32_t),
        .status = (uint16_t)(cJSON_IsNumber(status) ? status->valueint : 200),
        .deprecated = is_true(json, "deprecated"),
    };
    int rc = shape_ref(r, get(json, "input"), &op.input);

    if (rc == 0)
        rc = shape_ref(r, get(json, "output"), &op.output);
    cJSON_ArrayForEach(error, get(json, "errors"))
    {
        uint32_t shape;

        rc = rc < 0 ? rc : shape_ref(r, error, &shape);
        if (rc < 0)
            return rc;
        LIST_ADD(&r->b->errors, uint32_t, shape - 1);
        op.error_count++;
    }
    if (rc == 0 && op.error_count >= 1u << 7)
        rc = fail(r, "too many errors of", json->string);
    if (rc < 0)
        return rc;
    op.flags = flags_of_op(r, json, &op);
    LIST_ADD(&r->b->ops, struct build_op, op);
    return 0;
}

/* metadata.protocols is newer than metadata.protocol and absent in old models. */
static int read_protocols(struct reading *r, const cJSON *metadata, struct cat_service *row)
{
    const char *name = text_of(metadata, "protocol");
    int protocol = number_of(name, protocols);
    const cJSON *item;

    if (protocol < 0)
        return fail(r, "unknown protocol", name);
    row->protocol = (uint8_t)protocol;
    row->protocols = (uint8_t)(1u << protocol);
    cJSON_ArrayForEach(item, get(metadata, "protocols"))
    {
        int other = number_of(item->valuestring, protocols);

        if (other >= 0)
            row->protocols |= (uint8_t)(1u << other);
    }
    return 0;
}

static int read_service(struct reading *r, const cJSON *root, const struct model_file *file,
                        uint32_t set)
{
    const cJSON *metadata = get(root, "metadata"), *op;
    struct build_service s = { .set = set };
    int rc = read_protocols(r, metadata, &s.row);

    s.row.name = strings_add(&r->b->strings, file->service.ptr);
    s.row.service_id = word(r, metadata, "serviceId");
    s.row.endpoint_prefix = word(r, metadata, "endpointPrefix");
    s.row.signing_name = word(r, metadata, "signingName");
    if (s.row.signing_name == 0)
        s.row.signing_name = s.row.endpoint_prefix;
    s.row.target_prefix = word(r, metadata, "targetPrefix");
    s.row.api_version = word(r, metadata, "apiVersion");
    s.row.xml_namespace = xml_namespace(r, metadata);
    s.row.json_version = word(r, metadata, "jsonVersion");
    s.row.global_endpoint = word(r, metadata, "globalEndpoint");
    s.row.uid = word(r, metadata, "uid");
    if (get(metadata, "awsQueryCompatible"))
        s.row.flags |= CAT_SV_QUERY_COMPATIBLE;
    if (is_listed(get(metadata, "auth"), "smithy.api#httpBearerAuth") ||
        str_eq_c(str_c(text_of(metadata, "signatureVersion")), "bearer"))
        s.row.flags |= CAT_SV_BEARER;
    s.first_op = LIST_COUNT(r->b->ops, struct build_op);
    if (rc == 0)
        rc = read_shapes(r, get(root, "shapes"));
    cJSON_ArrayForEach(op, get(root, "operations"))
    {
        rc = rc < 0 ? rc : read_op(r, op);
        s.op_count++;
    }
    s.first_shape = r->first_shape;
    s.shape_count = r->shape_count;
    if (rc == 0)
        LIST_ADD(&r->b->models, struct build_service, s);
    return rc;
}

int model_load(struct build *b, const struct model_file *file, uint32_t set, struct err *err)
{
    struct reading r = { .b = b, .path = file->path.ptr, .err = err };
    struct arena_mark mark = arena_mark(&b->arena);
    struct buf text = { 0 };
    int rc = sets_read(file->path.ptr, &text, err);
    cJSON *root = rc == 0 ? cJSON_ParseWithLength(text.ptr, text.len) : NULL;

    if (rc == 0 && !root)
        rc = err_set(err, E_PARSE, "%s: not JSON", file->path.ptr);
    if (rc == 0)
        rc = read_service(&r, root, file, set);
    cJSON_Delete(root);
    buf_free(&text);
    arena_rewind(&b->arena, mark);
    return rc;
}

int model_load_old_ec2(struct build *b, const char *dir, struct err *err)
{
    static const char *const names[] = { "service-2.json.gz", "service-2.json" };
    struct buf text = { 0 };
    cJSON *root = NULL;
    const cJSON *op;
    int rc = E_MISSING;

    for (size_t i = 0; rc == E_MISSING && i < COUNT(names); i++) {
        struct str path = arena_printf(&b->arena, "%s/ec2/2014-10-01/%s", dir, names[i]);

        rc = sets_read(path.ptr, &text, NULL);
        if (rc == 0)
            root = cJSON_ParseWithLength(text.ptr, text.len);
        if (rc == 0 && !root)
            rc = err_set(err, E_PARSE, "%s: not JSON", path.ptr);
    }
    cJSON_ArrayForEach(op, get(root, "operations"))
    {
        LIST_ADD(&b->old_ec2, uint32_t, strings_add(&b->strings, op->string));
    }
    cJSON_Delete(root);
    buf_free(&text);
    return rc == E_MISSING ? 0 : rc;
}
