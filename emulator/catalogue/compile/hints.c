#include <cjson/cJSON.h>
#include <stdlib.h>

#include "emulator/catalogue/compile/compile.h"

static const cJSON *get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

/* A text, or the first of a list of texts: tokens and results that come in several parts. */
static uint32_t word(struct build *b, const cJSON *object, const char *name)
{
    const cJSON *item = get(object, name);

    if (cJSON_IsArray(item))
        item = cJSON_GetArrayItem(item, 0);
    return strings_add(&b->strings, cJSON_GetStringValue(item));
}

static void read_pages(struct build *b, const cJSON *root, uint32_t service)
{
    const cJSON *page;

    cJSON_ArrayForEach(page, get(root, "pagination"))
    {
        LIST_ADD(&b->pages, struct build_page,
                 { .service = service,
                   .op = strings_add(&b->strings, page->string),
                   .row = { .input_token = word(b, page, "input_token"),
                            .output_token = word(b, page, "output_token"),
                            .limit_key = word(b, page, "limit_key"),
                            .result_key = word(b, page, "result_key"),
                            .more_results = word(b, page, "more_results") } });
    }
}

/* Only what says "ready" by a value in the output; statuses and errors say less. */
static void read_waiter(struct build *b, const cJSON *waiter, uint32_t service)
{
    const cJSON *acceptor;

    cJSON_ArrayForEach(acceptor, get(waiter, "acceptors"))
    {
        struct str state = str_c(cJSON_GetStringValue(get(acceptor, "state")));
        struct str matcher = str_c(cJSON_GetStringValue(get(acceptor, "matcher")));

        if (!str_eq_c(state, "success") || !str_has_prefix(matcher, STR("path")) ||
            !cJSON_IsString(get(acceptor, "expected")))
            continue;
        LIST_ADD(&b->readies, struct build_ready,
                 { .service = service,
                   .op = word(b, waiter, "operation"),
                   .row = { .waiter = strings_add(&b->strings, waiter->string),
                            .path = word(b, acceptor, "argument"),
                            .expected = word(b, acceptor, "expected") } });
    }
}

static int read_file(const char *path, cJSON **root, struct err *err)
{
    struct buf text = { 0 };
    int rc = sets_read(path, &text, NULL);

    *root = NULL;
    if (rc == 0) {
        *root = cJSON_ParseWithLength(text.ptr, text.len);
        rc = *root ? 0 : err_set(err, E_PARSE, "%s: not JSON", path);
    }
    buf_free(&text);
    return rc == E_MISSING ? 0 : rc; /* few services have waiters */
}

int hints_load(struct build *b, const struct model_file *file, struct err *err)
{
    static const char *const suffixes[] = { "", ".gz" };
    uint32_t service = strings_add(&b->strings, file->service.ptr);
    struct str folder, name;
    const cJSON *waiter;
    struct arena a = { 0 };
    cJSON *root;
    int rc = 0;

    (void)str_rcut(file->path, '/', &folder, &name);
    for (size_t i = 0; rc == 0 && i < COUNT(suffixes); i++) {
        rc = read_file(
            arena_printf(&a, "%.*s/paginators-1.json%s", STR_ARG(folder), suffixes[i]).ptr, &root,
            err);
        read_pages(b, root, service);
        cJSON_Delete(root);
        if (rc < 0)
            break;
        rc = read_file(arena_printf(&a, "%.*s/waiters-2.json%s", STR_ARG(folder), suffixes[i]).ptr,
                       &root, err);
        cJSON_ArrayForEach(waiter, get(root, "waiters"))
        {
            read_waiter(b, waiter, service);
        }
        cJSON_Delete(root);
    }
    arena_free(&a);
    return rc;
}

/* 1 + the number of an operation in the file, or 0. */
static uint32_t op_number(const struct build *b, uint32_t service, uint32_t op)
{
    for (uint32_t i = 0; i < LIST_COUNT(b->services, struct build_service); i++) {
        const struct build_service *s = &LIST_AT(b->services, struct build_service)[i];

        if (s->row.name != service)
            continue;
        for (uint32_t j = s->first_op; j < s->first_op + s->op_count; j++)
            if (LIST_AT(b->service_ops, struct build_op)[j].key == op)
                return j + 1;
    }
    return 0;
}

/* Both rows are uint32_t alone, the operation first: compared word by word the order is total. */
static int by_words(const void *left, const void *right, size_t count)
{
    const uint32_t *a = left, *b = right;

    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}
static int by_page(const void *left, const void *right)
{
    return by_words(left, right, sizeof(struct cat_page) / sizeof(uint32_t));
}
static int by_ready(const void *left, const void *right)
{
    return by_words(left, right, sizeof(struct cat_ready) / sizeof(uint32_t));
}

void hints_place(struct build *b, struct buf *pages, struct buf *readies)
{
    for (uint32_t i = 0; i < LIST_COUNT(b->pages, struct build_page); i++) {
        const struct build_page *p = &LIST_AT(b->pages, struct build_page)[i];
        uint32_t number = op_number(b, p->service, p->op);
        struct strings *s = &b->strings;

        if (number)
            LIST_ADD(pages, struct cat_page,
                     { number - 1, strings_place(s, p->row.input_token),
                       strings_place(s, p->row.output_token), strings_place(s, p->row.limit_key),
                       strings_place(s, p->row.result_key),
                       strings_place(s, p->row.more_results) });
    }
    for (uint32_t i = 0; i < LIST_COUNT(b->readies, struct build_ready); i++) {
        const struct build_ready *r = &LIST_AT(b->readies, struct build_ready)[i];
        uint32_t number = op_number(b, r->service, r->op);
        struct strings *s = &b->strings;

        if (number)
            LIST_ADD(readies, struct cat_ready,
                     { number - 1, strings_place(s, r->row.waiter), strings_place(s, r->row.path),
                       strings_place(s, r->row.expected) });
    }
    if (pages->len > 0)
        qsort(pages->ptr, LIST_COUNT(*pages, struct cat_page), sizeof(struct cat_page), by_page);
    if (readies->len > 0)
        qsort(readies->ptr, LIST_COUNT(*readies, struct cat_ready), sizeof(struct cat_ready),
              by_ready);
}
