// Grants access to a course that was bought.
#include <stdio.h>

#include "penstock.h"
#include "penstock_json.h"

enum { ACCESS_GRANTED };

// An id derived from the event's: when the record comes again, so does the id.
static penstock_bytes access_id(penstock_bytes event_id) {
    static const char suffix[] = "/access";
    size_t size = event_id.size + sizeof suffix;
    char *id = penstock_memory(size);
    snprintf(id, size, "%.*s%s", (int)event_id.size, (const char *)event_id.data, suffix);
    return (penstock_bytes){id, size - 1};
}

static penstock_verdict handle(const penstock_message *message) {
    if (message->value.data == NULL)
        return penstock_skip("tombstone", "a purchase without a value");

    penstock_bytes type;
    const penstock_json_text kind[] = {{"type", &type}, {0}};
    const char *problem = penstock_json_read(message->value, kind);
    if (problem != NULL)
        return penstock_reject("invalid-event", "%s", problem);
    if (!penstock_equal(type, penstock_text("PURCHASE_CONFIRMED")))
        return penstock_skip("other-event", "an event of type %.*s", (int)type.size,
                             (const char *)type.data);

    penstock_bytes event_id, user_id, course_id, created_at;
    const penstock_json_text purchase[] = {{"eventId", &event_id},
                                           {"userId", &user_id},
                                           {"courseId", &course_id},
                                           {"createdAt", &created_at},
                                           {0}};
    problem = penstock_json_read(message->value, purchase);
    if (problem != NULL)
        return penstock_reject("invalid-event", "%s", problem);

    penstock_json_object access = {0};
    penstock_json_add(&access, "type", penstock_text("COURSE_ACCESS_GRANTED"));
    penstock_json_add(&access, "eventId", access_id(event_id));
    penstock_json_add(&access, "userId", user_id);
    penstock_json_add(&access, "courseId", course_id);
    penstock_json_add(&access, "purchaseId", event_id);
    penstock_json_add(&access, "grantedAt", created_at);
    penstock_emit(ACCESS_GRANTED, message->key, penstock_json_end(&access));
    return penstock_done();
}

const penstock_plugin penstock_this_plugin = {
    .name = "{{name}}",
    .version = "0.1.0",
    .outputs =
        (const penstock_output[]){
            [ACCESS_GRANTED] = {"access-granted", "COURSE_ACCESS_GRANTED, one for each purchase"},
            {0},
        },
    .handle = handle,
};
