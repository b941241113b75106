/* PutParameter: what a new version must be. */
#include "emulator/services/ssm/ssm.h"

#include <regex.h>

/* Source: Systems Manager API Reference, "PutParameter"; User Guide, "Parameter Store quotas". */
enum { STANDARD_MOST = 4096, ADVANCED_MOST = 8192, LEVELS_MOST = 15, VERSIONS_MOST = 100 };

static bool begins_nocase(struct str s, struct str prefix)
{
    return str_eq_nocase(str_sub(s, 0, prefix.len), prefix);
}

static bool name_ok(struct ctx *cx, struct outcome *out, struct str name)
{
    struct str bare = str_has_prefix(name, STR("/")) ? str_sub(name, 1, name.len) : name;
    bool wrong = bare.len == 0;
    int levels = 0;

    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        levels += c == '/';
        wrong = wrong || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || (c && strchr("/_.-", c)));
    }
    if (begins_nocase(name, STR("/aws/")) || begins_nocase(name, STR("/aws")))
        outcome_refuse(cx->a, out, 400, "AccessDeniedException",
                       "No access to reserved parameter name: %.*s.", STR_ARG(name));
    else if (wrong || begins_nocase(bare, STR("aws")) || begins_nocase(bare, STR("ssm")))
        ssm_invalid(cx, out,
                    "Parameter name: can't be prefixed with \"aws\" or \"ssm\" "
                    "(case-insensitive). If formed as a path, it can consist of sub-paths divided "
                    "by slash symbol; each sub-path can be formed as a mix of letters, numbers and "
                    "the following 3 symbols .-_");
    else if (levels > LEVELS_MOST)
        outcome_refuse(cx->a, out, 0, "HierarchyLevelLimitExceededException",
                       "A hierarchy can have a maximum of 15 levels.");
    return !outcome_refused(out);
}

/* POSIX's words for what Java's \d means; the rest of the two agrees where patterns are simple. */
static const char *posix_pattern(struct ctx *cx, struct str pattern)
{
    struct buf b = { 0 };

    buf_add(&b, STR("^("));
    for (size_t i = 0; i < pattern.len; i++) {
        bool digit = pattern.ptr[i] == '\\' && i + 1 < pattern.len && pattern.ptr[i + 1] == 'd';
        if (digit)
            buf_add(&b, STR("[0-9]"));
        else
            buf_add_char(&b, pattern.ptr[i]);
        i += digit;
    }
    buf_add(&b, STR(")$"));
    const char *text = arena_copy(cx->a, buf_view(&b)).ptr;
    buf_free(&b);
    return text;
}

static bool pattern_ok(struct ctx *cx, struct outcome *out, struct str pattern, struct str value)
{
    regex_t re;

    if (pattern.len == 0)
        return true;
    if (regcomp(&re, posix_pattern(cx, pattern), REG_EXTENDED | REG_NOSUB) != 0) {
        outcome_refuse(cx->a, out, 0, "InvalidAllowedPatternException",
                       "The request isn't valid. Verify that you entered valid contents for the "
                       "command and try again.");
        return false;
    }
    bool fits = regexec(&re, arena_copy(cx->a, value).ptr, 0, NULL, 0) == 0;
    regfree(&re);
    if (!fits)
        outcome_refuse(cx->a, out, 0, "ParameterPatternMismatchException",
                       "Parameter value, cannot be validated against allowedPattern: %.*s",
                       STR_ARG(pattern));
    return fits;
}

static struct str tier_of(const struct call *call, const struct value *old)
{
    struct str asked = param_str(call, "Tier"), was = value_get_str(old, "Tier");

    if (str_eq_c(asked, "Intelligent-Tiering"))
        asked = param_str(call, "Value").len > STANDARD_MOST ? STR("Advanced") : STR("Standard");
    if (asked.len == 0)
        return was.len ? was : STR("Standard");
    return asked;
}

static bool value_ok(struct ctx *cx, const struct call *call, struct outcome *out, struct str tier,
                     struct str type)
{
    size_t len = param_str(call, "Value").len;
    bool standard = str_eq_c(tier, "Standard");

    if (len == 0)
        ssm_invalid(cx, out,
                    "1 validation error detected: Value '' at 'value' failed to satisfy "
                    "constraint: Member must have length greater than or equal to 1.");
    else if (standard && len > STANDARD_MOST)
        ssm_invalid(cx, out,
                    "Standard tier parameters support a maximum parameter value of 4096 "
                    "characters. To create a larger parameter value, upgrade the parameter to use "
                    "the advanced-parameter tier. For more information, see "
                    "https://docs.aws.amazon.com/systems-manager/latest/userguide/"
                    "parameter-store-advanced-parameters.html");
    else if (len > ADVANCED_MOST)
        ssm_invalid(cx, out,
                    "Advanced tier parameters support a maximum parameter value of 8192 "
                    "characters.");
    else if (len > STANDARD_MOST && str_eq_c(type, "SecureString"))
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail seals SecureString values of up to 4096 bytes.");
    else if (param_str(call, "Policies").len > 0)
        outcome_refuse(cx->a, out, 501, "NotImplemented",
                       "mocktrail enforces no parameter policies.");
    return !outcome_refused(out) &&
           pattern_ok(cx, out, param_str(call, "AllowedPattern"), param_str(call, "Value"));
}

static bool request_ok(struct ctx *cx, const struct call *call, struct outcome *out,
                       const struct value *doc)
{
    const struct value *tags = param(call, "Tags");
    bool overwrite = param_bool(call, "Overwrite", false);

    if (doc && !overwrite)
        outcome_refuse(cx->a, out, 0, "ParameterAlreadyExists",
                       "The parameter already exists. To overwrite this value, set the overwrite "
                       "option in the request to true.");
    else if (overwrite && tags && tags->count > 0)
        ssm_invalid(cx, out,
                    "Invalid request: tags and overwrite can't be used together. To create a "
                    "parameter with tags, please remove overwrite flag. To update tags for an "
                    "existing parameter, please use AddTagsToResource or "
                    "RemoveTagsFromResource.");
    else if (!doc && !param_has(call, "Type"))
        ssm_invalid(cx, out, "A parameter type is required when you create a parameter.");
    return !outcome_refused(out);
}

/* The oldest version goes, unless it has a label. */
static bool make_room(struct ctx *cx, struct outcome *out, const struct ssm_parameter *p)
{
    struct value *all = value_get_c(p->doc, "Versions"), *left;
    const struct value *oldest = value_first(all);

    if (all->count < VERSIONS_MOST)
        return true;
    if (value_first(value_get_c(oldest, "Labels"))) {
        outcome_refuse(cx->a, out, 0, "ParameterMaxVersionLimitExceeded",
                       "You attempted to create a new version of %.*s by calling the PutParameter "
                       "API with the overwrite flag. Version %lld, the oldest version, can't be "
                       "deleted because it has a label associated with it. Move the label to "
                       "another version of the parameter, and try again.",
                       STR_ARG(p->at.id), (long long)value_get_int(oldest, "Version", 0));
        return false;
    }
    left = value_list(cx->a);
    for (const struct value *v = oldest->next; v; v = v->next)
        value_push(left, value_copy(cx->a, v));
    value_set(p->doc, STR("Versions"), left);
    return true;
}

static struct value *version_new(struct ctx *cx, const struct call *call, const struct value *old)
{
    static const char *const kept[] = { "Description", "AllowedPattern", "DataType", "Type",
                                        "KeyId" };
    struct value *v = value_map(cx->a);

    value_put_int(cx->a, v, "Version", value_get_int(old, "Version", 0) + 1);
    if (old)
        ssm_copy(cx, old, v, kept, COUNT(kept));
    ssm_copy(cx, call->params, v, kept, COUNT(kept));
    if (!value_get_c(v, "DataType"))
        value_put_c(cx->a, v, "DataType", "text");
    value_put_str(cx->a, v, "Tier", tier_of(call, old));
    value_put_time(cx->a, v, "LastModifiedDate", cx->now_ms);
    value_put_str(cx->a, v, "LastModifiedUser", call->who->arn);
    value_set(v, STR("Labels"), value_list(cx->a));
    return v;
}

static int put(struct ctx *cx, const struct call *call, struct outcome *out,
               struct ssm_parameter *p, struct err *err)
{
    struct value *v = version_new(cx, call, p->version);
    struct str value = param_str(call, "Value"), type = value_get_str(v, "Type");
    int rc = 0;

    if (!value_ok(cx, call, out, value_get_str(v, "Tier"), type))
        return 0;
    if (str_eq_c(type, "SecureString")) {
        if (!value_get_c(v, "KeyId"))
            value_put_c(cx->a, v, "KeyId", "alias/aws/ssm");
        rc = ssm_seal(cx, call, out, p->at, value_get_str(v, "KeyId"), &value, err);
        if (rc < 0 || outcome_refused(out))
            return rc;
    } else {
        (void)value_remove(v, STR("KeyId")); /* of a SecureString alone */
    }
    value_put_str(cx->a, v, "Value", value);
    if (!make_room(cx, out, p))
        return 0;
    value_push(value_get_c(p->doc, "Versions"), v);
    struct value *o = outcome_output(cx, out);
    value_put_int(cx->a, o, "Version", value_get_int(v, "Version", 1));
    value_put_str(cx->a, o, "Tier", value_get_str(v, "Tier"));
    return ssm_parameter_save(cx, p, err);
}

int ssm_PutParameter(struct ctx *cx, const struct call *call, struct outcome *out, struct err *err)
{
    struct str name = param_str(call, "Name");
    struct ssm_parameter p = { .at = ssm_at(call, "Parameter", name) };

    if (!name_ok(cx, out, name))
        return 0;
    int rc = store_doc_get(cx->e->store, cx->a, p.at, &p.doc, err);
    if (rc < 0 && rc != E_MISSING)
        return rc;
    if (rc == E_MISSING)
        p.doc = NULL;
    if (!request_ok(cx, call, out, p.doc))
        return 0;
    p.version = ssm_latest(p.doc);
    if (!p.doc) {
        p.doc = value_map(cx->a);
        value_put_str(cx->a, p.doc, "Name", name);
        value_set(p.doc, STR("Tags"),
                  param(call, "Tags") ? value_copy(cx->a, param(call, "Tags")) : value_list(cx->a));
        value_set(p.doc, STR("Versions"), value_list(cx->a));
    }
    return put(cx, call, out, &p, err);
}
