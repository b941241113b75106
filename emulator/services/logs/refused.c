/* What would be accepted and never done is refused by name: exports, and settings that change what
 * events hold. */
#include "emulator/services/logs/state.h"

static int refuse(struct job *j, const char *what)
{
    outcome_refuse(j->a, j->out, 501, "NotImplemented", "mocktrail does not perform %s.", what);
    return j->rc;
}

#define REFUSED(operation, what)                                                                   \
    HANDLER(logs, operation)                                                                       \
    {                                                                                              \
        return refuse(j, what);                                                                    \
    }

REFUSED(CreateExportTask, "exports of log groups")
REFUSED(CreateScheduledQuery, "scheduled queries")
REFUSED(PutTransformer, "transformers of log events")
REFUSED(PutDataProtectionPolicy, "data protection: it would mask nothing")

/* Nothing makes one, so there is none. */
#define NONE(operation, what)                                                                      \
    HANDLER(logs, operation)                                                                       \
    {                                                                                              \
        return job_refuse(j, "ResourceNotFoundException",                                          \
                          "The specified " what " does not exist.");                               \
    }

NONE(CancelExportTask, "export task")
NONE(DeleteDataProtectionPolicy, "data protection policy")
NONE(DeleteScheduledQuery, "scheduled query")
NONE(DeleteTransformer, "transformer")
NONE(GetDataProtectionPolicy, "data protection policy")
NONE(GetScheduledQuery, "scheduled query")
NONE(GetTransformer, "transformer")
NONE(UpdateScheduledQuery, "scheduled query")

HANDLER(logs, ListScheduledQueries)
{
    job_answer(j, "scheduledQueries", value_list(j->a));
    return j->rc;
}

HANDLER(logs, DescribeExportTasks)
{
    job_answer(j, "exportTasks", value_list(j->a));
    return j->rc;
}
