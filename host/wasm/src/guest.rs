//! One instance of a plugin in a store of its own, and the calls into it, each under its limits.

use std::borrow::Cow;
use std::sync::Arc;

use penstock_core::contract::{Description, SettingError};
use penstock_core::record::Record;
use penstock_core::staging::Staging;
use penstock_core::verdict::{Failure, Outcome};
use penstock_engine::ports::Call;
use wasmtime::component::{ComponentNamedList, Func, Instance, Lift, Lower, TypedFunc};
use wasmtime::{Store, UpdateDeadline};

use crate::contract::{
    GuestDescription, GuestFailure, GuestOutcome, GuestSettingError, Message, MessageHeader,
};
use crate::plugin::{Exports, Plugin};
use crate::state::{CurrentRecord, State};
use crate::trap;
use crate::version::CONTRACT_VERSION;

/// What a guest may hand over in one call of the host, or in one answer.
const HOSTCALL_BYTES_MIN: u64 = 1 << 20;
const HOSTCALL_BYTES_MAX: u64 = 128 << 20;

/// What a guest may say is wrong with its settings.
const SETTING_ERRORS_MAX: usize = 100;

type HandleParams<'a> = (Message<'a>,);
type HandleAnswer = (Result<GuestOutcome, GuestFailure>,);
type ConfigureParams<'a> = (&'a str, &'a [(String, String)]);
type ConfigureAnswer = (Result<(), Vec<GuestSettingError>>,);

/// A running guest, driven serially.
pub(crate) struct Guest {
    store: Store<State>,
    instance: Instance,
    handle: Func,
    headers: bool,
    dead: bool,
}

/// Why there is no guest, or no answer of one.
pub(crate) enum NoGuest {
    /// A function has another type than the contract's.
    Mismatch(String),
    /// It trapped or ran into a limit.
    Failed(Failure),
}

impl From<Failure> for NoGuest {
    fn from(failure: Failure) -> Self {
        NoGuest::Failed(failure)
    }
}

impl Guest {
    /// A fresh instance; `headers` says whether it is handed those of its records.
    pub(crate) fn start(plugin: &Plugin, state: State, headers: bool) -> Result<Guest, NoGuest> {
        let mut store = Store::new(plugin.linked.engine(), state);
        store.limiter(|state| &mut state.memory);
        let memory_bytes = store.data().memory.limit_bytes() as u64;
        let hostcall_bytes = memory_bytes.clamp(HOSTCALL_BYTES_MIN, HOSTCALL_BYTES_MAX);
        store.set_hostcall_fuel(usize::try_from(hostcall_bytes).unwrap_or(usize::MAX));
        let clock = Arc::clone(&plugin.clock);
        store.epoch_deadline_callback(move |mut store| {
            let more = store.data_mut().deadline.look(clock.look());
            Ok(more.map_or(UpdateDeadline::Interrupt, UpdateDeadline::Continue))
        });

        let ticks = store.data_mut().deadline.begin();
        store.set_epoch_deadline(ticks);
        let instance = plugin.linked.instantiate(&mut store);
        store.data_mut().end();
        let instance = instance.map_err(|error| trap::classify(&error, store.data()))?;
        let handle = typed::<HandleParams<'static>, HandleAnswer>(
            &mut store,
            instance,
            &plugin.exports.handle,
            "handle",
        )?;
        Ok(Guest {
            handle: *handle.func(),
            store,
            instance,
            headers,
            dead: false,
        })
    }

    pub(crate) fn describe(&mut self, exports: &Exports) -> Result<Description, NoGuest> {
        let describe = typed::<(), (GuestDescription,)>(
            &mut self.store,
            self.instance,
            &exports.describe,
            "describe",
        )?;
        let (description,) = self.call(|store| describe.call(store, ()))?;
        Ok(description.into())
    }

    /// Hands the settings over; what the guest says is wrong with them, or nothing.
    pub(crate) fn configure(
        &mut self,
        exports: &Exports,
        topic: &str,
        settings: &[(String, String)],
    ) -> Result<Vec<SettingError>, NoGuest> {
        let configure = typed::<ConfigureParams<'_>, ConfigureAnswer>(
            &mut self.store,
            self.instance,
            &exports.configure,
            "configure",
        )?;
        let (answer,) = self.call(|store| configure.call(store, (topic, settings)))?;
        let errors = answer.err().unwrap_or_default();
        let more = errors.len().saturating_sub(SETTING_ERRORS_MAX);
        let errors = errors.into_iter().take(SETTING_ERRORS_MAX);
        let mut errors: Vec<_> = errors.map(SettingError::from).collect();
        if let (Some(last), true) = (errors.last_mut(), more > 0) {
            last.problem.push_str(&format!(" (and {more} more)"));
        }
        Ok(errors)
    }

    /// Passes a record through. Outputs are staged on success, and taken back otherwise.
    pub(crate) fn handle(
        &mut self,
        record: &Record<'_>,
        call: Call,
        staging: &mut Staging,
    ) -> Result<Outcome, Failure> {
        let state = self.store.data_mut();
        state.take_up(CurrentRecord {
            partition: call.partition,
            offset: record.offset,
            now_ms: record.timestamp.millis().unwrap_or(0),
            attempt: call.attempt,
        });
        let mark = state.outputs.begin(staging);
        let answer = if self.headers && !record.headers.is_empty() {
            self.call_handle_with_headers(record, call)
        } else {
            self.call_handle(record, call, None)
        };
        let limit = self.store.data_mut().outputs.end(staging);
        let verdict = match (limit, answer) {
            (Some(limit), _) => Err(limit),
            (None, Err(failure)) => Err(failure),
            (None, Ok((Err(failure),))) => Err(failure.into()),
            (None, Ok((Ok(outcome),))) => Ok(outcome.into()),
        };
        if verdict != Ok(Outcome::Done) {
            staging.rollback(mark);
        }
        verdict
    }

    fn call_handle_with_headers(
        &mut self,
        record: &Record<'_>,
        call: Call,
    ) -> Result<HandleAnswer, Failure> {
        // The contract's names are strings, Kafka's are bytes.
        let names: Vec<Cow<'_, str>> = record
            .headers
            .iter()
            .map(|header| String::from_utf8_lossy(header.name))
            .collect();
        let headers: Vec<MessageHeader<'_>> = record
            .headers
            .iter()
            .zip(&names)
            .map(|(header, name)| MessageHeader {
                name,
                value: header.value,
            })
            .collect();
        self.call_handle(record, call, Some(&headers))
    }

    fn call_handle(
        &mut self,
        record: &Record<'_>,
        call: Call,
        headers: Option<&[MessageHeader<'_>]>,
    ) -> Result<HandleAnswer, Failure> {
        let message = Message {
            partition: call.partition,
            offset: record.offset.0,
            timestamp: record.timestamp.into(),
            key: record.key,
            value: record.value,
            headers,
        };
        // SAFETY: `start` checked the function against these types; a lifetime is no part of the
        // component's type.
        let handle =
            unsafe { TypedFunc::<HandleParams<'_>, HandleAnswer>::new_unchecked(self.handle) };
        self.call(|store| handle.call(store, (message,)))
    }

    /// One call into the guest. If it does not return, the guest is dead.
    fn call<R>(
        &mut self,
        call: impl FnOnce(&mut Store<State>) -> wasmtime::Result<R>,
    ) -> Result<R, Failure> {
        let state = self.store.data_mut();
        state.begin();
        let ticks = state.deadline.begin();
        self.store.set_epoch_deadline(ticks);
        let answer = call(&mut self.store);
        self.store.data_mut().end();
        answer.map_err(|error| {
            self.dead = true;
            trap::classify(&error, self.store.data())
        })
    }

    pub(crate) fn is_dead(&self) -> bool {
        self.dead
    }

    /// What its memories and tables take.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.store.data().memory.used_bytes()
    }
}

fn typed<Params, Answer>(
    store: &mut Store<State>,
    instance: Instance,
    export: &wasmtime::component::ComponentExportIndex,
    name: &str,
) -> Result<TypedFunc<Params, Answer>, NoGuest>
where
    Params: ComponentNamedList + Lower,
    Answer: ComponentNamedList + Lift,
{
    instance.get_typed_func(store, export).map_err(|error| {
        NoGuest::Mismatch(format!(
            "its function `{name}` is not that of contract {CONTRACT_VERSION}: {error:#}"
        ))
    })
}
