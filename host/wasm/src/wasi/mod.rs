//! WASI 0.2 as a handler is given it: enough for what language runtimes ask of it, and nothing
//! from outside the sandbox. The same record finds the same surroundings.
//!
//! Clocks and randomness come from the record ([`clocks`], [`random`]), what is printed goes to
//! the host's log ([`streams`]). All else answers that there is nothing, by what its type can say:
//! `none`, an empty list, `access-denied`, `closed`. What can't say so traps when it is called.

mod clocks;
mod random;
mod streams;

use wasmtime::component::types::{ComponentFunc, ComponentInstance, ComponentItem, Type};
use wasmtime::component::{LinkerInstance, Resource, ResourceType, Val};
use wasmtime::{Engine, Error, Result, StoreContextMut};

use crate::log::Log;
use crate::state::{Origin, State};
use crate::wasi::clocks::{Clocks, Pollable};
use crate::wasi::random::Random;
use crate::wasi::streams::{InputStream, OutputStream, Stdio};

/// The packages of WASI 0.2 that a component may import.
pub(crate) const PACKAGES: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// Stands for every resource of which there is nothing to be had: files, sockets, terminals.
struct Nothing;

/// What WASI keeps of one instance.
#[derive(Default)]
pub(crate) struct Wasi {
    clocks: Clocks,
    random: Random,
    stdio: Stdio,
}

impl Wasi {
    /// Another record, or the same again: clocks and randomness are its own.
    pub(crate) fn take_up(&mut self, now_ms: i64) {
        self.clocks.take_up(now_ms);
        self.random = Random::default();
    }

    /// A new call.
    pub(crate) fn begin(&mut self) {
        self.stdio.begin();
    }

    /// The call is over: what it printed without ending the line is a line.
    pub(crate) fn end(&mut self, log: &mut Log, origin: &Origin) {
        self.stdio.end(log, origin);
    }

    /// What this call wrote to its standard error: the beginning and the end, if it was much.
    pub(crate) fn stderr(&self) -> String {
        self.stdio.stderr()
    }
}

/// Gives an instance of a WASI interface, called `name`, to the components of `linker`.
pub(crate) fn link(
    engine: &Engine,
    linker: &mut LinkerInstance<'_, State>,
    name: &str,
    instance: &ComponentInstance,
) -> Result<()> {
    let (interface, _) = name.split_once('@').unwrap_or((name, ""));
    for (export, item) in instance.exports(engine) {
        match item.ty {
            ComponentItem::ComponentFunc(ty) => {
                let given = clocks::give(linker, interface, export)
                    .or_else(|| random::give(linker, interface, export))
                    .or_else(|| streams::give(linker, interface, export))
                    .or_else(|| give(linker, interface, export));
                given.unwrap_or_else(|| give_nothing(linker, name, export, &ty))?;
            }
            ComponentItem::Resource(_) => resource(linker, export)?,
            _ => {}
        }
    }
    Ok(())
}

fn resource(linker: &mut LinkerInstance<'_, State>, name: &str) -> Result<()> {
    match name {
        "pollable" => linker.resource(name, ResourceType::host::<Pollable>(), clocks::forget),
        "input-stream" => linker.resource(name, ResourceType::host::<InputStream>(), drop_nothing),
        "output-stream" => {
            linker.resource(name, ResourceType::host::<OutputStream>(), drop_nothing)
        }
        _ => linker.resource(name, ResourceType::host::<Nothing>(), drop_nothing),
    }
}

fn drop_nothing(_: StoreContextMut<'_, State>, _: u32) -> Result<()> {
    Ok(())
}

/// What is neither time, randomness nor a stream.
fn give(
    linker: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
) -> Option<Result<()>> {
    Some(match (interface, function) {
        ("wasi:cli/exit", "exit") => linker.func_wrap(function, exit),
        ("wasi:cli/exit", "exit-with-code") => linker.func_wrap(function, exit_with_code),
        // A handle to nothing: whoever uses it is denied.
        ("wasi:sockets/instance-network", "instance-network") => {
            linker.func_wrap(function, |_, (): ()| Ok((Resource::<Nothing>::new_own(0),)))
        }
        _ => return None,
    })
}

fn exit(_: StoreContextMut<'_, State>, (status,): (Result<(), ()>,)) -> Result<()> {
    let status = if status.is_ok() { "success" } else { "failure" };
    Err(exited(status))
}

fn exit_with_code(_: StoreContextMut<'_, State>, (code,): (u8,)) -> Result<()> {
    Err(exited(&format!("code {code}")))
}

fn exited(with: &str) -> Error {
    Error::msg(format!(
        "the handler called `exit` with {with}, and a handler answers instead"
    ))
}

fn give_nothing(
    linker: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
    ty: &ComponentFunc,
) -> Result<()> {
    let nothing = ty.results().next().and_then(|ty| nothing(&ty));
    let denied = format!(
        "`{interface}#{function}` is denied: a handler has no files, sockets or environment"
    );
    linker.func_new(function, move |mut store, _, params, results| {
        for param in params {
            // A handle that was lent is given back.
            if let Val::Resource(handle) = param {
                handle.resource_drop(&mut store)?;
            }
        }
        match (results, &nothing) {
            ([result], Some(nothing)) => result.clone_from(nothing),
            _ => return Err(Error::msg(denied.clone())),
        }
        Ok(())
    })
}

/// How a type says that there is nothing, if it can.
fn nothing(ty: &Type) -> Option<Val> {
    let error = match ty {
        Type::Option(_) => return Some(Val::Option(None)),
        Type::List(_) => return Some(Val::List(Vec::new())),
        Type::Result(ty) => match ty.err()? {
            Type::Enum(ty) => {
                let denied = ty.names().find(|name| *name == "access-denied")?;
                Val::Enum(denied.to_owned())
            }
            Type::Variant(ty) => {
                let closed = ty.cases().find(|case| case.name == "closed")?;
                Val::Variant(closed.name.to_owned(), None)
            }
            _ => return None,
        },
        _ => return None,
    };
    Some(Val::Result(Err(Some(Box::new(error)))))
}
