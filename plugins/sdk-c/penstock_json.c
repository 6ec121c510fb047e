// JSON, read once from front to back, without a tree.
#include "penstock_json.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 128 };

typedef struct {
    const unsigned char *start;
    const unsigned char *at;
    const unsigned char *end;
    const char *problem; // The first.
} reader;

static bool fail(reader *reader, const char *problem) {
    if (reader->problem == NULL) {
        char *text = penstock_memory(96);
        snprintf(text, 96, "not JSON: %s at byte %zu", problem, (size_t)(reader->at - reader->start));
        reader->problem = text;
    }
    return false;
}

static bool is_space(unsigned char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

// The next byte behind white space, which stays there; -1 at the end.
static int peek(reader *reader) {
    while (reader->at < reader->end && is_space(*reader->at))
        reader->at++;
    return reader->at < reader->end ? *reader->at : -1;
}

static bool take(reader *reader, char expected) {
    if (peek(reader) != expected)
        return fail(reader, "something else was expected");
    reader->at++;
    return true;
}

static bool hex(reader *reader, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, reader->at++) {
        int c = reader->at < reader->end ? *reader->at : -1;
        if (c >= '0' && c <= '9')
            *code = *code << 4 | (uint32_t)(c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            *code = *code << 4 | (uint32_t)((c | 0x20) - 'a' + 10);
        else
            return fail(reader, "\\u needs four digits");
    }
    return true;
}

static char *put_utf8(char *to, uint32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | code >> 6);
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | code >> 12);
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | code >> 18);
        *to++ = (char)(0x80 | (code >> 12 & 0x3f));
        *to++ = (char)(0x80 | (code >> 6 & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

// Behind a backslash.
static bool escape(reader *reader, char **to) {
    static const char names[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    int c = reader->at < reader->end ? *reader->at++ : -1;
    const char *name = c > 0 ? strchr(names, c) : NULL;
    if (name != NULL) {
        *(*to)++ = meant[name - names];
        return true;
    }
    uint32_t code, low;
    if (c != 'u')
        return fail(reader, "an unknown escape");
    if (!hex(reader, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (reader->end - reader->at < 2 || memcmp(reader->at, "\\u", 2) != 0)
            return fail(reader, "half of a surrogate pair");
        reader->at += 2;
        if (!hex(reader, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return fail(reader, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return fail(reader, "half of a surrogate pair");
    }
    *to = put_utf8(*to, code);
    return true;
}

// The length of the UTF-8 sequence here; 0 if it is none.
static int sequence(const reader *reader) {
    const unsigned char *at = reader->at;
    int size = *at < 0x80 ? 1 : *at < 0xc2 ? 0 : *at < 0xe0 ? 2 : *at < 0xf0 ? 3 : *at < 0xf5 ? 4 : 0;
    if (size > reader->end - at)
        return 0;
    for (int i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    // Too long a form, a surrogate, or beyond the last character.
    if ((*at == 0xe0 && at[1] < 0xa0) || (*at == 0xed && at[1] > 0x9f) ||
        (*at == 0xf0 && at[1] < 0x90) || (*at == 0xf4 && at[1] > 0x8f))
        return 0;
    return size;
}

static bool string(reader *reader, penstock_bytes *text) {
    if (!take(reader, '"'))
        return false;
    // Resolved, no escape is longer than it is written.
    const unsigned char *end = reader->at;
    while (end < reader->end && *end != '"')
        end += *end == '\\' ? 2 : 1;
    if (end >= reader->end)
        return fail(reader, "a text without an end");
    char *start = penstock_memory((size_t)(end - reader->at) + 1), *to = start;
    while (*reader->at != '"') {
        if (*reader->at == '\\') {
            reader->at++;
            if (!escape(reader, &to))
                return false;
            continue;
        }
        int size = sequence(reader);
        if (size == 0)
            return fail(reader, "no text in UTF-8");
        if (*reader->at < 0x20)
            return fail(reader, "a control character in a text");
        memcpy(to, reader->at, (size_t)size);
        to += size;
        reader->at += size;
    }
    reader->at++;
    *text = (penstock_bytes){start, (size_t)(to - start)};
    return true;
}

static bool digits(reader *reader) {
    const unsigned char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > start || fail(reader, "a digit is missing");
}

static bool number(reader *reader) {
    if (*reader->at == '-')
        reader->at++;
    if (reader->at < reader->end && *reader->at == '0')
        reader->at++;
    else if (!digits(reader))
        return false;
    if (reader->at < reader->end && *reader->at == '.') {
        reader->at++;
        if (!digits(reader))
            return false;
    }
    if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
        reader->at++;
        if (reader->at < reader->end && (*reader->at == '+' || *reader->at == '-'))
            reader->at++;
        return digits(reader);
    }
    return true;
}

static bool word(reader *reader, const char *expected) {
    size_t size = strlen(expected);
    if ((size_t)(reader->end - reader->at) < size || memcmp(reader->at, expected, size) != 0)
        return fail(reader, "no value");
    reader->at += size;
    return true;
}

static bool value(reader *reader, int depth, const char **kind, penstock_bytes *text);

// Behind the bracket: values, of an object with their names, up to the bracket that closes.
static bool members(reader *reader, int depth, char close) {
    penstock_bytes text;
    const char *kind;
    if (depth == DEPTH_MAX)
        return fail(reader, "too deep a nesting");
    if (peek(reader) == close) {
        reader->at++;
        return true;
    }
    for (;;) {
        if (close == '}' && !(string(reader, &text) && take(reader, ':')))
            return false;
        if (!value(reader, depth + 1, &kind, &text))
            return false;
        if (peek(reader) != ',')
            return take(reader, close);
        reader->at++;
        peek(reader);
    }
}

static bool value(reader *reader, int depth, const char **kind, penstock_bytes *text) {
    int c = peek(reader);
    switch (c) {
    case '"':
        *kind = NULL;
        return string(reader, text);
    case '{':
        *kind = "an object";
        reader->at++;
        return members(reader, depth, '}');
    case '[':
        *kind = "an array";
        reader->at++;
        return members(reader, depth, ']');
    case 't':
    case 'f':
        *kind = "a boolean";
        return word(reader, c == 't' ? "true" : "false");
    case 'n':
        *kind = "null";
        return word(reader, "null");
    default:
        *kind = "a number";
        if (c != '-' && (c < '0' || c > '9'))
            return fail(reader, "no value");
        return number(reader);
    }
}

// What is wrong with a member, for people.
static const char *wrong(const char *name, const char *problem, const char *found) {
    size_t size = strlen(name) + strlen(problem) + strlen(found) + 3;
    char *text = penstock_memory(size);
    snprintf(text, size, "%s: %s%s", name, problem, found);
    return text;
}

const char *penstock_json_read(penstock_bytes json, const penstock_json_text *wanted) {
    reader reader = {.start = json.data, .at = json.data};
    const char *ill_typed = NULL;
    reader.end = reader.start + json.size;
    for (const penstock_json_text *one = wanted; one->name != NULL; one++)
        *one->text = PENSTOCK_NONE;
    int first = peek(&reader);
    if (first == '[' || first == '"')
        return "expected a JSON object";
    if (!take(&reader, '{'))
        return reader.problem;
    for (bool more = peek(&reader) != '}'; more;) {
        penstock_bytes name, text = PENSTOCK_NONE;
        const char *kind;
        if (!string(&reader, &name) || !take(&reader, ':') || !value(&reader, 1, &kind, &text))
            return reader.problem;
        for (const penstock_json_text *one = wanted; one->name != NULL; one++) {
            if (!penstock_equal(name, penstock_text(one->name)))
                continue;
            if (one->text->data != NULL)
                return wrong(one->name, "it is there twice", "");
            if (kind != NULL && ill_typed == NULL)
                ill_typed = wrong(one->name, "expected a string, found ", kind);
            *one->text = kind == NULL ? text : penstock_text("");
        }
        more = peek(&reader) == ',';
        if (more)
            reader.at++;
    }
    if (!take(&reader, '}'))
        return reader.problem;
    if (peek(&reader) != -1) {
        fail(&reader, "something behind the object");
        return reader.problem;
    }
    for (const penstock_json_text *one = wanted; one->name != NULL; one++)
        if (one->text->data == NULL)
            return wrong(one->name, "missing, expected a string", "");
    return ill_typed;
}

static void put(penstock_json_object *object, const void *data, size_t size) {
    if (object->capacity - object->size < size) {
        size_t capacity = 2 * object->capacity + size + 128;
        char *more = penstock_memory(capacity);
        if (object->size > 0)
            memcpy(more, object->data, object->size);
        object->data = more;
        object->capacity = capacity;
    }
    memcpy(object->data + object->size, data, size);
    object->size += size;
}

static void put_string(penstock_json_object *object, penstock_bytes text) {
    put(object, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = ((const unsigned char *)text.data)[i];
        char escaped[8];
        const char *short_form = c == '"' ? "\\\"" : c == '\\' ? "\\\\" : c == '\n' ? "\\n"
                               : c == '\r' ? "\\r" : c == '\t' ? "\\t" : NULL;
        if (short_form != NULL) {
            put(object, short_form, 2);
        } else if (c < 0x20) {
            put(object, escaped, (size_t)snprintf(escaped, sizeof escaped, "\\u%04x", c));
        } else {
            put(object, &c, 1);
        }
    }
    put(object, "\"", 1);
}

void penstock_json_add(penstock_json_object *object, const char *name, penstock_bytes text) {
    put(object, object->size == 0 ? "{" : ",", 1);
    put_string(object, penstock_text(name));
    put(object, ":", 1);
    put_string(object, text);
}

penstock_bytes penstock_json_end(penstock_json_object *object) {
    put(object, object->size == 0 ? "{}" : "}", object->size == 0 ? 2 : 1);
    return (penstock_bytes){object->data, object->size};
}
