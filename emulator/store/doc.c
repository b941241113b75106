/* Documents of store.h. A list is narrowed by any set of the key's fields: one statement a set. */
#include <stdio.h>

#include "core/base/buf.h"
#include "core/codec/json.h"
#include "core/codec/uri.h"
#include "emulator/store/db.h"

static void encode_wrapped(struct buf *out, const char *kind, struct str text)
{
    buf_printf(out, "{\"%s\":", kind);
    json_add_string(out, text);
    buf_add_char(out, '}');
}

static void encode_blob(struct buf *out, struct str bytes)
{
    struct buf b = { 0 };

    base64_encode(&b, bytes);
    encode_wrapped(out, "$blob", buf_view(&b));
    buf_free(&b);
}

static void encode_float(struct buf *out, double d)
{
    if (d != d)
        encode_wrapped(out, "$float", STR("NaN"));
    else if (d - d != 0)
        encode_wrapped(out, "$float", d > 0 ? STR("Infinity") : STR("-Infinity"));
    else
        json_add_double(out, d);
}

static void encode_name(struct buf *out, struct str name)
{
    if (name.len > 0 && name.ptr[0] == '$') {
        struct buf b = { 0 };

        buf_add_char(&b, '$');
        buf_add(&b, name);
        json_add_string(out, buf_view(&b));
        buf_free(&b);
    } else {
        json_add_string(out, name);
    }
    buf_add_char(out, ':');
}

static void encode_kids(struct buf *out, const struct value *v)
{
    buf_add_char(out, v->kind == VALUE_LIST ? '[' : '{');
    for (const struct value *k = value_first(v); k; k = k->next) {
        if (k != value_first(v))
            buf_add_char(out, ',');
        if (v->kind == VALUE_MAP)
            encode_name(out, k->name);
        doc_encode(out, k);
    }
    buf_add_char(out, v->kind == VALUE_LIST ? ']' : '}');
}

void doc_encode(struct buf *out, const struct value *v)
{
    switch (v->kind) {
    case VALUE_NULL:
        buf_add_c(out, "null");
        break;
    case VALUE_BOOL:
        buf_add_c(out, v->u.boolean ? "true" : "false");
        break;
    case VALUE_INT:
        buf_add_i64(out, v->u.integer);
        break;
    case VALUE_FLOAT:
        encode_float(out, v->u.real);
        break;
    case VALUE_STRING:
        json_add_string(out, v->u.text);
        break;
    case VALUE_BLOB:
        encode_blob(out, v->u.text);
        break;
    case VALUE_TIME:
        buf_printf(out, "{\"$time\":%lld}", (long long)v->u.time_ms);
        break;
    case VALUE_LIST:
    case VALUE_MAP:
        encode_kids(out, v);
        break;
    }
}

/* {"$time":1}, {"$blob":"..."}, {"$float":"NaN"} become what they stand for. */
static int unwrap(struct arena *a, struct value *v, struct err *err)
{
    struct value *only = value_first(v);
    struct str bytes;

    v->count = 0; /* no map any more */
    if (str_eq_c(only->name, "$time") && only->kind == VALUE_INT) {
        int64_t ms = only->u.integer;
        v->kind = VALUE_TIME;
        v->u.time_ms = ms;
    } else if (str_eq_c(only->name, "$blob") && only->kind == VALUE_STRING) {
        if (base64_decode(a, only->u.text, &bytes, err) < 0)
            return E_PARSE;
        v->kind = VALUE_BLOB;
        v->u.text = bytes;
    } else if (str_eq_c(only->name, "$float") && only->kind == VALUE_STRING) {
        struct str text = only->u.text;
        v->kind = VALUE_FLOAT;
        v->u.real = str_eq_c(text, "NaN")        ? __builtin_nan("")
                    : str_eq_c(text, "Infinity") ? __builtin_inf()
                                                 : -__builtin_inf();
    } else {
        return err_set(err, E_PARSE, "state.db: a document holds %.*s", STR_ARG(only->name));
    }
    return 0;
}

static int restore(struct arena *a, struct value *v, struct err *err)
{
    if (v->kind == VALUE_MAP && v->count == 1 && value_first(v)->name.len > 1 &&
        value_first(v)->name.ptr[0] == '$' && value_first(v)->name.ptr[1] != '$')
        return unwrap(a, v, err);
    for (struct value *k = value_first(v); k; k = k->next) {
        if (v->kind == VALUE_MAP && k->name.len > 1 && k->name.ptr[0] == '$')
            k->name = str_sub(k->name, 1, k->name.len);
        int rc = restore(a, k, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

int doc_decode(struct arena *a, struct str text, struct value **out, struct err *err)
{
    struct value *v;
    int rc = json_parse(a, text, &v, err);

    if (rc == 0)
        rc = restore(a, v, err);
    if (rc == 0)
        *out = v;
    return rc;
}

static void bind_key(sqlite3_stmt *st, struct doc_key key)
{
    db_bind_str(st, 1, key.service);
    db_bind_str(st, 2, key.type);
    db_bind_str(st, 3, key.account);
    db_bind_str(st, 4, key.region);
    db_bind_str(st, 5, key.id);
}

int store_doc_put(struct store *s, struct doc_key key, const struct value *doc, struct err *err)
{
    struct buf text = { 0 };
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_DOC_PUT, &st, err);
    if (rc == 0) {
        doc_encode(&text, doc);
        bind_key(st, key);
        db_bind_str(st, 6, buf_view(&text));
        rc = db_run(s->state, st, "write", err);
    }
    store_unlock(s);
    buf_free(&text);
    return rc;
}

int store_doc_get(struct store *s, struct arena *a, struct doc_key key, struct value **out,
                  struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_statement(s, DB_DOC_GET, &st, err);
    if (rc == 0) {
        bind_key(st, key);
        int code = sqlite3_step(st);
        if (code == SQLITE_ROW)
            rc = doc_decode(a, db_column(a, st, 0), out, err);
        else
            rc = code == SQLITE_DONE ? E_MISSING : db_error(s->state, "read", err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    return rc;
}

int store_doc_delete(struct store *s, struct doc_key key, struct err *err)
{
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_before_write(s, err);
    if (rc == 0)
        rc = db_statement(s, DB_DOC_DELETE, &st, err);
    if (rc == 0) {
        bind_key(st, key);
        rc = db_run(s->state, st, "write", err);
        if (rc == 0 && sqlite3_changes(s->state) == 0)
            rc = E_MISSING;
    }
    store_unlock(s);
    return rc;
}

/* The columns a list may be narrowed by, with the bits of its form. */
static const struct narrowing {
    const char *sql;
    int parameter;
} narrowings[] = {
    { "service = ?1", 1 }, { "type = ?2", 2 }, { "account = ?3", 3 }, { "region = ?4", 4 },
    { "id >= ?5", 5 },     { "id < ?6", 6 },   { "id > ?7", 7 },
};

static int list_statement(struct store *s, unsigned form, sqlite3_stmt **out, struct err *err)
{
    struct buf sql = { 0 };

    buf_add_c(&sql, "SELECT account, region, service, type, id, value FROM doc WHERE 1");
    for (size_t i = 0; i < COUNT(narrowings); i++)
        if (form & (1u << i))
            buf_printf(&sql, " AND %s", narrowings[i].sql);
    buf_add_c(&sql, " ORDER BY account, region, id LIMIT ?8");
    buf_add_char(&sql, '\0');
    int rc = db_prepare(s->state, &s->list[form], sql.ptr, err);
    *out = s->list[form];
    buf_free(&sql);
    return rc;
}

static int take_doc(struct arena *a, sqlite3_stmt *st, struct doc *out, struct err *err)
{
    out->key = (struct doc_key){ .account = db_column(a, st, 0),
                                 .region = db_column(a, st, 1),
                                 .service = db_column(a, st, 2),
                                 .type = db_column(a, st, 3),
                                 .id = db_column(a, st, 4) };
    return doc_decode(a, db_column(a, st, 5), &out->value, err);
}

static int take_docs(struct store *s, struct arena *a, sqlite3_stmt *st, struct buf *docs,
                     struct err *err)
{
    int code;

    while ((code = sqlite3_step(st)) == SQLITE_ROW) {
        struct doc d;
        int rc = take_doc(a, st, &d, err);

        if (rc < 0)
            return rc;
        buf_add(docs, (struct str){ (const char *)&d, sizeof d });
    }
    return code == SQLITE_DONE ? 0 : db_error(s->state, "read", err);
}

int store_doc_list(struct store *s, struct arena *a, struct doc_key key, struct str after,
                   size_t limit, struct doc **out, size_t *out_count, struct err *err)
{
    const struct str fields[] = { key.service, key.type, key.account,
                                  key.region,  key.id,   db_prefix_end(a, key.id),
                                  after };
    struct buf docs = { 0 };
    sqlite3_stmt *st;
    unsigned form = 0;

    for (size_t i = 0; i < COUNT(fields); i++)
        form |= fields[i].len > 0 ? 1u << i : 0;

    store_lock(s);
    int rc = list_statement(s, form, &st, err);
    if (rc == 0) {
        for (size_t i = 0; i < COUNT(fields); i++)
            if (form & (1u << i))
                db_bind_str(st, narrowings[i].parameter, fields[i]);
        sqlite3_bind_int64(st, 8, limit == 0 ? -1 : (sqlite3_int64)limit);
        rc = take_docs(s, a, st, &docs, err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    if (rc == 0) {
        *out_count = docs.len / sizeof **out;
        *out = arena_array(a, *out_count, sizeof **out);
        if (docs.len > 0)
            memcpy(*out, docs.ptr, docs.len);
    }
    buf_free(&docs);
    return rc;
}

int store_doc_count(struct store *s, struct doc_key key, int64_t *out, struct err *err)
{
    struct arena a = { 0 };
    sqlite3_stmt *st;

    store_lock(s);
    int rc = db_statement(s, DB_DOC_COUNT, &st, err);
    if (rc == 0) {
        bind_key(st, key);
        db_bind_str(st, 6, db_prefix_end(&a, key.id));
        if (sqlite3_step(st) == SQLITE_ROW)
            *out = sqlite3_column_int64(st, 0);
        else
            rc = db_error(s->state, "read", err);
        sqlite3_reset(st);
    }
    store_unlock(s);
    arena_free(&a);
    return rc;
}
