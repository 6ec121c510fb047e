//! What a component may import: the contract, and WASI 0.2, which is denied when called.

use penstock_core::codes::Code;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Component, Linker, LinkerInstance, ResourceType};
use wasmtime::{Engine, Error, Result};

use crate::error::LoadError;
use crate::state::State;

const CONTRACT: &str = "penstock:handler/";
const CONTRACT_INTERFACES: [&str; 4] = ["context", "log", "outputs", "types"];
const WASI_DENIED: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];

/// Stands for every resource of a denied interface; nobody ever holds one.
struct Denied;

/// What the host makes of one import.
#[derive(Debug, PartialEq, Eq)]
enum Import {
    /// Part of the contract.
    Contract,
    /// WASI that no handler is given, but many toolchains import.
    Denied,
    /// A contract of another version, or an interface that a later host gives.
    OtherContract,
    /// Nothing of ours.
    Forbidden,
}

fn classify(name: &str) -> Import {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some(interface) = interface.strip_prefix(CONTRACT) {
        if CONTRACT_INTERFACES.contains(&interface) && is_minor(version, "0.1") {
            return Import::Contract;
        }
        return Import::OtherContract;
    }
    let package = interface
        .strip_prefix("wasi:")
        .and_then(|interface| interface.split_once('/'));
    match package {
        Some((package, _)) if WASI_DENIED.contains(&package) && is_minor(version, "0.2") => {
            Import::Denied
        }
        _ => Import::Forbidden,
    }
}

/// Whether `version` is a release of `minor`: pre-releases match nothing but themselves.
pub(crate) fn is_minor(version: &str, minor: &str) -> bool {
    version
        .strip_prefix(minor)
        .and_then(|rest| rest.strip_prefix('.'))
        .is_some_and(|patch| !patch.is_empty() && patch.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Checks a component's imports, and gives it those that are denied when called.
pub(crate) fn link(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<State>,
) -> Result<(), LoadError> {
    let ty = component.component_type();
    let mut forbidden = Vec::new();
    for (name, import) in ty.imports(engine) {
        match (classify(name), import.ty) {
            (Import::Contract, _) => {}
            (Import::Denied, ComponentItem::ComponentInstance(instance)) => {
                deny(engine, linker, name, &instance)
                    .map_err(|error| LoadError::new(Code::NotAPlugin, error.to_string()))?;
            }
            (Import::OtherContract, _) => return Err(other_contract(name)),
            (Import::Denied | Import::Forbidden, _) => forbidden.push(name.to_owned()),
        }
    }
    if forbidden.is_empty() {
        Ok(())
    } else {
        Err(forbidden_imports(&forbidden))
    }
}

fn deny(
    engine: &Engine,
    linker: &mut Linker<State>,
    name: &str,
    instance: &ComponentInstance,
) -> Result<()> {
    let mut linker = linker.instance(name)?;
    for (function, export) in instance.exports(engine) {
        match export.ty {
            ComponentItem::ComponentFunc(_) => deny_function(&mut linker, name, function)?,
            ComponentItem::Resource(_) => {
                linker.resource(function, ResourceType::host::<Denied>(), |_, _| Ok(()))?;
            }
            _ => {}
        }
    }
    Ok(())
}

fn deny_function(
    linker: &mut LinkerInstance<'_, State>,
    interface: &str,
    function: &str,
) -> Result<()> {
    let text = format!(
        "`{interface}#{function}` is denied: a handler has no files, sockets, environment, clock \
         or randomness of its own"
    );
    linker.func_new(function, move |_, _, _, _| Err(Error::msg(text.clone())))
}

fn other_contract(name: &str) -> LoadError {
    LoadError::new(
        Code::NotAPlugin,
        format!("imports `{name}`, and this host knows `penstock:handler@0.1`"),
    )
    .help("run it on a later host, or build it with an SDK for contract 0.1")
}

fn forbidden_imports(names: &[String]) -> LoadError {
    let list = names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    let http = names.iter().any(|name| name.starts_with("wasi:http/"));
    LoadError::new(
        Code::ForbiddenImport,
        format!("imports {list}, which no handler is given"),
    )
    .help(if http {
        "build it without HTTP: `disableFeatures: [\"http\", \"fetch-event\"]` with componentize-js, \
         or leave the HTTP library out"
    } else {
        "a handler may import `penstock:handler@0.1`; WASI 0.2 (cli, clocks, filesystem, io, \
         random, sockets) is accepted and denied when called"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_contract_and_denied_wasi_are_accepted() {
        for (name, import) in [
            ("penstock:handler/log@0.1.0", Import::Contract),
            ("penstock:handler/outputs@0.1.12", Import::Contract),
            ("penstock:handler/log@0.2.0", Import::OtherContract),
            ("penstock:handler/log@0.1.0-rc1", Import::OtherContract),
            ("penstock:handler/log", Import::OtherContract),
            ("penstock:handler/state@0.1.0", Import::OtherContract),
            ("wasi:cli/environment@0.2.3", Import::Denied),
            ("wasi:sockets/tcp@0.2.0", Import::Denied),
            ("wasi:http/types@0.2.3", Import::Forbidden),
            ("wasi:cli/environment@0.3.0", Import::Forbidden),
            ("wasi:cli", Import::Forbidden),
            ("acme:db/store@1.0.0", Import::Forbidden),
            ("print", Import::Forbidden),
        ] {
            assert_eq!(classify(name), import, "{name}");
        }
    }
}
