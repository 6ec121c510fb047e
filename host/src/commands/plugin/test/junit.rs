//! The results as JUnit's XML, which test reports are made of.

use std::fmt::Write;
use std::time::Duration;

use super::Tested;
use super::show;
use crate::escape;

/// The file's text; `plugin` names the suite.
pub(super) fn xml(plugin: &str, all: &[Tested]) -> String {
    let mut text = String::new();
    // Writing to a String does not fail.
    write(&mut text, plugin, all).unwrap_or_default();
    text
}

fn write(text: &mut String, plugin: &str, all: &[Tested]) -> std::fmt::Result {
    let plugin = attribute(plugin);
    let failures = all
        .iter()
        .filter(|of| matches!(&of.outcome, Ok(judged) if !judged.problems.is_empty()));
    let (failures, errors) = (
        failures.count(),
        all.iter().filter(|of| of.outcome.is_err()).count(),
    );
    let time = |of: &Tested| {
        of.outcome
            .as_ref()
            .map_or(Duration::ZERO, |judged| judged.time)
    };
    let total: Duration = all.iter().map(time).sum();
    writeln!(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        text,
        "<testsuite name=\"{plugin}\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{:.6}\">",
        all.len(),
        total.as_secs_f64()
    )?;
    for of in all {
        let (name, time) = (attribute(&of.name), time(of).as_secs_f64());
        write!(
            text,
            "  <testcase classname=\"{plugin}\" name=\"{name}\" time=\"{time:.6}\""
        )?;
        match &of.outcome {
            Ok(judged) if judged.problems.is_empty() => writeln!(text, "/>")?,
            Ok(judged) => {
                element(text, "failure", &show::problems(&judged.problems))?;
            }
            Err(why) => element(text, "error", &why.to_string())?,
        }
    }
    writeln!(text, "</testsuite>")
}

fn element(text: &mut String, name: &str, said: &str) -> std::fmt::Result {
    let said = anstream::adapter::strip_str(said).to_string();
    let first = attribute(said.lines().next().unwrap_or_default().trim());
    writeln!(text, ">\n    <{name} message=\"{first}\">")?;
    for line in said.lines() {
        writeln!(text, "{}", attribute(line))?;
    }
    writeln!(text, "    </{name}>\n  </testcase>")
}

/// Of one line; what XML can't hold is escaped as for a terminal.
fn attribute(line: &str) -> String {
    escape::text(line.as_bytes())
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::plugin::test::judge::{Judged, Problem};
    use crate::trial::case::Unusable;

    #[test]
    fn each_case_has_its_element() {
        let tested = |name: &str, outcome| Tested {
            name: name.to_owned(),
            outcome,
        };
        let failed = Judged {
            problems: vec![Problem::NothingExpected],
            time: Duration::from_micros(1500),
            ..Judged::default()
        };
        let all = [
            tested("fine", Ok(Judged::default())),
            tested("a<b&\"\u{1}", Ok(failed)),
            tested("broken", Err(Unusable::File("x".to_owned()))),
        ];
        let text = xml("greeter", &all);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            "<testsuite name=\"greeter\" tests=\"3\" failures=\"1\" errors=\"1\" time=\"0.001500\">"
        );
        assert_eq!(
            lines[2],
            "  <testcase classname=\"greeter\" name=\"fine\" time=\"0.000000\"/>"
        );
        assert_eq!(
            lines[3],
            "  <testcase classname=\"greeter\" name=\"a&lt;b&amp;&quot;\\u{1}\" time=\"0.001500\">"
        );
        assert!(
            lines[4].starts_with("    <failure message=\"there is no expected.jsonl"),
            "{text}"
        );
        assert!(text.contains("<error message=\"x\">\nx\n"), "{text}");
        assert_eq!(lines.last(), Some(&"</testsuite>"));
    }
}
