#include "emulator/http/chunked.h"

#include "core/base/limits.h"

static const struct form {
    const char *text;
    enum chunked_form form;
    bool trailer_signature;
} forms[] = {
    /* Source: S3 API Reference, "Authenticating requests: using the Authorization header",
     * x-amz-content-sha256 options. */
    { "STREAMING-UNSIGNED-PAYLOAD-TRAILER", CHUNKED_UNSIGNED, false },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", CHUNKED_SIGNED, false },
    { "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", CHUNKED_SIGNED, true },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", CHUNKED_SIGNED_V4A, false },
    { "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", CHUNKED_SIGNED_V4A, true },
};

bool chunked_init(struct chunked *c, struct arena *a, struct str form_text)
{
    for (size_t i = 0; i < COUNT(forms); i++) {
        if (!str_eq_c(form_text, forms[i].text))
            continue;
        *c = (struct chunked){ .arena = a,
                               .form = forms[i].form,
                               .wants_trailer_signature = forms[i].trailer_signature };
        if (c->form == CHUNKED_SIGNED)
            sha256_init(&c->sha);
        return true;
    }
    return false;
}

void chunked_free(struct chunked *c)
{
    sha256_free(&c->sha);
    buf_free(&c->chunks);
}

static int hex_digit(char ch)
{
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    if (ch >= 'a' && ch <= 'f')
        return ch - 'a' + 10;
    if (ch >= 'A' && ch <= 'F')
        return ch - 'A' + 10;
    return -1;
}

static bool parse_size(struct str s, uint64_t *out)
{
    uint64_t n = 0;

    if (s.len == 0 || s.len > 15)
        return false;
    for (size_t i = 0; i < s.len; i++) {
        int d = hex_digit(s.ptr[i]);

        if (d < 0)
            return false;
        n = n * 16 + (uint64_t)d;
    }
    *out = n;
    return true;
}

static bool is_signature(struct str s)
{
    if (s.len != 64)
        return false;
    for (size_t i = 0; i < s.len; i++)
        if (hex_digit(s.ptr[i]) < 0)
            return false;
    return true;
}

/* A signed chunk's row begins with its signature; its hash is added when its data has passed. */
static int take_signature(struct chunked *c, struct str extension, struct err *err)
{
    struct str name, value;
    struct chunk_signature row = { 0 };

    if (c->form == CHUNKED_UNSIGNED)
        return 0;
    if (!str_cut(extension, '=', &name, &value) || !str_eq_c(name, "chunk-signature"))
        return err_set(err, E_PARSE, "aws-chunked: a chunk without chunk-signature");
    if (c->form == CHUNKED_SIGNED_V4A)
        return 0;
    if (!is_signature(value))
        return err_set(err, E_PARSE, "aws-chunked: chunk-signature is not 64 hex digits");
    if (c->chunks.len / sizeof row >= LIMIT_S3_CHUNKS)
        return err_set(err, E_LIMIT, "aws-chunked: over %u chunks", LIMIT_S3_CHUNKS);
    memcpy(row.signature, value.ptr, value.len);
    buf_add(&c->chunks, (struct str){ (const char *)&row, sizeof row });
    return 0;
}

static void end_chunk_hash(struct chunked *c)
{
    struct chunk_signature row;
    size_t at = c->chunks.len - sizeof row;

    if (c->form != CHUNKED_SIGNED)
        return;
    memcpy(&row, c->chunks.ptr + at, sizeof row);
    sha256_end(&c->sha, row.sha256);
    memcpy(c->chunks.ptr + at, &row, sizeof row);
}

static int size_line(struct chunked *c, struct str line, struct err *err)
{
    struct str digits, extension;
    uint64_t size;
    int rc;

    (void)str_cut(line, ';', &digits, &extension); /* without ';' all of it is digits */
    if (!parse_size(str_trim(digits), &size))
        return err_set(err, E_PARSE, "aws-chunked: expected a chunk's size in hex");
    if (size > (uint64_t)LIMIT_S3_PART_BYTES - c->decoded_bytes)
        return err_set(err, E_LIMIT, "aws-chunked: over %llu bytes",
                       (unsigned long long)LIMIT_S3_PART_BYTES);
    rc = take_signature(c, str_trim(extension), err);
    if (rc < 0)
        return rc;
    c->left_bytes = size;
    c->state = size ? CHUNKED_DATA : CHUNKED_TRAILER;
    if (size == 0)
        end_chunk_hash(c);
    return 0;
}

/* The line's bytes are gathered in c->line and overwritten: what is kept is copied. */
static int trailer_line(struct chunked *c, struct str line, struct err *err)
{
    struct str name, value;

    if (line.len == 0) {
        /* "name:value\n\r\n" then the signature: AWS's own signed form has an empty line here. */
        if (!c->wants_trailer_signature || c->trailer_signature.len || !c->trailer_count)
            c->state = CHUNKED_DONE;
        return 0;
    }
    if (++c->trailer_count > LIMIT_S3_TRAILERS)
        return err_set(err, E_LIMIT, "aws-chunked: over %u trailers", LIMIT_S3_TRAILERS);
    if (!str_cut(line, ':', &name, &value))
        return err_set(err, E_PARSE, "aws-chunked: a trailer without ':'");
    name = arena_copy(c->arena, str_trim(name));
    value = arena_copy(c->arena, str_trim(value));
    if (str_eq_nocase(name, STR("x-amz-trailer-signature"))) {
        c->trailer_signature = value;
    } else if (!c->trailer_name.ptr) {
        c->trailer_name = name;
        c->trailer_value = value;
    }
    return 0;
}

static int framing_line(struct chunked *c, struct str line, struct err *err)
{
    switch (c->state) {
    case CHUNKED_SIZE:
        return size_line(c, line, err);
    case CHUNKED_DATA_END:
        c->state = CHUNKED_SIZE;
        return line.len ? err_set(err, E_PARSE, "aws-chunked: a chunk longer than its size") : 0;
    case CHUNKED_TRAILER:
        return trailer_line(c, line, err);
    default:
        return err_set(err, E_PARSE, "aws-chunked: bytes behind the end");
    }
}

/* Gather up to and with the next newline; run the line when it is whole. */
static int gather(struct chunked *c, struct str *in, struct err *err)
{
    const char *end = memchr(in->ptr, '\n', in->len);
    size_t n = end ? (size_t)(end - in->ptr) + 1 : in->len;
    struct str line;

    if (c->line_len + n > sizeof c->line)
        return err_set(err, E_LIMIT, "aws-chunked: a line over %zu bytes", sizeof c->line);
    memcpy(c->line + c->line_len, in->ptr, n);
    c->line_len += n;
    *in = str_sub(*in, n, in->len - n);
    if (!end)
        return 0;
    line = (struct str){ c->line, c->line_len - 1 };
    if (line.len && line.ptr[line.len - 1] == '\r')
        line.len--;
    c->line_len = 0;
    return framing_line(c, line, err);
}

static struct str give(struct chunked *c, struct str *in)
{
    struct str out = str_sub(*in, 0, c->left_bytes < in->len ? (size_t)c->left_bytes : in->len);

    *in = str_sub(*in, out.len, in->len - out.len);
    c->left_bytes -= out.len;
    c->decoded_bytes += out.len;
    if (c->form == CHUNKED_SIGNED)
        sha256_add(&c->sha, out);
    if (c->left_bytes == 0) {
        end_chunk_hash(c);
        c->state = CHUNKED_DATA_END;
    }
    return out;
}

int chunked_next(struct chunked *c, struct str *in, struct str *out, struct err *err)
{
    while (in->len > 0) {
        if (c->state == CHUNKED_DATA) {
            *out = give(c, in);
            return 1;
        }
        if (c->state == CHUNKED_DONE)
            return err_set(err, E_PARSE, "aws-chunked: bytes behind the end");
        int rc = gather(c, in, err);

        if (rc < 0)
            return rc;
    }
    return 0;
}

int chunked_end(struct chunked *c, struct request *q, struct err *err)
{
    struct str rows = buf_view(&c->chunks);

    /* The last empty line is missing from what some clients send behind "0\r\n". */
    if (c->state != CHUNKED_DONE && !(c->state == CHUNKED_TRAILER && c->line_len == 0))
        return err_set(err, E_PARSE, "aws-chunked: the body ends before its last chunk");
    q->body_is_chunk_signed = c->form != CHUNKED_UNSIGNED;
    q->trailer_checksum_name = c->trailer_name;
    q->trailer_checksum = c->trailer_value;
    q->trailer_signature = c->trailer_signature;
    if (c->trailer_name.len)
        q->trailer_text = arena_printf(c->arena, "%.*s:%.*s\n", STR_ARG(c->trailer_name),
                                       STR_ARG(c->trailer_value));
    q->chunk_count = rows.len / sizeof(struct chunk_signature);
    if (q->chunk_count)
        q->chunks = memcpy(arena_array(c->arena, q->chunk_count, sizeof(struct chunk_signature)),
                           rows.ptr, rows.len);
    return 0;
}
