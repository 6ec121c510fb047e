// Write Penstock handlers in C.
//
// A handler gets one Kafka record a call, emits records to its logical outputs, and answers what
// became of it. Define `penstock_this_plugin`, and build with `penstock plugin build`:
//
//     #include "penstock.h"
//
//     enum { LOUD };
//
//     static penstock_verdict handle(const penstock_message *message) {
//         if (message->value.data == NULL)
//             return penstock_skip("tombstone", "nothing to shout");
//         penstock_emit(LOUD, message->key, message->value);
//         return penstock_done();
//     }
//
//     const penstock_plugin penstock_this_plugin = {
//         .name = "shout",
//         .version = "0.1.0",
//         .outputs = (const penstock_output[]){{"loud", "Each text, once more"}, {0}},
//         .handle = handle,
//     };
//
// What holds:
// - What was emitted is sent when `handle` answers `penstock_done`, and dropped otherwise.
// - A trap (a null pointer at address 0 is none: WebAssembly has memory there) fails the record, and
//   the next one has a fresh instance: keep in static variables only what may be lost. `assert` and
//   `PENSTOCK_PANIC` log file and line before they trap.
// - The same record may come again. There is no clock and no randomness but `penstock_now_ms` and
//   `penstock_seed`, which answer the same each time: derive ids from the record, and a repetition
//   repeats them.
// - All strings are UTF-8. Memory that these functions give lasts until `handle` answers.
#ifndef PENSTOCK_H
#define PENSTOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Bytes, or their absence: where `data` is NULL there are none, which differs from empty ones.
typedef struct {
    const void *data;
    size_t size;
} penstock_bytes;

// No bytes at all: Kafka's null, as the value of a tombstone.
#define PENSTOCK_NONE ((penstock_bytes){NULL, 0})

// Memory for the record at hand, all zero. It is given back by itself when `handle` answers.
void *penstock_memory(size_t size);

// The bytes of a string that ends in a zero byte.
penstock_bytes penstock_text(const char *text);

// Whether both are the same bytes, or neither is there.
bool penstock_equal(penstock_bytes one, penstock_bytes other);

// A record header. Order and duplicates are kept, in both directions.
typedef struct {
    penstock_bytes name;
    penstock_bytes value;
} penstock_header;

// What a timestamp is.
typedef enum {
    PENSTOCK_TIMESTAMP_UNKNOWN, // The record carries none.
    PENSTOCK_CREATE_TIME,       // Set by the producer.
    PENSTOCK_LOG_APPEND_TIME,   // Set by the broker.
} penstock_timestamp;

// One record. Its topic was given to `configure`. All of it lasts until `handle` answers.
typedef struct {
    int32_t partition;
    int64_t offset;
    penstock_timestamp timestamp;
    int64_t timestamp_ms; // Since 1970; 0 where it is unknown.
    penstock_bytes key;
    penstock_bytes value; // Not there: a tombstone.
    // None, unless the plugin asks for them.
    const penstock_header *headers;
    size_t header_count;
} penstock_message;

// A handler's answer: made by the functions below.
typedef struct {
    int kind;
    const char *code;
    const char *text;
    bool has_delay;
    uint32_t delay_ms;
} penstock_verdict;

#if defined(__GNUC__)
#define PENSTOCK_FORMAT(at, first) __attribute__((__format__(__printf__, at, first)))
#else
#define PENSTOCK_FORMAT(at, first)
#endif

// Handled: what was emitted is sent. Nothing emitted is a success, too.
penstock_verdict penstock_done(void);

// Deliberately nothing: what was emitted is dropped, and the reason is counted. A code is of small
// letters, digits and dashes, and becomes a metric label: keep their number small. The text is for
// people, and is made as printf does.
penstock_verdict penstock_skip(const char *code, const char *format, ...) PENSTOCK_FORMAT(2, 3);

// This record is never going to be handled: dead-letter it now.
penstock_verdict penstock_reject(const char *code, const char *format, ...) PENSTOCK_FORMAT(2, 3);

// May pass by itself: the host calls again, with a growing delay.
penstock_verdict penstock_retry(const char *code, const char *format, ...) PENSTOCK_FORMAT(2, 3);

// The same, after this delay at least.
penstock_verdict penstock_retry_after(uint32_t delay_ms, const char *code, const char *format, ...)
    PENSTOCK_FORMAT(3, 4);

// Emits a record to an output, by its place in the plugin's `outputs`.
void penstock_emit(uint32_t output, penstock_bytes key, penstock_bytes value);

// The same in full. `timestamp_ms` is since 1970, and NULL to leave it to the host.
void penstock_emit_record(uint32_t output, penstock_bytes key, penstock_bytes value,
                          const penstock_header *headers, size_t header_count,
                          const int64_t *timestamp_ms);

// From the most verbose to the most urgent.
typedef enum {
    PENSTOCK_TRACE,
    PENSTOCK_DEBUG,
    PENSTOCK_INFO,
    PENSTOCK_WARN,
    PENSTOCK_ERROR,
} penstock_level;

// Writes a line to the host's log, as printf does. It is formatted only if the host keeps the level.
// Lines are capped in number and in bytes for each record.
void penstock_log(penstock_level level, const char *format, ...) PENSTOCK_FORMAT(2, 3);

// Logs what is wrong, with file and line, and ends the call with a trap.
#define PENSTOCK_PANIC(...) penstock_panic(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void penstock_panic(const char *file, int line, const char *format, ...)
    PENSTOCK_FORMAT(3, 4);

// The record's timestamp in milliseconds since 1970; 0 where it has none. There is no other clock.
int64_t penstock_now_ms(void);

// 128 bits derived from handler, topic, partition and offset: the same for the same record.
void penstock_seed(uint64_t seed[2]);

// Which call for this record this is: 1, 2, … The one answer that differs when a record comes again.
uint32_t penstock_attempt(void);

// The settings that the host's configuration gives.
typedef struct penstock_settings penstock_settings;

// A setting's text, as long as the instance lives; NULL if it was not given.
const char *penstock_setting(const penstock_settings *settings, const char *name);

// Refuses a setting, and with it the configuration: what is wrong, as printf does. Go on, and refuse
// all that are wrong.
void penstock_refuse(penstock_settings *settings, const char *name, const char *format, ...)
    PENSTOCK_FORMAT(3, 4);

// A logical output. The host's configuration maps each to a topic.
typedef struct {
    const char *name;
    const char *doc; // One sentence.
} penstock_output;

// A setting. Others, and required ones that are missing, are refused by themselves.
typedef struct {
    const char *name;
    const char *doc; // One sentence.
    bool required;
    // What holds when it is not given, for people: apply it in `configure`. NULL where there is none.
    const char *fallback;
} penstock_setting_spec;

// A plugin: what it says of itself, and what it does.
typedef struct {
    const char *name;
    const char *version;
    // Whether it wants the records' headers: each costs two allocations.
    bool headers;
    const penstock_output *outputs;        // Ends with {0}; NULL for none.
    const penstock_setting_spec *settings; // Ends with {0}; NULL for none.
    // Called once an instance, before the first `handle`; NULL for nothing to do.
    void (*configure)(const char *topic, penstock_settings *settings);
    penstock_verdict (*handle)(const penstock_message *message);
} penstock_plugin;

// The one plugin of a component, which its author defines.
extern const penstock_plugin penstock_this_plugin;

#endif
