//! What loading gives: defaults, layers, variables, and never a panic.

mod support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use penstock_core::codes::Code;
use penstock_core::config::{
    Config, Delivery, GroupProtocol, Isolation, LogFormat, OutputTimestamp, RecordLines, Report,
    SourceFile, Start, load, reference, schema,
};
use penstock_core::partition::{Order, OrderBy, ParkLimits};
use penstock_core::policy::{Class, RetryMode};
use proptest::prelude::*;

const MINIMAL: &str = r#"
[host]
id = "worker-1"

[kafka]
bootstrap = "localhost:9092"
group = "workers"

[handlers.access]
plugin = "purchase-to-access.wasm"
outputs = { access-granted = "course-access-granted" }

[topics.purchase-confirmed]
handlers = ["access"]
start = "earliest"
"#;

fn try_load(files: &[SourceFile]) -> Result<Config, Report> {
    let loaded = load(files, &support::env, &support::defaults(), &support::Fakes);
    loaded.map(|loaded| loaded.config)
}

fn config(layers: &[&str]) -> Config {
    let file = |(index, text): (usize, &&str)| support::file(&format!("{index}.toml"), *text);
    let files: Vec<SourceFile> = layers.iter().enumerate().map(file).collect();
    try_load(&files).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

#[test]
fn what_is_not_given_has_its_default() {
    let config = config(&[MINIMAL]);
    assert_eq!(config.host.shutdown_deadline, Duration::from_secs(10));
    assert_eq!(config.host.workers.get(), 4);
    assert_eq!(config.host.cache, Path::new("/var/cache/penstock"));
    assert_eq!(config.host.buffer_bytes, 16 << 20);
    assert_eq!(config.host.outbox_bytes, 32 << 20);
    assert_eq!(config.kafka.protocol, GroupProtocol::Classic);
    assert_eq!(config.kafka.delivery, Delivery::AtLeastOnce);
    assert_eq!(config.kafka.commit_interval, Duration::from_secs(5));
    assert!(config.kafka.common.is_empty());
    assert_eq!(config.admin.listen, "127.0.0.1:9644".parse().unwrap());
    assert_eq!(config.admin.token, None);
    assert_eq!(config.log.format, LogFormat::Json);
    assert_eq!(config.log.records, RecordLines::Sampled);
    assert_eq!(config.limits.deadline, Duration::from_secs(5));
    assert_eq!(config.limits.memory_bytes, 256 << 20);
    let handler = &config.handlers["access"];
    assert_eq!(
        handler.plugin,
        Path::new("/etc/penstock/purchase-to-access.wasm")
    );
    assert_eq!(handler.limits.deadline, Duration::from_secs(1));
    assert_eq!(handler.limits.memory_bytes, 64 << 20);
    assert_eq!(handler.limits.outputs, 1000);
    assert_eq!(handler.limits.output_bytes, 4 << 20);
    assert_eq!(handler.limits.log_lines, 100);
    assert_eq!(handler.limits.log_bytes, 64 << 10);
    assert_eq!(handler.limits.instances, 64);
    let retry = &handler.policy.rules[Class::Retry as usize].retry;
    assert_eq!(retry.attempts, 5);
    assert_eq!(retry.backoff_min, Duration::from_millis(100));
    assert_eq!(retry.backoff_max, Duration::from_secs(10));
    assert_eq!(handler.isolation, Isolation::Reused);
    assert_eq!(handler.timestamp, OutputTimestamp::Input);
    let topic = &config.topics["purchase-confirmed"];
    assert_eq!(topic.start, Start::Earliest);
    assert_eq!(topic.dead_letter, None);
    assert!(!topic.allow_loop);
}

#[test]
fn exactly_once_has_its_own_defaults_and_an_id_of_group_and_host() {
    let once = config(&[MINIMAL, "[kafka]\ndelivery = \"exactly-once\"\n"]);
    assert_eq!(once.kafka.commit_interval, Duration::from_millis(100));
    let Delivery::ExactlyOnce(transaction) = once.kafka.delivery else {
        panic!("{:?}", once.kafka.delivery);
    };
    assert_eq!(transaction.id, "workers-worker-1");
    assert_eq!(transaction.timeout, Duration::from_secs(30));
    assert_eq!(transaction.bytes, 32 << 20);
    assert_eq!(once.host.buffer_bytes, 64 << 20);
}

#[test]
fn order_is_strict_unless_lanes_or_keys_that_wait_are_asked_for() {
    let order = |layers: &[&str]| {
        let config = config(layers);
        config.order(&config.topics["purchase-confirmed"])
    };
    assert_eq!(order(&[MINIMAL]), Order::STRICT);
    let lanes = "[topics.purchase-confirmed]\nconcurrency = 8\n";
    let expected = Order {
        lanes: 8,
        ..Order::STRICT
    };
    assert_eq!(order(&[MINIMAL, lanes]), expected);
    let none = "[topics.purchase-confirmed]\norder = \"none\"\n";
    let expected = Order {
        by: OrderBy::Nothing,
        ..expected
    };
    assert_eq!(order(&[MINIMAL, lanes, none]), expected);
    let key = "[failures.crash]\nattempts = 3\nmode = \"key\"\n";
    let expected = Order {
        park: ParkLimits {
            keys: 1000,
            records: 10_000,
            bytes: 16 << 20,
        },
        ..Order::STRICT
    };
    assert_eq!(order(&[MINIMAL, key]), expected);
    let parking = "[parking]\nkeys = 3\nrecords = 7\nbytes = \"1MiB\"\n";
    let expected = Order {
        park: ParkLimits {
            keys: 3,
            records: 7,
            bytes: 1 << 20,
        },
        ..Order::STRICT
    };
    assert_eq!(order(&[MINIMAL, key, parking]), expected);
}

#[test]
fn what_is_said_of_a_class_decides_its_mode() {
    let key = "[retry]\nmode = \"key\"\n[failures.deadline]\nmode = \"block\"\n";
    let rules = &config(&[MINIMAL, key]).handlers["access"].policy.rules;
    assert_eq!(rules[Class::Retry as usize].retry.mode, RetryMode::Key);
    assert_eq!(rules[Class::Deadline as usize].retry.mode, RetryMode::Block);
}

#[test]
fn a_default_limit_is_held_to_the_ceiling() {
    let ceilings =
        "[limits]\ndeadline = \"300ms\"\nmemory = \"32MiB\"\n[host]\noutbox = \"1MiB\"\n";
    let limits = config(&[MINIMAL, ceilings]).handlers["access"]
        .limits
        .clone();
    assert_eq!(limits.deadline, Duration::from_millis(300));
    assert_eq!(limits.memory_bytes, 32 << 20);
    assert_eq!(limits.output_bytes, 1 << 20);
}

#[test]
fn a_later_file_is_laid_over_an_earlier_one() {
    let base =
        format!("{MINIMAL}dead-letter = \"dlq\"\n[handlers.more]\nplugin = \"silent.wasm\"\n");
    let top = r#"
[topics.purchase-confirmed]
handlers = ["more", "access"]
start = 2026-01-31T12:00:00+02:00
[handlers.access]
settings = { grant-days = "30" }
outputs.access-granted = "elsewhere"
"#;
    let config = config(&[&base, top]);
    let topic = &config.topics["purchase-confirmed"];
    assert_eq!(topic.handlers, ["more", "access"]);
    assert_eq!(topic.start, Start::Time(1_769_853_600_000));
    assert_eq!(topic.dead_letter.as_deref(), Some("dlq"));
    assert_eq!(config.handlers["access"].settings["grant-days"], "30");
    assert_eq!(
        config.handlers["access"].outputs["access-granted"],
        "elsewhere"
    );
    assert_eq!(config.kafka.group, "workers");
}

#[test]
fn a_path_is_relative_to_the_file_that_it_stands_in() {
    let at = |name: &str, dir: &str, text: &str| SourceFile {
        dir: PathBuf::from(dir),
        ..support::file(name, text)
    };
    let top =
        "[handlers.access]\nplugin = \"new/purchase-to-access.wasm\"\n[host]\ncache = \"/abs\"\n";
    let files = [
        at("base.toml", "/base", MINIMAL),
        at("top.toml", "/top", top),
    ];
    let config = try_load(&files).expect("the layers load");
    assert_eq!(
        config.handlers["access"].plugin,
        Path::new("/top/new/purchase-to-access.wasm")
    );
    assert_eq!(config.host.cache, Path::new("/abs"));
}

#[test]
fn variables_fill_strings_numbers_and_booleans() {
    let id = "\"${HOSTNAME}\"\nworkers = \"${WORKERS:-3}\"";
    let text = MINIMAL.replace("\"worker-1\"", id) + "allow-loop = \"${LOOP:-true}\"\n";
    let config = config(&[&text]);
    assert_eq!(config.host.id, "worker-1");
    assert_eq!(config.host.workers.get(), 3);
    assert!(config.topics["purchase-confirmed"].allow_loop);
}

#[test]
fn a_variable_can_not_break_the_file() {
    let text = MINIMAL.replace("\"workers\"", "\"${EVIL}\"");
    let evil = "a\"\n[kafka.common]\nacks = 0 #";
    let env = |name: &str| (name == "EVIL").then(|| evil.to_owned());
    let files = [support::file("a.toml", text)];
    let report = load(&files, &env, &support::defaults(), &support::Fakes)
        .expect_err("a group's name is one line");
    let codes: Vec<_> = report.diagnostics().iter().filter_map(|d| d.code).collect();
    assert_eq!(codes, [Code::WrongType], "{}", report.render(false));
}

#[test]
fn a_file_that_can_not_be_read_does_not_hide_the_others() {
    let gone = SourceFile {
        bytes: Err("No such file or directory (os error 2)".to_owned()),
        ..support::file("gone.toml", "")
    };
    let report = try_load(&[support::file("base.toml", "[hots]\n"), gone]).expect_err("it is gone");
    let text = report.render(false);
    assert!(
        text.contains("can't read gone.toml: No such file or directory"),
        "{text}"
    );
    assert!(text.contains("--> gone.toml"), "{text}");
    assert!(text.contains("did you mean `host`?"), "{text}");
    assert!(
        text.ends_with("2 mistakes in base.toml and gone.toml; nothing was started\n"),
        "{text}"
    );
}

#[test]
fn line_ends_make_no_difference() {
    let wrong = MINIMAL
        .replace("start", "strat")
        .replace("[host]", "[hots]");
    let windows = wrong.replace('\n', "\r\n");
    let report = |text| try_load(&[support::file("a.toml", text)]).expect_err("keys are misspelt");
    assert_eq!(report(wrong).render(false), report(windows).render(false));
}

#[test]
fn a_report_for_machines_has_places() {
    let report = try_load(&[support::file("a.toml", MINIMAL.replace("start", "strat"))]);
    let json = report.expect_err("start is misspelt").to_json();
    assert_eq!(json.as_array().map(Vec::len), Some(1), "{json}");
    assert_eq!(json[0]["code"], "PSK-C003");
    assert_eq!(
        (&json[0]["line"], &json[0]["column"]),
        (&15.into(), &1.into())
    );
}

#[test]
fn debug_output_holds_no_secret() {
    let secrets = "[kafka.common]\n\"sasl.password\" = \"${SECRET}\"\n[admin]\ntoken = \"${SECRET}\"\n\
                   [handlers.access.settings]\ngrant-days = \"12345\"\n";
    let text = format!("{:?}", config(&[MINIMAL, secrets]));
    assert!(
        !text.contains(support::SECRET) && !text.contains("12345"),
        "{text}"
    );
    assert!(text.contains("sasl.password"), "{text}");
}

#[test]
fn a_dead_letter_topic_may_be_read_if_it_allows_it() {
    let text = format!(
        "{MINIMAL}dead-letter = \"dlq\"\n[topics.dlq]\nhandlers = [\"access\"]\nstart = \"latest\"\nallow-loop = true\n"
    );
    assert_eq!(config(&[&text]).topics.len(), 2);
}

#[test]
fn the_reference_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    if std::env::var_os("PENSTOCK_BLESS").is_some() {
        std::fs::write(&path, reference()).expect("the reference can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == reference(),
        "docs/configuration.md is not what the table of keys says; renew it with \
         `PENSTOCK_BLESS=1 cargo test -p penstock-core --test config_load`"
    );
}

#[test]
fn the_schema_knows_the_keys_and_the_client_settings() {
    let schema = schema();
    let kafka = &schema["properties"]["kafka"]["properties"];
    let consumer = &kafka["consumer"]["properties"];
    assert!(consumer["session.timeout.ms"].is_object());
    assert!(consumer["linger.ms"].is_null(), "a producer's setting");
    assert!(
        consumer["enable.auto.commit"].is_null(),
        "the host's setting"
    );
    let topic = &schema["properties"]["topics"]["additionalProperties"];
    assert_eq!(topic["additionalProperties"], false);
    assert_eq!(topic["properties"]["allow-loop"]["default"], false);
    let lanes = topic["properties"]["concurrency"].to_string();
    assert!(lanes.contains(r#""maximum":256"#), "{lanes}");
    let order = topic["properties"]["order"].to_string();
    assert!(order.contains(r#"["key","none"]"#), "{order}");
    assert_eq!(
        schema["properties"]["host"]["properties"]["outbox"]["default"],
        "32MiB"
    );
}

/// Pieces of which a file that is nearly right can be made.
fn nearly_toml() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(MINIMAL.to_owned()),
        Just("[host]\n".to_owned()),
        Just("[topics.a]\n".to_owned()),
        Just("[[handlers]]\n".to_owned()),
        Just("[kafka.common]\n".to_owned()),
        Just("start = ".to_owned()),
        Just("\"earliest\"\n".to_owned()),
        Just("outputs.a.b = 1\n".to_owned()),
        Just("handlers = [[], {}, 1, \"${\"]\n".to_owned()),
        Just("password = \"é${X\"\n".to_owned()),
        Just("token = '''\né${A:-ü}".to_owned()),
        Just("\u{feff}".to_owned()),
        "[a-z\\[\\]={}\"'\\n.$é0-9:-]{0,20}",
    ];
    proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// Whatever the bytes: a configuration with a topic, or a report that can be shown.
fn holds(files: &[SourceFile]) {
    match try_load(files) {
        Ok(config) => assert!(!config.topics.is_empty()),
        Err(report) => {
            assert!(!report.is_empty());
            assert!(report.render(true).contains("nothing was started"));
            assert!(report.to_json().is_array());
            let silent = report.diagnostics().iter().find(|of| of.help.is_none());
            assert!(silent.is_none(), "no word on what to do: {silent:?}");
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_load_or_are_reported(bytes: Vec<u8>) {
        holds(&[support::file("a.toml", bytes)]);
    }

    #[test]
    fn any_text_loads_or_is_reported(text in nearly_toml()) {
        holds(&[support::file("a.toml", text)]);
    }

    #[test]
    fn any_layer_loads_or_is_reported(top in nearly_toml()) {
        holds(&[support::file("a.toml", MINIMAL), support::file("b.toml", top)]);
    }

    #[test]
    fn a_cut_file_loads_or_is_reported(at in 0..MINIMAL.len()) {
        holds(&[support::file("a.toml", &MINIMAL.as_bytes()[..at])]);
    }
}

#[test]
fn no_file_and_deep_files_are_reported() {
    holds(&[]);
    holds(&[support::file(
        "a.toml",
        format!("a{} = 1", ".a".repeat(100_000)),
    )]);
    holds(&[support::file(
        "a.toml",
        format!("a = {}", "[".repeat(100_000)),
    )]);
}
