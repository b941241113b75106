/* Steps: calls, events, techniques in place, sequences. */
#include "core/codec/yaml.h"
#include "generator/scenario/near.h"
#include "generator/scenario/read.h"

static int field_on_error(struct source *s, const struct value *v, void *field);
static int field_use(struct source *s, const struct value *v, void *field);
static int field_expect(struct source *s, const struct value *v, void *field);
static int field_each(struct source *s, const struct value *v, void *field);

#define STEP(name, read, member)                                                                   \
    {                                                                                              \
        name, read, offsetof(struct step, member), false                                           \
    }
#define STEP_ROWS                                                                                  \
    STEP("id", field_name, id), STEP("call", field_words, call),                                   \
        STEP("event", field_words, event), STEP("with", field_map, with),                          \
        STEP("as", field_words, as), STEP("account", field_name, account),                         \
        STEP("region", field_words, region), STEP("tool", field_name, tool),                       \
        STEP("network", field_name, network), STEP("source_ip", field_words, source_ip),           \
        STEP("user_agent", field_words, user_agent), STEP("invoked_by", field_words, invoked_by),  \
        STEP("mfa", field_said, mfa), STEP("wait", field_durations, wait_ms),                      \
        STEP("repeat", field_count, repeat), STEP("each", field_each, each),                       \
        STEP("capture", field_map, capture), STEP("expect", field_expect, expect),                 \
        STEP("on_error", field_on_error, on_error), STEP("malicious", field_said, malicious),      \
        STEP("technique", field_words, label)

static const struct field step_rows[] = { STEP_ROWS, STEP("use", field_use, use) };
static const struct field call_rows[] = { STEP_ROWS, STEP("weight", field_count, weight),
                                          STEP("sequence", field_steps, sequence) };

static int field_on_error(struct source *s, const struct value *v, void *field)
{
    struct step *step = (struct step *)((char *)field - offsetof(struct step, on_error));
    static const char *const words[] = { [ERROR_STOPS] = "stop", [ERROR_CONTINUES] = "continue" };

    if (v->kind == VALUE_LIST) {
        step->on_error = ERROR_BRANCHES;
        return field_steps(s, v, &step->on_steps);
    }
    for (size_t i = ERROR_STOPS; i < COUNT(words); i++)
        if (v->kind == VALUE_STRING && str_eq_c(v->u.text, words[i])) {
            step->on_error = (enum on_error)i;
            return 0;
        }
    return source_expected(s, v, "stop, continue, or a list of steps");
}

static int field_use(struct source *s, const struct value *v, void *field)
{
    struct step *step = (struct step *)((char *)field - offsetof(struct step, use));
    int rc = field_words(s, v, &step->use);

    return rc < 0 ? rc : technique_find(s, v, step->use, &step->technique);
}

static int field_expect(struct source *s, const struct value *v, void *field)
{
    return field_words(s, v, field);
}

/* A list, or the name of one: which one is known when it is played. */
static int field_each(struct source *s, const struct value *v, void *field)
{
    if (v->kind != VALUE_LIST && v->kind != VALUE_STRING)
        return source_expected(s, v, "a list, or the name of one");
    return field_value(s, v, field);
}

static int check_form(struct source *s, const struct value *v, const struct step *step)
{
    int said = (step->call.len > 0) + (step->event.len > 0) + (step->use.len > 0) +
               (step->sequence != NULL);
    struct str service, action;

    if (said != 1)
        return source_expected(s, v, "one of 'call', 'event', 'use' and 'sequence' in a step");
    if (step->call.len > 0 &&
        (!str_cut(step->call, '.', &service, &action) || service.len == 0 || action.len == 0))
        return source_expected(s, value_get_c(v, "call"),
                               "service.Operation, such as iam.CreateUser");
    if (step->repeat > 1 && step->each)
        return source_expected(s, value_get_c(v, "repeat"), "either 'repeat' or 'each'");
    for (const struct value *k = value_first(step->capture); k; k = k->next)
        if (k->kind != VALUE_STRING)
            return source_expected(s, k, "a path into the answer, such as AccessKey.AccessKeyId");
    return 0;
}

static int read_step(struct source *s, const struct value *v, struct step *step,
                     const struct field *rows, size_t count)
{
    step->at = source_place(s, v);
    step->repeat = step->weight = 1;
    int rc = fields_read(s, v, "a step", rows, count, step);

    step->has_wait = rc == 0 && value_get_c(v, "wait") != NULL;
    return rc < 0 ? rc : check_form(s, v, step);
}

static int plain_step(struct source *s, const struct value *v, void *item)
{
    return read_step(s, v, item, step_rows, COUNT(step_rows));
}

static int weighted_step(struct source *s, const struct value *v, void *item)
{
    return read_step(s, v, item, call_rows, COUNT(call_rows));
}

/* A step without an id is called by its number. */
static int name_steps(struct source *s, const struct value *v, struct step *first)
{
    size_t number = 0;

    if (!first)
        return source_expected(s, v, "at least one step");
    for (struct step *step = first; step; step = step->next) {
        number++;
        if (step->id.len == 0)
            step->id = arena_printf(s->a, "%zu", number);
    }
    return 0;
}

static int read_steps(struct source *s, const struct value *v, struct step **head,
                      int (*item)(struct source *s, const struct value *v, void *item))
{
    struct list_of of = { sizeof(struct step), item };
    int rc = list_read(s, v, &of, head);

    return rc < 0 ? rc : name_steps(s, v, *head);
}

int field_steps(struct source *s, const struct value *v, void *field)
{
    if (v->kind == VALUE_LIST && v->count == 0) /* "setup: []" says that there is none */
        return 0;
    return read_steps(s, v, field, plain_step);
}

int field_calls(struct source *s, const struct value *v, void *field)
{
    return read_steps(s, v, field, weighted_step);
}
