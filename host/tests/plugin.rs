//! `penstock plugin inspect` and `test`, as a user runs them, on the built plugins.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs the binary in a folder.
fn penstock(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_penstock"))
        .args(args)
        .current_dir(folder)
        .output()
        .expect("the binary")
}

fn text(bytes: &[u8]) -> &str {
    str::from_utf8(bytes).expect("UTF-8")
}

fn built(name: &str) -> PathBuf {
    penstock_tests::plugin(name).expect("`make build` has built it")
}

/// The folder of a plugin's source, with its cases.
fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../plugins")
        .join(name)
}

/// A folder with a plugin as `it.wasm`.
fn folder_with(plugin: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(built(plugin), folder.path().join("it.wasm")).expect("copied");
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) {
    let path = folder.path().join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("made");
    fs::write(path, text).expect("written");
}

/// A run's exit code and standard output, which must have said all of `said`.
fn ran(folder: &TempDir, args: &[&str], exit: i32, said: &[&str]) -> String {
    let output = penstock(folder.path(), args);
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(exit), "{args:?}: {out}{err}");
    for words in said {
        assert!(
            out.contains(words) || err.contains(words),
            "{words:?} in {out}{err}"
        );
    }
    out.to_owned()
}

#[test]
fn inspect_shows_what_a_plugin_is() {
    let folder = folder_with("purchase-to-access");
    ran(
        &folder,
        &["plugin", "inspect", "it.wasm"],
        0,
        &[
            "it.wasm: a component, ",
            "penstock:handler@0.1.0",
            "purchase-to-access 0.1.0",
            "penstock:handler/outputs@0.1.0",
            "access-granted: COURSE_ACCESS_GRANTED",
            "grant-days: optional; Days until",
            "Rust",
            "this host takes it",
        ],
    );
    let line = ran(&folder, &["plugin", "inspect", "it.wasm", "--json"], 0, &[]);
    let shown: Value = serde_json::from_str(&line).expect("JSON");
    assert_eq!(shown["accepted"], true);
    assert_eq!(shown["contract"], "0.1.0");
    assert_eq!(shown["kind"], "component");
    let exports = json!(["penstock:handler/handler@0.1.0"]);
    assert_eq!(shown["exports"], exports);
    assert_eq!(shown["description"]["outputs"][0]["name"], "access-granted");
    let bytes = fs::metadata(folder.path().join("it.wasm"))
        .expect("there")
        .len();
    assert_eq!(shown["bytes"], bytes);
}

#[test]
fn the_snippet_is_a_configuration_but_for_its_topics() {
    for plugin in ["purchase-to-access", "progress-updates", "unruly"] {
        let folder = folder_with(plugin);
        let line = ran(&folder, &["plugin", "inspect", "it.wasm", "--json"], 0, &[]);
        let shown: Value = serde_json::from_str(&line).expect("JSON");
        let snippet = shown["toml"].as_str().expect("a snippet");
        let rest = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n";
        write(&folder, "penstock.toml", &format!("{rest}{snippet}"));
        ran(&folder, &["check", "-c", "penstock.toml"], 0, &[plugin]);
    }
}

#[test]
fn inspect_tells_what_is_no_plugin_as_check_does() {
    let other = "(component (instance $i) \
        (export \"penstock:handler/handler@0.2.0\" (instance $i)))";
    let foreign = "(component (import \"wasi:http/types@0.2.3\" (instance)) (instance $i) \
        (export \"penstock:handler/handler@0.1.0\" (instance $i)))";
    let component = |text: &str| wat::parse_str(text).expect("WAT");
    for (bytes, kind, contract, imports) in [
        (
            b"\0asm\x01\0\0\0".to_vec(),
            "core-module",
            Value::Null,
            json!([]),
        ),
        (b"\x7fELF".to_vec(), "other", Value::Null, json!([])),
        (Vec::new(), "other", Value::Null, json!([])),
        (
            component("(component)"),
            "component",
            Value::Null,
            json!([]),
        ),
        (component(other), "component", json!("0.2.0"), json!([])),
        (
            component(foreign),
            "component",
            json!("0.1.0"),
            json!(["wasi:http/types@0.2.3"]),
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("it.wasm"), &bytes).expect("written");
        let line = ran(&folder, &["plugin", "inspect", "it.wasm", "--json"], 1, &[]);
        let shown: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!(shown["accepted"], false, "{shown}");
        assert_eq!(shown["kind"], kind, "{shown}");
        assert_eq!(shown["contract"], contract, "{shown}");
        assert_eq!(shown["imports"], imports, "{shown}");
        // The same words as in a configuration.
        let config = "[host]\nid = \"a\"\n[kafka]\nbootstrap = \"b:1\"\ngroup = \"g\"\n\
            [handlers.h]\nplugin = \"it.wasm\"\n[topics.t]\nhandlers = [\"h\"]\nstart = \"latest\"\n";
        write(&folder, "penstock.toml", config);
        let line = ran(&folder, &["check", "-c", "penstock.toml", "--json"], 2, &[]);
        let checked: Value = serde_json::from_str(&line).expect("JSON");
        let found = &checked["diagnostics"][0];
        assert_eq!(found["code"], shown["problem"]["code"], "{checked}");
        let text = shown["problem"]["text"].as_str().expect("a text");
        let message = found["message"].as_str().expect("a message");
        assert!(message.ends_with(text), "{message}: {text}");
        let people = ran(
            &folder,
            &["plugin", "inspect", "it.wasm"],
            1,
            &["does not take it"],
        );
        let code = shown["problem"]["code"].as_str().expect("a code");
        assert!(
            people.contains(&format!("docs/codes/{code}.md")),
            "{people}"
        );
    }
}

#[test]
fn inspect_needs_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    ran(
        &folder,
        &["plugin", "inspect", "no.wasm"],
        2,
        &["no.wasm: there is no such file"],
    );
    ran(
        &folder,
        &["plugin", "inspect", "."],
        2,
        &["not a regular file"],
    );
}

#[test]
fn the_cases_of_the_plugins_pass() {
    for name in ["purchase-to-access", "progress-updates", "unruly"] {
        let (folder, plugin) = (source(name), built(name));
        let plugin = plugin.to_str().expect("UTF-8");
        let output = penstock(&folder, &["plugin", "test", "--plugin", plugin]);
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        assert_eq!(output.status.code(), Some(0), "{name}: {out}{err}");
    }
}

#[test]
fn what_came_otherwise_is_shown_line_by_line() {
    let folder = folder_with("unruly");
    write(
        &folder,
        "tests/echo/in.jsonl",
        "{\"key\":\"k\",\"value\":\"ok\"}\n\n{\"value\":\"reject\"}\n",
    );
    let wrong = "{\"verdict\":\"emitted\",\"outputs\":[{\"output\":\"out\",\"record\":{\"key\":\"k\",\"value\":\"OK\"}}]}\n\
        {\"verdict\":\"skipped\"}\n";
    write(&folder, "tests/echo/expected.jsonl", wrong);
    let out = ran(
        &folder,
        &["plugin", "test", "."],
        1,
        &["FAIL  echo", "1 failed"],
    );
    for line in [
        "in.jsonl:1 came to something else",
        "-       OK\n",
        "+       ok\n",
        "in.jsonl:3 came to something else",
        "- skipped\n",
        "+ dead-lettered\n",
        "why asked-to: the record asked for it",
    ] {
        assert!(out.contains(line), "{line:?} in {out}");
    }
}

#[test]
fn what_is_blessed_passes_and_what_passes_stays_as_it_is_written() {
    let folder = folder_with("unruly");
    let test = ["plugin", "test", "."];
    write(
        &folder,
        "tests/a/in.jsonl",
        "{\"value\":\"retry-until 3\"}\n{\"value\":\"trap\"}\n",
    );
    write(&folder, "tests/b/in.jsonl", "{\"value\":\"skip\"}\n");
    let by_hand = "{\"verdict\":\"skipped\", \"reason\":\"asked-to\"}\n";
    write(&folder, "tests/b/expected.jsonl", by_hand);
    ran(
        &folder,
        &test,
        1,
        &["FAIL  a", "there is no expected.jsonl", "ok    b"],
    );
    ran(
        &folder,
        &["plugin", "test", "--bless"],
        0,
        &["bless a", "ok    b", "2 ok"],
    );
    ran(&folder, &test, 0, &["ok    a"]);
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("written");
    assert_eq!(read("tests/b/expected.jsonl"), by_hand);
    let lines = read("tests/a/expected.jsonl");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(lines[0]["verdict"], "emitted");
    let waits: Vec<_> = lines[0]["retries"]
        .as_array()
        .expect("retries")
        .iter()
        .collect();
    assert_eq!(
        (&waits[0]["after-ms"], &waits[1]["after-ms"]),
        (&json!(100), &json!(200))
    );
    // No trace, which every change of the source would change.
    let trap = json!({"verdict": "dead-lettered", "code": "PSK-H004", "outputs": []});
    assert_eq!(lines[1], trap);
    write(
        &folder,
        "tests/a/expected.jsonl",
        &format!("{}\n", lines[0]),
    );
    ran(
        &folder,
        &test,
        1,
        &["in.jsonl has 2 records, expected.jsonl 1 lines"],
    );
}

#[test]
fn what_depends_on_neighbours_is_a_difference_and_isolation_the_way_out() {
    let folder = folder_with("unruly");
    write(
        &folder,
        "tests/count/in.jsonl",
        "{\"value\":\"count\"}\n{\"value\":\"count\"}\n",
    );
    let one = "{\"verdict\":\"emitted\",\"outputs\":[{\"output\":\"out\",\"record\":{\"value\":\"1\"}}]}\n";
    write(&folder, "tests/count/expected.jsonl", &one.repeat(2));
    let out = ran(
        &folder,
        &["plugin", "test"],
        1,
        &[
            "in.jsonl:2 is not deterministic",
            "came to something else on one instance (",
            "in.jsonl:1 is not deterministic",
            "in reverse order",
            "isolation = \"record\"",
        ],
    );
    assert!(!out.contains("expected, "), "the expectation holds: {out}");
    ran(
        &folder,
        &["plugin", "test", "--bless"],
        1,
        &["not deterministic"],
    );
    write(
        &folder,
        "tests/count/case.toml",
        "[handlers.unruly]\nisolation = \"record\"\n",
    );
    ran(&folder, &["plugin", "test"], 0, &["ok    count"]);
}

#[test]
fn a_wrong_case_is_told_with_its_place_and_the_others_run() {
    let folder = folder_with("unruly");
    for name in ["bad-expected", "bad-input", "bad-toml", "fine", "refused"] {
        write(
            &folder,
            &format!("tests/{name}/in.jsonl"),
            "{\"value\":\"ok\"}\n",
        );
        write(
            &folder,
            &format!("tests/{name}/expected.jsonl"),
            "{\"verdict\":\"skipped\"}\n",
        );
    }
    write(
        &folder,
        "tests/bad-input/in.jsonl",
        "{\"value\":\"ok\"}\n{\"valeu\":\"ok\"}\n",
    );
    write(
        &folder,
        "tests/bad-expected/expected.jsonl",
        "{\"verdict\":\"fine\"}\n",
    );
    write(
        &folder,
        "tests/bad-toml/case.toml",
        "[handlers.unruly]\nisolation = \"recrd\"\n",
    );
    write(
        &folder,
        "tests/refused/case.toml",
        "[handlers.unruly.settings]\nrefuse = \"no\"\n",
    );
    ran(
        &folder,
        &["plugin", "test"],
        2,
        &[
            "tests/bad-expected/expected.jsonl:1: unknown variant `fine`",
            "tests/bad-input/in.jsonl:2: unknown field `valeu`",
            "tests/bad-toml/case.toml:2:13",
            "\"recrd\"",
            "FAIL  fine",
            "tests/refused/case.toml:2:10",
            "refuses its setting `refuse`",
            "4 can't be run",
        ],
    );
    let filtered = ["plugin", "test", "--filter", "fine", "--bless"];
    ran(&folder, &filtered, 0, &["1 ok, in"]);
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let test = ["plugin", "test"];
    ran(&folder, &test, 2, &["tests has no case", "--record"]);
    write(&folder, "tests/one/in.jsonl", "{\"value\":\"ok\"}\n");
    ran(&folder, &test, 2, &["has no plugin", "--plugin FILE.wasm"]);
    ran(
        &folder,
        &["plugin", "test", "--filter", "two"],
        2,
        &["none of the 1 cases"],
    );
    write(&folder, "it.wasm", "x");
    ran(
        &folder,
        &test,
        2,
        &[
            "PSK-P003",
            "not a WebAssembly component",
            "nothing was tested",
        ],
    );
    write(&folder, "that.wasm", "x");
    ran(
        &folder,
        &test,
        2,
        &["has several plugins: ./it.wasm, ./that.wasm"],
    );
}

#[test]
fn results_are_written_for_others_to_read() {
    let folder = folder_with("unruly");
    write(&folder, "tests/one/in.jsonl", "{\"value\":\"ok\"}\n");
    write(
        &folder,
        "tests/one/expected.jsonl",
        "{\"verdict\":\"skipped\"}\n",
    );
    ran(
        &folder,
        &["plugin", "test", "--junit", "results.xml"],
        1,
        &[],
    );
    let xml = fs::read_to_string(folder.path().join("results.xml")).expect("written");
    assert!(
        xml.contains("<testsuite name=\"unruly\" tests=\"1\" failures=\"1\" errors=\"0\""),
        "{xml}"
    );
    assert!(
        xml.contains("- skipped\n") && xml.contains("+ emitted\n"),
        "{xml}"
    );
}

/// What a team does a hundred times a day takes no breath.
#[test]
fn a_compiled_plugin_is_tested_within_a_second() {
    let (folder, plugin) = (source("purchase-to-access"), built("purchase-to-access"));
    let plugin = plugin.to_str().expect("UTF-8");
    let test = ["plugin", "test", "--plugin", plugin];
    // The first run may compile it.
    penstock(&folder, &test);
    let seconds = |output: Output| -> f64 {
        let out = text(&output.stdout).to_owned();
        let line = out.lines().last().expect("a summary").to_owned();
        let seconds = line
            .rsplit("in ")
            .next()
            .and_then(|of| of.strip_suffix(" s"));
        seconds.and_then(|of| of.parse().ok()).expect("seconds")
    };
    let best = (0..3)
        .map(|_| seconds(penstock(&folder, &test)))
        .fold(f64::MAX, f64::min);
    assert!(best < 1.0, "{best} s");
}
