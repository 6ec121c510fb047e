//! A snapshot as a file.

use serde::Deserialize;

use super::snapshot::{FORMAT, Snapshot};

impl Snapshot {
    /// As it is saved.
    ///
    /// # Errors
    /// Never, for what can be built here.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// What was saved.
    ///
    /// # Errors
    /// It is no snapshot, or one of another version; in words.
    pub fn from_json(text: &str) -> Result<Snapshot, String> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let unreadable = |error: serde_json::Error| format!("it is no snapshot: {error}");
        let head: Head = serde_json::from_str(text).map_err(unreadable)?;
        if head.format != FORMAT {
            let of = head.format;
            return Err(format!(
                "it has the form {of}; this program reads the form {FORMAT}"
            ));
        }
        let snapshot: Snapshot = serde_json::from_str(text).map_err(unreadable)?;
        if snapshot.looks.is_empty() {
            return Err("it is no snapshot: nothing was looked at".to_owned());
        }
        Ok(snapshot)
    }
}
