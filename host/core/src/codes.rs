//! The stable codes, one page each under `docs/codes/`.

use std::fmt;

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal,)+) => {
        /// A stable code; its page is `docs/codes/<code>.md`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Code] = &[$(Code::$name,)+];

            /// As printed: `PSK-` and a letter for the stage, then a number.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Code::$name => $code,)+
                }
            }

            /// The code that is printed so.
            pub fn named(text: &str) -> Option<Code> {
                Code::ALL.iter().copied().find(|code| code.as_str() == text)
            }

            /// One sentence.
            pub fn title(self) -> &'static str {
                match self {
                    $(Code::$name => concat!($($doc),+).trim_ascii(),)+
                }
            }
        }
    };
}

codes! {
    /// The handler asked for a retry more often than its policy allows.
    RetriesExhausted = "PSK-H001",
    /// The handler rejected the record.
    Rejected = "PSK-H002",
    /// The handler crashed with an exception that its SDK caught.
    Crashed = "PSK-H003",
    /// The handler trapped.
    Trapped = "PSK-H004",
    /// The handler did not answer within its deadline.
    DeadlinePassed = "PSK-H005",
    /// The handler wanted more memory than its limit.
    MemoryExceeded = "PSK-H006",
    /// The handler staged more outputs than its limit.
    TooManyOutputs = "PSK-H007",
    /// The handler staged more output bytes than its limit.
    OutputTooLarge = "PSK-H008",
    /// The handler wrote to an output that it does not declare.
    UnknownOutput = "PSK-H009",
    /// The broker refused an output for what it is.
    OutputRefused = "PSK-H010",

    /// A partition halted: a record failed, and is neither dead-lettered nor skipped.
    Halted = "PSK-O001",
    /// A partition waits: an output topic can't be written.
    OutputUnwritable = "PSK-O002",
    /// A partition halted: its dead-letter topic can't be written.
    DeadLetterUnwritable = "PSK-O003",
    /// Offsets could not be committed.
    CommitFailed = "PSK-O004",
    /// Work was abandoned at shutdown because the deadline passed.
    AbandonedAtShutdown = "PSK-O005",
    /// A partition waits: as many keys are parked as may be.
    ParkingFull = "PSK-O006",
    /// A topic waits: a plugin of its handlers is being compiled.
    PluginCompiling = "PSK-O007",
    /// The host has made a mistake, and ends.
    HostPanicked = "PSK-O008",

    /// Kafka can't be reached.
    KafkaUnreachable = "PSK-K001",
    /// A topic does not exist.
    TopicMissing = "PSK-K002",
    /// Kafka refused the host's credentials or permissions.
    KafkaRefused = "PSK-K003",
    /// The committed offset lies outside the log.
    OffsetOutOfRange = "PSK-K004",
    /// Some partitions of a topic have no committed offset, others have.
    CommitMissing = "PSK-K005",
    /// The Kafka client met a fatal error.
    ClientFatal = "PSK-K006",
    /// The assignment was lost before it could be given back.
    AssignmentLost = "PSK-K007",
    /// A batch could not be read.
    RecordUnreadable = "PSK-K008",
    /// Brokers hold this host's answers back for a quota.
    Throttled = "PSK-K009",
    /// The group does not take this host in.
    GroupRefuses = "PSK-K010",
    /// The brokers have shut this host's producer out.
    ProducerFenced = "PSK-K011",
    /// The host does not get from its group what it is to read.
    AssignmentNeverCame = "PSK-K012",

    /// Records wait, and the group has no committed offset.
    DoctorNoCommit = "PSK-D001",
    /// The group's committed offset lies outside the log.
    DoctorOutsideLog = "PSK-D002",
    /// A topic was deleted and made again.
    DoctorTopicRemade = "PSK-D003",
    /// A topic that the group wants does not exist.
    DoctorTopicMissing = "PSK-D004",
    /// Clients of different applications share a group.
    DoctorStrangers = "PSK-D005",
    /// The group does not exist.
    DoctorGroupMissing = "PSK-D006",
    /// Records wait, and nobody is in the group.
    DoctorNobody = "PSK-D007",
    /// A member is alive, and its partitions do not move.
    DoctorStandstill = "PSK-D008",
    /// The group is slower than its producers.
    DoctorTooSlow = "PSK-D009",
    /// An open transaction holds records back.
    DoctorHeldBack = "PSK-D010",
    /// Records wait in partitions that nobody in the group has.
    DoctorUnowned = "PSK-D011",
    /// A broker that is needed can't be reached.
    DoctorBrokerUnreachable = "PSK-D012",
    /// What has to be seen may not be seen.
    DoctorNotPermitted = "PSK-D013",
    /// The group does not settle.
    DoctorUnsettled = "PSK-D014",
    /// A commit waits for the end of a transaction.
    DoctorCommitPending = "PSK-D015",
    /// The next batch of records is damaged.
    DoctorBatchDamaged = "PSK-D016",
    /// A partition stands still inside of a host.
    DoctorHostStandsStill = "PSK-D017",
    /// A host fetches nothing, though records wait.
    DoctorFetchStalled = "PSK-D018",
    /// Offsets advance, and nothing is produced.
    DoctorNothingProduced = "PSK-D019",

    /// A topic of the configuration does not exist.
    PreflightTopicMissing = "PSK-B001",
    /// A topic has too few replicas, or no leader.
    PreflightReplicas = "PSK-B002",
    /// A permission is missing.
    PreflightNotPermitted = "PSK-B003",
    /// A topic takes smaller records than may be written to it.
    PreflightTooLarge = "PSK-B004",
    /// Records may be deleted before they are processed.
    PreflightRetention = "PSK-B005",
    /// A topic that is written to is compacted.
    PreflightCompacted = "PSK-B006",
    /// The timestamps of outputs do not suit their topic.
    PreflightTimestamps = "PSK-B007",
    /// The group is used by others, or can't be joined.
    PreflightGroup = "PSK-B008",
    /// The brokers lack what the configuration needs, or the host what the records need.
    PreflightUnsupported = "PSK-B009",
    /// The clocks differ.
    PreflightClocks = "PSK-B010",
    /// A committed offset lies outside its log.
    PreflightOutsideLog = "PSK-B011",
    /// Something could not be checked.
    PreflightUnchecked = "PSK-B012",
    /// Failures are tried again for longer than their topic keeps records.
    PreflightRetries = "PSK-B013",
    /// Keys are to wait by themselves, and records have none.
    PreflightKeyless = "PSK-B014",

    /// A broker's certificate is signed by an authority that is not trusted.
    UnknownAuthority = "PSK-S001",
    /// A broker's certificate is not valid at this time.
    CertificateOutOfDate = "PSK-S002",
    /// A broker's certificate is for another name.
    CertificateOtherName = "PSK-S003",
    /// One side speaks TLS and the other does not.
    EncryptionDiffers = "PSK-S004",
    /// A broker wants another certificate of the client.
    ClientCertificate = "PSK-S005",
    /// A broker does not accept the login.
    LoginRefused = "PSK-S006",
    /// A listener does not offer the login that is configured.
    LoginDiffers = "PSK-S007",
    /// There is no token to log in with.
    NoToken = "PSK-S008",
    /// The TLS handshake fails.
    HandshakeFailed = "PSK-S009",

    /// The configuration can't be read.
    ConfigUnreadable = "PSK-C001",
    /// The configuration is not TOML.
    ConfigSyntax = "PSK-C002",
    /// A key is unknown.
    UnknownKey = "PSK-C003",
    /// A value has the wrong type or form.
    WrongType = "PSK-C004",
    /// A required key is missing.
    MissingKey = "PSK-C005",
    /// An environment variable is missing.
    MissingVariable = "PSK-C006",
    /// A value is outside its range, or limits contradict each other.
    ImpossibleValue = "PSK-C007",
    /// A name refers to something that isn't there.
    UnknownReference = "PSK-C008",
    /// A name is used twice.
    DuplicateName = "PSK-C009",
    /// A handler writes to a topic that it reads.
    Loop = "PSK-C010",
    /// A client setting is unknown.
    UnknownClientSetting = "PSK-C011",
    /// A client setting belongs to the host.
    HostOwnedSetting = "PSK-C012",
    /// A plugin's declared output is not mapped to a topic.
    OutputNotMapped = "PSK-C013",
    /// A mapped output is not declared by the plugin.
    OutputNotDeclared = "PSK-C014",

    /// A plugin file is missing or can't be read.
    PluginMissing = "PSK-P001",
    /// A plugin file has another digest than the one pinned.
    DigestMismatch = "PSK-P002",
    /// A plugin file is not a component of a contract that this host knows.
    NotAPlugin = "PSK-P003",
    /// A plugin imports what the host does not give.
    ForbiddenImport = "PSK-P004",
    /// A plugin could not describe itself.
    DescribeFailed = "PSK-P005",
    /// A plugin refused its settings.
    SettingsRefused = "PSK-P006",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
