/* Key pairs: the private half leaves in the answer to CreateKeyPair and is kept nowhere. */
#include "emulator/services/ec2/keypair.h"

static int by_name(struct ec2 *j, struct str name, struct value **pair)
{
    const struct ec2_docs *docs;
    int rc = ec2_all(j, EC2_KEY_PAIR, &docs);

    *pair = NULL;
    for (size_t i = 0; rc == 0 && i < docs->count; i++)
        if (str_eq(value_get_str(docs->of[i], "KeyName"), name))
            *pair = docs->of[i];
    return rc;
}

static int check_name(struct ec2 *j)
{
    struct value *other;
    int rc = by_name(j, param_str(j->call, "KeyName"), &other);

    if (rc == 0 && other)
        return ec2_refuse(j, "InvalidKeyPair.Duplicate", "The keypair already exists");
    return rc;
}

int ec2_create_key_pair(struct ec2 *j)
{
    bool is_rsa = !str_eq_c(param_str(j->call, "KeyType"), "ed25519");
    struct keypair key;
    struct value *pair;
    int rc = check_name(j);

    if (rc == 0 && str_eq_c(param_str(j->call, "KeyFormat"), "ppk"))
        return ec2_unsupported(j, "KeyFormat ppk");
    if (rc == 0)
        rc = ec2_new(j, EC2_KEY_PAIR, &pair);
    if (rc == 0)
        rc = keypair_make(j, is_rsa ? KEYPAIR_RSA : KEYPAIR_ED25519, &key);
    if (rc != 0)
        return rc;
    value_put_c(j->a, pair, "KeyType", is_rsa ? "rsa" : "ed25519");
    value_put_str(j->a, pair, "KeyFingerprint", key.fingerprint);
    value_put_str(j->a, pair, "PublicKey", key.public_line);
    ec2_take(j, ec2_output(j), pair, "KeyPairId Tags KeyName KeyFingerprint");
    value_put_str(j->a, ec2_output(j), "KeyMaterial", key.private_pem);
    return ec2_save(j, EC2_KEY_PAIR, pair);
}

int ec2_import_key_pair(struct ec2 *j)
{
    const struct value *material = param(j->call, "PublicKeyMaterial");
    struct keypair key;
    struct value *pair;
    int rc = check_name(j);

    if (rc == 0 && (!material || keypair_parse(j->a, material->u.text, &key, NULL) < 0))
        return ec2_refuse(j, "InvalidKey.Format", "Key is not in valid OpenSSH public key format");
    if (rc == 0)
        rc = ec2_new(j, EC2_KEY_PAIR, &pair);
    if (rc != 0)
        return rc;
    value_put_c(j->a, pair, "KeyType", key.kind == KEYPAIR_RSA ? "rsa" : "ed25519");
    value_put_str(j->a, pair, "KeyFingerprint", key.fingerprint);
    value_put_str(j->a, pair, "PublicKey", key.public_line);
    ec2_take(j, ec2_output(j), pair, "KeyPairId Tags KeyName KeyFingerprint");
    return ec2_save(j, EC2_KEY_PAIR, pair);
}

/* Deleting what is not there succeeds. Source: EC2 API Reference, DeleteKeyPair. */
int ec2_delete_key_pair(struct ec2 *j)
{
    struct value *pair;
    int rc = param_has(j->call, "KeyPairId")
                 ? ec2_find(j, EC2_KEY_PAIR, param_str(j->call, "KeyPairId"), &pair)
                 : by_name(j, param_str(j->call, "KeyName"), &pair);

    if (rc == 0 && pair) {
        ec2_take(j, ec2_output(j), pair, "KeyPairId");
        rc = ec2_drop(j, EC2_KEY_PAIR, value_get_str(pair, "KeyPairId"));
    }
    return rc != 0 ? rc : ec2_return_true(j);
}

int ec2_describe_key_pairs(struct ec2 *j)
{
    bool with_key = param_bool(j->call, "IncludePublicKey", false);
    const struct value *names = param(j->call, "KeyNames");
    struct value *list, *pair, *chosen = value_list(j->a);
    int rc = 0;

    for (const struct value *v = value_first(names); v && rc == 0; v = v->next) {
        rc = by_name(j, v->u.text, &pair);
        if (rc == 0 && !pair)
            return ec2_refuse(j, "InvalidKeyPair.NotFound", "The key pair '%.*s' does not exist",
                              STR_ARG(v->u.text));
    }
    if (rc == 0)
        rc = ec2_select(j, EC2_KEY_PAIR, &list);
    if (rc != 0)
        return rc;
    for (const struct value *v = value_first(list); v; v = v->next) {
        if (value_first(names) && !ec2_list_has(names, value_get_str(v, "KeyName")))
            continue;
        struct value *shown = value_copy(j->a, v);
        if (!with_key)
            (void)value_remove(shown, STR("PublicKey"));
        value_push(chosen, shown);
    }
    return ec2_page(j, "KeyPairs", chosen, "KeyPairId");
}
