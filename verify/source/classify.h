/* verify/source/classify - what a key or path says of the file behind it.
 */
#pragma once

#include "verify/source/source.h"

enum classify_place {
    CLASSIFY_ANYWHERE, /* a directory of files, maybe a bucket's copy */
    CLASSIFY_BUCKET,   /* a bucket: only what CloudTrail writes is looked for */
};

/* Sets kind and at of a file by its key (or path). False: it is none that is looked for. A file
 * that the command line names is always looked for. */
bool classify(enum classify_place place, bool is_named, struct source_file *f);
/* May a folder hold such files? key ends in '/'. */
bool classify_folder(enum classify_place place, struct str key);

/* From the last "AWSLogs" component of a path on; empty when there is none. */
struct str classify_tail(struct str path);
/* Keys and file names of a data directory. Source: docs/formats.md, "Keys and file names". */
struct str classify_key_of_path(struct arena *a, struct str path);
struct str classify_path_of_key(struct arena *a, struct str key);
