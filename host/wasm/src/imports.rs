//! What a component may import: the contract, and WASI 0.2, of which it is given what `wasi` says.

use penstock_core::codes::Code;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker};

use crate::contract::{CONTEXT, LOG, OUTPUTS, TYPES};
use crate::error::LoadError;
use crate::state::State;
use crate::version::{Version, patch};
use crate::wasi;

const CONTRACT: &str = "penstock:handler/";
const CONTRACT_INTERFACES: [&str; 4] = [CONTEXT, LOG, OUTPUTS, TYPES];

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

fn classify(name: &str, contract: Version) -> Import {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some(interface) = interface.strip_prefix(CONTRACT) {
        if CONTRACT_INTERFACES.contains(&interface) && contract.is_of_line(version) {
            return Import::Contract;
        }
        return Import::OtherContract;
    }
    let package = interface
        .strip_prefix("wasi:")
        .and_then(|interface| interface.split_once('/'));
    match package {
        Some((package, _))
            if wasi::PACKAGES.contains(&package) && patch(version, "0.2").is_some() =>
        {
            Import::Wasi
        }
        _ => Import::Forbidden,
    }
}

/// Checks a component's imports, and gives it those that are WASI's.
pub(crate) fn link(
    engine: &Engine,
    component: &Component,
    linker: &mut Linker<State>,
    contract: Version,
) -> Result<(), LoadError> {
    let ty = component.component_type();
    let mut forbidden = Vec::new();
    for (name, import) in ty.imports(engine) {
        match (classify(name, contract), import.ty) {
            (Import::Contract, _) => {}
            (Import::Wasi, ComponentItem::ComponentInstance(instance)) => {
                linker
                    .instance(name)
                    .and_then(|mut linker| wasi::link(engine, &mut linker, name, &instance))
                    .map_err(|error| LoadError::new(Code::NotAPlugin, error.to_string()))?;
            }
            (Import::OtherContract, _) => return Err(other_contract(name, contract)),
            (Import::Wasi | Import::Forbidden, _) => forbidden.push(name.to_owned()),
        }
    }
    if forbidden.is_empty() {
        Ok(())
    } else {
        Err(forbidden_imports(&forbidden))
    }
}

fn other_contract(name: &str, contract: Version) -> LoadError {
    let theirs = name.split_once('@').map_or("", |(_, version)| version);
    if contract.is_of_line(theirs) {
        contract.refuse_imports(theirs, &format!("there is no `{name}`"))
    } else {
        contract.refuse(&format!("imports `{name}`"))
    }
}

/// The latest version of the contract whose functions a component asks for.
pub(crate) fn newest(engine: &Engine, component: &Component, contract: Version) -> String {
    let ty = component.component_type();
    let versions = ty.imports(engine).filter_map(|(name, _)| {
        let version = name.strip_prefix(CONTRACT)?.split_once('@')?.1;
        Some((patch(version, contract.line())?, version.to_owned()))
    });
    let newest = versions.max();
    newest.map_or_else(|| contract.to_string(), |(_, version)| version)
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
            ("penstock:handler/log@0.1.", Import::OtherContract),
            ("penstock:handler/log@0.10.0", Import::OtherContract),
            ("penstock:handler/log@1.0.0", Import::OtherContract),
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
            assert_eq!(classify(name, Version("0.1.0")), import, "{name}");
        }
    }
}
