//! Compiles plugins while the host runs already, and checks their handlers then.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use penstock_core::config::{Loaded, Report};
use penstock_wasm::lower_priority;

use crate::shelf::Shelf;

/// The configuration with what is known by now, or what is wrong with it.
pub type Checked = Result<Loaded, Report>;

/// Compiles what is pending, on a thread of its own that comes after all others. After each plugin
/// the configuration is told with what it says; a mistake is the last word. It ends when nothing is
/// pending any more, or nobody listens.
///
/// # Errors
/// When the system gives no thread.
pub fn compile(loaded: &Loaded, shelf: &Arc<Shelf>) -> std::io::Result<Receiver<Checked>> {
    let (tell, told) = channel();
    if loaded.pending().next().is_some() {
        let (loaded, shelf) = (loaded.clone(), Arc::clone(shelf));
        std::thread::Builder::new()
            .name("compile".into())
            .spawn(move || run(loaded, &shelf, &tell))?;
    }
    Ok(told)
}

fn run(mut loaded: Loaded, shelf: &Shelf, tell: &Sender<Checked>) {
    // What is compiled is also digested and written here.
    lower_priority();
    while let Some(plugin) = next(&loaded) {
        let (path, pinned) = plugin;
        shelf.compile(&path, pinned, &loaded.config);
        let checked = loaded.complete(&shelf.compiled(|_| ()));
        if let Ok(next) = &checked {
            loaded = next.clone();
        }
        let is_last = checked.is_err();
        if tell.send(checked).is_err() || is_last {
            return;
        }
    }
}

/// The smallest of the plugins that are pending: the least time to the next that is ready.
fn next(loaded: &Loaded) -> Option<(PathBuf, Option<[u8; 32]>)> {
    let pending = loaded.pending().map(|name| &loaded.config.handlers[name]);
    // One that is gone by now is told by whoever opens it.
    let smallest = pending.min_by_key(|of| of.plugin.metadata().map_or(0, |file| file.len()))?;
    Some((smallest.plugin.clone(), smallest.sha256))
}
