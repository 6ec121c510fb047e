// A fake host, so that a handler is tested natively, as any other code. Not there in WebAssembly.
//
//     penstock_test_configure("texts", (const char *[]){"mark", "?", NULL});
//     penstock_message message = penstock_test_message("hello");
//     penstock_run run = penstock_test_handle(&message);
//     assert(penstock_test_is_done(&run));
//     assert(penstock_equal(run.outputs[0].value, penstock_text("HELLO?")));
//
// It keeps the contract's rules: outputs are dropped unless the answer is `penstock_done`; an output
// that is not declared, and a reason code that the host would refuse, end the test.
#ifndef PENSTOCK_TESTING_H
#define PENSTOCK_TESTING_H

#include "penstock.h"

// A record that a handler emitted.
typedef struct {
    const char *output; // The output's name.
    penstock_bytes key;
    penstock_bytes value;
    const penstock_header *headers;
    size_t header_count;
    bool has_timestamp;
    int64_t timestamp_ms;
} penstock_emitted;

// A line that a handler logged.
typedef struct {
    penstock_level level;
    const char *text;
} penstock_line;

// What came of one call of `handle`. It lasts until the next call.
typedef struct {
    penstock_verdict verdict;
    const penstock_emitted *outputs; // What the host would send.
    size_t output_count;
    const penstock_line *log;
    size_t log_count;
} penstock_run;

// Configures the handler with names and values in turn, up to a NULL. Answers NULL, or what was
// refused, a line each.
const char *penstock_test_configure(const char *topic, const char *const *settings);

// A record with this value, of partition 0 and offset 0, made at the start of 2026, without key and
// headers; NULL makes a tombstone.
penstock_message penstock_test_message(const char *value);

// Handles one record, at the first attempt.
penstock_run penstock_test_handle(const penstock_message *message);

// Handles one record, at this attempt.
penstock_run penstock_test_attempt(const penstock_message *message, uint32_t attempt);

// Which answer it was. Where `text` is not NULL, the reason's text is that.
bool penstock_test_is_done(const penstock_run *run);
bool penstock_test_is_skip(const penstock_run *run, const char *code, const char *text);
bool penstock_test_is_reject(const penstock_run *run, const char *code, const char *text);
bool penstock_test_is_retry(const penstock_run *run, const char *code, const char *text);

#endif
