#include "verify/digests/public_keys.h"

#include "core/base/fs.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"

void public_keys_free(struct public_keys *k)
{
    for (struct public_key *p = k->first; p; p = p->next)
        digest_key_free(p->key);
    arena_free(&k->arena);
    *k = (struct public_keys){ .first = NULL };
}

const struct public_key *public_keys_find(const struct public_keys *k, struct str fingerprint)
{
    for (const struct public_key *p = k->first; p; p = p->next)
        if (str_eq(p->fingerprint, fingerprint))
            return p;
    return NULL;
}

static void add(struct public_keys *k, struct str fingerprint, struct digest_key *key)
{
    if (public_keys_find(k, fingerprint)) {
        digest_key_free(key);
        return;
    }
    struct public_key *p = arena_alloc(&k->arena, sizeof *p);

    *p = (struct public_key){ arena_copy(&k->arena, fingerprint), key, k->first };
    k->first = p;
    k->count++;
}

static int add_pem(struct public_keys *k, const char *path, struct err *err)
{
    struct buf text = { 0 };
    struct digest_key *key = NULL;
    char fingerprint[33];
    int rc = fs_read(path, &text, err);

    if (rc == 0 && digest_key_read_pem(&key, buf_view(&text), NULL) < 0)
        rc = err_set(err, E_PARSE, "%s: expected an RSA key in PEM", path);
    if (rc == 0)
        rc = digest_key_fingerprint(key, fingerprint, err);
    if (rc == 0)
        add(k, str_c(fingerprint), key);
    else
        digest_key_free(key);
    buf_free(&text);
    return rc;
}

/* {"PublicKeyList": [{"Value": BASE64, "Fingerprint": HEX}]} */
static int add_list(struct public_keys *k, const struct value *answer, const char *whose,
                    struct err *err)
{
    const struct value *list = value_get_c(answer, "PublicKeyList");

    if (!list || list->kind != VALUE_LIST)
        return err_set(err, E_PARSE, "%s: expected PublicKeyList", whose);
    for (const struct value *v = value_first(list); v; v = v->next) {
        struct digest_key *key = NULL;
        struct str der;

        if (base64_decode(&k->arena, value_get_str(v, "Value"), &der, NULL) < 0 ||
            digest_key_read_der(&key, der, NULL) < 0)
            key = NULL; /* no such key: whoever needs it is told */
        add(k, value_get_str(v, "Fingerprint"), key);
    }
    return 0;
}

static int load_file(struct public_keys *k, struct str path, struct err *err)
{
    struct buf text = { 0 };
    struct value *v;
    int rc;

    if (!str_has_suffix(path, STR(".json")))
        return add_pem(k, path.ptr, err);
    rc = fs_read(path.ptr, &text, err);
    if (rc == 0)
        rc = json_parse(&k->arena, arena_copy(&k->arena, buf_view(&text)), &v, err);
    if (rc == 0)
        rc = add_list(k, v, path.ptr, err);
    buf_free(&text);
    return rc;
}

int public_keys_load(struct public_keys *k, struct str path, struct err *err)
{
    struct arena a = { 0 };
    struct fs_entry *entries;
    size_t count;
    int rc;

    path = arena_copy(&a, path);
    if (fs_is_dir(path.ptr)) {
        rc = fs_list(&a, path.ptr, &entries, &count, err);
        for (size_t i = 0; rc == 0 && i < count; i++)
            if (!entries[i].is_dir && str_has_suffix(entries[i].name, STR(".pub.pem")))
                rc = add_pem(k, arena_printf(&a, "%s/%s", path.ptr, entries[i].name.ptr).ptr, err);
    } else {
        rc = load_file(k, path, err);
    }
    arena_free(&a);
    return rc;
}

/* Source: botocore, cloudtrail/2013-11-01, ListPublicKeys. */
int public_keys_ask(struct public_keys *k, struct aws_client *c, struct str region,
                    int64_t start_ms, int64_t end_ms, struct err *err)
{
    struct value *body = value_map(&k->arena), *answer;
    struct aws_json_call call = {
        .service = STR("cloudtrail"),
        .region = region,
        .target = STR("com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.ListPublicKeys"),
        .body = body,
    };

    value_put_int(&k->arena, body, "StartTime", start_ms / 1000);
    value_put_int(&k->arena, body, "EndTime", end_ms / 1000);
    int rc = aws_json(c, &k->arena, &call, &answer, err);

    return rc < 0 ? rc : add_list(k, answer, "ListPublicKeys", err);
}
