import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Begins a transaction, writes two records, and never ends it. Arguments: broker, id, topic. */
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
            System.out.println("open");
            Thread.sleep(Long.MAX_VALUE);
        }
    }
}
