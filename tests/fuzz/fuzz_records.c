/* A file of records under examination: the first line is its key, the rest its bytes. Whatever they
 * hold, each record is judged, and notes lie in the file. */
#include <assert.h>

#include "tests/fuzz/fuzz.h"
#include "verify/records/check.h"
#include "verify/source/classify.h"

static void judge(struct scan *s, struct checker *k, struct file_notes *out)
{
    struct scan_record r;
    enum scan_step step;
    uint64_t records = 0;

    while ((step = scan_next(s, &r)) == SCAN_RECORD || step == SCAN_BROKEN)
        if (step == SCAN_RECORD) {
            check_record(k, out, &r);
            records++;
        }
    assert(out->count <= out->total);
    for (size_t i = 0; i < out->count; i++)
        assert(out->notes[i].rule < RULES && out->notes[i].text.len > 0);
    assert(records > 0 || out->total == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct source_file file = { .kind = SOURCE_RECORDS };
    struct file_notes out = { .file = &file };
    struct scan *s = scan_open();
    struct buf text = { 0 };
    struct str bytes;

    (void)str_cut((struct str){ (const char *)data, size }, '\n', &file.key, &bytes);
    file.name = file.key;
    (void)classify(CLASSIFY_ANYWHERE, true, &file); /* what it sets is read below */
    (void)classify_folder(CLASSIFY_BUCKET, file.key);
    assert(classify_tail(file.key).len <= file.key.len);
    struct name no_names[2] = { 0 }; /* whatever is named is unknown: lists are slow to read */
    const struct names none = { no_names, COUNT(no_names) - 1 };
    struct checker k = { .sources = &none, .verbs = &none, .operations = &none };

    buf_add(&text, bytes);
    scan_pad(&text);
    scan_start(s, text.ptr, text.len, SCAN_WHOLE);
    judge(s, &k, &out);
    checker_free(&k);
    file_notes_free(&out);
    scan_close(s);
    buf_free(&text);
    return 0;
}
