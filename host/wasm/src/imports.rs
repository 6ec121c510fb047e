//! What a component may import: the contract, and WASI 0.2, of which it is given what `wasi` says.

use penstock_core::codes::Code;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::error::LoadError;
use crate::state::State;
use crate::wasi;

const CONTRACT: &str = "penstock:handler/";
const CONTRACT_INTERFACES: [&str; 4] = ["context", "log", "outputs", "types"];

/// What the host makes of one import.
#[derive(Debug, PartialEq, Eq)]
enum Import {
    /// Part of the contract.
    Contract,
    /// WASI, which language runtimes import.
    Wasi,
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
        Some((package, _)) if wasi::PACKAGES.contains(&package) && is_minor(version, "0.2") => {
            Import::Wasi
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

/// Checks a component's imports, and gives it those that are WASI's.
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
            (Import::Wasi, ComponentItem::ComponentInstance(instance)) => {
                linker
                    .instance(name)
                    .and_then(|mut linker| wasi::link(engine, &mut linker, name, &instance))
                    .map_err(|error| LoadError::new(Code::NotAPlugin, error.to_string()))?;
            }
            (Import::OtherContract, _) => return Err(other_contract(name)),
            (Import::Wasi | Import::Forbidden, _) => forbidden.push(name.to_owned()),
        }
    }
    if forbidden.is_empty() {
        Ok(())
    } else {
        Err(forbidden_imports(&forbidden))
    }
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
         random, sockets) is accepted, without files, sockets or environment"
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_contract_and_wasi_without_http_are_accepted() {
        for (name, import) in [
            ("penstock:handler/log@0.1.0", Import::Contract),
            ("penstock:handler/outputs@0.1.12", Import::Contract),
            ("penstock:handler/log@0.2.0", Import::OtherContract),
            ("penstock:handler/log@0.1.0-rc1", Import::OtherContract),
            ("penstock:handler/log", Import::OtherContract),
            ("penstock:handler/state@0.1.0", Import::OtherContract),
            ("wasi:cli/environment@0.2.3", Import::Wasi),
            ("wasi:sockets/tcp@0.2.0", Import::Wasi),
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
