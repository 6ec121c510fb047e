//! How much memory a guest may take: linear memories and tables of one store against one limit.

use wasmtime::ResourceLimiter;

/// What a table's element costs: a pointer, and as much for the room that is kept when it grows.
const TABLE_ELEMENT_BYTES: usize = 2 * size_of::<usize>();

/// Core instances, tables and memories of one component. The largest known guest (Python with its
/// shared libraries) has some tens of instances and tables; each memory reserves address space.
const INSTANCES_MAX: usize = 256;
const TABLES_MAX: usize = 256;
const MEMORIES_MAX: usize = 8;

/// The limiter of one store.
pub(crate) struct Memory {
    limit_bytes: usize,
    used_bytes: usize,
    /// What the last permitted growth added, taken back if it fails.
    pending_bytes: usize,
    refused: bool,
}

impl Memory {
    pub(crate) fn new(limit_bytes: u64) -> Self {
        Memory {
            limit_bytes: usize::try_from(limit_bytes).unwrap_or(usize::MAX),
            used_bytes: 0,
            pending_bytes: 0,
            refused: false,
        }
    }

    pub(crate) fn limit_bytes(&self) -> usize {
        self.limit_bytes
    }

    /// Never shrinks: WebAssembly gives no memory back.
    pub(crate) fn used_bytes(&self) -> usize {
        self.used_bytes
    }

    /// Whether a growth was refused since the last [`Memory::forget_refusal`].
    pub(crate) fn refused(&self) -> bool {
        self.refused
    }

    pub(crate) fn forget_refusal(&mut self) {
        self.refused = false;
    }

    fn grow(&mut self, more_bytes: usize) -> bool {
        let permitted = self
            .used_bytes
            .checked_add(more_bytes)
            .is_some_and(|used| used <= self.limit_bytes);
        if permitted {
            self.used_bytes += more_bytes;
            self.pending_bytes = more_bytes;
        } else {
            self.refused = true;
        }
        permitted
    }

    fn grow_failed(&mut self) {
        self.used_bytes -= std::mem::take(&mut self.pending_bytes);
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(self.grow(desired.saturating_sub(current)))
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.grow_failed();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        Ok(self.grow(more.saturating_mul(TABLE_ELEMENT_BYTES)))
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.grow_failed();
        Ok(())
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_memories_and_tables_share_one_limit() {
        let mut memory = Memory::new(200_000);
        assert!(memory.memory_growing(0, 65_536, None).unwrap());
        assert!(memory.memory_growing(0, 131_072, None).unwrap());
        assert!(!memory.refused());
        assert!(!memory.table_growing(0, 1_000, None).unwrap());
        assert!(memory.refused());
        assert_eq!(memory.used_bytes(), 196_608);
    }

    #[test]
    fn a_growth_that_failed_costs_nothing() {
        let mut memory = Memory::new(100_000);
        assert!(memory.memory_growing(0, 65_536, Some(10)).unwrap());
        memory
            .memory_grow_failed(wasmtime::Error::msg("over the maximum"))
            .unwrap();
        assert_eq!(memory.used_bytes(), 0);
        assert!(!memory.refused());
    }
}
