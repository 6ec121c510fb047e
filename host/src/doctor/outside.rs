//! What is seen from outside, where no broker lets the doctor in.

use penstock_admin_protocol::Error;
use penstock_core::diagnosis::snapshot::{Look, Snapshot};

use super::{now_ms, translate};

/// A snapshot of nothing but the barriers.
///
/// # Errors
/// There is none: no broker is there at all.
pub(super) fn seen(mut snapshot: Snapshot, errors: Vec<Error>) -> Result<Snapshot, Vec<Error>> {
    let is_barred = |error: &Error| matches!(error, Error::Barred { .. });
    if !errors.iter().any(is_barred) {
        return Err(errors);
    }
    let entry = errors.into_iter().map(|error| {
        let address = error.address().unwrap_or_default().to_owned();
        (address, translate::answer(Err(error)))
    });
    snapshot.entry = entry.collect();
    snapshot.looks.push(Look::blind(now_ms()));
    Ok(snapshot)
}
