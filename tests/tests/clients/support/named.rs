//! What became of a cause that was made, for the table of docs/doctor-rows.md.

use penstock_tests::doctor::Seen;
use serde_json::Value;

/// A row of the catalogue, and how it was caused.
pub struct Named {
    pub row: &'static str,
    pub how: &'static str,
}

impl Named {
    /// This code is found, before all others, and its finding speaks of all of `parts`.
    #[track_caller]
    pub fn first<'s>(&self, seen: &'s Seen, code: &str, parts: &[&str]) -> &'s Value {
        assert_eq!(seen.codes().first(), Some(&code), "{:#}", seen.said);
        assert_eq!(seen.exit, Some(1));
        let finding = &seen.said["findings"][0];
        let text = finding.to_string();
        for part in parts {
            assert!(text.contains(part), "no {part:?} in {finding:#}");
        }
        let certainty = finding["certainty"].as_str().unwrap_or_default();
        self.print(
            &format!("{}, {certainty}", seen.codes().join(" and ")),
            seen,
        );
        finding
    }

    /// Nothing is found, and the notes speak of all of `parts`.
    #[track_caller]
    pub fn healthy(&self, seen: &Seen, parts: &[&str]) {
        let notes = seen.healthy();
        for part in parts {
            assert!(notes.contains(part), "no {part:?} in {notes}");
        }
        self.print("healthy", seen);
    }

    fn print(&self, what: &str, seen: &Seen) {
        let seconds = seen.took.as_secs_f64();
        println!("| {} | {} | {what} | {seconds:.1} |", self.row, self.how);
    }
}
