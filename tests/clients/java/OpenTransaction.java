import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Begins a transaction, writes two records, and never ends it. Arguments: broker, id, topic; with a
 * group, the transaction commits an offset of it, too.
 */
public final class OpenTransaction {
    public static void main(String[] args) throws InterruptedException {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", args[0]);
        settings.put("transactional.id", args[1]);
        settings.put("transaction.timeout.ms", "600000");
        var strings = new StringSerializer();
        try (var producer = new KafkaProducer<String, String>(settings, strings, strings)) {
            producer.initTransactions();
            producer.beginTransaction();
            producer.send(new ProducerRecord<>(args[2], 0, "k", "1"));
            producer.send(new ProducerRecord<>(args[2], 0, "k", "2"));
            producer.flush();
            if (args.length > 3) {
                var next = Map.of(new TopicPartition(args[2], 0), new OffsetAndMetadata(2));
                producer.sendOffsetsToTransaction(next, new ConsumerGroupMetadata(args[3]));
            }
            System.out.println("open");
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
