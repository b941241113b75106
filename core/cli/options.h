/* core/cli/options - a subcommand's options as rows: from mocktrail.yaml, the environment and the
 * command line into a struct, later ones over earlier ones; and --help from the same rows.
 *
 * An option --some-name is SOME row: the environment knows it as MOCKTRAIL_SOME_NAME, the file as
 * some-name. A row's parser turns text into its field and says what it expected.
 *
 * Use:     static const struct option_set set = { "serve", "...", rows, COUNT(rows) };
 *          options_read(a, &set, argc, argv, &mine, &err): 0 go on, 1 help or version was asked
 * for. Memory:  texts that fields keep live in the arena or in argv.
 */
#pragma once

#include <stdio.h>

#include "core/base/arena.h"
#include "core/base/err.h"

/* text -> *field. Returns 0, or E_PARSE with what was expected ("12 digits"), nothing else. */
typedef int option_parse_fn(struct arena *a, struct str text, void *field, struct err *err);

struct option {
    const char *name;     /* without the dashes */
    const char *arg;      /* how --help shows its value; NULL: a flag, field is a bool */
    const char *fallback; /* parsed first; NULL: the field stays as it was */
    const char *help;
    option_parse_fn *parse; /* NULL for a flag */
    size_t offset;          /* of the field */
};

struct option_set {
    const char *command; /* "serve" */
    const char *about;   /* one line */
    const struct option *rows;
    size_t count;
    const char *operands; /* how --help shows them; NULL: none are taken */
    /* NULL: as serve has it. "verify-x": the environment knows --some-name as
     * MOCKTRAIL_VERIFY_X_SOME_NAME, the file in its section "verify-x:", so that what is meant for
     * serve is not taken for an option of this command. */
    const char *section;
};

/* option_parse_fns for fields of common types */
int option_text(struct arena *a, struct str text, void *str_field, struct err *err);
int option_text_list(struct arena *a, struct str text, void *list_field, struct err *err);
int option_u64(struct arena *a, struct str text, void *uint64_field, struct err *err);
int option_time(struct arena *a, struct str text, void *int64_field, struct err *err); /* ms */
int option_duration_ms(struct arena *a, struct str text, void *int64_field, struct err *err);

struct option_list { /* --name a,b --name c */
    struct str *items;
    size_t count;
};

enum option_result { OPTIONS_GO, OPTIONS_HELP, OPTIONS_VERSION };

/* Read everything into out. --config FILE (or MOCKTRAIL_CONFIG) names the file; without it
 * mocktrail.yaml is read if it is there. *operand_start: index in argv of the first operand.
 * Returns an enum option_result, or E_PARSE / E_IO / E_MISSING with where ("mocktrail.yaml:3:
 * region: expected ..."). */
int options_read(struct arena *a, const struct option_set *set, int argc, const char *const *argv,
                 void *out, int *operand_start, struct err *err);
/* argv with its options in front of its operands, whichever order they were given in; what stands
 * behind "--" is operands. The array lives in a, and ends with NULL. */
const char *const *options_first(struct arena *a, const struct option_set *set, int argc,
                                 const char *const *argv);
void options_help(const struct option_set *set, FILE *to);
/* The same rows as a Markdown table, for docs/configuration.md. */
void options_markdown(const struct option_set *set, FILE *to);
