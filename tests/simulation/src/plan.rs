//! What a seed makes: topics and their records, settings, and which faults there are.

use std::time::Duration;

use penstock_core::policy::{Class, Policy, Retry, RetryMode, Rule, Then};

use crate::rng::Rng;

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Fault {
    /// A host dies; a new one begins from what is committed.
    Crash,
    /// A partition is revoked and assigned again.
    Revoke,
    /// The group gives a host's partitions away before it knows.
    Lost,
    /// Acknowledgements take long.
    Late,
    /// A host reaches no broker to write to for a while.
    Outage,
    /// A topic can't be written for a while.
    Topic,
    /// A broker, or the client, refuses single messages.
    Message,
    /// The client's queue is full.
    Queue,
    /// Commits, and the calls of transactions, are refused, or not answered.
    Commit,
    /// A producer is shut out: its host ends, and nobody knows what became of its transaction.
    Fatal,
    /// An operator pauses, and resumes.
    Pause,
    /// An operator puts a partition elsewhere.
    Reset,
    /// A fetch repeats records.
    Rewind,
    /// Handlers fail, or ask to be called again.
    Failure,
    /// Handlers are slow, or never answer.
    Slow,
}

/// All of them.
pub const FAULTS: [Fault; 15] = [
    Fault::Crash,
    Fault::Revoke,
    Fault::Lost,
    Fault::Late,
    Fault::Outage,
    Fault::Topic,
    Fault::Message,
    Fault::Queue,
    Fault::Commit,
    Fault::Fatal,
    Fault::Pause,
    Fault::Reset,
    Fault::Rewind,
    Fault::Failure,
    Fault::Slow,
];

/// Records of a partition at most, where nothing else is said.
pub const RECORDS: usize = 30;
/// Steps with faults at most, where nothing else is said.
pub const STEPS: usize = 900;

/// A seed, and what of it is left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Decides everything.
    pub seed: u64,
    /// Records of a partition, at most.
    pub records: usize,
    /// Steps until the faults cease, at most.
    pub steps: usize,
    /// What does not go wrong.
    pub without: Vec<Fault>,
}

impl Options {
    /// All of a seed.
    pub fn all(seed: u64) -> Options {
        Options {
            seed,
            records: RECORDS,
            steps: STEPS,
            without: Vec::new(),
        }
    }

    /// The command that plays it again.
    pub fn command(&self) -> String {
        let mut text = format!("cargo run -p penstock-simulation -- --seed {}", self.seed);
        if self.records != RECORDS {
            text += &format!(" --records {}", self.records);
        }
        if self.steps != STEPS {
            text += &format!(" --steps {}", self.steps);
        }
        if !self.without.is_empty() {
            let names: Vec<String> = self.without.iter().map(Fault::name).collect();
            text += &format!(" --without {}", names.join(","));
        }
        text
    }
}

impl Fault {
    fn name(&self) -> String {
        format!("{self:?}").to_lowercase()
    }
}

/// An input topic.
#[derive(Debug)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// How many handlers each record has.
    pub handlers: usize,
    /// Whether it has a dead-letter topic.
    pub dead_letter: bool,
}

/// A record of an input partition.
#[derive(Debug)]
pub struct Input {
    /// Offsets have gaps.
    pub offset: i64,
    /// `None` is null.
    pub key: Option<Vec<u8>>,
    /// Bytes of its value.
    pub bytes: usize,
}

/// An input partition.
#[derive(Debug)]
pub struct Place {
    /// Index into the topics.
    pub topic: usize,
    /// The number within the topic.
    pub number: i32,
    /// In the order of offsets.
    pub records: Vec<Input>,
}

impl Place {
    /// After the last record.
    pub fn end(&self) -> i64 {
        self.records.last().map_or(0, |record| record.offset + 1)
    }
}

/// See the module.
#[derive(Debug)]
pub struct Plan {
    /// What was asked for.
    pub options: Options,
    /// Input topics.
    pub topics: Vec<Topic>,
    /// Input partitions of all topics.
    pub places: Vec<Place>,
    /// Names of the output topics: two for outputs, one of dead letters for each input topic.
    pub outputs: Vec<String>,
    /// Whether records and outputs are so large that they fill buffers.
    pub large: bool,
    /// What failures are met with.
    pub policy: Policy,
    /// Bytes sent and not acknowledged.
    pub outbox_bytes: u64,
    /// Messages that a client's queue holds.
    pub queue_messages: usize,
    /// Worker threads of a host.
    pub workers: usize,
    /// Instances of a handler.
    pub instances: u32,
    /// Hosts at a time.
    pub hosts: usize,
    /// Between two commits.
    pub commit_interval: Duration,
    /// Bytes with which a transaction is committed sooner, if there are transactions: in every other
    /// seed.
    pub transaction_bytes: Option<u64>,
    /// Between a refusal and the next try.
    pub resend_after: Duration,
    /// How often a step is a fault, in 1000.
    pub faults_per_mille: usize,
    /// Steps until the faults cease.
    pub steps: usize,
}

/// Output topics that are no dead-letter topics.
pub const OUTPUTS: usize = 2;
/// Partitions of an output topic.
pub const OUTPUT_PARTITIONS: u64 = 2;
/// Bytes of records that a host keeps.
pub const BUFFER_BYTES: u64 = 96 * 1024;

impl Plan {
    /// What these options make.
    pub fn new(options: Options) -> Plan {
        let mut rng = Rng::new(options.seed);
        let has = |fault| !options.without.contains(&fault);
        let large = rng.per_mille(250);
        let topics: Vec<Topic> = (0..rng.within(1, 2))
            .map(|number| Topic {
                name: format!("in{number}"),
                handlers: rng.within(1, 3),
                dead_letter: rng.per_mille(800),
            })
            .collect();
        let mut places = Vec::new();
        for topic in 0..topics.len() {
            for number in 0..rng.within(1, 3) as i32 {
                let mut records = records(&mut rng, large);
                // Cut short afterwards, so that nothing else changes by it.
                records.truncate(options.records);
                places.push(Place {
                    topic,
                    number,
                    records,
                });
            }
        }
        let short_queue = rng.per_mille(300).then(|| rng.within(1, 8));
        let ms = |ms: usize| Duration::from_millis(ms as u64);
        let backoff = rng.within(1, 60);
        let dead = topics.iter().enumerate();
        let exactly_once = options.seed % 2 == 1;
        let largest = if large { 200_000 } else { 2_000 };
        Plan {
            outputs: (0..OUTPUTS)
                .map(|number| format!("out{number}"))
                .chain(dead.map(|(number, _)| format!("dead{number}")))
                .collect(),
            large,
            policy: policy(&mut rng, ms(backoff)),
            outbox_bytes: if large {
                rng.within(20_000, 300_000)
            } else {
                rng.within(20, 2_000)
            } as u64,
            queue_messages: short_queue.filter(|_| has(Fault::Queue)).unwrap_or(10_000),
            workers: rng.within(1, 2),
            instances: rng.within(1, 3) as u32,
            hosts: rng.within(1, 2),
            commit_interval: ms(rng.within(2, 100)),
            transaction_bytes: exactly_once.then(|| rng.within(10, largest) as u64),
            resend_after: ms(rng.within(5, 100)),
            faults_per_mille: rng.within(5, 60),
            steps: options.steps.min(rng.within(150, STEPS)),
            options,
            topics,
            places,
        }
    }

    /// Whether this may go wrong.
    pub fn has(&self, fault: Fault) -> bool {
        !self.options.without.contains(&fault)
    }

    /// A partition's name.
    pub fn name(&self, place: usize) -> String {
        let place = &self.places[place];
        format!("{}[{}]", self.topics[place.topic].name, place.number)
    }

    /// The partition of this name.
    pub fn place(&self, topic: usize, number: i32) -> usize {
        let mut places = self.places.iter();
        places
            .position(|place| place.topic == topic && place.number == number)
            .expect("only planned partitions are assigned")
    }
}

fn records(rng: &mut Rng, large: bool) -> Vec<Input> {
    let most = if large { RECORDS / 2 } else { RECORDS };
    let mut offset = rng.below(3) as i64;
    (0..rng.below(most + 1))
        .map(|_| {
            let at = offset;
            offset += 1 + i64::from(rng.per_mille(200)) * rng.within(1, 4) as i64;
            Input {
                offset: at,
                key: (!rng.per_mille(150)).then(|| vec![b'a' + rng.below(3) as u8]),
                bytes: if large {
                    rng.within(1, 20_000)
                } else {
                    rng.below(30)
                },
            }
        })
        .collect()
}

/// Most classes are met as by default; what the broker refuses always is, since the books know of no
/// other end for it.
fn policy(rng: &mut Rng, backoff: Duration) -> Policy {
    let attempts = rng.within(1, 4) as u32;
    let backoff_max = backoff * rng.within(1, 4) as u32;
    let rule = |class: Class, then| Rule {
        retry: Retry {
            attempts: class.attempts(attempts),
            backoff_min: backoff,
            backoff_max,
            jitter_percent: 0,
            total: Duration::from_secs(3600),
            mode: RetryMode::Block,
        },
        then,
    };
    let rules = Class::ALL.map(|class| {
        let then = match rng.below(10) {
            0 if class != Class::Output => Then::Skip,
            1 if class != Class::Output => Then::Halt,
            _ => Then::DeadLetter,
        };
        let mut rule = rule(class, then);
        if rng.per_mille(200) {
            rule.retry.attempts = rng.within(1, 3) as u32;
        }
        rule
    });
    Policy {
        rules,
        reject_codes: Default::default(),
    }
}
