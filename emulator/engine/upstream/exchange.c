#include "emulator/engine/upstream/exchange.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include <curl/curl.h>

#include "core/base/clock.h"
#include "core/base/fs.h"
#include "core/base/limits.h"
#include "core/base/mem.h"

#define CONNECT_MS 10000 /* a host that does not even refuse is down */
#define IDLE_MOST  64    /* handles, each with the connections it keeps */

struct exchange_pool {
    struct exchange_options opt;
    pthread_mutex_t lock;
    CURL *idle[IDLE_MOST];
    size_t idle_count;
    _Atomic bool is_stopping;
    _Atomic uint64_t next_file;
};

/* One exchange under way. */
struct run {
    struct exchange_pool *pool;
    struct arena *a;
    const struct exchange *x;
    struct reply *reply;
    int64_t sent;         /* of the request's body */
    int in_fd, out_fd;    /* files of the bodies; -1: none */
    const char *out_path; /* the answer's, whole */
    struct buf text;      /* the answer's, while in memory */
    int64_t received;
    curl_off_t seen_up, seen_down;
    int64_t moved_us; /* when the last byte moved, either way */
    bool is_slow, is_too_large;
    int failure; /* E_IO of the answer's file */
    struct err *err;
};

int exchange_pool_open(struct exchange_pool **out, const struct exchange_options *opt,
                       struct err *err)
{
    struct exchange_pool *p;

    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_set(err, E_IO, "libcurl could not be set up");
    p = mem_alloc(sizeof *p);
    p->opt = *opt;
    (void)pthread_mutex_init(&p->lock, NULL); /* default attributes: cannot fail here */
    *out = p;
    return 0;
}

void exchange_pool_close(struct exchange_pool *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->idle_count; i++)
        curl_easy_cleanup(p->idle[i]);
    (void)pthread_mutex_destroy(&p->lock);
    mem_free(p);
    curl_global_cleanup();
}

void exchange_pool_stop(struct exchange_pool *p)
{
    if (p)
        atomic_store(&p->is_stopping, true);
}

/* The handle used last: its connection is the likeliest to be open still. */
static CURL *take_handle(struct exchange_pool *p)
{
    CURL *h = NULL;

    (void)pthread_mutex_lock(&p->lock);
    if (p->idle_count > 0)
        h = p->idle[--p->idle_count];
    (void)pthread_mutex_unlock(&p->lock);
    return h ? h : curl_easy_init();
}

static void give_handle(struct exchange_pool *p, CURL *h)
{
    bool kept = false;

    curl_easy_reset(h); /* connections stay */
    (void)pthread_mutex_lock(&p->lock);
    if (p->idle_count < IDLE_MOST) {
        p->idle[p->idle_count++] = h;
        kept = true;
    }
    (void)pthread_mutex_unlock(&p->lock);
    if (!kept)
        curl_easy_cleanup(h);
}

static const char *data_path(struct run *r, const char *relative)
{
    return arena_printf(r->a, "%s/%s", r->pool->opt.data_dir, relative).ptr;
}

/* --- the request's body --- */

static size_t on_send(char *to, size_t size, size_t count, void *arg)
{
    struct run *r = arg;
    const struct body *b = &r->x->body;
    size_t room = size * count;
    int64_t left = b->len - r->sent;

    if ((int64_t)room > left)
        room = (size_t)left;
    if (r->in_fd >= 0) {
        ssize_t n = pread(r->in_fd, to, room, (off_t)(b->offset + r->sent));

        if (n < 0 || (n == 0 && room > 0))
            return CURL_READFUNC_ABORT;
        room = (size_t)n;
    } else if (room > 0) {
        memcpy(to, b->text.ptr + r->sent, room);
    }
    r->sent += (int64_t)room;
    return room;
}

/* A kept connection turned out closed: the body is sent once more over a new one. */
static int on_seek(void *arg, curl_off_t offset, int origin)
{
    struct run *r = arg;

    if (origin != SEEK_SET || offset < 0 || offset > r->x->body.len)
        return CURL_SEEKFUNC_CANTSEEK;
    r->sent = offset;
    return CURL_SEEKFUNC_OK;
}

/* --- the answer --- */

static size_t on_header(char *text, size_t size, size_t count, void *arg)
{
    struct run *r = arg;
    struct str line = str_trim((struct str){ text, size * count }), name, value;

    if (r->reply->header_count >= LIMIT_HTTP_HEADERS) {
        r->is_too_large = true;
        return 0;
    }
    if (str_has_prefix(line, STR("HTTP/"))) {
        r->reply->header_count = 0; /* 100 Continue went before */
    } else if (str_cut(line, ':', &name, &value)) {
        reply_header(r->a, r->reply, arena_copy(r->a, name).ptr, arena_copy(r->a, str_trim(value)));
    }
    return size * count;
}

static bool open_spool(struct run *r)
{
    uint64_t number = atomic_fetch_add(&r->pool->next_file, 1);

    r->reply->body.path =
        arena_printf(r->a, "staging/upstream-%llu", (unsigned long long)number).ptr;
    r->reply->body_is_spooled = true;
    r->out_path = data_path(r, r->reply->body.path);
    r->out_fd = open(r->out_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (r->out_fd < 0)
        r->failure = err_sys(r->err, "create", r->out_path);
    else
        r->failure = fs_write_all(r->out_fd, buf_view(&r->text), r->out_path, r->err);
    buf_free(&r->text);
    return r->failure == 0;
}

static bool keep(struct run *r, CURL *h, struct str bytes)
{
    bool is_over = r->text.len + bytes.len > LIMIT_BODY_MEMORY_BYTES;
    long status = 0;

    (void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status); /* 0 then: not a success */
    if (r->out_fd < 0 && is_over && r->x->may_spool && status / 100 == 2 && !open_spool(r))
        return false;
    if (r->out_fd >= 0) {
        r->failure = fs_write_all(r->out_fd, bytes, r->out_path, r->err);
        return r->failure == 0;
    }
    r->is_too_large = r->text.len + bytes.len > LIMIT_HTTP_BODY_BYTES;
    if (!r->is_too_large)
        buf_add(&r->text, bytes);
    return !r->is_too_large;
}

struct sink {
    struct run *run;
    CURL *handle;
};

static size_t on_receive(char *text, size_t size, size_t count, void *arg)
{
    struct sink *s = arg;
    struct str bytes = { text, size * count };

    s->run->received += (int64_t)bytes.len;
    return keep(s->run, s->handle, bytes) ? bytes.len : 0;
}

/* libcurl asks at least once a second. */
static int on_progress(void *arg, curl_off_t down_total, curl_off_t down, curl_off_t up_total,
                       curl_off_t up)
{
    struct run *r = arg;
    int64_t now_us = clock_monotonic_us();

    (void)down_total, (void)up_total; /* how far it is does not matter */
    if (down != r->seen_down || up != r->seen_up) {
        r->seen_down = down;
        r->seen_up = up;
        r->moved_us = now_us;
    }
    r->is_slow = now_us - r->moved_us > r->pool->opt.patience_ms * 1000;
    return r->is_slow || atomic_load(&r->pool->is_stopping);
}

/* --- both --- */

static struct curl_slist *header_list(struct run *r)
{
    static const char *const own[] = { "Accept:", "Content-Type:", "Expect:", "User-Agent:" };
    struct curl_slist *list = NULL;

    /* libcurl adds these of its own accord where they are not named. */
    for (size_t i = 0; i < COUNT(own); i++) {
        bool is_sent = false;

        for (size_t k = 0; k < r->x->header_count; k++)
            is_sent |=
                str_eq_nocase(r->x->headers[k].name, str_sub(str_c(own[i]), 0, strlen(own[i]) - 1));
        if (!is_sent)
            list = curl_slist_append(list, own[i]);
    }
    for (size_t i = 0; i < r->x->header_count; i++) {
        struct http_header h = r->x->headers[i];
        const char *form = h.value.len ? "%.*s: %.*s" : "%.*s;"; /* libcurl's way of an empty one */

        list = curl_slist_append(list,
                                 arena_printf(r->a, form, STR_ARG(h.name), STR_ARG(h.value)).ptr);
    }
    return list;
}

static void set_request(struct run *r, CURL *h, struct curl_slist *headers)
{
    const struct exchange *x = r->x;
    bool is_head = str_eq_c(x->method, "HEAD");
    bool has_body = x->body.len > 0 || str_eq_c(x->method, "PUT") || str_eq_c(x->method, "POST");

    (void)curl_easy_setopt(h, CURLOPT_URL, arena_copy(r->a, x->base).ptr);
    (void)curl_easy_setopt(h, CURLOPT_REQUEST_TARGET, arena_copy(r->a, x->target).ptr);
    (void)curl_easy_setopt(h, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(h, CURLOPT_NOBODY, is_head ? 1L : 0L);
    if (has_body && !is_head) {
        (void)curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(h, CURLOPT_INFILESIZE_LARGE, (curl_off_t)x->body.len);
        (void)curl_easy_setopt(h, CURLOPT_READFUNCTION, on_send);
        (void)curl_easy_setopt(h, CURLOPT_READDATA, r);
        (void)curl_easy_setopt(h, CURLOPT_SEEKFUNCTION, on_seek);
        (void)curl_easy_setopt(h, CURLOPT_SEEKDATA, r);
    }
    (void)curl_easy_setopt(h, CURLOPT_CUSTOMREQUEST, arena_copy(r->a, x->method).ptr);
}

static void set_manners(struct run *r, CURL *h, struct sink *sink)
{
    int64_t connect_ms = r->pool->opt.patience_ms;

    (void)curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS,
                           (long)(connect_ms < CONNECT_MS ? connect_ms : CONNECT_MS));
    (void)curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(h, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(h, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(h, CURLOPT_HEADERFUNCTION, on_header);
    (void)curl_easy_setopt(h, CURLOPT_HEADERDATA, r);
    (void)curl_easy_setopt(h, CURLOPT_WRITEFUNCTION, on_receive);
    (void)curl_easy_setopt(h, CURLOPT_WRITEDATA, sink);
    (void)curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    (void)curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    (void)curl_easy_setopt(h, CURLOPT_XFERINFODATA, r);
}

static enum exchange_end end_of(const struct run *r, CURLcode code)
{
    if (code == CURLE_OK)
        return EXCHANGE_DONE;
    if (atomic_load(&r->pool->is_stopping))
        return EXCHANGE_ENDED;
    if (r->is_slow)
        return EXCHANGE_SLOW;
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_OPERATION_TIMEDOUT: /* only connecting has a time limit of libcurl's */
        return EXCHANGE_DOWN;
    default:
        return EXCHANGE_BROKEN;
    }
}

/* What on_progress ended libcurl calls an aborted callback. */
static struct str why_of(const struct run *r, enum exchange_end end, const char *text)
{
    if (r->is_too_large)
        return STR("the answer is too large");
    if (end == EXCHANGE_SLOW)
        return arena_printf(r->a, "no byte came or went for %g s",
                            (double)r->pool->opt.patience_ms / 1000);
    if (end == EXCHANGE_ENDED)
        return STR("the request was given up");
    return arena_copy(r->a, str_c(text));
}

static void take_answer(struct run *r, CURL *h)
{
    long status = 0;

    (void)curl_easy_getinfo(h, CURLINFO_RESPONSE_CODE, &status); /* known once it is whole */
    r->reply->status = (int)status;
    if (r->out_fd >= 0)
        r->reply->body.len = r->received;
    else
        r->reply->body = (struct body){ .text = arena_copy(r->a, buf_view(&r->text)),
                                        .len = (int64_t)r->text.len };
}

static int open_body(struct run *r)
{
    const struct body *b = &r->x->body;

    if (!b->path || b->len == 0)
        return 0;
    r->in_fd = open(data_path(r, b->path), O_RDONLY | O_CLOEXEC);
    return r->in_fd < 0 ? err_sys(r->err, "open", b->path) : 0;
}

static int perform(struct run *r, CURL *h, enum exchange_end *end, struct str *why)
{
    char text[CURL_ERROR_SIZE] = "";
    struct curl_slist *headers = header_list(r);
    struct sink sink = { r, h };

    set_request(r, h, headers);
    set_manners(r, h, &sink);
    (void)curl_easy_setopt(h, CURLOPT_ERRORBUFFER, text);
    r->moved_us = clock_monotonic_us();
    CURLcode code = curl_easy_perform(h);
    *end = end_of(r, code);
    if (*end == EXCHANGE_DONE)
        take_answer(r, h);
    else
        *why = why_of(r, *end, text[0] ? text : curl_easy_strerror(code));
    curl_slist_free_all(headers);
    return r->failure;
}

int exchange_run(struct exchange_pool *p, struct arena *a, const struct exchange *x,
                 struct reply *reply, enum exchange_end *end, struct str *why, struct err *err)
{
    struct run r = { .pool = p, .a = a, .x = x, .reply = reply, .in_fd = -1, .out_fd = -1 };
    CURL *h = take_handle(p);
    int rc;

    r.err = err;
    *reply = (struct reply){ 0 };
    rc = h ? open_body(&r) : err_set(err, E_LIMIT, "out of memory for an HTTP client");
    if (rc == 0)
        rc = perform(&r, h, end, why);
    if (r.out_fd >= 0 && (rc < 0 || *end != EXCHANGE_DONE))
        (void)unlink(r.out_path); /* nobody knows of it */
    if (r.out_fd >= 0)
        (void)close(r.out_fd); /* fs_write_all has reported what failed */
    if (r.in_fd >= 0)
        (void)close(r.in_fd); /* read only */
    buf_free(&r.text);
    if (h)
        give_handle(p, h);
    return rc;
}
