/* start - how long from exec to the first answer: starts `mocktrail serve` on a free port, waits
 * for its line, asks GetCallerIdentity, prints milliseconds, and stops it.
 *
 * usage: start PROGRAM DATA-DIR
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/clock.h"

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* The child's standard output is *out. */
static pid_t spawn(const char *program, const char *dir, FILE **out)
{
    int ends[2];
    pid_t pid;

    if (pipe(ends) < 0)
        die("pipe");
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        (void)dup2(ends[1], 1);
        (void)close(ends[0]); /* the parent's */
        execl(program, program, "serve", "--listen", "127.0.0.1:0", "--data", dir, (char *)NULL);
        die(program);
    }
    (void)close(ends[1]); /* the child's */
    *out = fdopen(ends[0], "r");
    return pid;
}

static void ask(int port)
{
    static const char body[] = "Action=GetCallerIdentity&Version=2011-06-15";
    struct sockaddr_in sa = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    char text[1024], reply[16];
    int len = snprintf(text, sizeof text,
                       "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %zu\r\nContent-Type: "
                       "application/x-www-form-urlencoded\r\nAuthorization: AWS4-HMAC-SHA256 "
                       "Credential=AKIDEXAMPLE/20260101/us-east-1/sts/aws4_request, "
                       "SignedHeaders=host, Signature=0\r\nX-Amz-Date: 20260101T000000Z\r\n\r\n%s",
                       strlen(body), body);

    if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
        die("connect");
    if (send(fd, text, (size_t)len, 0) != len || recv(fd, reply, 12, MSG_WAITALL) != 12)
        die("ask");
    if (memcmp(reply, "HTTP/1.1 200", 12) != 0) {
        (void)fprintf(stderr, "start: %.12s\n", reply);
        exit(1);
    }
    (void)close(fd); /* the answer is here */
}

int main(int argc, char **argv)
{
    int64_t began_us = clock_monotonic_us();
    char line[256];
    FILE *out = NULL;
    int64_t took_us;
    pid_t pid;

    if (argc != 3)
        return 2;
    pid = spawn(argv[1], argv[2], &out);
    if (!out || !fgets(line, sizeof line, out) || !strrchr(line, ':'))
        die("no line from the server");
    ask((int)strtol(strrchr(line, ':') + 1, NULL, 10));
    took_us = clock_monotonic_us() - began_us;
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0); /* how it ends is not measured */
    (void)printf("%.1f\n", (double)took_us / 1000);
    return 0;
}
