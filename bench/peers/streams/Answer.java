import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.cfg.MutableCoercionConfig;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.type.LogicalType;
import java.io.IOException;

/** What becomes of a record: the logic of plugins/purchase-to-access, with Jackson. */
public record Answer(Kind kind, byte[] value) {
    /** Granted: the value goes to the outputs. Invalid: to the dead letters. Skipped: nowhere. */
    public enum Kind {
        GRANTED,
        SKIPPED,
        INVALID
    }

    private record Purchase(
            @JsonProperty(required = true) String eventId,
            @JsonProperty(required = true) String type,
            @JsonProperty(required = true) String userId,
            @JsonProperty(required = true) String courseId,
            @JsonProperty(required = true) double amount,
            @JsonProperty(required = true) String currency,
            @JsonProperty(required = true) String createdAt) {}

    private record AccessGranted(
            String type,
            String eventId,
            String userId,
            String courseId,
            String purchaseId,
            String grantedAt) {}

    private static final JsonMapper JSON =
            JsonMapper.builder()
                    .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES)
                    .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
                    .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
                    // A number is no text: that takes one more setting.
                    .withCoercionConfig(LogicalType.Textual, Answer::onlyTexts)
                    .build();
    private static final ObjectReader PURCHASE = JSON.readerFor(Purchase.class);
    private static final ObjectWriter ACCESS_GRANTED = JSON.writerFor(AccessGranted.class);
    private static final Answer SKIPPED = new Answer(Kind.SKIPPED, null);

    /** Of the value of a record. */
    public static Answer to(byte[] value) {
        if (value == null) {
            return SKIPPED;
        }
        Purchase purchase;
        try {
            purchase = PURCHASE.readValue(value);
        } catch (IOException invalid) {
            return new Answer(Kind.INVALID, value);
        }
        if (purchase == null) {
            return new Answer(Kind.INVALID, value);
        }
        if (!purchase.type().equals("PURCHASE_CONFIRMED")) {
            return SKIPPED;
        }
        return new Answer(Kind.GRANTED, json(granted(purchase)));
    }

    private static void onlyTexts(MutableCoercionConfig config) {
        config.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
    }

    private static AccessGranted granted(Purchase purchase) {
        return new AccessGranted(
                "COURSE_ACCESS_GRANTED",
                purchase.eventId() + "/access",
                purchase.userId(),
                purchase.courseId(),
                purchase.eventId(),
                purchase.createdAt());
    }

    private static byte[] json(AccessGranted access) {
        try {
            return ACCESS_GRANTED.writeValueAsBytes(access);
        } catch (JsonProcessingException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
