// The conformance plugin in C: tests/conformance/README.md says what it must do.
#define _GNU_SOURCE
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "penstock.h"
#include "penstock_json.h"

enum { OUT, ABOUT };

static const char *the_topic;
static const char *word;
static unsigned long long count;
static const char *note;

static void configure(const char *topic, penstock_settings *settings) {
    the_topic = strdup(topic);
    word = penstock_setting(settings, "word");
    note = penstock_setting(settings, "note");
    const char *text = penstock_setting(settings, "count");
    text = text == NULL ? "1" : text;
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
        penstock_refuse(settings, "count", "expected a whole number, found \"%s\"", text);
    count = strtoull(text, NULL, 10);
}

static void echo(const penstock_message *message) {
    bool known = message->timestamp != PENSTOCK_TIMESTAMP_UNKNOWN;
    penstock_emit_record(OUT, message->key, message->value, message->headers,
                         message->header_count, known ? &message->timestamp_ms : NULL);
}

// What printf makes of it; it lasts until `handle` answers.
__attribute__((__format__(__printf__, 1, 2))) static penstock_bytes printed(const char *format, ...) {
    enum { SIZE = 1024 };
    char *text = penstock_memory(SIZE);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, SIZE, format, arguments);
    va_end(arguments);
    return penstock_text(text);
}

static penstock_bytes known_of(const penstock_message *message) {
    const char *kind = message->timestamp == PENSTOCK_CREATE_TIME ? "create-time" : "log-append-time";
    penstock_bytes time = printed("{\"%s\":%" PRId64 "}", kind, message->timestamp_ms);
    if (message->timestamp == PENSTOCK_TIMESTAMP_UNKNOWN)
        time = penstock_text("\"unknown\"");
    uint64_t seed[2];
    penstock_seed(seed);
    return printed("{\"topic\":\"%s\",\"partition\":%" PRId32 ",\"offset\":%" PRId64
                   ",\"timestamp\":%.*s,\"now\":%" PRId64 ",\"attempt\":%" PRIu32
                   ",\"seed\":\"%016" PRIx64 "%016" PRIx64 "\"}",
                   the_topic, message->partition, message->offset, (int)time.size,
                   (const char *)time.data, penstock_now_ms(), penstock_attempt(), seed[0], seed[1]);
}

static penstock_bytes settings_given(void) {
    penstock_json_object object = {0};
    penstock_json_add(&object, "word", penstock_text(word));
    if (note != NULL)
        penstock_json_add(&object, "note", penstock_text(note));
    penstock_bytes text = penstock_json_end(&object);
    // Without its closing bracket: the SDK writes texts alone.
    return printed("%.*s,\"count\":%llu%s}", (int)text.size - 1, (const char *)text.data, count,
                   note == NULL ? ",\"note\":null" : "");
}

static penstock_bytes surroundings(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t random = 0;
    if (getentropy(&random, sizeof random) != 0)
        PENSTOCK_PANIC("there is no randomness");
    FILE *file = fopen("/etc/passwd", "r");
    return printed("{\"clock\":%lld,\"random\":\"%" PRIx64
                   "\",\"environment\":%s,\"file\":%s,\"network\":false}",
                   now.tv_sec * 1000LL + now.tv_nsec / 1000000, random,
                   getenv("PATH") == NULL ? "false" : "true", file == NULL ? "false" : "true");
}

__attribute__((noinline)) static void breaks(void) {
    PENSTOCK_PANIC("this is broken"); // HERE
}

static bool is(const char *command, const char *name) {
    return strcmp(command, name) == 0;
}

static penstock_verdict handle(const penstock_message *message) {
    char text[64] = "";
    size_t size = message->value.size < sizeof text - 1 ? message->value.size : sizeof text - 1;
    if (message->value.data != NULL)
        memcpy(text, message->value.data, size);
    char *argument = strchr(text, ' ');
    if (argument != NULL)
        *argument++ = '\0';
    const char *command = text + 1;

    if (text[0] != '!') {
        echo(message);
    } else if (is(command, "outputs")) {
        for (int index = 0; argument != NULL && index < atoi(argument); index++)
            penstock_emit(OUT, PENSTOCK_NONE, printed("%d", index));
    } else if (is(command, "retry")) {
        echo(message);
        if (penstock_attempt() == 1)
            return penstock_retry_after(argument == NULL ? 0 : (uint32_t)atoi(argument), "asked-to",
                                        "once, and later");
    } else if (is(command, "reject")) {
        echo(message);
        return penstock_reject("asked-to", "Grüße, 世界");
    } else if (is(command, "skip")) {
        echo(message);
        return penstock_skip("asked-to", "the record asked for it");
    } else if (is(command, "crash")) {
        breaks();
    } else if (is(command, "trap")) {
        echo(message);
        __builtin_trap();
    } else if (is(command, "log")) {
        penstock_log(PENSTOCK_TRACE, "a trace line");
        penstock_log(PENSTOCK_DEBUG, "a debug line");
        penstock_log(PENSTOCK_INFO, "an info line");
        penstock_log(PENSTOCK_WARN, "a warn line");
        penstock_log(PENSTOCK_ERROR, "an error line");
        puts("printed");
        puts("printed again");
    } else if (is(command, "settings")) {
        penstock_emit(OUT, PENSTOCK_NONE, settings_given());
    } else if (is(command, "surroundings")) {
        penstock_emit(OUT, PENSTOCK_NONE, surroundings());
    } else {
        return penstock_reject("unknown-command", "no such command: %s", command);
    }
    penstock_emit(ABOUT, PENSTOCK_NONE, known_of(message));
    return penstock_done();
}

const penstock_plugin penstock_this_plugin = {
    .name = "conformance",
    .version = "1.0.0",
    .headers = true,
    .outputs =
        (const penstock_output[]){
            [OUT] = {"out", "Whatever the record asks for"},
            [ABOUT] = {"about", "What the handler knows of each record"},
            {0},
        },
    .settings =
        (const penstock_setting_spec[]){
            {"word", "Any text", true, NULL},
            {"count", "A whole number", false, "1"},
            {"note", "Any text", false, NULL},
            {0},
        },
    .configure = configure,
    .handle = handle,
};
