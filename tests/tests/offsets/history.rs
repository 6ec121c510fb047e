//! Every offset that a group has committed, as the broker has written it down.

use anyhow::Result;
use penstock_tests::Client;
use rdkafka::message::Message;

/// The offsets committed in a partition, in their order.
pub fn commits(client: &Client, group: &str, topic: &str, partition: i32) -> Result<Vec<i64>> {
    // Version 1 of a key: group, topic, partition.
    let text = |text: &str| [&[0, text.len() as u8][..], text.as_bytes()].concat();
    let key = [
        &[0, 1][..],
        &text(group),
        &text(topic),
        &partition.to_be_bytes(),
    ]
    .concat();
    let mut commits = Vec::new();
    client.read_each("__consumer_offsets", |record| {
        // In every version of a value, the offset comes after the version.
        let offset = record.payload().and_then(|value| value.get(2..10));
        if let (true, Some(offset)) = (record.key() == Some(&key), offset) {
            commits.push(i64::from_be_bytes(offset.try_into().expect("eight bytes")));
        }
    })?;
    Ok(commits)
}
