//! The files that `penstock plugin new` writes, as they lie in this repository.

/// By path: `templates/…`, `sdk…` and `wit/…`, sorted.
const FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The files of a folder, by their path in it.
pub fn folder(name: &str) -> impl Iterator<Item = (&'static str, &'static [u8])> {
    let inside = move |path: &'static str| path.strip_prefix(name)?.strip_prefix('/');
    FILES
        .iter()
        .filter_map(move |(path, bytes)| Some((inside(path)?, *bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[test]
    fn a_folder_is_not_another_whose_name_begins_alike() {
        let names: Vec<_> = folder("sdk").map(|(name, _)| name).collect();
        assert!(names.contains(&"src/handler.rs"), "{names:?}");
        assert!(folder("sdk-go").any(|(name, _)| name == "go.mod"));
        assert!(!names.contains(&"go.mod"), "{names:?}");
        assert!(!names.iter().any(|name| name.starts_with("tests/")));
    }

    #[test]
    fn a_project_gets_the_newest_contract_alone() {
        assert_eq!(folder(contract::HERE).count(), 1);
        let newest = folder("wit/penstock-handler").filter_map(|(path, _)| {
            let version = path.strip_suffix("/handler.wit")?;
            let numbers = version.split('.').map(|number| number.parse::<u32>().ok());
            Some((numbers.collect::<Option<Vec<_>>>()?, version))
        });
        let (_, newest) = newest.max().expect("a version");
        assert_eq!(contract::HERE, format!("wit/penstock-handler/{newest}"));
    }
}
