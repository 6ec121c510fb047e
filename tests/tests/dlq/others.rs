//! Dead letters that Spring, Connect and Streams wrote.

use anyhow::Result;
use penstock_tests::Outgoing;
use serde_json::json;

use crate::look::list;
use crate::support::{Line, penstock};

#[test]
fn dead_letters_of_others_are_listed_shown_and_redriven() -> Result<()> {
    let line = Line::new("others", 3)?;
    let file = line.file(&line.config()?)?;
    let input = line.input.as_bytes();
    let letter = |value: &str| {
        let record = Outgoing::to(&line.dead).partition(0).key("k").value(value);
        record.header("trace", Some(b"ab"))
    };
    line.client.produce(&[
        letter("spring")
            .header("kafka_dlt-original-topic", Some(input))
            .header("kafka_dlt-original-partition", Some(&2i32.to_be_bytes()))
            .header("kafka_dlt-original-offset", Some(&45i64.to_be_bytes()))
            .header("kafka_dlt-original-consumer-group", Some(b"billing"))
            .header(
                "kafka_dlt-exception-fqcn",
                Some(b"java.lang.IllegalStateException"),
            )
            .header("kafka_dlt-exception-message", Some(b"boom")),
        letter("connect")
            .header("__connect.errors.topic", Some(input))
            .header("__connect.errors.partition", Some(b"1"))
            .header("__connect.errors.offset", Some(b"7"))
            .header("__connect.errors.connector.name", Some(b"jdbc-sink"))
            .header(
                "__connect.errors.exception.class.name",
                Some(b"a.DataException"),
            ),
        letter("streams")
            .header("__streams.errors.exception", Some(b"a.Oops: no"))
            .header("__streams.errors.topic", Some(input))
            .header("__streams.errors.partition", Some(b"99"))
            .header("__streams.errors.offset", Some(b"8")),
    ])?;
    let all = list(&line, &file, &[])?;
    let of = |key: &str| -> Vec<_> { all.iter().map(|of| of[key].clone()).collect() };
    assert_eq!(of("convention"), ["spring", "connect", "streams"]);
    assert_eq!(
        of("handler"),
        [json!("billing"), json!("jdbc-sink"), json!(null)]
    );
    assert_eq!(all[0]["origin"]["offset"], 45);
    let filtered = list(&line, &file, &["--code", "DataException"])?;
    assert_eq!(filtered.len(), 1);
    let filtered = list(&line, &file, &["--code", "spring"])?;
    assert_eq!(filtered.len(), 1);
    let show = ["dlq", "show", &line.dead, "0:0", "-c", &file];
    let from = format!("from      {}[2]@45", line.input);
    penstock(&show)?.said(0, &[&from, "boom", "headers   of spring"]);

    let redrive = ["dlq", "redrive", &line.dead, "--yes", "-c", &file];
    let one = penstock(&[&redrive[..], &["--handler-only"]].concat())?;
    one.said(0, &["left out: 3 that name no handler"]);
    penstock(&redrive)?.said(0, &["by key", "3 records were sent back"]);
    for record in line.client.read_settled(&line.input)? {
        let place = match &*record.text() {
            "spring" => Some(2),
            "connect" => Some(1),
            // There is no partition 99: the key decides.
            _ => None,
        };
        assert!(
            place.is_none_or(|place| place == record.partition),
            "{record:?}"
        );
        assert_eq!(record.headers[0], (b"trace".to_vec(), Some(b"ab".to_vec())));
        let error = |name: &[u8]| name.starts_with(b"kafka_") || name.starts_with(b"__");
        assert!(
            !record.headers.iter().any(|(name, _)| error(name)),
            "{record:?}"
        );
        assert_eq!(record.header("penstock.redrives").as_deref(), Some("1"));
    }
    Ok(())
}
