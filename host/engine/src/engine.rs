//! placeholder
/// x
pub struct Engine;
/// x
pub struct Partition;
/// x
pub struct Flow;
