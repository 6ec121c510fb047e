//! What an [`AckToken`] says: the stay, the record, the handler, and whether it is a dead letter.

use penstock_core::partition::Seq;
use penstock_core::record::AssignmentEpoch;

use crate::ports::AckToken;

const SEQ_BITS: u32 = 24;
const SEQ_MASK: u64 = (1 << SEQ_BITS) - 1;
const HANDLER_BITS: u32 = 7;

/// The most handlers a topic may have.
pub const HANDLERS_MAX: usize = 1 << HANDLER_BITS;

/// The most unfinished records of a partition: far fewer than the token's window, so that a
/// number cut to the window names one record only.
pub const UNFINISHED_MAX: usize = 1 << 20;

/// The parts of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    pub epoch: AssignmentEpoch,
    pub seq: Seq,
    pub handler: usize,
    pub dead_letter: bool,
}

impl Token {
    pub fn pack(self) -> AckToken {
        debug_assert!(self.handler < HANDLERS_MAX);
        AckToken(
            u64::from(self.epoch.0) << 32
                | (self.seq.0 & SEQ_MASK) << (HANDLER_BITS + 1)
                | (self.handler as u64) << 1
                | u64::from(self.dead_letter),
        )
    }

    pub fn epoch(token: AckToken) -> AssignmentEpoch {
        AssignmentEpoch((token.0 >> 32) as u32)
    }

    /// `oldest` is the first record that the partition still keeps.
    pub fn unpack(token: AckToken, oldest: Seq) -> Token {
        let cut = (token.0 >> (HANDLER_BITS + 1)) & SEQ_MASK;
        let ahead = cut.wrapping_sub(oldest.0) & SEQ_MASK;
        Token {
            epoch: Token::epoch(token),
            seq: Seq(oldest.0 + ahead),
            handler: ((token.0 >> 1) as usize) & (HANDLERS_MAX - 1),
            dead_letter: token.0 & 1 == 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_token_comes_back_whole(
            epoch: u32,
            oldest in 0u64..1 << 40,
            ahead in 0u64..UNFINISHED_MAX as u64,
            handler in 0usize..HANDLERS_MAX,
            dead_letter: bool,
        ) {
            let token = Token {
                epoch: AssignmentEpoch(epoch),
                seq: Seq(oldest + ahead),
                handler,
                dead_letter,
            };
            prop_assert_eq!(Token::unpack(token.pack(), Seq(oldest)), token);
        }
    }
}
