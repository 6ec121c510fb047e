//! A host in this process, wired as `app.rs` wires it, with [`Leaky`] between source and engine.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use penstock::commands::configuration;
use penstock::plan;
use penstock::shelf::Shelf;
use penstock::view::{HostView, Source};
use penstock::watchdog::{self, Found, Inside, Watchdog};
use penstock_core::conditions::Conditions;
use penstock_engine::Engine;
use penstock_kafka::{KafkaSink, client_id, start_source};
use penstock_tests::{HostConfig, free_port, plugin};

use crate::leaky::Leaky;

/// See the module.
pub struct Host {
    pub view: Arc<HostView>,
    engine: Arc<Engine>,
    sink: Arc<KafkaSink>,
    source: Source,
    watchdog: Watchdog,
    leaked: Arc<AtomicBool>,
}

impl Host {
    /// The unruly plugin on a topic of two partitions.
    pub fn start(bootstrap: &str, group: &str, input: &str, output: &str) -> Result<Host> {
        let dir = tempfile::tempdir()?;
        let config = HostConfig::new(bootstrap, group, "h1")
            .protocol("classic")
            .set(&["kafka", "commit-interval"], "100ms")
            .set(
                &["host", "cache"],
                dir.path().join("cache").display().to_string(),
            )
            .set(&["admin", "listen"], format!("127.0.0.1:{}", free_port()?))
            .handler("unruly", &plugin("unruly")?, &[("out", output)])
            .topic(input, &["unruly"], "earliest", None);
        let file = dir.path().join("penstock.toml");
        std::fs::write(&file, config.toml()?)?;
        let shelf = Shelf::default();
        let loaded = configuration::try_load(&[file], &shelf)
            .map_err(|report| anyhow!("{}", report.render(false)))?;
        let config = &loaded.config;

        let conditions = Arc::new(Mutex::new(Conditions::default()));
        let found = Arc::new(Found::default());
        let view = HostView::new(config, Arc::clone(&conditions), Arc::clone(&found));
        let view = Arc::new(view);
        let client_id = client_id(&config.host, &config.admin);
        let topics = plan::output_topics(config);
        let names: Vec<Arc<str>> = topics.iter().map(|name| name.as_str().into()).collect();
        let sink = KafkaSink::new(&config.kafka, &client_id, &names)?;
        let runtime = shelf.runtime(config).map_err(|error| anyhow!("{error}"))?;
        let plans = plan::topics(&loaded, runtime, &topics);
        let engine = Engine::start(
            plan::settings(config),
            plans,
            Arc::clone(&sink) as _,
            Arc::clone(runtime) as _,
            conditions,
        )?;
        let failed = || Box::new(|why: String| panic!("a client is of no use: {why}"));
        sink.report_to(Arc::clone(&engine) as _, Arc::clone(&engine) as _, failed())?;
        let leaked = Arc::new(AtomicBool::new(false));
        let leaky = Arc::new(Leaky::new(&engine, &leaked));
        let source = start_source(
            &config.kafka,
            &client_id,
            &config.topics,
            &BTreeSet::new(),
            leaky,
            None,
            failed(),
        )?;
        let source = Arc::new(Mutex::new(Some(source)));
        view.attach(&engine, &source);
        let ask = plan::watch(config).map_err(anyhow::Error::msg)?;
        let inside = Inside {
            view: Arc::clone(&view) as _,
            membership: Arc::clone(&view) as _,
            control: Arc::clone(&view) as _,
            failed: failed(),
        };
        let watchdog = watchdog::start(ask, &client_id, inside, found);
        Ok(Host {
            view,
            engine,
            sink,
            source,
            watchdog: watchdog.context("the watchdog does not start")?,
            leaked,
        })
    }

    /// Whether a partition was paused that nobody resumes.
    pub fn has_leaked(&self) -> bool {
        self.leaked.load(Ordering::SeqCst)
    }

    /// Drains, commits, leaves.
    pub fn stop(self) {
        let deadline = Instant::now() + Duration::from_secs(10);
        drop(self.watchdog);
        let source = self.source.lock().expect("not poisoned").take();
        let report = source.expect("it runs").stop(deadline).expect("in time");
        assert!(
            report.drained && report.commit_error.is_none(),
            "{report:?}"
        );
        self.sink.close(deadline);
        self.engine.stop();
    }
}
