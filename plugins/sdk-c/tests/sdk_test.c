// The SDK with the fake host: JSON, verdicts, settings, outputs.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "../penstock_json.h"
#include "../penstock_testing.h"

enum { OUT };

static penstock_bytes text_of(const char *json, const char **problem) {
    penstock_bytes text;
    const penstock_json_text wanted[] = {{"a", &text}, {0}};
    *problem = penstock_json_read(penstock_text(json), wanted);
    return text;
}

static void json_reads(const char *json, const char *expected) {
    const char *problem;
    penstock_bytes text = text_of(json, &problem);
    if (problem != NULL || !penstock_equal(text, penstock_text(expected))) {
        fprintf(stderr, "%s: %s\n", json, problem == NULL ? "another text" : problem);
        assert(false);
    }
}

static void json_refuses(const char *json, const char *expected) {
    const char *problem;
    text_of(json, &problem);
    if (problem == NULL || strstr(problem, expected) == NULL) {
        fprintf(stderr, "%s: %s\n", json, problem == NULL ? "taken" : problem);
        assert(false);
    }
}

static void json(void) {
    json_reads("{\"a\":\"b\"}", "b");
    json_reads(" {\t\"x\" : [1, {\"a\":2}, []], \"a\" : \"\" \r\n}\n", "");
    json_reads("{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t");
    json_reads("{\"\\u0061\":\"\\u00fc\\u20ac\\ud83d\\ude00\"}", "ü€😀");
    json_reads("{\"a\":\"курс 😀\",\"n\":-0.5e+3,\"t\":true,\"f\":false,\"z\":null}", "курс 😀");

    json_refuses("", "not JSON");
    json_refuses("{", "not JSON");
    json_refuses("{}", "a: missing, expected a string");
    json_refuses("[]", "expected a JSON object");
    json_refuses("{\"a\":7}", "a: expected a string, found a number");
    json_refuses("{\"a\":null}", "a: expected a string, found null");
    json_refuses("{\"a\":[\"b\"]}", "a: expected a string, found an array");
    json_refuses("{\"a\":\"b\",\"a\":\"c\"}", "a: it is there twice");
    json_refuses("{\"a\":\"b\"} x", "something behind the object");
    json_refuses("{\"a\":\"b\",}", "not JSON");
    json_refuses("{\"a\":\"b\" \"c\":1}", "not JSON");
    json_refuses("{\"a\":\"b", "a text without an end");
    json_refuses("{\"a\":\"b\\", "a text without an end");
    json_refuses("{\"a\":\"\\u12\"}", "\\u needs four digits");
    json_refuses("{\"a\":\"\\ud800\"}", "half of a surrogate pair");
    json_refuses("{\"a\":\"\\ud800\\u0041\"}", "half of a surrogate pair");
    json_refuses("{\"a\":\"\\udc00\"}", "half of a surrogate pair");
    json_refuses("{\"a\":\"\\x\"}", "an unknown escape");
    json_refuses("{\"a\":\"\xff\"}", "no text in UTF-8");
    json_refuses("{\"a\":\"\xed\xa0\x80\"}", "no text in UTF-8");
    json_refuses("{\"a\":\"\xc0\x80\"}", "no text in UTF-8");
    json_refuses("{\"a\":\"\n\"}", "a control character");
    json_refuses("{\"n\":01,\"a\":\"b\"}", "not JSON");
    json_refuses("{\"n\":1.,\"a\":\"b\"}", "a digit is missing");
    json_refuses("{\"n\":-,\"a\":\"b\"}", "a digit is missing");
    json_refuses("{\"n\":tru,\"a\":\"b\"}", "no value");

    char deep[1024] = "{\"x\":";
    memset(deep + 5, '[', 1000);
    json_refuses(deep, "too deep a nesting");

    // Every beginning of a right one is wrong, and none is read beyond its end.
    const char *whole = "{\"x\":[1,{\"y\":\"\\u00fc\"}],\"a\":\"b\"}";
    for (size_t size = 0; size < strlen(whole); size++) {
        penstock_bytes text;
        const penstock_json_text wanted[] = {{"a", &text}, {0}};
        void *part = penstock_memory(size);
        memcpy(part, whole, size);
        assert(penstock_json_read((penstock_bytes){part, size}, wanted) != NULL);
    }

    penstock_json_object object = {0};
    assert(penstock_equal(penstock_json_end(&object), penstock_text("{}")));
    object = (penstock_json_object){0};
    penstock_json_add(&object, "a\"b", (penstock_bytes){"\0\x1f\t\\ü", 6});
    penstock_json_add(&object, "c", penstock_text(""));
    assert(penstock_equal(penstock_json_end(&object),
                          penstock_text("{\"a\\\"b\":\"\\u0000\\u001f\\t\\\\ü\",\"c\":\"\"}")));
}

static void configure(const char *topic, penstock_settings *settings) {
    assert(strcmp(topic, "topic") == 0);
    const char *days = penstock_setting(settings, "days");
    if (days != NULL && strcmp(days, "0") == 0)
        penstock_refuse(settings, "days", "expected 1 or more, found %s", days);
}

static penstock_verdict handle(const penstock_message *message) {
    penstock_log(PENSTOCK_INFO, "value of %zu bytes", message->value.size);
    penstock_emit(OUT, message->key, message->value);
    if (message->value.data == NULL)
        return penstock_skip("tombstone", "no %s", "value");
    if (penstock_equal(message->value, penstock_text("retry")))
        return penstock_retry_after(250, "busy", "attempt %u", (unsigned)penstock_attempt());
    return penstock_done();
}

const penstock_plugin penstock_this_plugin = {
    .name = "test",
    .version = "1",
    .outputs = (const penstock_output[]){{"out", ""}, {0}},
    .settings =
        (const penstock_setting_spec[]){
            {.name = "word", .doc = "A word", .required = true},
            {.name = "days"},
            {0},
        },
    .configure = configure,
    .handle = handle,
};

static void settings(void) {
    assert(penstock_test_configure("topic", (const char *[]){"word", "x", "days", "1", NULL}) == NULL);
    assert(strcmp(penstock_test_configure("topic", NULL), "word: must be given: A word\n") == 0);
    const char *refused =
        penstock_test_configure("topic", (const char *[]){"word", "x", "dyas", "1", NULL});
    assert(strcmp(refused, "dyas: unknown setting; this plugin knows: word, days\n") == 0);
    refused = penstock_test_configure("topic", (const char *[]){"word", "x", "days", "0", NULL});
    assert(strcmp(refused, "days: expected 1 or more, found 0\n") == 0);
}

static void verdicts(void) {
    penstock_message message = penstock_test_message("");
    penstock_run run = penstock_test_handle(&message);
    assert(penstock_test_is_done(&run) && run.output_count == 1 && run.log_count == 1);
    assert(run.outputs[0].value.data != NULL && run.outputs[0].key.data == NULL);
    assert(strcmp(run.log[0].text, "value of 0 bytes") == 0 && run.log[0].level == PENSTOCK_INFO);

    message = penstock_test_message(NULL);
    run = penstock_test_handle(&message);
    assert(penstock_test_is_skip(&run, "tombstone", "no value") && run.output_count == 0);
    assert(!penstock_test_is_reject(&run, "tombstone", NULL));

    message = penstock_test_message("retry");
    run = penstock_test_attempt(&message, 3);
    assert(penstock_test_is_retry(&run, "busy", "attempt 3"));
    assert(run.verdict.has_delay && run.verdict.delay_ms == 250);
}

int main(void) {
    json();
    settings();
    verdicts();
    return 0;
}
