import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.FeatureUpdate;
import org.apache.kafka.clients.admin.UpdateFeaturesOptions;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.message.StreamsGroupHeartbeatRequestData;
import org.apache.kafka.common.message.StreamsGroupHeartbeatRequestData.Subtopology;
import org.apache.kafka.common.message.StreamsGroupHeartbeatRequestData.Topology;
import org.apache.kafka.common.message.StreamsGroupHeartbeatResponseData;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.requests.RequestHeader;
import org.apache.kafka.common.requests.RequestUtils;
import org.apache.kafka.common.requests.ResponseHeader;

/**
 * A member by Kafka Streams' own protocol (KIP-1071), as far as a coordinator sees one: it
 * heartbeats, and never takes a task. Without Kafka Streams, which is large. Arguments: broker,
 * group, topic.
 */
public final class StreamsMember {
    private static final short VERSION = 0;
    private static final ApiKeys HEARTBEAT = ApiKeys.STREAMS_GROUP_HEARTBEAT;

    private final String id = Uuid.randomUuid().toString();
    private final String group;
    private final DataOutputStream out;
    private final DataInputStream in;

    private StreamsMember(Socket socket, String group) throws IOException {
        this.group = group;
        out = new DataOutputStream(socket.getOutputStream());
        in = new DataInputStream(socket.getInputStream());
    }

    public static void main(String[] args) throws Exception {
        permit(args[0]);
        String[] address = args[0].split(":");
        try (var socket = new Socket(address[0], Integer.parseInt(address[1]))) {
            var member = new StreamsMember(socket, args[1]);
            int epoch = member.heartbeat(member.joining(args[2]));
            System.out.println("joined");
            while (true) {
                Thread.sleep(500);
                var data = new StreamsGroupHeartbeatRequestData().setMemberEpoch(epoch);
                epoch = member.heartbeat(data);
            }
        }
    }

    /** A cluster has to be told that it may use the protocol. */
    private static void permit(String broker) throws Exception {
        try (var admin = Admin.create(Map.of("bootstrap.servers", broker))) {
            var update = new FeatureUpdate((short) 1, FeatureUpdate.UpgradeType.UPGRADE);
            var all = Map.of("streams.version", update);
            admin.updateFeatures(all, new UpdateFeaturesOptions()).all().get();
        }
    }

    private StreamsGroupHeartbeatRequestData joining(String topic) {
        var reads = new Subtopology().setSubtopologyId("0").setSourceTopics(List.of(topic));
        return new StreamsGroupHeartbeatRequestData()
                .setMemberEpoch(0)
                .setRebalanceTimeoutMs(1000)
                .setProcessId(id)
                .setTopology(new Topology().setEpoch(0).setSubtopologies(List.of(reads)))
                .setActiveTasks(List.of())
                .setStandbyTasks(List.of())
                .setWarmupTasks(List.of());
    }

    /** Gives the epoch that the coordinator has it in. */
    private int heartbeat(StreamsGroupHeartbeatRequestData data) throws IOException {
        data.setGroupId(group).setMemberId(id);
        var header = new RequestHeader(HEARTBEAT, VERSION, "streams-worker", 1);
        var request = RequestUtils.serialize(header.data(), header.headerVersion(), data, VERSION);
        out.writeInt(request.remaining());
        out.write(request.array(), request.arrayOffset() + request.position(), request.remaining());
        out.flush();
        byte[] bytes = new byte[in.readInt()];
        in.readFully(bytes);
        var answer = ByteBuffer.wrap(bytes);
        ResponseHeader.parse(answer, HEARTBEAT.responseHeaderVersion(VERSION));
        var told = new StreamsGroupHeartbeatResponseData(new ByteBufferAccessor(answer), VERSION);
        if (told.errorCode() != 0) {
            throw new IOException("error " + told.errorCode() + ": " + told.errorMessage());
        }
        return told.memberEpoch();
    }
}
