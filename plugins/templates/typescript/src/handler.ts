/** Grants access to a course that was bought. */

import { plugin, skip } from "@penstock/sdk";

export default plugin(
  {
    name: "{{name}}",
    version: "0.1.0",
    outputs: { "access-granted": "COURSE_ACCESS_GRANTED, one for each purchase" },
  },
  ({ emit }) =>
    (message) => {
      if (message.value === null) return skip("tombstone", "a purchase without a value");
      const { type } = message.fields({ type: "string" });
      if (type !== "PURCHASE_CONFIRMED") return skip("other-event", `an event of type ${type}`);
      const purchase = message.fields({
        eventId: "string",
        userId: "string",
        courseId: "string",
        createdAt: "string",
      });
      const access = {
        type: "COURSE_ACCESS_GRANTED",
        // Derived from the event's: when the record comes again, so does the id.
        eventId: `${purchase.eventId}/access`,
        userId: purchase.userId,
        courseId: purchase.courseId,
        purchaseId: purchase.eventId,
        grantedAt: purchase.createdAt,
      };
      emit("access-granted", { key: message.key, value: JSON.stringify(access) });
    },
);
