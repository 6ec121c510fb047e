//! The functions that the host gives a guest. Each argument is copied once, from the guest's
//! memory to where it stays; epochs don't interrupt them, so each is bounded by what it is given.

use wasmtime::component::{Linker, WasmList, WasmStr};
use wasmtime::{Engine, Error, Result, StoreContextMut};

use crate::contract::{self, EmittedHeader, LogLevel};
use crate::log;
use crate::outputs::{HEADER_OVERHEAD_BYTES, Outputs};
use crate::state::State;
use crate::version::Version;

/// The functions of a version of the contract.
pub(crate) struct Functions {
    pub(crate) version: Version,
    pub(crate) linker: Linker<State>,
}

impl Functions {
    /// Those that this host has, told as those of this version.
    pub(crate) fn of(version: Version, engine: &Engine) -> Result<Self> {
        let mut linker = Linker::new(engine);
        link(&mut linker, version)?;
        Ok(Functions { version, linker })
    }
}

fn link(linker: &mut Linker<State>, version: Version) -> Result<()> {
    let mut log = linker.instance(&version.interface(contract::LOG))?;
    log.func_wrap("max-level", |_, (): ()| Ok((log::max_level(),)))?;
    log.func_wrap("write", write)?;

    let mut context = linker.instance(&version.interface(contract::CONTEXT))?;
    context.func_wrap("now-ms", |store: StoreContextMut<'_, State>, (): ()| {
        let record = store.data().origin.record;
        Ok((record.map_or(0, |record| record.now_ms),))
    })?;
    context.func_wrap("seed", |store: StoreContextMut<'_, State>, (): ()| {
        Ok((store.data().origin.seed(),))
    })?;
    context.func_wrap("attempt", |store: StoreContextMut<'_, State>, (): ()| {
        let record = store.data().origin.record;
        Ok((record.map_or(0, |record| record.attempt),))
    })?;

    linker
        .instance(&version.interface(contract::OUTPUTS))?
        .func_wrap("emit", emit)?;
    Ok(())
}

fn write(mut store: StoreContextMut<'_, State>, (level, text): (LogLevel, WasmStr)) -> Result<()> {
    // Taken out for the moment: the text is borrowed from the same store.
    let mut log = std::mem::take(&mut store.data_mut().log);
    let written = text
        .to_str(&store)
        .map(|text| log.write(level, &text, &store.data().origin));
    store.data_mut().log = log;
    written
}

type Emitted = (
    u32,
    Option<WasmList<u8>>,
    Option<WasmList<u8>>,
    WasmList<EmittedHeader>,
    Option<i64>,
);

fn emit(mut store: StoreContextMut<'_, State>, emitted: Emitted) -> Result<()> {
    if store.data().origin.record.is_none() {
        return Err(Error::msg("`emit` was called outside `handle`"));
    }
    // Taken out for the moment: what is emitted is borrowed from the same store.
    let mut outputs = std::mem::take(&mut store.data_mut().outputs);
    let staged = stage(&mut store, &mut outputs, emitted);
    store.data_mut().outputs = outputs;
    staged
}

fn stage(
    store: &mut StoreContextMut<'_, State>,
    outputs: &mut Outputs,
    (to, key, value, headers, timestamp_ms): Emitted,
) -> Result<()> {
    let len = |bytes: &Option<WasmList<u8>>| bytes.as_ref().map_or(0, WasmList::len);
    let bytes = len(&key) + len(&value) + headers.len() * HEADER_OVERHEAD_BYTES;
    // Before the headers are read: a list may claim millions of them.
    let read = headers.len().saturating_mul(size_of::<EmittedHeader>());
    outputs.permit(to, bytes.max(read))?;
    let headers = match headers.len() {
        0 => Vec::new(),
        _ => headers.iter(&mut *store)?.collect::<Result<_>>()?,
    };
    let store = &*store;
    let slice = |bytes: &WasmList<u8>| bytes.as_le_slice(store);
    let headers = headers
        .iter()
        .map(|header| Ok((header.name.to_str(store)?, header.value.as_ref().map(slice))))
        .collect::<Result<Vec<_>>>()?;
    let header_bytes = headers
        .iter()
        .map(|(name, value)| name.len() + value.map_or(0, <[u8]>::len))
        .sum::<usize>();
    outputs.permit(to, bytes + header_bytes)?;
    outputs.staging.push(
        to,
        key.as_ref().map(slice),
        value.as_ref().map(slice),
        headers.iter().map(|(name, value)| (&**name, *value)),
        timestamp_ms,
    );
    Ok(())
}
