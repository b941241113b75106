/* Operations that would promise what nothing here keeps. */
#include "emulator/services/events/ops.h"

static int refuse(struct job *j, const char *text)
{
    outcome_refuse(j->a, j->out, 501, "NotImplemented", "%s", text);
    return 0;
}

HANDLER(events, CreateArchive)
{
    return refuse(j, "mocktrail keeps no archives of events.");
}

HANDLER(events, StartReplay)
{
    return refuse(j, "mocktrail keeps no archives of events, so it replays none.");
}

HANDLER(events, CreateEndpoint)
{
    return refuse(j, "mocktrail has no global endpoints: put events on a bus of a region.");
}

HANDLER(events, CreatePartnerEventSource)
{
    return refuse(j, "mocktrail has no partners that send events.");
}

HANDLER(events, PutPartnerEvents)
{
    return refuse(j, "mocktrail has no partners that send events.");
}
