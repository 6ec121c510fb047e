// The host's functions and the plugin's exports, in WebAssembly.
#include "generated/plugin.h"

#include <stdlib.h>
#include <string.h>

#include "penstock_internal.h"

#define SDK "penstock-sdk-c 0.1.0"

static plugin_list_u8_t list(penstock_bytes bytes) {
    // Passed to the host, which only reads it.
    return (plugin_list_u8_t){(uint8_t *)(uintptr_t)bytes.data, bytes.size};
}

static plugin_string_t string(const char *text) {
    return (plugin_string_t){(uint8_t *)(uintptr_t)text, strlen(text)};
}

// One that the caller frees.
static plugin_string_t string_copy(const char *text) {
    size_t size = text == NULL ? 0 : strlen(text);
    return (plugin_string_t){(uint8_t *)penstock_copy(text, size), size};
}

static penstock_bytes bytes(plugin_option_list_u8_t option) {
    if (!option.is_some)
        return PENSTOCK_NONE;
    // What is there, and empty, is not NULL.
    return (penstock_bytes){option.val.len == 0 ? (void *)"" : option.val.ptr, option.val.len};
}

// For wasi-libc: whoever waits for what is printed gets it line by line, and the log is such a one. A
// buffer that is written when it is full would lose what the last records printed.
int __isatty(int file) {
    return file == 1 || file == 2;
}

int isatty(int file) {
    return __isatty(file);
}

void penstock_emit_record(uint32_t output, penstock_bytes key, penstock_bytes value,
                          const penstock_header *headers, size_t header_count,
                          const int64_t *timestamp_ms) {
    plugin_list_u8_t key_list = list(key), value_list = list(value);
    penstock_handler_outputs_list_header_t header_list = {NULL, header_count};
    if (header_count > 0) {
        header_list.ptr = penstock_memory(header_count * sizeof *header_list.ptr);
        for (size_t i = 0; i < header_count; i++) {
            plugin_list_u8_t name = list(headers[i].name);
            header_list.ptr[i].name = (plugin_string_t){name.ptr, name.len};
            header_list.ptr[i].value.is_some = headers[i].value.data != NULL;
            header_list.ptr[i].value.val = list(headers[i].value);
        }
    }
    int64_t timestamp = timestamp_ms == NULL ? 0 : *timestamp_ms;
    penstock_handler_outputs_emit(output, key.data == NULL ? NULL : &key_list,
                                  value.data == NULL ? NULL : &value_list, &header_list,
                                  timestamp_ms == NULL ? NULL : &timestamp);
}

penstock_level penstock_host_max_level(void) {
    return (penstock_level)penstock_handler_log_max_level();
}

void penstock_host_log(penstock_level level, const char *text) {
    plugin_string_t line = string(text);
    penstock_handler_log_write((penstock_handler_log_level_t)level, &line);
}

int64_t penstock_now_ms(void) { return penstock_handler_context_now_ms(); }

void penstock_seed(uint64_t seed[2]) {
    plugin_tuple2_u64_u64_t answer;
    penstock_handler_context_seed(&answer);
    seed[0] = answer.f0;
    seed[1] = answer.f1;
}

uint32_t penstock_attempt(void) { return penstock_handler_context_attempt(); }

// The bindings' way to have the contract linked in: it is added afterwards here.
void __component_type_object_force_link_plugin(void) {}

// What `assert` calls, in place of libc's, which writes to a standard error that a handler need not
// have.
_Noreturn void __assert_fail(const char *expression, const char *file, int line, const char *function) {
    penstock_panic(file, line, "%s: `%s` does not hold", function, expression);
}

void exports_penstock_handler_handler_describe(exports_penstock_handler_handler_description_t *ret) {
    const penstock_plugin *plugin = &penstock_this_plugin;
    *ret = (exports_penstock_handler_handler_description_t){
        .name = string_copy(plugin->name),
        .version = string_copy(plugin->version),
        .sdk = string_copy(SDK),
        .headers = plugin->headers,
    };
    size_t outputs = 0, settings = 0;
    while (plugin->outputs != NULL && plugin->outputs[outputs].name != NULL)
        outputs++;
    while (plugin->settings != NULL && plugin->settings[settings].name != NULL)
        settings++;
    ret->outputs.ptr = penstock_kept(outputs * sizeof *ret->outputs.ptr);
    ret->outputs.len = outputs;
    for (size_t i = 0; i < outputs; i++)
        ret->outputs.ptr[i] = (penstock_handler_types_output_spec_t){
            string_copy(plugin->outputs[i].name),
            string_copy(plugin->outputs[i].doc),
        };
    ret->settings.ptr = penstock_kept(settings * sizeof *ret->settings.ptr);
    ret->settings.len = settings;
    for (size_t i = 0; i < settings; i++) {
        const penstock_setting_spec *spec = &plugin->settings[i];
        ret->settings.ptr[i] = (penstock_handler_types_setting_spec_t){
            .name = string_copy(spec->name),
            .doc = string_copy(spec->doc),
            .required = spec->required,
            .default_ = {spec->fallback != NULL, string_copy(spec->fallback)},
        };
    }
}

bool exports_penstock_handler_handler_configure(
    plugin_string_t *topic, plugin_list_tuple2_string_string_t *given,
    exports_penstock_handler_handler_list_setting_error_t *err) {
    // Kept as long as the instance: so may be what the plugin took from it.
    penstock_settings *settings = penstock_kept(sizeof *settings);
    memset(settings, 0, sizeof *settings);
    for (size_t i = 0; i < given->len; i++) {
        plugin_string_t name = given->ptr[i].f0, text = given->ptr[i].f1;
        penstock_add_pair(&settings->given, penstock_copy(name.ptr, name.len),
                          penstock_copy(text.ptr, text.len));
    }
    penstock_configure(penstock_copy(topic->ptr, topic->len), settings);
    plugin_string_free(topic);
    plugin_list_tuple2_string_string_free(given);
    penstock_forget();
    size_t refused = settings->refused.count;
    if (refused == 0)
        return true;
    err->ptr = penstock_kept(refused * sizeof *err->ptr);
    err->len = refused;
    for (size_t i = 0; i < refused; i++)
        err->ptr[i] = (exports_penstock_handler_handler_setting_error_t){
            string_copy(settings->refused.pairs[i].name),
            string_copy(settings->refused.pairs[i].text),
        };
    return false;
}

static const penstock_header *headers_of(const exports_penstock_handler_handler_message_t *m) {
    size_t count = m->headers.is_some ? m->headers.val.len : 0;
    penstock_header *headers = penstock_memory(count * sizeof *headers);
    for (size_t i = 0; i < count; i++) {
        const penstock_handler_types_header_t *header = &m->headers.val.ptr[i];
        headers[i].name = (penstock_bytes){header->name.ptr, header->name.len};
        headers[i].value = bytes(header->value);
    }
    return headers;
}

bool exports_penstock_handler_handler_handle(exports_penstock_handler_handler_message_t *m,
                                             exports_penstock_handler_handler_outcome_t *ret,
                                             exports_penstock_handler_handler_failure_t *err) {
    bool has_time = m->timestamp.tag != PENSTOCK_HANDLER_TYPES_TIMESTAMP_UNKNOWN;
    penstock_message message = {
        .partition = m->partition,
        .offset = m->offset,
        .timestamp = (penstock_timestamp)m->timestamp.tag,
        .timestamp_ms = has_time ? m->timestamp.val.create_time : 0,
        .key = bytes(m->key),
        .value = bytes(m->value),
        .headers = headers_of(m),
        .header_count = m->headers.is_some ? m->headers.val.len : 0,
    };
    penstock_verdict verdict = penstock_this_plugin.handle(&message);
    penstock_handler_types_reason_t reason = {{NULL, 0}, {NULL, 0}};
    if (verdict.kind != DONE)
        reason = (penstock_handler_types_reason_t){string_copy(verdict.code),
                                                   string_copy(verdict.text)};
    exports_penstock_handler_handler_message_free(m);
    penstock_forget();
    switch (verdict.kind) {
    case DONE:
        ret->tag = PENSTOCK_HANDLER_TYPES_OUTCOME_DONE;
        return true;
    case SKIP:
        ret->tag = PENSTOCK_HANDLER_TYPES_OUTCOME_SKIP;
        ret->val.skip = reason;
        return true;
    case RETRY:
        err->tag = PENSTOCK_HANDLER_TYPES_FAILURE_RETRY;
        err->val.retry.after_ms = (plugin_option_u32_t){verdict.has_delay, verdict.delay_ms};
        err->val.retry.why = reason;
        return false;
    default:
        err->tag = PENSTOCK_HANDLER_TYPES_FAILURE_REJECT;
        err->val.reject = reason;
        return false;
    }
}
