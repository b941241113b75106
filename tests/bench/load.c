/* load - the client of `make bench`: sends requests signed beforehand over keep-alive connections
 * to 127.0.0.1, one at a time on each, and prints what came back. A server that closes a connection
 * after each reply (moto's) gets a new one.
 *
 * usage: load PORT sts|put|bucket CONNECTIONS SECONDS [LIMIT [WARM_UP_SECONDS]]
 * It signs as the root of account 123456789012 (secret "test"); put writes 100 bytes to 1,000 keys
 * of the bucket "bench", which bucket makes. LIMIT 0: none.
 * Prints: REQUESTS_PER_S P50_US P99_US OK NOT_OK, the first three without the warm-up.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/aws/sigv4.h"
#include "core/base/buf.h"
#include "core/base/clock.h"
#include "core/base/mem.h"

#define ACCOUNT      "123456789012"
#define SECRET       "test"
#define KEYS         1000
#define BUCKETS_US   100000 /* the histogram's last: 0.1 s */
#define MOST_CLIENTS 1024

struct client {
    int fd;
    size_t sent, got, need; /* need: bytes of the reply, 0 while its headers are read */
    struct str request;
    int64_t began_us;
    bool is_ok, is_last; /* is_last: the server closes after this reply */
    char reply[16384];
};

struct load {
    struct arena arena;
    struct str requests[KEYS];
    size_t request_count, next;
    struct client *clients;
    size_t client_count;
    uint64_t ok, not_ok, limit, warm_count; /* warm_count: replies of the warm-up */
    int64_t warm_end_us;
    uint32_t *histogram;
    int epoll, port;
};

static void die(const char *what)
{
    (void)fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(2);
}

/* One request, signed now; body_hash goes into a header when the service is S3. */
static struct str sign(struct load *l, const char *method, struct str path, struct str body,
                       const char *service, const char *extra)
{
    struct arena *a = &l->arena;
    struct str now = clock_iso_basic(a, clock_machine_ms());
    struct str host = arena_printf(a, "127.0.0.1:%d", l->port);
    struct sigv4_scope scope = { STR(ACCOUNT), str_sub(now, 0, 8), STR("us-east-1"),
                                 str_c(service) };
    unsigned char key[32];
    char hash[65], signature[65];

    sha256_hex(body, hash);
    struct sigv4_pair headers[] = { { STR("host"), host },
                                    { STR("x-amz-content-sha256"), str_c(hash) },
                                    { STR("x-amz-date"), now } };
    struct sigv4_request q = { .method = str_c(method),
                               .path = path,
                               .headers = headers,
                               .header_count = COUNT(headers),
                               .payload_hash = str_c(hash),
                               .datetime = now,
                               .is_s3 = strcmp(service, "s3") == 0 };

    sigv4_key(STR(SECRET), &scope, key);
    sigv4_sign(a, key, &scope, &q, signature);
    return arena_printf(
        a,
        "%s %.*s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: mocktrail-bench\r\nX-Amz-Date: %.*s\r\n"
        "X-Amz-Content-Sha256: %s\r\n%sAuthorization: AWS4-HMAC-SHA256 Credential=" ACCOUNT
        "/%.*s/us-east-1/%s/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date, "
        "Signature=%s\r\nContent-Length: %zu\r\n\r\n%.*s",
        method, STR_ARG(path), STR_ARG(host), STR_ARG(now), hash, extra, STR_ARG(scope.date),
        service, signature, body.len, STR_ARG(body));
}

static void add_request(struct load *l, struct str request)
{
    l->requests[l->request_count++] = request;
}

static void make_requests(struct load *l, const char *what)
{
    char body[100];

    memset(body, 'b', sizeof body);
    if (strcmp(what, "sts") == 0)
        add_request(l, sign(l, "POST", STR("/"), STR("Action=GetCallerIdentity&Version=2011-06-15"),
                            "sts", "Content-Type: application/x-www-form-urlencoded\r\n"));
    if (strcmp(what, "bucket") == 0)
        add_request(l, sign(l, "PUT", STR("/bench"), STR(""), "s3", ""));
    for (int i = 0; i < KEYS && strcmp(what, "put") == 0; i++)
        add_request(l, sign(l, "PUT", arena_printf(&l->arena, "/bench/key-%04d", i),
                            (struct str){ body, sizeof body }, "s3", ""));
}

static void connect_one(struct load *l, struct client *c)
{
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)l->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
    int on = 1;

    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&sa, sizeof sa) < 0)
        die("connect");
    (void)setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a help, not a need */
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, c->fd, &ev) < 0)
        die("epoll_ctl");
}

/* Requests are far below a socket's buffer: one send takes each whole. */
static void send_next(struct load *l, struct client *c)
{
    c->request = l->requests[l->next++ % l->request_count];
    c->got = c->need = 0;
    c->began_us = clock_monotonic_us();
    if (send(c->fd, c->request.ptr, c->request.len, MSG_NOSIGNAL) != (ssize_t)c->request.len)
        die("send");
}

/* The reply's whole length, once its headers are there. */
static void find_need(struct client *c)
{
    static const char name[] = "Content-Length: ";
    const char *end, *length;

    c->reply[c->got] = '\0';
    end = strstr(c->reply, "\r\n\r\n");
    if (!end)
        return;
    length = strstr(c->reply, name);
    if (!length || length > end)
        die("a reply without Content-Length");
    c->need = (size_t)(end - c->reply) + 4 + strtoul(length + strlen(name), NULL, 10);
    c->is_ok = strncmp(c->reply, "HTTP/1.1 200", 12) == 0;
    length = strstr(c->reply, "Connection: close\r\n");
    c->is_last = length && length < end + 2;
    if (c->need >= sizeof c->reply)
        die("a reply too long");
}

static void read_reply(struct load *l, struct client *c)
{
    ssize_t n = recv(c->fd, c->reply + c->got, sizeof c->reply - 1 - c->got, 0);
    int64_t now_us, took_us;

    if (n <= 0)
        die("recv");
    c->got += (size_t)n;
    if (!c->need)
        find_need(c);
    if (!c->need || c->got < c->need)
        return;
    now_us = clock_monotonic_us();
    took_us = now_us - c->began_us;
    if (now_us < l->warm_end_us)
        l->warm_count++;
    else
        l->histogram[took_us < BUCKETS_US ? took_us : BUCKETS_US - 1]++;
    l->ok += c->is_ok;
    l->not_ok += !c->is_ok;
    if (!c->is_ok && l->not_ok == 1)
        (void)fprintf(stderr, "load: the first reply that is not 200:\n%.*s\n", (int)c->got,
                      c->reply);
    if (c->is_last) {
        (void)close(c->fd); /* all of it was read */
        connect_one(l, c);
    }
    send_next(l, c);
}

static void run(struct load *l, double seconds)
{
    struct epoll_event events[128];
    int64_t end_us = l->warm_end_us + (int64_t)(seconds * 1e6);

    for (size_t i = 0; i < l->client_count; i++)
        send_next(l, &l->clients[i]);
    while (clock_monotonic_us() < end_us && l->ok + l->not_ok < l->limit) {
        int n = epoll_wait(l->epoll, events, (int)COUNT(events), 1000);

        for (int i = 0; i < n; i++)
            read_reply(l, events[i].data.ptr);
    }
}

static uint64_t measured(const struct load *l)
{
    return l->ok + l->not_ok - l->warm_count;
}

static int64_t percentile_us(const struct load *l, double p)
{
    uint64_t want = (uint64_t)((double)measured(l) * p), seen = 0;
    int64_t us = 0;

    while (us < BUCKETS_US - 1 && (seen += l->histogram[us]) < want)
        us++;
    return us;
}

int main(int argc, char **argv)
{
    static struct load l;
    double took_s;

    if (argc < 5) {
        (void)fprintf(stderr, "usage: load PORT sts|put|bucket CONNECTIONS SECONDS "
                              "[LIMIT [WARM_UP_SECONDS]]\n");
        return 2;
    }
    l.port = (int)strtol(argv[1], NULL, 10);
    l.client_count = strtoul(argv[3], NULL, 10);
    l.limit = argc > 5 ? strtoull(argv[5], NULL, 10) : 0;
    if (l.limit == 0)
        l.limit = UINT64_MAX;
    l.epoll = epoll_create1(EPOLL_CLOEXEC);
    l.histogram = mem_alloc(BUCKETS_US * sizeof *l.histogram);
    l.clients = mem_alloc(l.client_count * sizeof *l.clients);
    make_requests(&l, argv[2]);
    if (l.request_count == 0 || l.client_count < 1 || l.client_count > MOST_CLIENTS)
        return 2;
    for (size_t i = 0; i < l.client_count; i++)
        connect_one(&l, &l.clients[i]);
    l.warm_end_us = clock_monotonic_us();
    if (argc > 6)
        l.warm_end_us += (int64_t)(strtod(argv[6], NULL) * 1e6);
    run(&l, strtod(argv[4], NULL));
    took_s = (double)(clock_monotonic_us() - l.warm_end_us) / 1e6;
    (void)printf("%.0f %lld %lld %llu %llu\n", (double)measured(&l) / took_s,
                 (long long)percentile_us(&l, 0.5), (long long)percentile_us(&l, 0.99),
                 (unsigned long long)l.ok, (unsigned long long)l.not_ok);
    return 0;
}
