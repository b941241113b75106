#include "verify/replay/post.h"

#include <curl/curl.h>

#include "core/base/arena.h"
#include "core/base/mem.h"
#include "core/base/version.h"

enum { CONNECT_MS = 10000, ANSWER_MS = 60000, TRIES = 5 };

struct post {
    CURL *curl;
    struct curl_slist *headers;
    struct arena arena;
    struct str url;
};

static struct str host_of(struct str url)
{
    ptrdiff_t at = str_find(url, STR("://"));
    struct str host, rest;

    if (at >= 0)
        url = str_sub(url, (size_t)at + 3, url.len);
    (void)str_cut(url, '/', &host, &rest); /* no slash: all of it */
    if (str_has_prefix(host, STR("[")))
        return str_cut(host, ']', &host, &rest) ? str_sub(host, 1, host.len) : host;
    (void)str_cut(host, ':', &host, &rest);
    return host;
}

bool post_is_local(struct str url)
{
    struct str host = host_of(url);

    return str_eq_nocase(host, STR("localhost")) || str_eq_c(host, "::1") ||
           str_has_suffix(host, STR(".localhost")) ||
           (str_has_prefix(host, STR("127.")) && host.len <= 15);
}

static size_t drop(char *bytes, size_t size, size_t count, void *arg)
{
    (void)bytes;
    (void)arg;
    return size * count;
}

int post_open(struct post **out, struct str url, struct err *err)
{
    if (!str_has_prefix(url, STR("http://")) && !str_has_prefix(url, STR("https://")))
        return err_set(err, E_PARSE, "expected a URL that begins with http://, not '%.*s'",
                       STR_ARG(url));
    struct post *p = mem_alloc(sizeof *p);

    p->url = arena_copy(&p->arena, url);
    p->curl = curl_easy_init();
    p->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if (!p->curl || !p->headers) {
        post_close(p);
        return err_set(err, E_IO, "libcurl could not be set up");
    }
    /* None of these can fail but for want of memory, which then shows in the transfer. */
    (void)curl_easy_setopt(p->curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(p->curl, CURLOPT_USERAGENT, "mocktrail/" MOCKTRAIL_VERSION);
    (void)curl_easy_setopt(p->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    (void)curl_easy_setopt(p->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    (void)curl_easy_setopt(p->curl, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS);
    (void)curl_easy_setopt(p->curl, CURLOPT_URL, p->url.ptr);
    (void)curl_easy_setopt(p->curl, CURLOPT_HTTPHEADER, p->headers);
    (void)curl_easy_setopt(p->curl, CURLOPT_WRITEFUNCTION, drop);
    *out = p;
    return 0;
}

void post_close(struct post *p)
{
    if (!p)
        return;
    curl_slist_free_all(p->headers);
    curl_easy_cleanup(p->curl);
    arena_free(&p->arena);
    mem_free(p);
}

int post_send(struct post *p, struct str body, struct err *err)
{
    long status = 0;

    for (int i = 0; i < TRIES; i++) {
        (void)curl_easy_setopt(p->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
        (void)curl_easy_setopt(p->curl, CURLOPT_POSTFIELDS, body.ptr);
        CURLcode rc = curl_easy_perform(p->curl);

        if (rc != CURLE_OK)
            return err_set(err, E_IO, "%.*s: %s", STR_ARG(p->url), curl_easy_strerror(rc));
        (void)curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status); /* it was answered */
        if (status / 100 == 2)
            return 0;
        if (status != 429 && status < 500)
            break;
    }
    return err_set(err, E_IO, "%.*s: HTTP status %ld", STR_ARG(p->url), status);
}

int post_put(struct post *p, struct str body, struct err *err)
{
    (void)curl_easy_setopt(p->curl, CURLOPT_CUSTOMREQUEST, "PUT"); /* shows in the transfer */
    int rc = post_send(p, body, err);

    (void)curl_easy_setopt(p->curl, CURLOPT_CUSTOMREQUEST, NULL); /* as above */
    return rc;
}
