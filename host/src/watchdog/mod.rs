//! The host looks at itself as the doctor would: at its group from outside, at itself from inside.
//!
//! Nothing of a record's way depends on it; it asks the brokers a few questions every ten seconds,
//! on a thread of its own.

mod found;
mod heal;
mod remade;
mod stranded;
mod window;

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use penstock_core::diagnosis::diagnose;
use penstock_core::diagnosis::snapshot::{Answer, Host, Look};
use penstock_core::status::Status;
use tokio::sync::oneshot;

pub use found::Found;
pub use stranded::{Membership, Standing};

use crate::admin::{Control, View};
use crate::doctor::{Ask, Observer};
use heal::Healer;
use stranded::Stranded;
use window::Window;

/// Between two looks. As long as the doctor watches what stands still.
const PERIOD: Duration = Duration::from_secs(10);
/// How long the client may take to say how it stands.
const STANDING: Duration = Duration::from_secs(5);

/// A running watchdog; it ends when dropped.
#[derive(Debug)]
pub struct Watchdog {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What the watchdog looks at from inside, and what it can do.
pub struct Inside {
    /// The host as it shows itself.
    pub view: Arc<dyn View>,
    /// How its client stands in the group.
    pub membership: Arc<dyn Membership>,
    /// Takes orders as an operator gives them.
    pub control: Arc<dyn Control>,
    /// Gets a reason why the host has to begin anew, once.
    pub failed: Box<dyn FnOnce(String) + Send>,
}

/// Starts it for the host with this `client.id`. What it finds is in `found` and in the log.
///
/// # Errors
/// The thread or its runtime could not be started.
pub fn start(ask: Ask, client_id: &str, inside: Inside, found: Arc<Found>) -> io::Result<Watchdog> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (stop, stopped) = oneshot::channel();
    let client_id = client_id.to_owned();
    let watch = Watch {
        observer: Observer::new(ask, Some(client_id)),
        view: inside.view,
        membership: inside.membership,
        healer: Healer::new(inside.control, Arc::clone(&found)),
        failed: Some(inside.failed),
        found,
        window: Window::default(),
        stranded: Stranded::default(),
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
    membership: Arc<dyn Membership>,
    healer: Healer,
    failed: Option<Box<dyn FnOnce(String) + Send>>,
    found: Arc<Found>,
    window: Window,
    stranded: Stranded,
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
        self.is_stranded(&look, &status).await;
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

    /// Has the host begin anew, if its client will never hand over what is this host's.
    async fn is_stranded(&mut self, look: &Look, status: &Status) {
        let membership = Arc::clone(&self.membership);
        let standing = tokio::task::spawn_blocking(move || membership.standing());
        let standing = match tokio::time::timeout(STANDING, standing).await {
            Ok(Ok(standing)) => Ok(standing),
            Ok(Err(_)) | Err(_) => Err(()),
        };
        if let Some(why) = self.stranded.add(look, status, standing)
            && let Some(failed) = self.failed.take()
        {
            failed(why);
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
