//! librdkafka's mock cluster. rdkafka's own wrapper can't shorten the first rebalance.

use std::ffi::{CStr, c_int};
use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka_sys as sys;

use super::Error;
use super::handle::{Handle, Role, topic_name};
use super::list::checked;
use super::queue::millis;

/// A mock cluster of one broker.
pub struct MockCluster {
    cluster: *mut sys::rd_kafka_mock_cluster_t,
    /// The cluster lives in a client.
    _handle: Arc<Handle>,
}

// SAFETY: the mock cluster serves its calls on a thread of its own.
unsafe impl Send for MockCluster {}
// SAFETY: as above.
unsafe impl Sync for MockCluster {}

/// The only broker's id.
const BROKER: i32 = 1;
/// `OffsetCommit`, as the protocol numbers it.
const OFFSET_COMMIT: i16 = 8;
/// `Heartbeat`.
const HEARTBEAT: i16 = 12;
/// `EndTxn`.
const END_TRANSACTION: i16 = 26;

impl MockCluster {
    /// Starts it.
    ///
    /// # Errors
    /// When it doesn't.
    pub fn start() -> Result<MockCluster, Error> {
        let mut config = ClientConfig::new();
        // It misses brokers to talk to, and says so.
        config.set("log_level", "3");
        let handle = Handle::create(&config, Role::Producer)?;
        // SAFETY: the handle is live, and kept as long as the cluster.
        let cluster = unsafe { sys::rd_kafka_mock_cluster_new(handle.raw(), 1) };
        if cluster.is_null() {
            return Err(rdkafka::error::RDKafkaErrorCode::Fail.into());
        }
        // SAFETY: the cluster is live.
        unsafe { sys::rd_kafka_mock_group_initial_rebalance_delay_ms(cluster, 0) };
        Ok(MockCluster {
            cluster,
            _handle: handle,
        })
    }

    /// `host:port` for clients.
    pub fn bootstrap(&self) -> String {
        // SAFETY: the string lives as long as the cluster, and is copied.
        let servers =
            unsafe { CStr::from_ptr(sys::rd_kafka_mock_cluster_bootstraps(self.cluster)) };
        servers.to_string_lossy().into_owned()
    }

    /// Creates a topic.
    ///
    /// # Errors
    /// When it exists already.
    pub fn create_topic(&self, name: &str, partitions: i32) -> Result<(), Error> {
        let name = topic_name(name)?;
        // SAFETY: the cluster is live, the name is copied.
        checked(unsafe {
            sys::rd_kafka_mock_topic_create(self.cluster, name.as_ptr(), partitions, 1)
        })
    }

    /// Takes the broker away, or brings it back.
    ///
    /// # Errors
    /// None that is known.
    pub fn set_up(&self, up: bool) -> Result<(), Error> {
        // SAFETY: the cluster is live.
        checked(unsafe {
            if up {
                sys::rd_kafka_mock_broker_set_up(self.cluster, BROKER)
            } else {
                sys::rd_kafka_mock_broker_set_down(self.cluster, BROKER)
            }
        })
    }

    /// Clients are told to come to this port of the loopback address.
    pub fn advertise(&self, port: u16) {
        let host = c"127.0.0.1".as_ptr();
        // SAFETY: the cluster is live, the name is copied.
        unsafe {
            sys::rd_kafka_mock_broker_set_host_port(self.cluster, BROKER, host, port.into());
        }
    }

    /// The next commit is refused so, or done and answered so late; after those said before.
    ///
    /// # Errors
    /// None that is known.
    pub fn push_commit_answer(
        &self,
        refusal: Option<RDKafkaErrorCode>,
        late_by: Duration,
    ) -> Result<(), Error> {
        self.push_answer(OFFSET_COMMIT, refusal, late_by)
    }

    /// The next heartbeat of a member, and the next end of a transaction, have come to a broker that
    /// does not coordinate them.
    ///
    /// # Errors
    /// None that is known.
    pub fn push_not_coordinator(&self) -> Result<(), Error> {
        let refusal = Some(RDKafkaErrorCode::NotCoordinator);
        self.push_answer(HEARTBEAT, refusal, Duration::ZERO)?;
        self.push_answer(END_TRANSACTION, refusal, Duration::ZERO)
    }

    fn push_answer(
        &self,
        request: i16,
        refusal: Option<RDKafkaErrorCode>,
        late_by: Duration,
    ) -> Result<(), Error> {
        let code = refusal.map_or(0, |code| code as c_int);
        // SAFETY: the cluster is live; one pair of numbers follows, as is said.
        checked(unsafe {
            sys::rd_kafka_mock_broker_push_request_error_rtts(
                self.cluster,
                BROKER,
                request,
                1,
                code,
                millis(late_by),
            )
        })
    }
}

impl Drop for MockCluster {
    fn drop(&mut self) {
        // SAFETY: owned, destroyed once, before the client that it lives in.
        unsafe { sys::rd_kafka_mock_cluster_destroy(self.cluster) }
    }
}
