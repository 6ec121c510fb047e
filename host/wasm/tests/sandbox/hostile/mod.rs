//! Components that are hostile, or broken: each meets its verdict, in words for people, and the
//! host's memory stays within the handler's limit meanwhile.
//!
//! The table of them in `docs/guides/limits.md`, and the components of `fuzz/corpus`, are written by
//! `PENSTOCK_BLESS=1 cargo test --release -p penstock-wasm --test sandbox hostile`.

mod bombs;
mod broken;
mod floods;
mod lies;
mod loops;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{env, fs};

use penstock_core::codes::Code;
use penstock_core::verdict::Failure;
use penstock_engine::ports::HandlerPool;
use penstock_wasm::Runtime;
use sha2::{Digest, Sha256};

use crate::allocator::most_held;
use crate::bench::{self, Bench, Ticking, batch, binding, ceilings, processor_time, run_in};
use crate::odd::{self, Odd};

/// What the host may hold beside what a handler's memory limit allows.
const SLACK_BYTES: usize = 16 << 20;

/// What all calls together may take: no call may be much longer than its deadline of 200 ms.
const PROCESSOR_TIME_MAX: Duration = Duration::from_secs(2);

const EMIT: &str = r#"(import "penstock:handler/outputs@0.1.0" "emit"
    (func $emit (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i64)))"#;

const WRITE: &str =
    r#"(import "penstock:handler/log@0.1.0" "write" (func $write (param i32 i32 i32)))"#;

/// When it is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Loaded,
    Described,
    Configured,
    Record,
}

/// A component, and what becomes of it.
struct Kind {
    does: &'static str,
    component: Vec<u8>,
    stage: Stage,
    /// `None` if it is done no harm by, and answers.
    code: Option<Code>,
    /// A part of what is said.
    told: &'static str,
}

impl Kind {
    fn new(
        does: &'static str,
        component: Vec<u8>,
        stage: Stage,
        code: Code,
        told: &'static str,
    ) -> Self {
        Kind {
            does,
            component,
            stage,
            code: Some(code),
            told,
        }
    }

    /// What fails in `handle`.
    fn at_record(does: &'static str, odd: &Odd, code: Code, told: &'static str) -> Self {
        Kind::new(does, odd.bytes(), Stage::Record, code, told)
    }

    /// What is no plugin.
    fn no_plugin(does: &'static str, component: Vec<u8>, told: &'static str) -> Self {
        Kind::new(does, component, Stage::Loaded, Code::NotAPlugin, told)
    }

    /// What is harmless.
    fn harmless(does: &'static str, odd: &Odd) -> Self {
        Kind {
            does,
            component: odd.bytes(),
            stage: Stage::Record,
            code: None,
            told: "",
        }
    }
}

fn kinds() -> Vec<Kind> {
    [
        loops::kinds(),
        bombs::kinds(),
        floods::kinds(),
        lies::kinds(),
        broken::kinds(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Where a component's life ended, and with what.
type End = (Stage, Option<Code>, String);

/// All of a component's life: it is loaded, described, configured, and handles a record.
fn life(component: &[u8]) -> End {
    let (_folder, path) = odd::write(component);
    let runtime = Arc::new(Runtime::new(bench::cache()).unwrap());
    let plugin = match runtime.load(&path) {
        Ok(plugin) => plugin,
        Err(error) => return (Stage::Loaded, Some(error.code), error.text),
    };
    if let Err(error) = plugin.describe(&ceilings()) {
        return (Stage::Described, Some(error.code), error.text);
    }
    let bench = Bench { runtime, plugin };
    let pool = bench.pool(|_| {});
    let failed = |stage, failure: Failure| (stage, Some(failure.code()), failure.text());
    match pool.try_configure() {
        Err(failure) => return failed(Stage::Configured, failure),
        Ok(refused) if !refused.is_empty() => {
            let text = format!("{refused:?}");
            return (Stage::Configured, Some(Code::SettingsRefused), text);
        }
        Ok(_) => {}
    }
    let _ticking = Ticking::start(&bench.runtime);
    let mut instance = match pool.checkout() {
        Ok(instance) => instance.expect("one is free"),
        Err(failure) => return failed(Stage::Configured, failure),
    };
    let ran = run_in(&mut *instance, "v");
    match ran.result {
        Ok(_) => (Stage::Record, None, String::new()),
        Err(_) => failed(Stage::Record, ran.failure()),
    }
}

#[test]
fn each_meets_its_verdict() {
    let kinds = kinds();
    assert!(kinds.len() >= 25, "{} kinds", kinds.len());
    let mut wrong = Vec::new();
    for kind in &kinds {
        // Compiled before, where nothing is counted.
        life(&kind.component);
        let before = processor_time();
        let ((stage, code, text), held) = most_held(|| life(&kind.component));
        let took = processor_time() - before;
        if (stage, code) != (kind.stage, kind.code) || !text.contains(kind.told) {
            wrong.push(format!("{}: {stage:?} {code:?} {text}", kind.does));
        }
        if held > binding().limits.memory_bytes as usize + SLACK_BYTES {
            wrong.push(format!("{}: the host held {held} bytes", kind.does));
        }
        if took > PROCESSOR_TIME_MAX {
            wrong.push(format!("{}: took {took:?}", kind.does));
        }
        if text.len() > 16 << 10 {
            wrong.push(format!("{}: told in {} bytes", kind.does, text.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn table() -> String {
    let mut table = String::from("| it | noticed | code | told as |\n|---|---|---|---|\n");
    for kind in kinds() {
        let stage = match kind.stage {
            Stage::Loaded => "when it is loaded",
            Stage::Described => "when it is described",
            Stage::Configured => "when it is configured",
            Stage::Record => "at the record",
        };
        let row = match kind.code {
            None => format!("| {} | | | no harm: the record is done |\n", kind.does),
            Some(code) => format!(
                "| {} | {stage} | [{code}](../codes/{code}.md) | `{}` |\n",
                kind.does,
                kind.told.replace('`', "")
            ),
        };
        table.push_str(&row);
    }
    table
}

#[test]
fn the_guide_has_them_all() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/limits.md");
    let guide = fs::read_to_string(&path).unwrap();
    let (before, rest) = guide
        .split_once("<!-- kinds -->\n")
        .expect("a place for the table");
    let (found, after) = rest
        .split_once("<!-- end of kinds -->")
        .expect("an end of it");
    let expected = table();
    if env::var_os("PENSTOCK_BLESS").is_some() {
        let blessed = format!("{before}<!-- kinds -->\n{expected}<!-- end of kinds -->{after}");
        fs::write(&path, blessed).unwrap();
        write_seeds();
        return;
    }
    assert_eq!(
        found, expected,
        "`PENSTOCK_BLESS=1 cargo test --release -p penstock-wasm --test sandbox hostile` writes it anew"
    );
}

/// The small ones are where `make fuzz` begins.
fn write_seeds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/components");
    let all = kinds().into_iter().map(|kind| kind.component);
    for component in all.filter(|component| component.len() < 4 << 10) {
        // As the hunt calls what it keeps.
        let digest = Sha256::digest(&component);
        let name: String = digest[..8].iter().map(|b| format!("{b:02x}")).collect();
        fs::write(corpus.join(name), component).unwrap();
    }
}

/// A million records through a guest that keeps a hundred bytes of each: it is replaced in time,
/// and no record fails.
#[test]
fn what_leaks_is_replaced_for_a_million_records() {
    // Memory for the host is never given back; more is taken from the system when it ends.
    let (_folder, path) = Odd::default()
        .realloc(
            "(if (i32.gt_u (i32.add (global.get $free) (i32.const 4096))
                   (i32.mul (memory.size) (i32.const 65536)))
               (then (if (i32.eq (memory.grow (i32.const 16)) (i32.const -1))
                 (then unreachable))))
             (local.set $size (i32.add (local.get $size) (i32.const 100)))",
        )
        .write();
    let bench = Bench::new(&path);
    let _ticking = Ticking::start(&bench.runtime);
    let pool = bench.pool(|binding| binding.limits.memory_bytes = 8 << 20);
    let batch = batch(Some("v"), &[]);
    let mut replaced = 0;
    let ((), held) = most_held(|| {
        let mut staging = penstock_core::staging::Staging::default();
        for _ in 0..1_000_000 {
            let mut instance = bench::checkout(&pool);
            let result = instance.handle(&batch.record(0), bench::CALL, &mut staging);
            assert_eq!(result, Ok(penstock_core::verdict::Outcome::Done));
            replaced += u32::from(instance.is_spent());
            pool.give_back(instance);
        }
    });
    assert!(replaced > 20, "replaced {replaced} times");
    assert!(held < SLACK_BYTES, "the host held {held} bytes");
}
