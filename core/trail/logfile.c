#include "core/trail/logfile.h"

#include "core/aws/sigv4.h"
#include "core/codec/gzip.h"

void logfile_init(struct logfile *f)
{
    *f = (struct logfile){ 0 };
}

void logfile_free(struct logfile *f)
{
    buf_free(&f->text);
    *f = (struct logfile){ 0 };
}

void logfile_add(struct logfile *f, struct str record, int64_t time_ms)
{
    if (f->record_count == 0) {
        buf_add(&f->text, STR("{\"Records\":["));
        f->newest_ms = f->oldest_ms = time_ms;
    } else {
        buf_add_char(&f->text, ',');
    }
    buf_add(&f->text, record);
    if (time_ms > f->newest_ms)
        f->newest_ms = time_ms;
    if (time_ms < f->oldest_ms)
        f->oldest_ms = time_ms;
    f->record_count++;
}

struct str logfile_end(struct logfile *f, char hash_hex[65])
{
    if (f->record_count == 0)
        buf_add(&f->text, STR("{\"Records\":["));
    buf_add(&f->text, STR("]}"));
    sha256_hex(buf_view(&f->text), hash_hex);
    return buf_view(&f->text);
}

int logfile_finish(struct logfile *f, int level, struct buf *out, char hash_hex[65],
                   struct err *err)
{
    int rc = gzip_write(out, logfile_end(f, hash_hex), level, err);

    buf_clear(&f->text);
    f->record_count = 0;
    f->newest_ms = f->oldest_ms = 0;
    return rc;
}
