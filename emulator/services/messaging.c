#include "emulator/services/messaging.h"

#define ENTRY_ID_MOST 80

bool fault_set(struct fault *f, struct arena *a, const char *code, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    *f = (struct fault){ code, arena_vprintf(a, fmt, ap) };
    va_end(ap);
    return false;
}

bool messaging_is_plain(struct str s, const char *further)
{
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!is_letter && !(c >= '0' && c <= '9') && (c == 0 || !strchr(further, c)))
            return false;
    }
    return true;
}

bool messaging_is_entry_id(struct str id)
{
    return id.len > 0 && id.len <= ENTRY_ID_MOST && messaging_is_plain(id, "-_");
}

bool messaging_is_kind(struct str type, const char *kind)
{
    struct str head, label;

    (void)str_cut(type, '.', &head, &label); /* without a label all of it is the head */
    return str_eq_c(head, kind);
}
