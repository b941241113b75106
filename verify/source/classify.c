#include "verify/source/classify.h"

static const char *const record_tails[] = {
    ".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz",
};

struct str classify_tail(struct str path)
{
    struct str rest = path, head, tail = STR("");

    while (rest.len > 0) {
        struct str whole = rest;

        (void)str_cut(rest, '/', &head, &rest); /* no slash: the last component */
        if (str_eq_c(head, "AWSLogs"))
            tail = whole;
    }
    return tail;
}

/* What stands behind AWSLogs/[O-ID/]ACCOUNT/: "CloudTrail" and the like. */
static struct str word_of(struct str tail)
{
    struct str part;

    (void)str_cut(tail, '/', &part, &tail); /* AWSLogs */
    (void)str_cut(tail, '/', &part, &tail);
    if (str_has_prefix(part, STR("o-")))
        (void)str_cut(tail, '/', &part, &tail);
    (void)str_cut(tail, '/', &part, &tail); /* none: an empty word */
    return part;
}

static bool has_record_tail(struct str key)
{
    for (size_t i = 0; i < COUNT(record_tails); i++)
        if (str_has_suffix(key, str_c(record_tails[i])))
            return true;
    return false;
}

static enum source_kind kind_of_key(enum key_kind kind)
{
    if (kind == KEY_LOG)
        return SOURCE_LOG;
    return kind == KEY_INSIGHT ? SOURCE_INSIGHT : SOURCE_DIGEST;
}

bool classify(enum classify_place place, bool is_named, struct source_file *f)
{
    static const struct str words[] = { { "CloudTrail", 10 },
                                        { "CloudTrail-Digest", 17 },
                                        { "CloudTrail-Insight", 18 } };
    struct str key = f->key.len ? f->key : f->path, tail = classify_tail(key);
    struct str word = tail.len ? word_of(tail) : STR("");

    f->kind = SOURCE_RECORDS;
    if (str_has_suffix(key, STR(".head.json")) && !is_named)
        return false; /* metadata beside an object */
    for (size_t i = 0; i < COUNT(words); i++) {
        if (!str_eq(word, words[i]))
            continue;
        if (trail_key_parse(key, &f->at, NULL) == 0 || trail_key_parse(tail, &f->at, NULL) == 0)
            f->kind = kind_of_key(f->at.kind);
        else
            f->kind = SOURCE_MISNAMED;
        return true;
    }
    if (is_named)
        return true;
    if (tail.len)
        return str_has_prefix(word, STR("CloudTrail-")); /* network activity, aggregated */
    return place == CLASSIFY_ANYWHERE && has_record_tail(key);
}

bool classify_folder(enum classify_place place, struct str key)
{
    struct str tail = classify_tail(key), word = tail.len ? word_of(tail) : STR("");

    (void)place; /* AWSLogs may lie at any depth of either */
    return word.len == 0 || str_has_prefix(word, STR("CloudTrail"));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct str classify_key_of_path(struct arena *a, struct str path)
{
    char *key = arena_alloc(a, path.len + 1);
    size_t n = 0;

    for (size_t i = 0; i < path.len; i++) {
        bool is_escape = path.ptr[i] == '%' && i + 1 < path.len;

        if (is_escape && path.ptr[i + 1] == 'e') {
            i++; /* an empty segment */
        } else if (is_escape && i + 2 < path.len && hex_digit(path.ptr[i + 1]) >= 0 &&
                   hex_digit(path.ptr[i + 2]) >= 0) {
            key[n++] = (char)(hex_digit(path.ptr[i + 1]) * 16 + hex_digit(path.ptr[i + 2]));
            i += 2;
        } else {
            key[n++] = path.ptr[i];
        }
    }
    return (struct str){ key, n };
}

static struct str segment_name(struct arena *a, struct str segment)
{
    struct str name = STR(""), head;

    if (segment.len == 0)
        return STR("%e");
    if (str_eq_c(segment, "."))
        return STR("%2E");
    if (str_eq_c(segment, ".."))
        return STR("%2E.");
    while (str_cut(segment, '%', &head, &segment))
        name = arena_printf(a, "%.*s%.*s%%25", STR_ARG(name), STR_ARG(head));
    return arena_printf(a, "%.*s%.*s", STR_ARG(name), STR_ARG(head));
}

struct str classify_path_of_key(struct arena *a, struct str key)
{
    struct str path = STR(""), segment;
    bool more = key.len > 0;

    while (more) {
        more = str_cut(key, '/', &segment, &key);
        path = arena_printf(a, "%.*s%s%.*s", STR_ARG(path), path.len ? "/" : "",
                            STR_ARG(segment_name(a, segment)));
    }
    return path;
}
