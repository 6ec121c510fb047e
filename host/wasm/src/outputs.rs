//! What the record in hand has emitted, and how much more it may.

use penstock_core::staging::{Mark, Staging};
use penstock_core::verdict::Failure;

/// What each header costs in the staging buffer beside its bytes.
pub(crate) const HEADER_OVERHEAD_BYTES: usize = 8;

/// The outputs of one call, and their limits.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    /// The caller's, swapped in for the call.
    pub(crate) staging: Staging,
    staged_before: (usize, usize),
    failure: Option<Failure>,
    declared: u32,
    count_max: u32,
    bytes_max: u64,
}

impl Outputs {
    pub(crate) fn new(declared: u32, count_max: u32, bytes_max: u64) -> Self {
        Outputs {
            declared,
            count_max,
            bytes_max,
            ..Outputs::default()
        }
    }

    /// A new call, which stages behind what is there.
    pub(crate) fn begin(&mut self, staging: &mut Staging) -> Mark {
        self.staged_before = (staging.len(), staging.bytes());
        self.failure = None;
        std::mem::swap(&mut self.staging, staging);
        self.staging.mark()
    }

    /// The call is over: the buffer goes back, and the limit that the call ran into, if any.
    pub(crate) fn end(&mut self, staging: &mut Staging) -> Option<Failure> {
        std::mem::swap(&mut self.staging, staging);
        self.failure.take()
    }

    /// Whether one more output of so many bytes may be staged; if not, remembers why.
    pub(crate) fn permit(&mut self, to: u32, more_bytes: usize) -> wasmtime::Result<()> {
        let (count, bytes) = self.staged_before;
        let bytes = self.staging.bytes() - bytes + more_bytes;
        let failure = if to >= self.declared {
            Failure::UnknownOutput { index: to }
        } else if self.staging.len() - count >= self.count_max as usize {
            Failure::TooManyOutputs {
                limit: self.count_max,
            }
        } else if bytes as u64 > self.bytes_max {
            Failure::OutputTooLarge {
                limit_bytes: self.bytes_max,
            }
        } else {
            return Ok(());
        };
        let error = wasmtime::Error::msg(failure.text());
        self.failure = Some(failure);
        Err(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_count_this_call_alone() {
        let mut staging = Staging::default();
        staging.push(0, None, Some(&[0; 100]), [], None);
        let mut outputs = Outputs::new(2, 2, 10);
        outputs.begin(&mut staging);
        for _ in 0..2 {
            outputs.permit(1, 5).unwrap();
            outputs.staging.push(1, None, Some(b"12345"), [], None);
        }
        outputs.permit(1, 0).unwrap_err();
        assert_eq!(
            outputs.end(&mut staging),
            Some(Failure::TooManyOutputs { limit: 2 })
        );
        assert_eq!(staging.len(), 3);

        outputs.begin(&mut staging);
        outputs.permit(1, 10).unwrap();
        outputs.permit(1, 11).unwrap_err();
        assert_eq!(
            outputs.end(&mut staging),
            Some(Failure::OutputTooLarge { limit_bytes: 10 })
        );

        outputs.begin(&mut staging);
        outputs.permit(2, 0).unwrap_err();
        assert_eq!(
            outputs.end(&mut staging),
            Some(Failure::UnknownOutput { index: 2 })
        );
    }
}
