/* Rotation: the old material stays, for what it encrypted; the newest encrypts. */
#include "emulator/services/kms/kms.h"

#define DAY_MS (24 * 3600 * 1000ll)
/* Source: KMS API Reference, "EnableKeyRotation", RotationPeriodInDays; "RotateKeyOnDemand". */
enum { PERIOD_DEFAULT = 365, PERIOD_LEAST = 90, PERIOD_MOST = 2560, ON_DEMAND_MOST = 25 };
enum { LIST_DEFAULT = 100 };

static struct value *rotation_of(const struct kms_key *k)
{
    return value_get_c(k->doc, "Rotation");
}

static bool is_on(const struct kms_key *k)
{
    return value_get_bool(rotation_of(k), "Enabled", false);
}

static int64_t next_ms(const struct kms_key *k)
{
    return value_get_time(rotation_of(k), "Since", 0) +
           value_get_int(rotation_of(k), "PeriodInDays", PERIOD_DEFAULT) * DAY_MS;
}

int kms_rotate_if_due(struct ctx *cx, struct kms_key *k, struct err *err)
{
    int rc = 0;
    bool rotated = false;

    while (rc == 0 && is_on(k) && next_ms(k) <= cx->now_ms) {
        int64_t at_ms = next_ms(k);
        value_put_time(cx->a, rotation_of(k), "Since", at_ms);
        rc = kms_material_add(cx, k, "AUTOMATIC", at_ms, STR(""), err);
        rotated = true;
    }
    return rc < 0 || !rotated ? rc : kms_save(cx, k, err);
}

/* Only symmetric keys whose material KMS made are rotated. */
static int find(struct ctx *cx, const struct call *call, struct outcome *out, struct kms_key *k,
                struct err *err)
{
    int rc = kms_find(cx, call, out, "KeyId", k, err);

    if (rc < 0 || !k->doc || k->spec->form == KMS_AES)
        return rc;
    outcome_refuse(cx->a, out, 0, "UnsupportedOperationException", "%s", "");
    k->doc = NULL;
    return 0;
}

int kms_EnableKeyRotation(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    int64_t days = param_int(call, "RotationPeriodInDays", PERIOD_DEFAULT);
    struct value *r = value_map(cx->a);
    struct kms_key k;

    if (days < PERIOD_LEAST || days > PERIOD_MOST) {
        kms_invalid(cx, out, arena_printf(cx->a, "%lld", (long long)days), "rotationPeriodInDays",
                    days < PERIOD_LEAST ? "have value greater than or equal to 90"
                                        : "have value less than or equal to 2560");
        return 0;
    }
    int rc = find(cx, call, out, &k, err);
    if (rc < 0 || !k.doc)
        return rc;
    value_put_bool(cx->a, r, "Enabled", true);
    value_put_int(cx->a, r, "PeriodInDays", days);
    value_put_time(cx->a, r, "Since",
                   is_on(&k) ? value_get_time(rotation_of(&k), "Since", 0) : cx->now_ms);
    value_set(k.doc, STR("Rotation"), r);
    return kms_save(cx, &k, err);
}

int kms_DisableKeyRotation(struct ctx *cx, const struct call *call, struct outcome *out,
                           struct err *err)
{
    struct kms_key k;
    int rc = find(cx, call, out, &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    (void)value_remove(k.doc, STR("Rotation")); /* off already is no error */
    return kms_save(cx, &k, err);
}

int kms_GetKeyRotationStatus(struct ctx *cx, const struct call *call, struct outcome *out,
                             struct err *err)
{
    struct kms_key k;
    int rc = find(cx, call, out, &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    struct value *o = outcome_output(cx, out);
    bool on = is_on(&k) && !value_get_c(k.meta, "DeletionDate");
    value_put_bool(cx->a, o, "KeyRotationEnabled", on);
    value_put_str(cx->a, o, "KeyId", k.arn);
    if (on) {
        value_put_int(cx->a, o, "RotationPeriodInDays",
                      value_get_int(rotation_of(&k), "PeriodInDays", PERIOD_DEFAULT));
        value_put_time(cx->a, o, "NextRotationDate", next_ms(&k));
    }
    return 0;
}

int kms_RotateKeyOnDemand(struct ctx *cx, const struct call *call, struct outcome *out,
                          struct err *err)
{
    struct kms_key k;
    int count = 0, rc = find(cx, call, out, &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    for (const struct value *m = value_first(value_get_c(k.doc, "Materials")); m; m = m->next)
        count += str_eq_c(value_get_str(m, "Type"), "ON_DEMAND");
    if (count >= ON_DEMAND_MOST) {
        outcome_refuse(cx->a, out, 0, "LimitExceededException",
                       "The on-demand rotations limit has been reached for %.*s.", STR_ARG(k.arn));
        return 0;
    }
    value_put_str(cx->a, outcome_output(cx, out), "KeyId", k.arn);
    rc = kms_material_add(cx, &k, "ON_DEMAND", cx->now_ms, STR(""), err);
    return rc < 0 ? rc : kms_save(cx, &k, err);
}

/* Source: KMS API Reference, "ListKeyRotations": rotations, and with IncludeKeyMaterial
 * ALL_KEY_MATERIAL the first material too. */
int kms_ListKeyRotations(struct ctx *cx, const struct call *call, struct outcome *out,
                         struct err *err)
{
    bool all = str_eq_c(param_str(call, "IncludeKeyMaterial"), "ALL_KEY_MATERIAL");
    struct value *list = value_list(cx->a);
    struct kms_key k;
    int rc = find(cx, call, out, &k, err);

    if (rc < 0 || !k.doc)
        return rc;
    for (const struct value *m = value_first(value_get_c(k.doc, "Materials")); m; m = m->next) {
        struct str type = value_get_str(m, "Type");
        if (type.len == 0 && !all)
            continue;
        struct value *row = value_map(cx->a);
        value_put_str(cx->a, row, "KeyId", k.arn);
        value_put_str(cx->a, row, "KeyMaterialId", value_get_str(m, "Id"));
        value_put_c(cx->a, row, "KeyMaterialState", m->next ? "NON_CURRENT" : "CURRENT");
        if (type.len > 0) {
            value_put_time(cx->a, row, "RotationDate", value_get_time(m, "Date", 0));
            value_put_str(cx->a, row, "RotationType", type);
        }
        value_push(list, row);
    }
    kms_page(cx, call, out, &(struct kms_list){ "Rotations", "KeyMaterialId", list, LIST_DEFAULT });
    return 0;
}
