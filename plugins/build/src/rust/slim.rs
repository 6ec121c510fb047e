//! Debug information cut to what a trap needs: function, file and line of the plugin's own code.
//!
//! The standard library comes with far more, 1.8 MB of it in a plugin of 0.2 MB. Its functions,
//! and those of crates from registries, keep their names.

use super::guests::{CRATES, STD};
use anyhow::{Context, Result};
use gimli::read::{self, EndianSlice};
use gimli::write::{
    self, Address, ConvertResult, ConvertUnit, ConvertUnitEntry, EndianVec, FilterUnitSection,
    Sections,
};
use gimli::{LittleEndian, SectionId};
use wasm_encoder::{CustomSection, Module, RawSection};
use wasmparser::{Parser, Payload};

type Slice<'a> = EndianSlice<'a, LittleEndian>;

/// The module, without the standard library's debug information.
pub fn slim(module: &[u8]) -> Result<Vec<u8>> {
    let mut slimmed = Module::new();
    let mut debug: Vec<(&str, &[u8])> = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let payload = payload.context("not a WebAssembly module")?;
        if let Payload::CustomSection(section) = &payload
            && section.name().starts_with(".debug_")
        {
            debug.push((section.name(), section.data()));
        } else if let Some((id, range)) = payload.as_section() {
            slimmed.section(&RawSection {
                id,
                data: &module[range],
            });
        }
    }
    for (name, data) in of_own_code(&debug).context("its debug information can't be read")? {
        slimmed.section(&CustomSection {
            name: name.into(),
            data: (&data).into(),
        });
    }
    Ok(slimmed.finish())
}

fn of_own_code(sections: &[(&str, &[u8])]) -> Result<Vec<(&'static str, Vec<u8>)>> {
    let dwarf = read::Dwarf::load(|id: SectionId| {
        let data = sections.iter().find(|(name, _)| *name == id.name());
        Ok::<_, gimli::Error>(Slice::new(data.map_or(&[], |(_, data)| data), LittleEndian))
    })?;
    let mut kept = convert(&dwarf)?;
    let mut written = Sections::new(EndianVec::new(LittleEndian));
    kept.write(&mut written)?;
    let mut data = Vec::new();
    written.for_each(|id, section| {
        if !section.slice().is_empty() {
            data.push((id.name(), section.slice().to_vec()));
        }
        Ok::<_, gimli::Error>(())
    })?;
    Ok(data)
}

fn convert(dwarf: &read::Dwarf<Slice<'_>>) -> ConvertResult<write::Dwarf> {
    let mut filter = FilterUnitSection::new(dwarf)?;
    while let Some(mut unit) = filter.read_unit()? {
        let keep = !is_foreign(&unit.read_unit);
        let mut entry = unit.null_entry();
        while unit.read_entry(&mut entry)? {
            if keep {
                unit.require_entry(entry.offset);
            }
        }
    }
    let mut kept = write::Dwarf::new();
    let mut units = kept.convert_with_filter(filter)?;
    while let Some((mut unit, root)) = units.read_unit()? {
        if is_foreign(&unit.read_unit) {
            names_only(&mut unit, root)?;
        } else {
            unit.convert(root, &|address| Some(Address::Constant(address)))?;
        }
    }
    Ok(kept)
}

/// Whether a unit is of the standard library or of a registry's crate, by where it was compiled.
fn is_foreign(unit: &read::Unit<Slice<'_>>) -> bool {
    // The standard library's own dependencies are compiled there.
    const DEPENDENCIES: &str = "/rust/deps";
    unit.comp_dir.is_some_and(|directory| {
        [STD, CRATES, DEPENDENCIES]
            .iter()
            .any(|foreign| directory.starts_with(foreign.as_bytes()))
    })
}

/// The functions that were inlined into the plugin: what they are called, and nothing else.
fn names_only<'a, 'b>(
    unit: &mut ConvertUnit<'a, Slice<'b>>,
    root: ConvertUnitEntry<'a, Slice<'b>>,
) -> ConvertResult<()> {
    let mut entry = root;
    let mut empty = true;
    while let Some(id) = unit.read_entry(&mut entry)? {
        let named = matches!(
            entry.tag,
            gimli::DW_TAG_namespace
                | gimli::DW_TAG_subprogram
                | gimli::DW_TAG_structure_type
                | gimli::DW_TAG_union_type
                | gimli::DW_TAG_enumeration_type
        );
        if id.is_none() || !named {
            continue;
        }
        let id = unit.add_entry(id, &entry);
        empty = false;
        for attribute in &entry.attrs {
            if matches!(
                attribute.name(),
                gimli::DW_AT_name
                    | gimli::DW_AT_linkage_name
                    | gimli::DW_AT_specification
                    | gimli::DW_AT_abstract_origin
            ) {
                let value = unit.convert_attribute_value(entry.read_unit, attribute, &|_| None)?;
                unit.unit.get_mut(id).set(attribute.name(), value);
            }
        }
    }
    if empty {
        unit.skip();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_debug_sections_stays_as_it_is() {
        let mut module = Module::new();
        module.section(&RawSection { id: 1, data: &[0] });
        for name in ["name", "component-type:x", ".debugger"] {
            module.section(&CustomSection {
                name: name.into(),
                data: (&[1, 2, 3][..]).into(),
            });
        }
        let module = module.finish();
        assert_eq!(slim(&module).unwrap(), module);
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in [&b"hello"[..], b"", b"\0asm\x01\0\0\0\x01\xff"] {
            assert!(slim(bytes).is_err(), "{bytes:?}");
        }
    }
}
