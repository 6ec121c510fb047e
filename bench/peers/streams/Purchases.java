import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.kstream.Branched;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Predicate;
import org.apache.kafka.streams.kstream.Produced;

/**
 * Purchases become grants, by Kafka Streams, until SIGTERM. Arguments are NAME=VALUE: with a dot in
 * its name a setting of Kafka Streams, else one of `input`, `output` and `dead-letter`.
 */
public final class Purchases {
    /** How long the last commit may take. */
    private static final Duration CLOSE = Duration.ofSeconds(30);

    private final Map<String, String> own = new HashMap<>();
    private final Properties settings = new Properties();

    public static void main(String[] args) {
        new Purchases(args).run();
    }

    private Purchases(String[] args) {
        settings.put("auto.offset.reset", "earliest");
        // As many as cores: while one waits for its commit, the other works. Four are slower, and one
        // is exactly once.
        settings.put("num.stream.threads", "2");
        // Kafka Streams makes its producers wait 100 ms for a batch to fill; by themselves they wait 5.
        settings.put("producer.linger.ms", "5");
        // 16 KiB, the default, are full after a hundred outputs, and make it a third slower.
        settings.put("producer.batch.size", "262144");
        for (String arg : args) {
            String[] pair = arg.split("=", 2);
            if (pair[0].contains(".")) {
                settings.put(pair[0], pair[1]);
            } else {
                own.put(pair[0], pair[1]);
            }
        }
    }

    private void run() {
        var streams = new KafkaStreams(topology(), settings);
        streams.setStateListener(
                (now, before) -> {
                    if (now == KafkaStreams.State.ERROR) {
                        Runtime.getRuntime().halt(1);
                    }
                });
        // A JVM that is ended by a signal says so in its status, however well it ended.
        Runtime.getRuntime()
                .addShutdownHook(
                        new Thread(() -> Runtime.getRuntime().halt(streams.close(CLOSE) ? 0 : 1)));
        streams.start();
    }

    private Topology topology() {
        Serde<byte[]> bytes = Serdes.ByteArray();
        var builder = new StreamsBuilder();
        builder.stream(own.get("input"), Consumed.with(bytes, bytes))
                .mapValues(Answer::to)
                .split()
                .branch(is(Answer.Kind.GRANTED), values("output"))
                .branch(is(Answer.Kind.INVALID), values("dead-letter"));
        return builder.build();
    }

    private static Predicate<byte[], Answer> is(Answer.Kind kind) {
        return (key, answer) -> answer.kind() == kind;
    }

    /** To the topic of this name among the arguments. */
    private Branched<byte[], Answer> values(String name) {
        Serde<byte[]> bytes = Serdes.ByteArray();
        return Branched.withConsumer(
                answers ->
                        answers.mapValues(Answer::value)
                                .to(own.get(name), Produced.with(bytes, bytes)));
    }
}
