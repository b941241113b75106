#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "emulator/services/logs/log_regex.h"

#define MATCH_LIMIT 100000u /* steps; past them there is no match */
#define NAMES_MOST  64

struct log_regex {
    pcre2_code *code;
    uint32_t group_count;
    struct {
        struct str name;
        uint32_t group;
    } names[NAMES_MOST];
    size_t name_count;
};

/* PCRE2's memory lives and ends with an arena. */
static void *take_memory(size_t size, void *arena)
{
    return arena_alloc(arena, size);
}

static void keep_memory(void *memory, void *arena)
{
    (void)memory;
    (void)arena;
}

/* The table is in order of name: put in order of group. An entry is the group in two bytes, the
 * name, NUL. Source: pcre2api(3), PCRE2_INFO_NAMETABLE. */
static int read_names(struct log_regex *r, struct arena *a, struct err *err)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table;

    (void)pcre2_pattern_info(r->code, PCRE2_INFO_NAMECOUNT, &count); /* they answer 0 always */
    (void)pcre2_pattern_info(r->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    (void)pcre2_pattern_info(r->code, PCRE2_INFO_NAMETABLE, &table);
    (void)pcre2_pattern_info(r->code, PCRE2_INFO_CAPTURECOUNT, &r->group_count);
    if (count > NAMES_MOST)
        return err_set(err, E_PARSE, "a regular expression of over %d named groups", NAMES_MOST);
    for (uint32_t i = 0; i < count; i++, table += size) {
        uint32_t group = (uint32_t)(table[0] << 8 | table[1]);
        size_t at = r->name_count++;
        for (; at > 0 && r->names[at - 1].group > group; at--)
            r->names[at] = r->names[at - 1];
        r->names[at].group = group;
        r->names[at].name = arena_copy(a, str_c((const char *)table + 2));
    }
    return 0;
}

int log_regex_compile(struct arena *a, struct str text, struct log_regex **out, struct err *err)
{
    pcre2_general_context *memory = pcre2_general_context_create(take_memory, keep_memory, a);
    struct log_regex *r = arena_alloc(a, sizeof *r);
    PCRE2_UCHAR why[128] = "";
    size_t where;
    int number;

    r->code =
        pcre2_compile((PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, PCRE2_NEVER_BACKSLASH_C,
                      &number, &where, pcre2_compile_context_create(memory));
    if (!r->code) {
        (void)pcre2_get_error_message(number, why, sizeof why); /* cut short is fine */
        return err_set(err, E_PARSE, "a regular expression fails at byte %zu: %s", where,
                       (const char *)why);
    }
    int rc = read_names(r, a, err);
    if (rc == 0)
        *out = r;
    return rc;
}

static pcre2_match_data *run(const struct log_regex *r, struct arena *a, struct str text,
                             uint32_t groups)
{
    pcre2_general_context *memory = pcre2_general_context_create(take_memory, keep_memory, a);
    pcre2_match_context *context = pcre2_match_context_create(memory);
    pcre2_match_data *found = pcre2_match_data_create(groups, memory);

    (void)pcre2_set_match_limit(context, MATCH_LIMIT); /* it answers 0 always */
    return pcre2_match(r->code, (PCRE2_SPTR)(text.ptr ? text.ptr : ""), text.len, 0, 0, found,
                       context) >= 0
               ? found
               : NULL;
}

bool log_regex_match(const struct log_regex *r, struct arena *a, struct str text)
{
    return run(r, a, text, 1) != NULL;
}

size_t log_regex_name_count(const struct log_regex *r)
{
    return r->name_count;
}

struct str log_regex_name(const struct log_regex *r, size_t i)
{
    return r->names[i].name;
}

bool log_regex_capture(const struct log_regex *r, struct arena *a, struct str text, struct str *out)
{
    pcre2_match_data *found = run(r, a, text, r->group_count + 1);

    if (!found)
        return false;
    const size_t *at = pcre2_get_ovector_pointer(found);
    for (size_t i = 0; i < r->name_count; i++) {
        uint32_t g = r->names[i].group;
        out[i] = at[2 * g] == PCRE2_UNSET || at[2 * g] > at[2 * g + 1]
                     ? (struct str){ 0 }
                     : str_sub(text, at[2 * g], at[2 * g + 1] - at[2 * g]);
    }
    return true;
}
