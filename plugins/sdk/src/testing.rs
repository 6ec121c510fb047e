//! A fake host, so that plugins are tested natively. Not there in WebAssembly.
//!
//! It keeps the contract's rules: outputs are dropped unless the answer is
//! [`Outcome::Done`], an output that is not declared fails the test, and so does a reason code
//! that the host would refuse.

use std::fmt;

use crate::log::Level;
use crate::{
    Description, Failure, Handler, Header, Message, Outcome, Reason, SettingError, Timestamp,
};

pub(crate) mod fake;

/// A record with this value, of partition 0 and offset 0, made at the start of 2026, without key
/// and headers.
///
/// `Message { key: Some(b"k"), ..message("value") }` sets the rest.
pub fn message(value: &(impl AsRef<[u8]> + ?Sized)) -> Message<'_> {
    Message {
        partition: 0,
        offset: 0,
        timestamp: Timestamp::CreateTime(1_767_225_600_000),
        key: None,
        value: Some(value.as_ref()),
        headers: Vec::new(),
    }
}

/// A configured handler, fed one record after another.
pub struct Instance<H> {
    handler: H,
    description: Description,
    topic: String,
}

/// What came of one call of `handle`.
#[derive(Debug)]
pub struct Run {
    /// The handler's answer.
    pub result: Result<Outcome, Failure>,
    /// What the host would send.
    pub outputs: Vec<Emitted>,
    /// What was logged.
    pub log: Vec<(Level, String)>,
}

/// A record that a handler emitted.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitted {
    /// The output's name.
    pub output: String,
    /// The key.
    pub key: Option<Vec<u8>>,
    /// The value.
    pub value: Option<Vec<u8>>,
    /// The headers.
    pub headers: Vec<Header>,
    /// The timestamp, in milliseconds since 1970, where one was given.
    pub timestamp_ms: Option<i64>,
}

impl Emitted {
    /// The value as text.
    ///
    /// # Panics
    /// If there is none, or if it is not UTF-8.
    pub fn value_str(&self) -> &str {
        str::from_utf8(self.value.as_deref().expect("a value")).expect("UTF-8")
    }
}

/// One record through a fresh instance without settings.
///
/// # Panics
/// If `configure` refuses that.
pub fn run<H: Handler>(message: Message<'_>) -> Run {
    match Instance::<H>::new("topic", &[]) {
        Ok(mut instance) => instance.handle(message),
        Err(errors) => panic!("configure refused: {errors:?}"),
    }
}

// By hand, so that a handler need not be `Debug` for `Instance::new(…).unwrap_err()`.
impl<H> fmt::Debug for Instance<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl<H: Handler> Instance<H> {
    /// Configure a handler for a topic.
    ///
    /// # Errors
    /// What `configure` refuses.
    pub fn new(topic: &str, settings: &[(&str, &str)]) -> Result<Self, Vec<SettingError>> {
        let given = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        Ok(Instance {
            handler: crate::export::configure::<H>(topic, given)?,
            description: H::describe(),
            topic: topic.to_owned(),
        })
    }

    /// Handle one record, at the first attempt.
    ///
    /// # Panics
    /// If the handler does, or if it breaks the contract.
    pub fn handle(&mut self, message: Message<'_>) -> Run {
        self.handle_attempt(message, 1)
    }

    /// Handle one record, at this attempt.
    ///
    /// # Panics
    /// If the handler does, or if it breaks the contract.
    pub fn handle_attempt(&mut self, mut message: Message<'_>, attempt: u32) -> Run {
        if !self.description.headers {
            message.headers.clear();
        }
        fake::begin(&self.description.name, &self.topic, &message, attempt);
        let result = self.handler.handle(message);
        let call = fake::end();
        if let Some(reason) = reason(&result) {
            assert_code(&reason.code);
        }
        let outputs = match result {
            Ok(Outcome::Done) => call
                .outputs
                .into_iter()
                .map(|(index, emitted)| self.named(index, emitted))
                .collect(),
            _ => Vec::new(),
        };
        Run {
            result,
            outputs,
            log: call.log,
        }
    }

    fn named(&self, index: u32, emitted: Emitted) -> Emitted {
        match self.description.outputs.get(index as usize) {
            Some(spec) => Emitted {
                output: spec.name.clone(),
                ..emitted
            },
            None => panic!("emit to output {index}, which is not declared"),
        }
    }
}

fn reason(result: &Result<Outcome, Failure>) -> Option<&Reason> {
    match result {
        Ok(Outcome::Skip(reason)) | Err(Failure::Reject(reason)) => Some(reason),
        Err(Failure::Retry(retry)) => Some(&retry.why),
        Ok(Outcome::Done) | Err(Failure::Crash(_)) => None,
    }
}

fn assert_code(code: &str) {
    let well_formed = (1..=64).contains(&code.len())
        && code
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
    assert!(well_formed, "reason code `{code}` is not [a-z0-9-]{{1,64}}");
}
