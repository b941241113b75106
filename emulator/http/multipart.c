#include "emulator/http/multipart.h"

#include "core/base/limits.h"

/* ---- the boundary ---- */

/* Source: RFC 2046, 5.1.1, "bchars"; none of them is CR, on which match_delimiter relies. */
static bool is_boundary(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (s.ptr[i] < ' ' || s.ptr[i] == 0x7f)
            return false;
    return s.len > 0 && s.len <= MULTIPART_BOUNDARY_MAX;
}

/* The value of name="..." or name=... among parameters that are set apart by ';'. */
static bool find_parameter(struct str rest, struct str name, struct str *out)
{
    struct str key, value, tail;

    while (rest.len > 0) {
        ptrdiff_t eq = str_find(rest, STR("="));
        if (eq < 0)
            return false;
        key = str_trim(str_sub(rest, 0, (size_t)eq));
        while (str_has_prefix(key, STR(";")))
            key = str_trim(str_sub(key, 1, key.len));
        value = str_sub(rest, (size_t)eq + 1, rest.len);
        if (str_has_prefix(value, STR("\""))) {
            (void)str_cut(str_sub(value, 1, value.len), '"', &value, &tail); /* cut off: all */
        } else {
            (void)str_cut(value, ';', &value, &tail); /* the last has no ';' */
            value = str_trim(value);
        }
        if (str_eq_nocase(key, name)) {
            *out = value;
            return true;
        }
        rest = tail;
    }
    return false;
}

bool multipart_init(struct multipart *m, struct arena *a, struct str content_type)
{
    struct str type, parameters, boundary;

    if (!str_cut(content_type, ';', &type, &parameters) ||
        !str_eq_nocase(str_trim(type), STR("multipart/form-data")) ||
        !find_parameter(parameters, STR("boundary"), &boundary) || !is_boundary(boundary))
        return false;
    *m = (struct multipart){ .arena = a, .matched = 2 }; /* the first needs no CRLF before it */
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.ptr, boundary.len);
    m->delimiter_len = 4 + boundary.len;
    return true;
}

void multipart_free(struct multipart *m)
{
    buf_free(&m->line);
    buf_free(&m->value);
    buf_free(&m->fields);
}

/* ---- one part ---- */

static int malformed(struct err *err)
{
    return err_set(err, E_PARSE, "The body is not well-formed multipart/form-data.");
}

static void begin_value(struct multipart *m)
{
    bool is_file = str_eq_nocase(m->name, STR("file"));

    buf_clear(&m->value);
    m->matched = 0;
    m->state = is_file ? MULTIPART_FILE : MULTIPART_FIELD;
    if (!is_file)
        return;
    m->has_file = true;
    m->file_name = m->filename;
    m->file_type = m->type;
}

static int take_header(struct multipart *m, struct str line, struct err *err)
{
    struct str name, value, form, parameters, text;

    if (!str_cut(line, ':', &name, &value))
        return malformed(err);
    value = str_trim(value);
    if (str_eq_nocase(name, STR("content-type")))
        m->type = arena_copy(m->arena, value);
    if (!str_eq_nocase(name, STR("content-disposition")))
        return 0;
    if (!str_cut(value, ';', &form, &parameters) ||
        !str_eq_nocase(str_trim(form), STR("form-data")) ||
        !find_parameter(parameters, STR("name"), &text))
        return malformed(err);
    m->name = arena_copy(m->arena, text);
    if (find_parameter(parameters, STR("filename"), &text))
        m->filename = arena_copy(m->arena, text);
    return 0;
}

static void close_form(struct multipart *m)
{
    m->is_closed = true;
    m->state = MULTIPART_DONE;
}

/* A line without its CRLF: a header's, the empty one behind them, or the rest of a delimiter's. */
static int take_line(struct multipart *m, struct str line, struct err *err)
{
    if (m->state == MULTIPART_DELIMITED) {
        if (str_trim(line).len > 0)
            return malformed(err);
        if (m->has_file) {
            close_form(m);
            return 0;
        }
        m->name = m->filename = m->type = (struct str){ 0 };
        m->state = MULTIPART_HEADERS;
        return 0;
    }
    if (line.len > 0)
        return take_header(m, line, err);
    if (m->name.len == 0)
        return malformed(err);
    begin_value(m);
    return 0;
}

static int add_to_line(struct multipart *m, char c, struct err *err)
{
    int rc;

    buf_add_char(&m->line, c);
    if (m->state == MULTIPART_DELIMITED && str_eq(buf_view(&m->line), STR("--"))) {
        close_form(m);
        return 0;
    }
    if (c != '\n')
        return 0;
    if (!str_has_suffix(buf_view(&m->line), STR("\r\n")))
        return malformed(err);
    rc = take_line(m, str_sub(buf_view(&m->line), 0, m->line.len - 2), err);
    buf_clear(&m->line);
    return rc;
}

static int end_value(struct multipart *m, struct err *err)
{
    struct http_header field;

    buf_clear(&m->line);
    if (m->state == MULTIPART_FIELD) {
        field = (struct http_header){ m->name, arena_copy(m->arena, buf_view(&m->value)) };
        if (!str_is_utf8(field.name) || !str_is_utf8(field.value))
            return malformed(err);
        buf_add(&m->fields, (struct str){ (const char *)&field, sizeof field });
    }
    m->state = MULTIPART_DELIMITED;
    return 0;
}

/* ---- bytes ---- */

/* Take bytes that may belong to a delimiter. True: *out is a run that belongs to none (perhaps
 * empty); false: the input is used up or the delimiter is whole. CR begins a delimiter and stands
 * nowhere else in it, so a match that breaks off can begin again only at the byte that broke it. */
static bool match_delimiter(struct multipart *m, struct str *in, struct str *out)
{
    const char *cr;
    size_t run;

    if (m->matched == 0) {
        cr = memchr(in->ptr, '\r', in->len);
        run = cr ? (size_t)(cr - in->ptr) : in->len;
        *out = str_sub(*in, 0, run);
        *in = str_sub(*in, run, in->len);
        if (run > 0)
            return true;
    }
    while (in->len > 0 && m->matched < m->delimiter_len) {
        if (*in->ptr != m->delimiter[m->matched]) {
            *out = (struct str){ m->delimiter, m->matched };
            m->matched = 0;
            return true;
        }
        m->matched++;
        *in = str_sub(*in, 1, in->len);
    }
    return false;
}

static int gather(struct multipart *m, size_t bytes, struct err *err)
{
    m->gathered_bytes += bytes;
    return m->gathered_bytes <= LIMIT_S3_FORM_BYTES
               ? 0
               : err_set(err, E_LIMIT, "the fields before the file are over %u bytes",
                         LIMIT_S3_FORM_BYTES);
}

static bool is_value(const struct multipart *m)
{
    return m->state == MULTIPART_PREAMBLE || m->state == MULTIPART_FIELD ||
           m->state == MULTIPART_FILE;
}

/* One step over a value (or what stands before the first delimiter). As multipart_next. */
static int next_of_value(struct multipart *m, struct str *in, struct str *out, struct err *err)
{
    struct str run = { 0 };

    if (!match_delimiter(m, in, &run))
        return m->matched == m->delimiter_len ? end_value(m, err) : 0;
    if (m->state == MULTIPART_FILE) {
        *out = run;
        return run.len > 0;
    }
    if (m->state == MULTIPART_FIELD)
        buf_add(&m->value, run);
    return gather(m, run.len, err);
}

int multipart_next(struct multipart *m, struct str *in, struct str *out, struct err *err)
{
    int rc = 0;

    while (rc == 0 && in->len > 0 && m->state != MULTIPART_DONE) {
        if (is_value(m)) {
            rc = next_of_value(m, in, out, err);
        } else {
            char c = *in->ptr;
            *in = str_sub(*in, 1, in->len);
            rc = gather(m, 1, err);
            if (rc == 0)
                rc = add_to_line(m, c, err);
        }
    }
    if (rc == 0)
        *in = (struct str){ 0 };
    return rc;
}

int multipart_end(struct multipart *m, struct post_form *out, struct err *err)
{
    if (!m->is_closed)
        return malformed(err);
    if (!m->has_file)
        return err_set(err, E_MISSING, "POST requires exactly one file upload per request.");
    *out = (struct post_form){ .file_name = m->file_name, .file_type = m->file_type };
    out->field_count = m->fields.len / sizeof *out->fields;
    out->fields = arena_array(m->arena, out->field_count + 1, sizeof *out->fields);
    if (m->fields.len > 0)
        memcpy(out->fields, m->fields.ptr, m->fields.len);
    return 0;
}
