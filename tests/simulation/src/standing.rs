//! Nobody stands still for long though a handler could be called: no lane, and no parked key.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::truth::Broken;
use crate::world::World;

/// Longer than anything that a record may rightly wait for once faults have ceased.
const STANDING_MAX: Duration = Duration::from_secs(3);

/// Records that could be handled, by stay and offset, and since when that was seen.
#[derive(Default)]
pub struct Standing(BTreeMap<(usize, i64), Duration>);

impl World {
    /// After a round in which everybody did what there was to do.
    pub fn stands_nobody_still(&self, standing: &mut Standing) -> Result<(), Broken> {
        let now = self.inner().now;
        let mut still = BTreeMap::new();
        for place in 0..self.plan.places.len() {
            let (Some(stay), Some((_, false))) = (self.stay_at(place), self.stands(place)) else {
                continue;
            };
            for offset in self.inner().truth.callable(stay, now) {
                let since = standing.0.get(&(stay, offset)).copied().unwrap_or(now);
                if now - since > STANDING_MAX {
                    let name = self.plan.name(place);
                    return Err(format!("{name}@{offset} is due, and not handled"));
                }
                still.insert((stay, offset), since);
            }
        }
        standing.0 = still;
        Ok(())
    }

    fn stay_at(&self, place: usize) -> Option<usize> {
        let owner = self.inner().broker.owner[place]?;
        let host = Arc::clone(self.hosts().get(owner)?);
        let source = host.source();
        source.cells.get(&place).map(|cell| cell.stay)
    }
}
