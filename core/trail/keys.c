#include "core/trail/keys.h"

#include "core/base/clock.h"

/* Source: CloudTrail User Guide, "CloudTrail log file examples", log file name format; "CloudTrail
 * Insights events" for the third word. Log file and Insights names end alike. */
static const struct kind_row {
    enum key_kind kind;
    const char *word; /* folder, and second part of the file name */
    const char *tail;
    bool is_digest;
} kinds[] = {
    { KEY_LOG, "CloudTrail", ".json.gz", false },
    { KEY_INSIGHT, "CloudTrail-Insight", ".json.gz", false },
    /* the longer tail first: parsing takes the first row that fits */
    { KEY_DIGEST_BACKFILL, "CloudTrail-Digest", "_backfill.json.gz", true },
    { KEY_DIGEST, "CloudTrail-Digest", ".json.gz", true },
};

#define UNIQUE_LEN 16

static const struct kind_row *kind_row_of(enum key_kind kind)
{
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (kinds[i].kind == kind)
            return &kinds[i];
    return NULL;
}

static struct str log_name(struct arena *a, const struct trail_key *k, const char *word,
                           struct clock_parts t)
{
    return arena_printf(a, "%.*s_%s_%.*s_%04d%02d%02dT%02d%02dZ_%.*s", STR_ARG(k->account), word,
                        STR_ARG(k->region), t.year, t.month, t.day, t.hour, t.minute,
                        STR_ARG(k->unique));
}

static struct str digest_name(struct arena *a, const struct trail_key *k, const char *word,
                              struct clock_parts t)
{
    return arena_printf(a, "%.*s_%s_%.*s_%.*s_%.*s_%04d%02d%02dT%02d%02d%02dZ", STR_ARG(k->account),
                        word, STR_ARG(k->region), STR_ARG(k->trail), STR_ARG(k->home), t.year,
                        t.month, t.day, t.hour, t.minute, t.second);
}

int trail_key_write(struct arena *a, const struct trail_key *k, struct str *out, struct err *err)
{
    const struct kind_row *row = kind_row_of(k->kind);
    struct clock_parts t = clock_split(k->at_ms);

    if (t.year < 1970 || t.year > 9999)
        return err_set(err, E_LIMIT, "a file name can't hold the year %d", t.year);
    struct str name =
        row->is_digest ? digest_name(a, k, row->word, t) : log_name(a, k, row->word, t);
    *out = arena_printf(a, "%.*s%sAWSLogs/%.*s%s%.*s/%s/%.*s/%04d/%02d/%02d/%.*s%s",
                        STR_ARG(k->prefix), k->prefix.len ? "/" : "", STR_ARG(k->org_id),
                        k->org_id.len ? "/" : "", STR_ARG(k->account), row->word,
                        STR_ARG(k->region), t.year, t.month, t.day, STR_ARG(name), row->tail);
    return 0;
}

/* Exactly `len` digits of s from `at` on, as a number; -1 when there is anything else. */
static int digits_at(struct str s, size_t at, size_t len)
{
    int n = 0;

    if (at + len > s.len)
        return -1;
    for (size_t i = at; i < at + len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9')
            return -1;
        n = n * 10 + (s.ptr[i] - '0');
    }
    return n;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_account(struct str s)
{
    return s.len == 12 && digits_at(s, 0, 6) >= 0 && digits_at(s, 6, 6) >= 0;
}

static bool is_region(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!(s.ptr[i] >= 'a' && s.ptr[i] <= 'z') && !(s.ptr[i] >= '0' && s.ptr[i] <= '9') &&
            s.ptr[i] != '-')
            return false;
    return s.len > 0;
}

static bool is_unique(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]))
            return false;
    return s.len == UNIQUE_LEN;
}

/* Source: CloudTrail API Reference, "CreateTrail", Name. */
static bool is_trail_name(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_alnum(s.ptr[i]) && s.ptr[i] != '.' && s.ptr[i] != '_' && s.ptr[i] != '-')
            return false;
    return s.len > 0;
}

/* Source: Organizations API Reference, "Organization", Id: ^o-[a-z0-9]{10,32}$ */
static bool is_org_id(struct str s)
{
    if (s.len < 12 || s.len > 34 || !str_has_prefix(s, STR("o-")))
        return false;
    return is_region(s) && str_find(str_sub(s, 2, s.len), STR("-")) < 0;
}

/* YYYYMMDDTHHMMZ, or with seconds. False also for dates that no calendar has. */
static bool stamp_parse(struct str s, bool has_seconds, int64_t *out_ms)
{
    size_t len = has_seconds ? 16 : 14;

    if (s.len != len || s.ptr[8] != 'T' || s.ptr[len - 1] != 'Z')
        return false;
    struct clock_parts p = {
        .year = digits_at(s, 0, 4),
        .month = digits_at(s, 4, 2),
        .day = digits_at(s, 6, 2),
        .hour = digits_at(s, 9, 2),
        .minute = digits_at(s, 11, 2),
        .second = has_seconds ? digits_at(s, 13, 2) : 0,
    };
    if (p.year < 1970 || p.month < 1 || p.day < 1 || p.hour < 0 || p.minute < 0 || p.second < 0)
        return false;
    int64_t ms = clock_join(p);
    struct clock_parts back = clock_split(ms);
    if (back.month != p.month || back.day != p.day || back.hour != p.hour ||
        back.minute != p.minute || back.second != p.second)
        return false;
    *out_ms = ms;
    return true;
}

/* What stands between the account's and word's underscores and the tail. */
static bool name_parse(struct str name, const struct kind_row *row, struct trail_key *out)
{
    struct str head, rest, last;

    if (!str_has_suffix(name, str_c(row->tail)))
        return false;
    rest = str_sub(name, 0, name.len - strlen(row->tail));
    if (!str_cut(rest, '_', &head, &rest) || !str_eq(head, out->account))
        return false;
    if (!str_cut(rest, '_', &head, &rest) || !str_eq_c(head, row->word))
        return false;
    if (!str_cut(rest, '_', &head, &rest) || !str_eq(head, out->region))
        return false;
    if (!str_rcut(rest, '_', &rest, &last))
        return false;
    if (!row->is_digest) {
        out->unique = last;
        return is_unique(last) && stamp_parse(rest, false, &out->at_ms);
    }
    if (!stamp_parse(last, true, &out->at_ms) || !str_rcut(rest, '_', &out->trail, &out->home))
        return false;
    return is_trail_name(out->trail) && is_region(out->home);
}

/* The folders above the file: AWSLogs and whatever stands before it, the account, the word, the
 * region, and the date, which must be the name's. */
struct folders {
    struct str top, account, word, region, year, month, day, file;
};

static bool folders_cut(struct str key, struct folders *f)
{
    return str_rcut(key, '/', &key, &f->file) && str_rcut(key, '/', &key, &f->day) &&
           str_rcut(key, '/', &key, &f->month) && str_rcut(key, '/', &key, &f->year) &&
           str_rcut(key, '/', &key, &f->region) && str_rcut(key, '/', &key, &f->word) &&
           str_rcut(key, '/', &f->top, &f->account);
}

static bool top_parse(struct str top, struct trail_key *out)
{
    struct str head, last;

    if (str_rcut(top, '/', &head, &last) && is_org_id(last)) {
        out->org_id = last;
        top = head;
    }
    if (str_eq(top, STR("AWSLogs")))
        return true;
    if (!str_has_suffix(top, STR("/AWSLogs")))
        return false;
    out->prefix = str_sub(top, 0, top.len - strlen("/AWSLogs"));
    return out->prefix.len > 0 && !memchr(out->prefix.ptr, '\0', out->prefix.len);
}

static bool date_fits(const struct folders *f, int64_t at_ms)
{
    struct clock_parts t = clock_split(at_ms);

    return f->year.len == 4 && f->month.len == 2 && f->day.len == 2 &&
           digits_at(f->year, 0, 4) == t.year && digits_at(f->month, 0, 2) == t.month &&
           digits_at(f->day, 0, 2) == t.day;
}

int trail_key_parse(struct str key, struct trail_key *out, struct err *err)
{
    struct folders f;
    struct trail_key k = { 0 };

    if (!folders_cut(key, &f) || !top_parse(f.top, &k) || !is_account(f.account) ||
        !is_region(f.region))
        return err_set(err, E_PARSE, "not a key of CloudTrail: %.*s",
                       STR_ARG(str_sub(key, 0, 200)));
    k.account = f.account;
    k.region = f.region;
    for (size_t i = 0; i < COUNT(kinds); i++) {
        if (!str_eq_c(f.word, kinds[i].word) || !name_parse(f.file, &kinds[i], &k))
            continue;
        if (!date_fits(&f, k.at_ms))
            break;
        k.kind = kinds[i].kind;
        *out = k;
        return 0;
    }
    return err_set(err, E_PARSE, "not a file name of CloudTrail: %.*s",
                   STR_ARG(str_sub(f.file, 0, 200)));
}
