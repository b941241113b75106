/* A CMocka test that holds the calls of a program against onboarding.expect.yaml.
 *
 * Build:  cc -std=c17 -D_POSIX_C_SOURCE=200809L docs/examples/test_expect.c -lcmocka -o test_expect
 * Needs the mocktrail program (MOCKTRAIL names it; default: mocktrail on the PATH) and, as the
 * program under test, the AWS CLI. Run it where onboarding.expect.yaml lies, or name that place:
 * EXAMPLES.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

struct emulator {
    char data[64], endpoint[64];
    pid_t process;
    FILE *says;
};

static const char *program(void)
{
    return getenv("MOCKTRAIL") ? getenv("MOCKTRAIL") : "mocktrail";
}

/* The exit code of a shell command. */
static int shell(const char *format, ...)
{
    char command[1024];
    va_list ap;

    va_start(ap, format);
    (void)vsnprintf(command, sizeof command, format, ap);
    va_end(ap);
    int status = system(command);

    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int start(void **state)
{
    struct emulator *e = calloc(1, sizeof *e);
    int pipes[2];

    assert_non_null(e);
    (void)snprintf(e->data, sizeof e->data, "/tmp/mocktrail-XXXXXX");
    assert_non_null(mkdtemp(e->data));
    assert_int_equal(pipe(pipes), 0);
    e->process = fork();
    if (e->process == 0) {
        (void)dup2(pipes[1], STDOUT_FILENO);
        (void)close(pipes[0]); /* else the pipe would outlive the reader */
        (void)execlp(program(), program(), "serve", "--listen", "127.0.0.1:0", "--data", e->data,
                     (char *)NULL);
        _exit(127);
    }
    (void)close(pipes[1]); /* else its end would never be seen */
    e->says = fdopen(pipes[0], "r");
    assert_int_equal(fscanf(e->says, "listening on %63s", e->endpoint), 1);
    assert_int_equal(setenv("AWS_ENDPOINT_URL", e->endpoint, 1), 0);
    assert_int_equal(setenv("AWS_ACCESS_KEY_ID", "111122223333", 1), 0);
    assert_int_equal(setenv("AWS_SECRET_ACCESS_KEY", "test", 1), 0);
    assert_int_equal(setenv("AWS_DEFAULT_REGION", "us-east-1", 1), 0);
    *state = e;
    return 0;
}

static int stop(void **state)
{
    struct emulator *e = *state;

    (void)kill(e->process, SIGTERM);
    (void)waitpid(e->process, NULL, 0);
    (void)fclose(e->says);
    (void)shell("rm -rf %s", e->data);
    free(e);
    return 0;
}

static void onboarding_makes_exactly_these_calls(void **state)
{
    struct emulator *e = *state;
    const char *place = getenv("EXAMPLES") ? getenv("EXAMPLES") : ".";

    assert_int_equal(shell("aws iam create-group --group-name readers >/dev/null"), 0);
    assert_int_equal(shell("aws iam create-user --user-name alice >/dev/null"), 0);
    assert_int_equal(shell("aws iam add-user-to-group --group-name readers --user-name alice"), 0);
    assert_int_equal(shell("curl -fsS -X POST %s/_mocktrail/flush >/dev/null", e->endpoint), 0);
    assert_int_equal(
        shell("%s verify expect %s/onboarding.expect.yaml %s", program(), place, e->data), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(onboarding_makes_exactly_these_calls, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
