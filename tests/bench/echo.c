/* echo - the bare libmicrohttpd server that `make bench` measures against: reads a request, answers
 * with bytes made beforehand, of the lengths that mocktrail answers. No parsing, no record.
 *
 * usage: echo THREADS poll|epoll [POOL_KIB [LIMIT]]     prints the port, ends with its standard
 * input
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <microhttpd.h>

struct replies {
    struct MHD_Response *post, *put;
};

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *size, void **context)
{
    static int seen;
    const struct replies *r = cls;

    (void)url, (void)version, (void)data; /* an echo looks at nothing */
    if (!*context) {
        *context = &seen;
        return MHD_YES;
    }
    if (*size > 0) {
        *size = 0;
        return MHD_YES;
    }
    return MHD_queue_response(connection, MHD_HTTP_OK,
                              *method == 'P' && method[1] == 'U' ? r->put : r->post);
}

static struct MHD_Response *make_reply(size_t len, const char *type)
{
    static char body[1024];
    struct MHD_Response *r;

    memset(body, 'x', sizeof body);
    r = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_PERSISTENT);
    (void)MHD_add_response_header(r, "Content-Type", type);
    (void)MHD_add_response_header(r, "x-amzn-RequestId", "00000000-0000-4000-8000-000000000000");
    return r;
}

int main(int argc, char **argv)
{
    unsigned threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1;
    unsigned flags = argc > 2 && strcmp(argv[2], "epoll") == 0 ? MHD_USE_EPOLL_INTERNAL_THREAD
                                                               : MHD_USE_POLL_INTERNAL_THREAD;
    size_t pool = (argc > 3 ? strtoul(argv[3], NULL, 10) : 32) << 10;
    unsigned limit = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 1024;
    struct replies r = { make_reply(406, "text/xml"), make_reply(0, "application/xml") };
    struct MHD_OptionItem items[] = { { MHD_OPTION_THREAD_POOL_SIZE, threads, NULL },
                                      { MHD_OPTION_END, 0, NULL } };
    struct MHD_Daemon *d =
        MHD_start_daemon(flags, 0, NULL, NULL, on_request, &r, MHD_OPTION_CONNECTION_LIMIT, limit,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool,
                         threads > 1 ? MHD_OPTION_ARRAY : MHD_OPTION_END, items, MHD_OPTION_END);
    char byte;

    if (!d)
        return 1;
    (void)printf("%u\n", MHD_get_daemon_info(d, MHD_DAEMON_INFO_BIND_PORT)->port);
    (void)fflush(stdout);
    while (read(0, &byte, 1) > 0)
        continue;
    MHD_stop_daemon(d);
    return 0;
}
