// The handler with a fake host: `make test`.
#include <assert.h>

#include "penstock_testing.h"

static penstock_run handle(const char *value) {
    penstock_message message = penstock_test_message(value);
    return penstock_test_handle(&message);
}

int main(void) {
    assert(penstock_test_configure("purchase-confirmed", NULL) == NULL);

    penstock_run run = handle("{\"eventId\":\"e1\",\"type\":\"PURCHASE_CONFIRMED\",\"userId\":\"u7\","
                              "\"courseId\":\"c3\",\"createdAt\":\"2026-01-01T10:00:00.000Z\"}");
    assert(penstock_test_is_done(&run));
    assert(run.output_count == 1);
    assert(penstock_equal(
        run.outputs[0].value,
        penstock_text("{\"type\":\"COURSE_ACCESS_GRANTED\",\"eventId\":\"e1/access\",\"userId\":\"u7\","
                      "\"courseId\":\"c3\",\"purchaseId\":\"e1\","
                      "\"grantedAt\":\"2026-01-01T10:00:00.000Z\"}")));

    run = handle("{\"type\":\"PURCHASE_CONFIRMED\",\"eventId\":7}");
    assert(penstock_test_is_reject(&run, "invalid-event", NULL));
    assert(run.output_count == 0);

    run = handle(NULL);
    assert(penstock_test_is_skip(&run, "tombstone", NULL));
    return 0;
}
