//! The only wiring: configuration → sandbox, engine, Kafka, admin listener → run → drain.

use std::fmt;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use penstock_core::conditions::Conditions;
use penstock_core::config::{Delivery, Loaded};
use penstock_core::status::Status;
use penstock_engine::Engine;
use penstock_engine::ports::{DeliveryReports, EpochClock};
use penstock_kafka::{KafkaSink, SourceHandle, StopReport, client_id, start_source};

use crate::admin::{self, AdminHandle, View};
use crate::commands::{Exit, Failure};
use crate::plan;
use crate::shelf::Shelf;
use crate::view::HostView;
use crate::waiting::Waiting;
use crate::watchdog::{self, Found, Inside, Watchdog};

/// A running host.
pub struct App {
    engine: Arc<Engine>,
    sink: Arc<KafkaSink>,
    source: Arc<Mutex<Option<SourceHandle>>>,
    view: Arc<HostView>,
    admin: AdminHandle,
    watchdog: Option<Watchdog>,
    output_topics: Arc<[String]>,
    waiting: Waiting,
}

/// How a host ended.
#[derive(Debug)]
pub struct Ended {
    /// Begun deliveries without a verdict that were neither idle nor waiting: running, or sent
    /// and not acknowledged when the deadline passed.
    pub abandoned: u64,
    /// What the consumer says; `None` when it did not end in time.
    pub source: Option<StopReport>,
}

impl App {
    /// Starts everything; topics whose plugins are still being compiled wait for [`App::extend`].
    /// `failed` gets a text when a client met an error after which the process
    /// is of no use.
    ///
    /// # Errors
    /// What can't be had on this machine: the admin address, a thread, a client setting.
    ///
    /// # Panics
    /// If the configuration was not loaded with this shelf.
    pub fn start(loaded: &Loaded, shelf: &Shelf, failed: &Sender<String>) -> Result<App, Failure> {
        let config = &loaded.config;
        let usage =
            |error: &dyn fmt::Display| Failure::new(Exit::Usage, error).cost("nothing was started");
        let conditions = Arc::new(Mutex::new(Conditions::default()));
        let found = Arc::new(Found::default());
        let view = Arc::new(HostView::new(
            config,
            Arc::clone(&conditions),
            Arc::clone(&found),
        ));
        let admin = admin::serve(
            config.admin.listen,
            config.admin.token.clone(),
            Arc::clone(&view),
        )
        .map_err(|error| usage(&error))?;
        let client_id = client_id(&config.host, &config.admin);
        let output_topics = plan::output_topics(config);
        let waiting = Waiting::of(loaded, Arc::clone(&conditions));
        let names: Vec<Arc<str>> = output_topics
            .iter()
            .map(|name| name.as_str().into())
            .collect();
        let sink = KafkaSink::new(&config.kafka, &client_id, &names).map_err(|e| usage(&e))?;
        let runtime = shelf.runtime(config).map_err(|error| usage(error))?;
        let engine = Engine::start(
            plan::settings(config),
            plan::topics(loaded, runtime, &output_topics),
            Arc::clone(&sink) as _,
            Arc::clone(runtime) as Arc<dyn EpochClock>,
            conditions,
        )
        .map_err(|error| usage(&error))?;
        let report = |failed: &Sender<String>| {
            let failed = failed.clone();
            // Nobody listens any more when the host is ending anyway.
            Box::new(move |text| drop(failed.send(text))) as Box<dyn FnOnce(String) + Send>
        };
        sink.report_to(
            Arc::clone(&engine) as Arc<dyn DeliveryReports>,
            Arc::clone(&engine) as _,
            report(failed),
        )
        .map_err(|error| usage(&error))?;
        let exactly_once = matches!(config.kafka.delivery, Delivery::ExactlyOnce(_));
        let source = start_source(
            &config.kafka,
            &client_id,
            &config.topics,
            &waiting.names(),
            Arc::clone(&engine),
            exactly_once.then_some(&*sink),
            report(failed),
        )
        .map_err(|error| usage(&error))?;
        if exactly_once {
            let transactions = source.transactions(&sink, Arc::clone(&engine) as _);
            view.attach_transactions(Box::new(transactions.watch()));
            engine
                .transact(Box::new(transactions), report(failed))
                .map_err(|error| usage(&error))?;
        }
        let source = Arc::new(Mutex::new(Some(source)));
        view.attach(&engine, &source);
        let watchdog = match plan::watch(config) {
            Ok(ask) => {
                let inside = Inside {
                    view: Arc::clone(&view) as _,
                    membership: Arc::clone(&view) as _,
                    control: Arc::clone(&view) as _,
                    failed: report(failed),
                };
                let started = watchdog::start(ask, &client_id, inside, found);
                Some(started.map_err(|error| usage(&error))?)
            }
            // librdkafka knows ways in that only it can go.
            Err(why) => {
                tracing::warn!("the host does not watch its group from outside: {why}");
                None
            }
        };
        Ok(App {
            engine,
            sink,
            source,
            view,
            admin,
            watchdog,
            output_topics,
            waiting,
        })
    }

    /// Begins to read the topics whose plugins are all there by now.
    ///
    /// # Panics
    /// If these are not the configuration and the shelf that the host was started with, checked
    /// further.
    pub fn extend(&mut self, loaded: &Loaded, shelf: &Shelf) {
        let runtime = shelf.runtime(&loaded.config);
        let runtime = runtime.expect("it runs since the start");
        for topic in self.waiting.ready(loaded) {
            let plan = plan::topic(loaded, runtime, &self.output_topics, &topic);
            self.engine.plan(plan);
            let source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(source) = &*source {
                source.read(&topic);
            }
            drop(source);
            self.waiting.over(&topic);
        }
    }

    /// The host at this moment.
    pub fn status(&self) -> Status {
        self.view.status()
    }

    /// Stops the intake, finishes what is in hand, commits, leaves the group; at most until
    /// `deadline`.
    pub fn stop(self, deadline: Instant) -> Ended {
        self.view.stopping();
        drop(self.watchdog);
        let before = self.engine.abandoned();
        // Not under the lock: the listener goes on answering while the host drains.
        let source = self
            .source
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        let source = source.and_then(|source| source.stop(deadline));
        let left = self.engine.partitions();
        self.engine.close(&left);
        self.sink.close(deadline);
        self.engine.stop();
        for account in self.engine.snapshot().handlers {
            let ledger = account.ledger;
            tracing::info!(
                topic = account.topic,
                handler = account.handler,
                begun = ledger.begun,
                emitted = ledger.emitted,
                skipped = ledger.skipped,
                dead_lettered = ledger.dead_lettered,
                handed_back = ledger.handed_back,
                open = ledger.open,
                balanced = ledger.balances(),
                "total"
            );
        }
        self.admin.stop();
        Ended {
            abandoned: self.engine.abandoned() - before,
            source,
        }
    }
}
