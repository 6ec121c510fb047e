//! SIGTERM and SIGINT: the first asks the host to stop, a second ends it at once.

use std::sync::mpsc::Sender;

use tokio::signal::unix::{SignalKind, signal};

/// Sends the name of the first signal that asks to stop. The second one ends the process at once,
/// with the exit code that a shell expects of it.
///
/// # Errors
/// When signals can't be received.
pub fn watch(stop: Sender<String>) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let (mut terminate, mut interrupt) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::terminate())?,
            signal(SignalKind::interrupt())?,
        )
    };
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            runtime.block_on(async move {
                let mut next = async || {
                    tokio::select! {
                        _ = terminate.recv() => ("SIGTERM", libc::SIGTERM),
                        _ = interrupt.recv() => ("SIGINT", libc::SIGINT),
                    }
                };
                let (name, _) = next().await;
                if stop.send(name.to_owned()).is_err() {
                    return;
                }
                let (name, number) = next().await;
                tracing::warn!(
                    "{name} again: ending at once; what is in hand is done again by its next owner"
                );
                std::process::exit(128 + number);
            });
        })?;
    Ok(())
}
