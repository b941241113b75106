#include "verify/run/follow.h"

#include <pthread.h>

#include <curl/curl.h>

#include "core/base/arena.h"
#include "core/base/mem.h"

struct follow {
    pthread_t thread;
    pthread_mutex_t lock;
    struct buf lines;
    struct arena arena;
    struct str url;
};

static size_t on_bytes(char *bytes, size_t size, size_t count, void *arg)
{
    struct follow *f = arg;

    (void)pthread_mutex_lock(&f->lock);
    buf_add(&f->lines, (struct str){ bytes, size * count });
    (void)pthread_mutex_unlock(&f->lock);
    return size * count;
}

static void *run(void *arg)
{
    struct follow *f = arg;
    CURL *curl = curl_easy_init();

    if (!curl)
        return NULL;
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_URL, f->url.ptr);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_bytes);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, f);
    (void)curl_easy_perform(curl); /* ends with the server */
    curl_easy_cleanup(curl);
    return NULL;
}

int follow_start(struct follow **out, struct str endpoint, struct err *err)
{
    struct follow *f = mem_alloc(sizeof *f);

    f->url = arena_printf(&f->arena, "%.*s/_mocktrail/events?follow=1", STR_ARG(endpoint));
    (void)pthread_mutex_init(&f->lock, NULL);
    if (pthread_create(&f->thread, NULL, run, f) != 0) {
        arena_free(&f->arena);
        mem_free(f);
        return err_set(err, E_IO, "no thread to follow the server's records");
    }
    *out = f;
    return 0;
}

uint64_t follow_count(struct follow *f, struct str text)
{
    uint64_t n = 0;
    ptrdiff_t at;

    (void)pthread_mutex_lock(&f->lock);
    for (struct str rest = buf_view(&f->lines); (at = str_find(rest, text)) >= 0; n++)
        rest = str_sub(rest, (size_t)at + text.len, rest.len);
    (void)pthread_mutex_unlock(&f->lock);
    return n;
}

void follow_end(struct follow *f, struct buf *lines)
{
    if (!f)
        return;
    (void)pthread_join(f->thread, NULL);
    buf_add(lines, buf_view(&f->lines));
    buf_free(&f->lines);
    (void)pthread_mutex_destroy(&f->lock);
    arena_free(&f->arena);
    mem_free(f);
}
