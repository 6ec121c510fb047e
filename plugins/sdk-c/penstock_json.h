// JSON for handlers in C: texts read from an object, an object of texts written.
//
//     penstock_bytes user, course;
//     const penstock_json_text wanted[] = {{"userId", &user}, {"courseId", &course}, {0}};
//     const char *problem = penstock_json_read(message->value, wanted);
//     if (problem != NULL)
//         return penstock_reject("invalid-event", "%s", problem);
//
// Any other library will do, too: a value is bytes.
#ifndef PENSTOCK_JSON_H
#define PENSTOCK_JSON_H

#include "penstock.h"

// A member of an object, and where its text goes, with escapes resolved.
typedef struct {
    const char *name;
    penstock_bytes *text;
} penstock_json_text;

// Reads members that must be there and be texts; others may be anything. `wanted` ends with {0}.
// Answers NULL, or what is wrong, for people. The texts last until `handle` answers.
const char *penstock_json_read(penstock_bytes json, const penstock_json_text *wanted);

// An object under way. It must begin as {0}.
typedef struct {
    char *data;
    size_t size;
    size_t capacity;
} penstock_json_object;

// Adds a member, in the order of the calls.
void penstock_json_add(penstock_json_object *object, const char *name, penstock_bytes text);

// Ends the object. The bytes last until `handle` answers.
penstock_bytes penstock_json_end(penstock_json_object *object);

#endif
