/* Regular expressions: PCRE2's, with a bound on what a match may cost. Source: Sigma specification,
 * "Value Modifiers", re: PCRE, case-sensitive, found anywhere in the value. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/base/mem.h"
#include "verify/sigma/private.h"

#define MATCH_LIMIT 100000u /* steps; past them the value does not match */

struct regex {
    struct regex *next;
    pcre2_code *code; /* with machine code where PCRE2 can make it */
    pcre2_match_context *context;
};

static uint32_t options(const char *flags)
{
    uint32_t out = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;

    for (; *flags; flags++)
        out |= *flags == 'i' ? PCRE2_CASELESS : *flags == 'm' ? PCRE2_MULTILINE : PCRE2_DOTALL;
    return out;
}

const struct regex *regex_compile(struct sigma *s, struct str text, const char *flags,
                                  struct err *err)
{
    int number;
    size_t at;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)text.ptr, text.len, options(flags), &number, &at, NULL);

    if (!code) {
        PCRE2_UCHAR why[128];

        (void)pcre2_get_error_message(number, why, sizeof why);
        err_set(err, E_PARSE, "the regular expression fails at byte %zu: %s", at, (char *)why);
        return NULL;
    }
    struct regex *r = mem_alloc(sizeof *r);

    *r = (struct regex){ s->regexes, code, pcre2_match_context_create(NULL) };
    (void)pcre2_set_match_limit(r->context, MATCH_LIMIT);
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* else it is interpreted */
    s->regexes = r;
    return r;
}

bool regex_match(const struct regex *r, struct str s)
{
    pcre2_match_data *found = pcre2_match_data_create(1, NULL);
    int rc = pcre2_match(r->code, (PCRE2_SPTR)s.ptr, s.len, 0, 0, found, r->context);

    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match(r->code, (PCRE2_SPTR)s.ptr, s.len, 0, PCRE2_NO_JIT, found, r->context);
    pcre2_match_data_free(found);
    return rc >= 0;
}

void regex_free_all(struct regex *first)
{
    while (first) {
        struct regex *r = first;

        first = r->next;
        pcre2_match_context_free(r->context);
        pcre2_code_free(r->code);
        mem_free(r);
    }
}
