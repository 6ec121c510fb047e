//! Whether a component may be compiled: what that takes must follow from its size. The compiler
//! lays out each instance of each nested component, so that a few hundred bytes could keep it busy
//! for ever; and a function takes up to a thousand times its size while it is compiled.

use wasmparser::{
    BinaryReaderError, ComponentAlias, ComponentExternalKind, ComponentInstance,
    ComponentOuterAliasKind, Encoding, Instance, Parser, Payload,
};

/// Instances of modules and components, with all those within instances. The largest known plugin
/// (Python with its shared libraries) has some tens.
const INSTANCES_MAX: u64 = 1_000;

/// Of one function. The interpreters' own loops, the largest known ones, have a fifth of it.
const FUNCTION_BYTES_MAX: usize = 1 << 20;

/// Why a component is not compiled.
#[derive(Debug, PartialEq, Eq)]
enum Problem {
    /// More instances than [`INSTANCES_MAX`].
    Instances,
    /// A function of more than [`FUNCTION_BYTES_MAX`].
    Function,
    /// It passes components around, so that its instances can't be counted. No toolchain does.
    PassedOn,
    /// The compiler says it better.
    Malformed,
}

impl From<BinaryReaderError> for Problem {
    fn from(_: BinaryReaderError) -> Self {
        Problem::Malformed
    }
}

/// What is wrong with a component's structure, if anything. What is malformed passes: compiling it
/// tells where.
pub(crate) fn check(binary: &[u8]) -> Result<(), String> {
    match walk(binary) {
        Ok(()) | Err(Problem::Malformed) => Ok(()),
        Err(Problem::Instances) => Err(format!(
            "its components would have more than {INSTANCES_MAX} instances within one another"
        )),
        Err(Problem::Function) => Err(format!(
            "a function of it has more than {} KiB",
            FUNCTION_BYTES_MAX >> 10
        )),
        Err(Problem::PassedOn) => Err("it passes components to others".to_owned()),
    }
}

/// A component, or a module, that is being read.
#[derive(Default)]
struct Level {
    /// By their index: how many instances one of each has within it, itself among them.
    components: Vec<u64>,
    instances: u64,
}

fn walk(binary: &[u8]) -> Result<(), Problem> {
    let mut levels: Vec<(Level, Encoding)> = Vec::new();
    for payload in Parser::new(0).parse_all(binary) {
        match payload? {
            Payload::Version { encoding, .. } => levels.push((Level::default(), encoding)),
            Payload::End(_) => {
                let ended = levels.pop();
                if let (Some((ended, Encoding::Component)), Some((outer, _))) =
                    (ended, levels.last_mut())
                {
                    outer.components.push(ended.instances + 1);
                }
            }
            payload => section(payload, &mut levels)?,
        }
    }
    Ok(())
}

fn section(payload: Payload<'_>, levels: &mut [(Level, Encoding)]) -> Result<(), Problem> {
    match payload {
        Payload::CodeSectionEntry(body) if body.range().len() > FUNCTION_BYTES_MAX => {
            return Err(Problem::Function);
        }
        Payload::InstanceSection(instances) => {
            for instance in instances {
                if let Instance::Instantiate { .. } = instance? {
                    add(levels, 1)?;
                }
            }
        }
        Payload::ComponentInstanceSection(instances) => {
            for instance in instances {
                if let ComponentInstance::Instantiate {
                    component_index, ..
                } = instance?
                {
                    let more = component(levels, 0, component_index)?;
                    add(levels, more)?;
                }
            }
        }
        Payload::ComponentAliasSection(aliases) => {
            for alias in aliases {
                match alias? {
                    ComponentAlias::Outer {
                        kind: ComponentOuterAliasKind::Component,
                        count,
                        index,
                    } => {
                        let instances = component(levels, count, index)?;
                        let (level, _) = levels.last_mut().ok_or(Problem::Malformed)?;
                        level.components.push(instances);
                    }
                    ComponentAlias::InstanceExport {
                        kind: ComponentExternalKind::Component,
                        ..
                    } => return Err(Problem::PassedOn),
                    _ => {}
                }
            }
        }
        Payload::ComponentImportSection(imports) => {
            for import in imports {
                passes_none_on(import?.ty.kind())?;
            }
        }
        Payload::ComponentExportSection(exports) => {
            for export in exports {
                passes_none_on(export?.kind)?;
            }
        }
        _ => {}
    }
    Ok(())
}

fn passes_none_on(kind: ComponentExternalKind) -> Result<(), Problem> {
    match kind {
        ComponentExternalKind::Component => Err(Problem::PassedOn),
        _ => Ok(()),
    }
}

/// The instances of one more instance of a component, `outward` levels from the innermost.
fn component(levels: &[(Level, Encoding)], outward: u32, index: u32) -> Result<u64, Problem> {
    let level = levels.iter().rev().nth(outward as usize);
    level
        .and_then(|(level, _)| level.components.get(index as usize))
        .copied()
        .ok_or(Problem::Malformed)
}

fn add(levels: &mut [(Level, Encoding)], more: u64) -> Result<(), Problem> {
    let (level, _) = levels.last_mut().ok_or(Problem::Malformed)?;
    level.instances += more;
    if level.instances > INSTANCES_MAX {
        return Err(Problem::Instances);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Components within components: each is two instances of the one before.
    fn doubling(times: usize) -> Vec<u8> {
        let mut text = String::from(
            "(component $outer
               (component $c0 (core module $m) (core instance (instantiate $m)))",
        );
        for this in 1..=times {
            let before = this - 1;
            text.push_str(&format!(
                "(component $c{this}
                   (alias outer $outer $c{before} (component $c))
                   (instance (instantiate $c)) (instance (instantiate $c)))"
            ));
        }
        text.push_str(&format!("(instance (instantiate $c{times})))"));
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn instances_are_counted_through_all_levels() {
        // 2^8 modules, and 2^9 - 1 components around them.
        check(&doubling(8)).unwrap();
        let why = check(&doubling(9)).unwrap_err();
        assert!(why.contains("more than 1000 instances"), "{why}");
        check(&doubling(60)).unwrap_err();
    }

    #[test]
    fn components_are_not_passed_around() {
        for text in [
            r#"(component (import "c" (component)))"#,
            r#"(component (component $c) (export "c" (component $c)))"#,
            r#"(component (import "i" (instance $i (export "c" (component))))
                 (alias export $i "c" (component)))"#,
        ] {
            let why = check(&wat::parse_str(text).unwrap()).unwrap_err();
            assert_eq!(why, "it passes components to others", "{text}");
        }
    }

    #[test]
    fn what_is_malformed_is_left_for_the_compiler() {
        let mut binary = doubling(60);
        binary.truncate(40);
        check(&binary).unwrap();
        check(b"").unwrap();
    }
}
