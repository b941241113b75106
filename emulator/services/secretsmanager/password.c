/* GetRandomPassword. */
#include "emulator/services/secretsmanager/secretsmanager.h"

enum { LENGTH_DEFAULT = 32, LENGTH_MOST = 4096 };

/* Source: Secrets Manager API Reference, "GetRandomPassword". */
static const struct kind {
    const char *member, *letters;
    bool by_default; /* left out by the member, or taken in by it */
} kinds[] = {
    { "ExcludeLowercase", "abcdefghijklmnopqrstuvwxyz", true },
    { "ExcludeUppercase", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", true },
    { "ExcludeNumbers", "0123456789", true },
    { "ExcludePunctuation", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", true },
    { "IncludeSpace", " ", false },
};

/* The letters of a kind that the call allows; empty when it wants none. */
static struct str allowed(struct ctx *cx, const struct call *call, const struct kind *k)
{
    struct str without = param_str(call, "ExcludeCharacters");
    char *o = arena_alloc(cx->a, strlen(k->letters) + 1);
    size_t n = 0;

    if (param_bool(call, k->member, false) == k->by_default)
        return (struct str){ 0 };
    for (const char *c = k->letters; *c; c++)
        if (without.len == 0 || !memchr(without.ptr, *c, without.len))
            o[n++] = *c;
    return (struct str){ o, n };
}

/* One of each kind first, the rest from all, then shuffled. */
static struct str draw(struct ctx *cx, const struct str *sets, size_t must, size_t len)
{
    struct str all = arena_join(cx->a, sets, COUNT(kinds), STR(""));
    char *o = (char *)rng_chars(&cx->rng, cx->a, all, len).ptr;

    for (size_t i = 0, n = 0; must > 0 && i < COUNT(kinds); i++)
        if (sets[i].len > 0)
            o[n++] = sets[i].ptr[rng_below(&cx->rng, sets[i].len)];
    for (size_t i = len; i > 1; i--) {
        size_t j = rng_below(&cx->rng, i);
        char swap = o[i - 1];
        o[i - 1] = o[j];
        o[j] = swap;
    }
    return (struct str){ o, len };
}

int secretsmanager_GetRandomPassword(struct ctx *cx, const struct call *call, struct outcome *out,
                                     struct err *err)
{
    int64_t len = param_int(call, "PasswordLength", LENGTH_DEFAULT);
    struct str sets[COUNT(kinds)];
    size_t must = 0, total = 0;

    (void)err;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        sets[i] = allowed(cx, call, &kinds[i]);
        must += sets[i].len > 0;
        total += sets[i].len;
    }
    if (!param_bool(call, "RequireEachIncludedType", true))
        must = 0;
    if (len < 1 || len > LENGTH_MOST)
        sm_bad_parameter(cx, out, "The password length must be between 1 and 4096.");
    else if (total == 0)
        sm_bad_parameter(cx, out, "No characters are left to make a password of.");
    else if ((size_t)len < must)
        sm_bad_parameter(cx, out, "Password length is too short based on the required types.");
    else
        value_put_str(cx->a, outcome_output(cx, out), "RandomPassword",
                      draw(cx, sets, must, (size_t)len));
    return 0;
}
