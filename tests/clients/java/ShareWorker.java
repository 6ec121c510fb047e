import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** A member of a share group (KIP-932). Arguments: broker, group, topic. */
public final class ShareWorker {
    public static void main(String[] args) throws ExecutionException, InterruptedException {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("group.id", args[1]);
        settings.put("client.id", "share-worker");
        try (Admin admin = Admin.create(settings)) {
            // Brokers of 4.1 have them, and don't serve them unless they are told to.
            var on = new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE);
            admin.updateFeatures(Map.of("share.version", on), new UpdateFeaturesOptions()).all().get();
        }
        var strings = new StringDeserializer();
        try (var consumer = new KafkaShareConsumer<String, String>(settings, strings, strings)) {
            consumer.subscribe(List.of(args[2]));
            while (true) {
                consumer.poll(Duration.ofMillis(100));
            }
        }
    }
}
