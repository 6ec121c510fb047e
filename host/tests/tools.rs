//! `emit`, `peek`, `status` and the exit codes, as a user runs them, on an embedded Kafka.

use std::io::Write;
use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use penstock_kafka::MockKafka;

struct Cluster {
    bootstrap: String,
    _kafka: MockKafka,
}

fn cluster() -> Cluster {
    let kafka = MockKafka::start(&[("events", 3), ("copy", 1), ("empty", 1)]).expect("it starts");
    Cluster {
        bootstrap: kafka.bootstrap(),
        _kafka: kafka,
    }
}

/// Runs the binary with these arguments.
fn penstock(args: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_penstock"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary");
    let mut stdin = child.stdin.take().expect("piped");
    stdin.write_all(input).expect("it reads");
    drop(stdin);
    child.wait_with_output().expect("it ends")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

/// The output of a run that is fine.
fn fine(args: &[&str], input: &[u8]) -> String {
    let output = penstock(args, input);
    let stderr = text(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {stderr}");
    text(&output.stdout).to_owned()
}

#[test]
fn what_is_emitted_is_peeked_byte_by_byte() {
    let cluster = cluster();
    let at = ["--bootstrap", &cluster.bootstrap];
    let emit =
        |args: &[&str], input: &[u8]| fine(&[&["emit", "events"], args, &at].concat(), input);
    let json = r#"{"z": 1.0, "a": "é"}"#;
    let placed = emit(
        &[
            json,
            "--key",
            "u7",
            "--header",
            "trace=ab",
            "--partition",
            "1",
        ],
        b"",
    );
    assert_eq!(placed, "events[1]@0\n");
    assert_eq!(
        emit(&["-", "--partition", "1"], b"\x1b[31m\xff\n"),
        "events[1]@1\n"
    );
    let tombstone = ["--tombstone", "--key", "u7", "--partition", "1"];
    assert_eq!(emit(&tombstone, b""), "events[1]@2\n");

    let shown = fine(&[&["peek", "events"], &at[..]].concat(), b"");
    let lines: Vec<_> = shown.lines().collect();
    assert!(lines[0].starts_with("events[1]@0  20"), "{shown}");
    assert!(lines[0].ends_with("  key u7"), "{shown}");
    assert_eq!(
        lines[1..3],
        ["  header trace: ab", r#"  {"z":1.0,"a":"é"}"#]
    );
    assert!(lines[3].ends_with("  no key"), "{shown}");
    assert_eq!(lines[4], r"  \u{1b}[31m\xff\n");
    assert_eq!(lines[6], "  tombstone");

    let last = fine(
        &[&["peek", "events", "--from", "-1", "--json"], &at[..]].concat(),
        b"",
    );
    assert!(last.contains(r#""partition":1,"offset":2,"#), "{last}");
    assert!(last.contains(r#""key":"u7","value":null"#), "{last}");
}

#[test]
fn a_topic_is_copied_by_a_pipe() {
    let cluster = cluster();
    let at = ["--bootstrap", &cluster.bootstrap];
    let lines: String = (0..500)
        .map(|n| {
            format!("{{\"key\":\"k{n}\",\"value\":{{\"base64\":\"/wA=\"}},\"timestamp\":{n}}}\n")
        })
        .collect();
    let emit = ["emit", "events", "--json-lines"];
    let placed = fine(&[&emit, &at[..]].concat(), lines.as_bytes());
    assert_eq!(placed.lines().count(), 500);
    let peek = ["peek", "events", "-n", "all", "--json"];
    let records = fine(&[&peek, &at[..]].concat(), b"");
    assert_eq!(records.lines().count(), 500);
    let emit = ["emit", "copy", "--json-lines"];
    let placed = fine(&[&emit, &at[..]].concat(), records.as_bytes());
    let expected: String = (0..500).map(|n| format!("copy[0]@{n}\n")).collect();
    assert_eq!(
        placed, expected,
        "in the order of the lines, and in the partition that there is"
    );
    let peek = ["peek", "copy", "-n", "all", "--json"];
    let copied = fine(&[&peek, &at[..]].concat(), b"");
    let bare = |line: &str| {
        line.split_once("\"timestamp\"")
            .expect("a time")
            .1
            .to_owned()
    };
    let sorted = |lines: &str| {
        let mut lines: Vec<_> = lines.lines().map(bare).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&copied), sorted(&records));
}

#[test]
fn problems_have_their_exit_codes() {
    let cluster = cluster();
    let at = ["--bootstrap", &cluster.bootstrap];
    let code = |args: &[&str], input: &str| {
        let output = penstock(args, input.as_bytes());
        (output.status.code(), text(&output.stderr).to_owned())
    };
    let (exit, said) = code(&[&["peek", "nowhere"], &at[..]].concat(), "");
    assert_eq!(exit, Some(1), "{said}");
    assert!(said.contains("there is no topic `nowhere`"), "{said}");
    assert!(!said.contains('\u{1b}'), "no colours in a pipe: {said:?}");
    let (exit, said) = code(
        &[&["peek", "events", "--partition", "3"], &at[..]].concat(),
        "",
    );
    assert_eq!(exit, Some(1), "{said}");
    // Nobody who looks has a key.
    assert!(said.contains("has partitions 0 to 2"), "{said}");
    assert!(!said.contains("key"), "{said}");
    let (exit, said) = code(
        &[&["emit", "events", "v", "--partition", "3"], &at[..]].concat(),
        "",
    );
    assert_eq!(exit, Some(1), "{said}");
    let lines = "{\"value\":\"a\"}\n{\"vlaue\":\"b\"}\n";
    let (exit, said) = code(
        &[&["emit", "events", "--json-lines"], &at[..]].concat(),
        lines,
    );
    assert_eq!(exit, Some(2), "{said}");
    assert!(
        said.contains("line 2") && said.contains("one record was written"),
        "{said}"
    );
    assert_eq!(code(&["peek"], "").0, Some(2));
    assert_eq!(
        code(&["peek", "events", "-c", "nowhere.toml"], "").0,
        Some(2)
    );
    let (exit, said) = code(&[&["peek", "empty"], &at[..]].concat(), "");
    assert_eq!(exit, Some(0), "{said}");
    assert!(said.contains("no records there"), "{said}");
}

/// It may hold passwords.
#[test]
fn a_file_of_settings_is_never_sent_as_a_value() {
    let cluster = cluster();
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(b"sasl.username=hush\n")
        .expect("it is written");
    let path = file.path().to_str().expect("UTF-8").to_owned();
    let at = [
        "--bootstrap",
        &cluster.bootstrap,
        "--kafka-config-file",
        &path,
    ];
    let output = penstock(&[&["emit", "copy"], &at[..]].concat(), b"");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("there is no value to send"), "{said}");
    let placed = fine(&[&["emit", "copy", "v"], &at[..]].concat(), b"");
    assert_eq!(placed, "copy[0]@0\n");
    // It is read, too: what is wrong in it is said.
    file.write_all(b"sasl.usernane=hush\n")
        .expect("it is written");
    let output = penstock(&[&["emit", "copy", "v"], &at[..]].concat(), b"");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("sasl.usernane") && !said.contains("hush"),
        "{said}"
    );
}

#[test]
fn a_diagnosis_is_shown_though_it_can_t_be_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let snapshot = folder.path().join("snapshot.json");
    let look = r#"{"at-ms":0,"cluster":null,"brokers":[],"coordinator":"unasked","group":"unasked",
        "committed":"unasked","topics":[]}"#;
    let seen = format!(
        r#"{{"format":1,"made-by":"a test","bootstrap":"b:1","group":"g","topics":[],"looks":[{look}]}}"#
    );
    std::fs::write(&snapshot, seen).expect("it is written");
    let from = snapshot.to_str().expect("UTF-8");
    let nowhere = folder.path().to_str().expect("UTF-8");
    let output = penstock(&["doctor", "--from", from, "--save", nowhere], b"");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("can't be written"), "{said}");
    let shown = text(&output.stdout);
    assert!(shown.starts_with("g, looked at"), "{shown}");
}

#[test]
fn a_configuration_names_the_cluster_and_near_topics() {
    let cluster = cluster();
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    let toml = format!(
        "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"{}\"\ngroup = \"g\"\n\
         [handlers.greet]\nplugin = \"elsewhere.wasm\"\noutputs = {{ greetings = \"copy\" }}\n\
         [topics.events]\nhandlers = [\"greet\"]\nstart = \"earliest\"\n",
        cluster.bootstrap
    );
    file.write_all(toml.as_bytes()).expect("it is written");
    let path = file.path().to_str().expect("UTF-8");
    assert_eq!(fine(&["emit", "copy", "v", "-c", path], b""), "copy[0]@0\n");
    let output = penstock(&["peek", "evnets", "-c", path], b"");
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output.stderr);
    assert!(said.contains("did you mean `events`?"), "{said}");
}

/// A port at which nothing listens.
fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("bound").to_string()
}

#[test]
fn kafka_out_of_reach_is_exit_3_within_a_bounded_time() {
    let nobody = nobody();
    for args in [&["peek", "events"][..], &["emit", "events", "v"]] {
        let began = Instant::now();
        let output = penstock(&[args, &["--bootstrap", &nobody]].concat(), b"");
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains(&nobody), "{said}");
        assert!(
            began.elapsed() < Duration::from_secs(9),
            "{:?}",
            began.elapsed()
        );
    }
}

#[test]
fn a_host_out_of_reach_is_a_problem() {
    let nobody = nobody();
    let output = penstock(&["status", "--admin", &nobody], b"");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("nothing listens there"), "{said}");
}

/// How it ends where the disk is full behind a stream.
fn full(args: &[&str], stdout: bool) -> Output {
    let full = || std::fs::File::create("/dev/full").expect("it is there");
    let mut command = Command::new(env!("CARGO_BIN_EXE_penstock"));
    command.args(args).stdin(Stdio::null());
    match stdout {
        true => command.stdout(full()),
        false => command.stderr(full()),
    };
    command.output().expect("it ends")
}

#[test]
fn what_can_t_be_written_is_no_fault_of_the_program() {
    let output = full(&["schema"], true);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("the output can't be written"), "{said}");
    // What is told on standard error keeps nothing from going on.
    assert_eq!(
        full(&["status", "--admin", &nobody()], false).status.code(),
        Some(1)
    );
    assert_eq!(
        full(&["check", "-c", "nowhere.toml"], false).status.code(),
        Some(2)
    );
    let cluster = cluster();
    let peek = ["peek", "empty", "--bootstrap", &cluster.bootstrap];
    assert_eq!(full(&peek, false).status.code(), Some(0));
}
