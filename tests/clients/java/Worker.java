import java.time.Duration;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * A consumer as applications write it. Arguments are NAME=VALUE: with a dot in its name a setting
 * of the client, else one of these.
 *
 * <p>topics: to subscribe to. hang, crash: after so many records it never comes back, or fails and
 * begins anew with another consumer. each: milliseconds for a record. commit=no: none of its own.
 */
public final class Worker implements ConsumerRebalanceListener {
    private final Map<String, String> own = new HashMap<>();
    private final Properties settings = new Properties();
    private volatile boolean ends = false;
    private int handled = 0;

    public static void main(String[] args) throws InterruptedException {
        var worker = new Worker(args);
        var main = Thread.currentThread();
        // On SIGTERM it leaves the group, as it should.
        Runtime.getRuntime().addShutdownHook(new Thread(() -> worker.end(main)));
        worker.run();
    }

    private void end(Thread main) {
        ends = true;
        try {
            main.join();
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private Worker(String[] args) {
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            if (pair[0].contains(".")) {
                settings.put(pair[0], pair[1]);
            } else {
                own.put(pair[0], pair[1]);
            }
        }
    }

    private void run() throws InterruptedException {
        List<String> topics = Arrays.asList(own.get("topics").split(","));
        var strings = new StringDeserializer();
        while (!ends) {
            try (var consumer = new KafkaConsumer<String, String>(settings, strings, strings)) {
                consumer.subscribe(topics, this);
                work(consumer);
            } catch (IllegalStateException crash) {
                System.out.println("crashed " + crash.getMessage());
            }
        }
    }

    private void work(KafkaConsumer<String, String> consumer) throws InterruptedException {
        while (!ends) {
            for (var record : consumer.poll(Duration.ofMillis(100))) {
                handle(record);
                if (!own.containsKey("commit")) {
                    commit(consumer, record);
                }
            }
        }
    }

    private void commit(
            KafkaConsumer<String, String> consumer, ConsumerRecord<String, String> record) {
        var partition = new TopicPartition(record.topic(), record.partition());
        var next = new OffsetAndMetadata(record.offset() + 1);
        try {
            consumer.commitSync(Map.of(partition, next));
        } catch (CommitFailedException refused) {
            System.out.println("commit refused at " + record.offset());
        }
    }

    private void handle(ConsumerRecord<String, String> record) throws InterruptedException {
        if (own.containsKey("each")) {
            Thread.sleep(Integer.parseInt(own.get("each")));
        }
        if (own.containsKey("hang") && handled >= Integer.parseInt(own.get("hang"))) {
            System.out.println("hangs at " + record.offset());
            Thread.sleep(Long.MAX_VALUE);
        }
        if (own.containsKey("crash") && handled >= Integer.parseInt(own.get("crash"))) {
            throw new IllegalStateException("at " + record.offset());
        }
        handled += 1;
        System.out.println("handled " + handled + " " + record.partition() + " " + record.offset());
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
        System.out.println("joined " + partitions);
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        System.out.println("revoked " + partitions);
    }
}
