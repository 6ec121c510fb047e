//! What a line looks like, and that none is lost.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::*;

/// A stream that can be read back.
#[derive(Clone, Default)]
struct Sheet(Arc<Mutex<Vec<u8>>>);

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Sheet {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("UTF-8")
    }
}

/// What `log` writes in this format at this level.
fn logged(format: LogFormat, level: LevelFilter, log: impl FnOnce()) -> String {
    let sheet = Sheet::default();
    let lines = Lines::start(sheet.clone()).expect("a thread");
    let subscriber = subscriber(format, level, false, lines.writer());
    tracing::subscriber::with_default(subscriber, log);
    drop(lines);
    sheet.text()
}

#[test]
fn a_json_line_is_flat_with_time_level_message_and_fields() {
    let text = logged(LogFormat::Json, LevelFilter::INFO, || {
        tracing::info!(
            topic = "a",
            partition = 2,
            code = "PSK-H002",
            "dead-lettered\n\u{1b}[31m"
        );
    });
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(!text.contains('\u{1b}'), "{text}");
    let line: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["message"], "dead-lettered\n\u{1b}[31m");
    assert_eq!(
        (&line["topic"], &line["partition"]),
        (&"a".into(), &2.into())
    );
    let time: jiff::Timestamp = line["timestamp"]
        .as_str()
        .expect("text")
        .parse()
        .expect("a time");
    assert!(time <= jiff::Timestamp::now());
    assert!(line.get("target").is_none());
}

#[test]
fn a_text_line_is_for_people() {
    let text = logged(LogFormat::Text, LevelFilter::INFO, || {
        tracing::warn!(topic = "a", "waits")
    });
    assert!(text.contains(" WARN waits topic=\"a\"\n"), "{text}");
}

#[test]
fn the_level_holds_for_our_own_lines_and_libraries_stay_at_warnings() {
    let text = logged(LogFormat::Text, LevelFilter::DEBUG, || {
        tracing::debug!("ours");
        tracing::trace!("too deep");
        tracing::debug!(target: "hyper::proto", "theirs");
        tracing::warn!(target: "hyper::proto", "their warning");
    });
    assert!(
        text.contains("ours") && text.contains("their warning"),
        "{text}"
    );
    assert!(
        !text.contains("too deep") && !text.contains("theirs"),
        "{text}"
    );
    assert_eq!(
        logged(LogFormat::Text, LevelFilter::OFF, || tracing::error!("no")),
        ""
    );
}

#[test]
fn levels_have_names_and_anything_else_is_an_error_that_lists_them() {
    assert_eq!(level(None).expect("the default"), LevelFilter::INFO);
    assert_eq!(level(Some("DEBUG")).expect("a level"), LevelFilter::DEBUG);
    assert_eq!(level(Some("off")).expect("a level"), LevelFilter::OFF);
    for wrong in ["loud", "3", "penstock=debug"] {
        let error = level(Some(wrong)).expect_err(wrong).to_string();
        assert!(error.contains(wrong) && error.contains("debug"), "{error}");
    }
}

#[test]
fn no_line_is_lost_and_lines_of_one_thread_keep_their_order() {
    let sheet = Sheet::default();
    let lines = Lines::start(sheet.clone()).expect("a thread");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let mut writer = lines.writer();
            scope.spawn(move || {
                for line in 0..2_000 {
                    let line = format!("{thread} {line}\n");
                    writer.write_all(line.as_bytes()).expect("it never fails");
                }
            });
        }
    });
    drop(lines);
    let text = sheet.text();
    for thread in 0..4 {
        let theirs: Vec<_> = text
            .lines()
            .filter_map(|line| line.split_once(' '))
            .filter(|(of, _)| *of == thread.to_string())
            .map(|(_, line)| line.parse::<u32>().expect("whole lines"))
            .collect();
        assert_eq!(theirs, (0..2_000).collect::<Vec<_>>());
    }
}

/// A stream that writes only when it is let.
struct Held {
    begun: Sender<()>,
    go: Receiver<()>,
    sheet: Sheet,
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.begun.send(()).map_err(io::Error::other)?;
        self.go.recv().map_err(io::Error::other)?;
        self.sheet.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_end_waits_for_what_is_being_written() {
    let (begun, has_begun) = channel();
    let (let_go, go) = channel();
    let sheet = Sheet::default();
    let held = Held {
        begun,
        go,
        sheet: sheet.clone(),
    };
    let lines = Lines::start(held).expect("a thread");
    let mut writer = lines.writer();
    writer
        .write_all(b"the last line\n")
        .expect("it never fails");
    has_begun.recv().expect("the thread writes at once");
    assert_eq!(sheet.text(), "");
    let_go.send(()).expect("the thread waits");
    drop(lines);
    assert_eq!(sheet.text(), "the last line\n");
}

#[test]
fn an_exit_without_a_drop_loses_nothing() {
    const IN_CHILD: &str = "PENSTOCK_TEST_EXITS";
    const LINES: usize = 20_000;
    if std::env::var_os(IN_CHILD).is_some() {
        let log = Log {
            format: LogFormat::Text,
            records: penstock_core::config::RecordLines::Off,
        };
        let _lines = start(&log).expect("the only log");
        for line in 0..LINES {
            tracing::info!("said {line}");
        }
        std::process::exit(7);
    }
    let this = "logging::tests::an_exit_without_a_drop_loses_nothing";
    let output = std::process::Command::new(std::env::current_exe().expect("it runs"))
        .args(["--exact", this, "--nocapture"])
        .env(IN_CHILD, "1")
        .env_remove(LEVEL_VARIABLE)
        .output()
        .expect("it starts");
    assert_eq!(output.status.code(), Some(7));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let said = text.lines().filter(|line| line.contains(" INFO said "));
    assert_eq!(said.count(), LINES);
    assert!(text.ends_with(&format!(" INFO said {}\n", LINES - 1)));
}
