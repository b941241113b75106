#include "emulator/wire/post_form.h"

#include "core/codec/xml.h"

static const struct http_header *find_field(const struct post_form *f, const char *name)
{
    for (size_t i = 0; i < f->field_count; i++)
        if (str_eq_nocase(f->fields[i].name, str_c(name)))
            return &f->fields[i];
    return NULL;
}

struct str post_form_field(const struct post_form *f, const char *name)
{
    const struct http_header *h = find_field(f, name);

    return h ? h->value : (struct str){ 0 };
}

bool post_form_has(const struct post_form *f, const char *name)
{
    return find_field(f, name) != NULL;
}

/* Source: S3 API Reference, "POST Object", "key": only what follows the last slash counts. */
static struct str base_name(struct str path)
{
    struct str head, tail;

    if (str_rcut(path, '/', &head, &tail))
        path = tail;
    return str_rcut(path, '\\', &head, &tail) ? tail : path;
}

struct str post_form_expand(struct arena *a, const struct post_form *f, struct str value)
{
    static const struct str variable = { "${filename}", 11 };
    struct buf out = { 0 };
    struct str result;
    ptrdiff_t at;

    while ((at = str_find(value, variable)) >= 0) {
        buf_add(&out, str_sub(value, 0, (size_t)at));
        buf_add(&out, base_name(f->file_name));
        value = str_sub(value, (size_t)at + variable.len, value.len);
    }
    buf_add(&out, value);
    result = arena_copy(a, buf_view(&out));
    buf_free(&out);
    return result;
}

bool post_form_is_asked(const struct request *q)
{
    struct str type, rest, bucket, key;

    (void)str_cut(request_header(q, "content-type"), ';', &type, &rest); /* or without ';' */
    (void)str_cut(str_sub(q->path, 1, q->path.len), '/', &bucket, &key); /* "/bucket" is fine */
    return str_eq_c(q->method, "POST") && q->query.len == 0 &&
           str_eq_nocase(str_trim(type), STR("multipart/form-data")) &&
           (q->s3_bucket.len > 0 ? bucket.len == 0 && key.len == 0 : bucket.len > 0) &&
           key.len == 0;
}

/* ---- fields as headers ---- */

/* Fields that say who asks: not the object's. */
static bool is_proof(struct str name)
{
    static const char *const names[] = { "x-amz-algorithm",      "x-amz-credential",
                                         "x-amz-date",           "x-amz-signature",
                                         "x-amz-security-token", "x-amz-content-sha256" };

    for (size_t i = 0; i < COUNT(names); i++)
        if (str_eq_nocase(name, str_c(names[i])))
            return true;
    return false;
}

/* The header that a field stands for, or empty. */
static struct str header_of(struct str name)
{
    static const char *const same[] = { "Cache-Control", "Content-Type", "Content-Disposition",
                                        "Content-Encoding", "Expires" };

    if (str_eq_nocase(name, STR("acl")))
        return STR("x-amz-acl");
    for (size_t i = 0; i < COUNT(same); i++)
        if (str_eq_nocase(name, str_c(same[i])))
            return str_c(same[i]);
    if (str_eq_nocase(str_sub(name, 0, 6), STR("x-amz-")) && !is_proof(name))
        return name;
    return (struct str){ 0 };
}

/* What goes on as a header can't break its line. */
static bool is_line(struct str s)
{
    for (size_t i = 0; i < s.len; i++)
        if (((unsigned char)s.ptr[i] < ' ' && s.ptr[i] != '\t') || s.ptr[i] == 0x7f)
            return false;
    return true;
}

static void refuse(struct request *q, const char *code, struct str message)
{
    q->refused_status = 400;
    q->refused_code = str_c(code);
    q->refused_message = message;
}

/* <Tagging><TagSet><Tag><Key/><Value/></Tag>... as x-amz-tagging has it. */
static bool tagging_as_header(struct arena *a, struct str xml, struct str *out)
{
    struct xml_node *root, *set, *key, *value;
    struct buf text = { 0 };
    bool is_whole = xml_parse(a, xml, &root, NULL) == 0 && str_eq_c(root->local, "Tagging") &&
                    (set = xml_child(root, STR("TagSet"))) != NULL;

    for (struct xml_node *tag = is_whole ? set->first : NULL; tag && is_whole; tag = tag->next) {
        key = xml_child(tag, STR("Key"));
        value = xml_child(tag, STR("Value"));
        is_whole = key && value && str_eq_c(tag->local, "Tag");
        if (!is_whole)
            break;
        if (text.len > 0)
            buf_add_char(&text, '&');
        uri_encode(&text, key->text, URI_KEEP_NONE);
        buf_add_char(&text, '=');
        uri_encode(&text, value->text, URI_KEEP_NONE);
    }
    *out = arena_copy(a, buf_view(&text));
    buf_free(&text);
    return is_whole;
}

/* Of the browser's own headers those that tell of the sender and the connection. */
static bool is_kept(struct str name)
{
    static const char *const kept[] = { "host", "user-agent", "origin", "referer",
                                        "x-amzn-trace-id" };

    for (size_t i = 0; i < COUNT(kept); i++)
        if (str_eq_nocase(name, str_c(kept[i])))
            return true;
    return false;
}

static void set_headers(struct arena *a, struct request *put, const struct request *q)
{
    const struct post_form *f = q->form;
    struct str tagging;

    put->headers = arena_array(a, q->header_count + f->field_count + 1, sizeof *put->headers);
    put->header_count = 0;
    for (size_t i = 0; i < q->header_count; i++)
        if (is_kept(q->headers[i].name))
            put->headers[put->header_count++] = q->headers[i];
    for (size_t i = 0; i < f->field_count; i++) {
        struct str name = header_of(f->fields[i].name);

        if (name.len == 0)
            continue;
        if (!is_line(name) || !is_line(f->fields[i].value))
            refuse(put, "MalformedPOSTRequest",
                   STR("The body of your POST request is not well-formed multipart/form-data."));
        put->headers[put->header_count++] = (struct http_header){ name, f->fields[i].value };
    }
    if (!post_form_has(f, "tagging"))
        return;
    if (tagging_as_header(a, post_form_field(f, "tagging"), &tagging))
        put->headers[put->header_count++] = (struct http_header){ STR("x-amz-tagging"), tagging };
    else
        refuse(put, "MalformedXML",
               STR("The XML you provided was not well-formed or did not validate against our "
                   "published schema"));
}

static struct str path_of(struct arena *a, const struct request *q, struct str key)
{
    struct str bucket, rest, result;
    struct buf path = { 0 };

    if (q->s3_bucket.len == 0) {
        (void)str_cut(str_sub(q->path, 1, q->path.len), '/', &bucket, &rest); /* "/bucket" too */
        buf_add_char(&path, '/');
        buf_add(&path, bucket);
    }
    buf_add_char(&path, '/');
    uri_encode(&path, key, URI_KEEP_SLASH);
    result = arena_copy(a, buf_view(&path));
    buf_free(&path);
    return result;
}

const struct request *post_form_as_put(struct arena *a, const struct request *q)
{
    struct request *put = arena_alloc(a, sizeof *put);
    struct str key = post_form_expand(a, q->form, post_form_field(q->form, "key"));

    *put = *q;
    if (key.len == 0) {
        refuse(put, "InvalidArgument",
               STR("Bucket POST must contain a field named 'key'.  If it is specified, please "
                   "check the order of the fields."));
        return put;
    }
    put->method = STR("PUT");
    put->path = put->target = path_of(a, q, key);
    set_headers(a, put, q);
    return put;
}
