// The host's functions, recorded.
#include "penstock_testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "penstock_internal.h"

static struct {
    penstock_emitted *outputs;
    size_t output_count;
    penstock_line *lines;
    size_t line_count;
    const penstock_message *message;
    uint32_t attempt;
} call;

// What is given to the test stays until its end, and is found there by whoever looks for leaks.
static struct held {
    struct held *next;
    void *memory;
} *all_held;

static void *hold(void *memory) {
    struct held *one = penstock_kept(sizeof *one);
    *one = (struct held){all_held, memory};
    all_held = one;
    return memory;
}

static penstock_bytes copy(penstock_bytes bytes) {
    if (bytes.data == NULL)
        return PENSTOCK_NONE;
    return (penstock_bytes){hold(penstock_copy(bytes.data, bytes.size)), bytes.size};
}

static const char *output_name(uint32_t output) {
    const penstock_output *outputs = penstock_this_plugin.outputs;
    for (uint32_t i = 0; outputs != NULL && outputs[i].name != NULL; i++)
        if (i == output)
            return outputs[i].name;
    fprintf(stderr, "emit to output %u, which is not declared\n", (unsigned)output);
    abort();
}

void penstock_emit_record(uint32_t output, penstock_bytes key, penstock_bytes value,
                          const penstock_header *headers, size_t header_count,
                          const int64_t *timestamp_ms) {
    penstock_header *copies = hold(penstock_kept(header_count * sizeof *copies));
    for (size_t i = 0; i < header_count; i++)
        copies[i] = (penstock_header){copy(headers[i].name), copy(headers[i].value)};
    call.outputs = realloc(call.outputs, (call.output_count + 1) * sizeof *call.outputs);
    if (call.outputs == NULL)
        abort();
    call.outputs[call.output_count++] = (penstock_emitted){
        .output = output_name(output),
        .key = copy(key),
        .value = copy(value),
        .headers = copies,
        .header_count = header_count,
        .has_timestamp = timestamp_ms != NULL,
        .timestamp_ms = timestamp_ms == NULL ? 0 : *timestamp_ms,
    };
}

penstock_level penstock_host_max_level(void) { return PENSTOCK_TRACE; }

void penstock_host_log(penstock_level level, const char *text) {
    call.lines = realloc(call.lines, (call.line_count + 1) * sizeof *call.lines);
    if (call.lines == NULL)
        abort();
    call.lines[call.line_count++] = (penstock_line){level, hold(penstock_copy(text, strlen(text)))};
    if (level == PENSTOCK_ERROR)
        fprintf(stderr, "%s\n", text);
}

int64_t penstock_now_ms(void) { return call.message == NULL ? 0 : call.message->timestamp_ms; }

void penstock_seed(uint64_t seed[2]) {
    // FNV-1a of the record's place, with two beginnings.
    for (int half = 0; half < 2; half++) {
        uint64_t hash = 0xcbf29ce484222325u + (uint64_t)half;
        int64_t place[2] = {0, 0};
        if (call.message != NULL) {
            place[0] = call.message->partition;
            place[1] = call.message->offset;
        }
        for (size_t i = 0; i < sizeof place; i++)
            hash = (hash ^ ((const unsigned char *)place)[i]) * 0x100000001b3u;
        seed[half] = hash;
    }
}

uint32_t penstock_attempt(void) { return call.attempt; }

const char *penstock_test_configure(const char *topic, const char *const *given) {
    static char problems[4096];
    // The handler may keep a setting's text as long as it lives.
    penstock_settings *settings = hold(penstock_kept(sizeof *settings));
    memset(settings, 0, sizeof *settings);
    for (; given != NULL && given[0] != NULL; given += 2)
        penstock_add_pair(&settings->given, penstock_copy(given[0], strlen(given[0])),
                          penstock_copy(given[1], strlen(given[1])));
    penstock_configure(topic, settings);
    penstock_forget();
    problems[0] = '\0';
    for (size_t i = 0; i < settings->refused.count; i++) {
        penstock_pair refused = settings->refused.pairs[i];
        size_t used = strlen(problems);
        snprintf(problems + used, sizeof problems - used, "%s: %s\n", refused.name, refused.text);
    }
    return settings->refused.count == 0 ? NULL : problems;
}

penstock_message penstock_test_message(const char *value) {
    return (penstock_message){
        .timestamp = PENSTOCK_CREATE_TIME,
        .timestamp_ms = 1767225600000,
        .value = value == NULL ? PENSTOCK_NONE : penstock_text(value),
    };
}

static void check_code(const char *code) {
    size_t size = code == NULL ? 0 : strlen(code);
    if (size >= 1 && size <= 64 && strspn(code, "abcdefghijklmnopqrstuvwxyz0123456789-") == size)
        return;
    fprintf(stderr, "reason code `%s` is not [a-z0-9-]{1,64}\n", code == NULL ? "" : code);
    abort();
}

penstock_run penstock_test_attempt(const penstock_message *message, uint32_t attempt) {
    // What an earlier run gave lasted until now.
    penstock_forget();
    call.output_count = 0;
    call.line_count = 0;
    penstock_message seen = *message;
    if (!penstock_this_plugin.headers)
        seen.header_count = 0;
    call.message = &seen;
    call.attempt = attempt;
    penstock_run run = {.verdict = penstock_this_plugin.handle(&seen)};
    call.message = NULL;
    if (run.verdict.kind != DONE) {
        check_code(run.verdict.code);
        call.output_count = 0;
    }
    run.outputs = call.outputs;
    run.output_count = call.output_count;
    run.log = call.lines;
    run.log_count = call.line_count;
    return run;
}

penstock_run penstock_test_handle(const penstock_message *message) {
    return penstock_test_attempt(message, 1);
}

static bool is(const penstock_run *run, int kind, const char *code, const char *text) {
    const penstock_verdict *verdict = &run->verdict;
    return verdict->kind == kind && strcmp(verdict->code, code) == 0 &&
           (text == NULL || strcmp(verdict->text, text) == 0);
}

bool penstock_test_is_done(const penstock_run *run) { return run->verdict.kind == DONE; }

bool penstock_test_is_skip(const penstock_run *run, const char *code, const char *text) {
    return is(run, SKIP, code, text);
}

bool penstock_test_is_reject(const penstock_run *run, const char *code, const char *text) {
    return is(run, REJECT, code, text);
}

bool penstock_test_is_retry(const penstock_run *run, const char *code, const char *text) {
    return is(run, RETRY, code, text);
}
