// What is the same with the real host and with the fake one.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "penstock_internal.h"

// Memory of the record at hand, in a list.
typedef struct block {
    struct block *next;
    _Alignas(max_align_t) char bytes[];
} block;

static block *blocks;

void *penstock_memory(size_t size) {
    block *new = penstock_kept(sizeof(block) + size);
    memset(new->bytes, 0, size);
    new->next = blocks;
    blocks = new;
    return new->bytes;
}

void penstock_forget(void) {
    while (blocks != NULL) {
        block *next = blocks->next;
        free(blocks);
        blocks = next;
    }
}

void *penstock_kept(size_t size) {
    void *memory = malloc(size == 0 ? 1 : size);
    if (memory == NULL)
        PENSTOCK_PANIC("out of memory: %zu bytes more", size);
    return memory;
}

char *penstock_copy(const void *text, size_t size) {
    char *copy = penstock_kept(size + 1);
    if (size > 0)
        memcpy(copy, text, size);
    copy[size] = '\0';
    return copy;
}

penstock_bytes penstock_text(const char *text) { return (penstock_bytes){text, strlen(text)}; }

bool penstock_equal(penstock_bytes one, penstock_bytes other) {
    if (one.data == NULL || other.data == NULL)
        return one.data == other.data;
    return one.size == other.size && memcmp(one.data, other.data, one.size) == 0;
}

// As printf, into memory of `allocate`.
static char *format_with(void *(*allocate)(size_t), const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    if (size < 0)
        size = 0;
    char *text = allocate((size_t)size + 1);
    text[0] = '\0';
    vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

static penstock_verdict because(int kind, const char *code, const char *format, va_list arguments) {
    char *text = format_with(penstock_memory, format, arguments);
    return (penstock_verdict){.kind = kind, .code = code, .text = text};
}

penstock_verdict penstock_done(void) { return (penstock_verdict){.kind = DONE}; }

#define BECAUSE(kind)                                                                              \
    va_list arguments;                                                                             \
    va_start(arguments, format);                                                                   \
    penstock_verdict verdict = because(kind, code, format, arguments);                             \
    va_end(arguments)

penstock_verdict penstock_skip(const char *code, const char *format, ...) {
    BECAUSE(SKIP);
    return verdict;
}

penstock_verdict penstock_reject(const char *code, const char *format, ...) {
    BECAUSE(REJECT);
    return verdict;
}

penstock_verdict penstock_retry(const char *code, const char *format, ...) {
    BECAUSE(RETRY);
    return verdict;
}

penstock_verdict penstock_retry_after(uint32_t delay_ms, const char *code, const char *format, ...) {
    BECAUSE(RETRY);
    verdict.has_delay = true;
    verdict.delay_ms = delay_ms;
    return verdict;
}

void penstock_emit(uint32_t output, penstock_bytes key, penstock_bytes value) {
    penstock_emit_record(output, key, value, NULL, 0, NULL);
}

void penstock_log(penstock_level level, const char *format, ...) {
    if (level < penstock_host_max_level())
        return;
    va_list arguments;
    va_start(arguments, format);
    char *text = format_with(penstock_kept, format, arguments);
    va_end(arguments);
    penstock_host_log(level, text);
    free(text);
}

_Noreturn void penstock_panic(const char *file, int line, const char *format, ...) {
    // Not from the heap, which may be what is wrong.
    static char text[1024];
    int used = snprintf(text, sizeof text, "panic at %s:%d: ", file, line);
    va_list arguments;
    va_start(arguments, format);
    if (used >= 0 && (size_t)used < sizeof text)
        vsnprintf(text + used, sizeof text - (size_t)used, format, arguments);
    va_end(arguments);
    penstock_host_log(PENSTOCK_ERROR, text);
    abort();
}

void penstock_add_pair(penstock_pairs *pairs, char *name, char *text) {
    size_t size = (pairs->count + 1) * sizeof(penstock_pair);
    penstock_pair *more = realloc(pairs->pairs, size);
    if (more == NULL)
        PENSTOCK_PANIC("out of memory: %zu bytes more", size);
    more[pairs->count++] = (penstock_pair){name, text};
    pairs->pairs = more;
}

const char *penstock_setting(const penstock_settings *settings, const char *name) {
    for (size_t i = 0; i < settings->given.count; i++)
        if (strcmp(settings->given.pairs[i].name, name) == 0)
            return settings->given.pairs[i].text;
    return NULL;
}

void penstock_refuse(penstock_settings *settings, const char *name, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    char *problem = format_with(penstock_kept, format, arguments);
    va_end(arguments);
    penstock_add_pair(&settings->refused, penstock_copy(name, strlen(name)), problem);
}

static const penstock_setting_spec *specs(void) {
    static const penstock_setting_spec none[] = {{0}};
    return penstock_this_plugin.settings == NULL ? none : penstock_this_plugin.settings;
}

static bool is_declared(const char *name) {
    for (const penstock_setting_spec *spec = specs(); spec->name != NULL; spec++)
        if (strcmp(spec->name, name) == 0)
            return true;
    return false;
}

void penstock_configure(const char *topic, penstock_settings *settings) {
    for (size_t i = 0; i < settings->given.count; i++) {
        const char *name = settings->given.pairs[i].name;
        if (is_declared(name))
            continue;
        char known[512] = "this plugin has no settings";
        size_t used = 0;
        for (const penstock_setting_spec *spec = specs(); spec->name != NULL; spec++) {
            const char *before = used == 0 ? "this plugin knows: " : ", ";
            int more = snprintf(known + used, sizeof known - used, "%s%s", before, spec->name);
            if (more < 0 || (size_t)more >= sizeof known - used)
                break;
            used += (size_t)more;
        }
        penstock_refuse(settings, name, "unknown setting; %s", known);
    }
    for (const penstock_setting_spec *spec = specs(); spec->name != NULL; spec++)
        if (spec->required && penstock_setting(settings, spec->name) == NULL)
            penstock_refuse(settings, spec->name, "must be given: %s", spec->doc);
    if (settings->refused.count == 0 && penstock_this_plugin.configure != NULL)
        penstock_this_plugin.configure(topic, settings);
}
