//! The host looks at itself as the doctor would: at its group from outside, at itself from inside.
//!
//! Nothing of a record's way depends on it; it asks the brokers a few questions every ten seconds,
//! on a thread of its own.

mod found;
mod heal;
mod remade;
mod window;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use penstock_core::diagnosis::diagnose;
use penstock_core::diagnosis::snapshot::{Answer, Host};
use penstock_core::status::Status;
use tokio::sync::oneshot;

pub use found::Found;

use crate::admin::{Control, View};
use crate::doctor::{Ask, Observer};
use heal::Healer;
use window::Window;

/// Between two looks. As long as the doctor watches what stands still.
const PERIOD: Duration = Duration::from_secs(10);

/// A running watchdog; it ends when dropped.
#[derive(Debug)]
pub struct Watchdog {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Starts it for the host with this `client.id`. What it finds is in `found` and in the log.
///
/// # Errors
/// The thread or its runtime could not be started.
pub fn start(
    ask: Ask,
    client_id: &str,
    view: Arc<dyn View>,
    control: Arc<dyn Control>,
    found: Arc<Found>,
) -> io::Result<Watchdog> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let client_id = client_id.to_owned();
    let watch = Watch {
        observer: Observer::new(ask, Some(client_id)),
        view,
        healer: Healer::new(control, Arc::clone(&found)),
        found,
        window: Window::default(),
    };
    let thread = std::thread::Builder::new()
        .name("watchdog".to_owned())
        .spawn(move || {
            runtime.block_on(watch.run(stopped));
            // A name that nobody resolves must not hold the host's end up.
            runtime.shutdown_background();
        })?;
    Ok(Watchdog {
        stop: Some(stop),
        thread: Some(thread),
    })
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        // The receiver ends with the sender.
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the watchdog's thread panicked");
        }
    }
}

struct Watch {
    observer: Observer,
    view: Arc<dyn View>,
    healer: Healer,
    found: Arc<Found>,
    window: Window,
}

impl Watch {
    async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        loop {
            let round = async {
                tokio::time::sleep(PERIOD).await;
                self.round().await;
            };
            tokio::select! {
                _ = &mut stopped => return,
                () = round => {}
            }
        }
    }

    async fn round(&mut self) {
        let before = self.window.latest().into_iter();
        let known = before.flat_map(|look| look.topics.iter().map(|of| of.name.clone()));
        let Ok(mut look) = self.observer.look(known.collect()).await else {
            // The client has latched it: PSK-K001. What was found before is not known to be over.
            return;
        };
        let status = self.view.status();
        look.hosts = vec![itself(&self.observer, &status)];
        let mut findings = Vec::new();
        for looks in self.window.add(look) {
            let snapshot = self.observer.complete(looks).await;
            findings.extend(diagnose(&snapshot).findings);
        }
        // Those are latched by what met them, and were said then.
        findings.retain(|of| {
            let mut latched = status.conditions.iter();
            !latched.any(|it| it.code == of.code.as_str() && it.subject == of.subject)
        });
        self.found.replace(&findings);
        if let Some(look) = self.window.latest() {
            self.healer.heal(&findings, look, &status).await;
        }
    }
}

fn itself(observer: &Observer, status: &Status) -> Host {
    Host {
        client: observer.client().unwrap_or_default().to_owned(),
        address: "itself".to_owned(),
        status: Answer::Known(status.clone()),
    }
}
