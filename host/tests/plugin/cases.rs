//! `penstock plugin test`.

use std::fs;

use serde_json::{Value, json};

use crate::command::{built, folder_with, penstock, ran, source, text, write};

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
fn programs_get_an_object_a_case() {
    let folder = folder_with("unruly");
    let echo = "{\"value\":\"ok\"}\n{\"value\":\"reject\"}\n";
    write(&folder, "tests/a/in.jsonl", echo);
    let expected = "{\"verdict\":\"skipped\"}\n{\"verdict\":\"dead-lettered\"}\n";
    write(&folder, "tests/a/expected.jsonl", expected);
    write(&folder, "tests/b/in.jsonl", "{\"value\":\"skip\"}\n");
    write(
        &folder,
        "tests/b/expected.jsonl",
        "{\"verdict\":\"skipped\"}\n",
    );
    write(&folder, "tests/c/in.jsonl", "{\"value\":\"skip\"}\n");
    write(
        &folder,
        "tests/c/case.toml",
        "[handlers.unruly]\nretri = 1\n",
    );
    let out = ran(&folder, &["plugin", "test", "--json"], 2, &[]);
    let cases: Vec<Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let [a, b, c] = &cases[..] else {
        panic!("{out}");
    };
    assert_eq!((&a["case"], &a["ok"]), (&json!("a"), &json!(false)));
    let [problem] = a["problems"].as_array().expect("a list").as_slice() else {
        panic!("{a}");
    };
    assert_eq!(problem["kind"], "unexpected");
    assert_eq!(problem["line"], 1);
    assert_eq!(problem["expected"]["verdict"], "skipped");
    assert_eq!(problem["found"]["outputs"][0]["record"]["value"], "ok");
    assert_eq!((&b["case"], &b["ok"]), (&json!("b"), &json!(true)));
    assert_eq!((&b["records"], &b["problems"]), (&json!(1), &json!([])));
    assert_eq!((&c["case"], &c["ok"]), (&json!("c"), &json!(false)));
    assert_eq!(c["diagnostics"][0]["code"], "PSK-C003", "{c}");
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
    ran(&folder, &test, 1, &["in.jsonl has 2, and there are 1"]);
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
    let names = [
        "bad-expected",
        "bad-input",
        "bad-toml",
        "empty",
        "fine",
        "other",
        "refused",
    ];
    for name in names {
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
    write(&folder, "tests/empty/in.jsonl", "\n");
    write(&folder, "tests/other/expected.jsonl", "[]\n");
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
            "help: a line is what a record comes to, as {\"verdict\":\"skipped\",",
            "tests/bad-input/in.jsonl:2: unknown field `valeu`",
            "help: a line is a record, as {\"key\":\"u7\",\"value\":\"text\"}",
            "tests/empty/in.jsonl has no record",
            "tests/other/expected.jsonl:1: invalid length 0, expected an object",
            "tests/bad-toml/case.toml:2:13",
            "\"recrd\"",
            "FAIL  fine",
            "tests/refused/case.toml:2:10",
            "refuses its setting `refuse`",
            "6 can't be run",
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
        &["no case has that in its name", "the cases are: one"],
    );
    let nowhere = ["plugin", "test", "nowhere"];
    ran(&folder, &nowhere, 2, &["there is no folder nowhere"]);
    let unbuilt = ["plugin", "test", "--plugin", "that.wasm"];
    let said = ["that.wasm: there is no such file", "penstock plugin build"];
    ran(&folder, &unbuilt, 2, &said);
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
    // Into a folder that nothing has made yet, as the first step of a pipeline.
    let results = ["plugin", "test", "--junit", "build/out/results.xml"];
    ran(&folder, &results, 1, &[]);
    let xml = fs::read_to_string(folder.path().join("build/out/results.xml")).expect("written");
    assert!(
        xml.contains("<testsuite name=\"unruly\" tests=\"1\" failures=\"1\" errors=\"0\""),
        "{xml}"
    );
    assert!(
        xml.contains("- skipped\n") && xml.contains("+ emitted\n"),
        "{xml}"
    );
}

#[test]
fn results_that_cannot_be_written_are_no_verdict() {
    let folder = folder_with("unruly");
    write(&folder, "tests/one/in.jsonl", "{\"value\":\"ok\"}\n");
    let into_a_file = ["plugin", "test", "--junit", "it.wasm/results.xml"];
    let said = ["it.wasm/results.xml can't be written", "has no results"];
    ran(&folder, &into_a_file, 2, &said);
}

/// The host's log has it on one line; here it is shown the same.
#[test]
fn a_line_break_in_a_log_line_is_escaped_once() {
    let folder = folder_with("unruly");
    write(&folder, "tests/one/in.jsonl", "{\"value\":\"panic\"}\n");
    write(
        &folder,
        "tests/one/expected.jsonl",
        "{\"verdict\":\"skipped\"}\n",
    );
    let out = ran(&folder, &["plugin", "test"], 1, &["log error panicked at"]);
    assert!(
        out.contains(r":\nthe record at offset 0") && !out.contains(r"\\"),
        "{out}"
    );
}

/// Where to write what is missing is said of a file that there can be.
#[test]
fn a_required_setting_is_asked_for_in_the_cases_own_file() {
    let folder = folder_with("conformance");
    write(&folder, "tests/one/in.jsonl", "{\"value\":\"x\"}\n");
    ran(
        &folder,
        &["plugin", "test"],
        2,
        &[
            "setting `word` of `conformance` is missing",
            "tests/one/case.toml (what it lacks):1:23",
            "[handlers.conformance.settings]",
        ],
    );
    write(&folder, "tests/one/case.toml", "[retry]\nattempts = 2\n");
    let lacks = "tests/one/case.toml (what it lacks):1:23";
    ran(&folder, &["plugin", "test"], 2, &[lacks]);
    let given = "[handlers.conformance.settings]\nword = \"x\"\n";
    write(&folder, "tests/one/case.toml", given);
    ran(&folder, &["plugin", "test", "--bless"], 0, &[]);
}
