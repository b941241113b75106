#include "emulator/services/sqs/batch.h"

#include "emulator/services/messaging.h"

static bool check_ids(struct batch *b, const struct value *entries)
{
    for (const struct value *v = value_first(entries); v; v = v->next) {
        struct str id = value_get_str(v, "Id");

        if (!messaging_is_entry_id(id)) {
            (void)job_refuse(b->j, "InvalidBatchEntryId",
                             "A batch entry id can only contain alphanumeric characters, hyphens "
                             "and underscores. It can be at most 80 letters long.");
            return false;
        }
        for (const struct value *w = v->next; w; w = w->next)
            if (str_eq(id, value_get_str(w, "Id"))) {
                (void)job_refuse(b->j, "BatchEntryIdsNotDistinct", "Id %.*s repeated.",
                                 STR_ARG(id));
                return false;
            }
    }
    return true;
}

bool batch_check(struct batch *b)
{
    const struct value *entries = param(b->j->call, "Entries");

    if (!value_first(entries))
        (void)job_refuse(b->j, "EmptyBatchRequest",
                         "There should be at least one %sMessageBatchRequestEntry in the request.",
                         b->kind);
    else if (entries->count > SQS_BATCH_MOST)
        (void)job_refuse(b->j, "TooManyEntriesInBatchRequest",
                         "Maximum number of entries per request are 10. You have sent %u.",
                         entries->count);
    else
        return check_ids(b, entries);
    return false;
}

static struct value *failed_entry(struct job *j, const struct value *entry, const struct fault *f)
{
    struct value *v = value_map(j->a);

    value_put_str(j->a, v, "Id", value_get_str(entry, "Id"));
    value_put_bool(j->a, v, "SenderFault", true);
    value_put_c(j->a, v, "Code", f->code);
    value_put_str(j->a, v, "Message", f->message);
    return v;
}

int batch_run(struct batch *b)
{
    struct job *j = b->j;
    struct value *good = value_list(j->a), *failed = value_list(j->a);
    const struct value *entry = value_first(param(j->call, "Entries"));

    for (; j->rc == 0 && entry; entry = entry->next) {
        struct value *answer = value_map(j->a);
        struct fault f = { 0 };

        value_put_str(j->a, answer, "Id", value_get_str(entry, "Id"));
        j->rc = b->run(b, entry, answer, &f);
        if (f.code)
            value_push(failed, failed_entry(j, entry, &f));
        else
            value_push(good, answer);
    }
    /* Source: real answers: an empty list of the two is left out. */
    if (good->count > 0)
        job_answer(j, "Successful", good);
    if (failed->count > 0)
        job_answer(j, "Failed", failed);
    return j->rc;
}
