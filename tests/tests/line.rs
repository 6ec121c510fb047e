//! One real record's way: Kafka → plugin → Kafka → commit.

use std::time::Duration;

use anyhow::Result;
use penstock_tests::{Broker, Host, HostConfig, Outgoing, eventually, plugin, unique};

const SOON: Duration = Duration::from_secs(20);

#[test]
fn a_purchase_becomes_access_and_is_committed() -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let broker = Broker::shared();
        let client = broker.client();
        let (input, output) = (unique("purchases"), unique("access"));
        let (dead, group) = (unique("dead"), unique("group"));
        for topic in [&input, &output, &dead] {
            client.create_topic(topic, 3, &[])?;
        }
        let purchase = br#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
        let record = Outgoing::to(&input).key("u7").partition(0);
        client.produce(&[
            record.clone().value(&purchase[..]),
            record.clone().value("not json"),
        ])?;
        let config = HostConfig::new(broker.bootstrap(), &group, "h1")
            .protocol(protocol)
            .handler(
                "purchase-to-access",
                &plugin("purchase-to-access")?,
                &[("access-granted", &output)],
            )
            .topic(&input, &["purchase-to-access"], "earliest", Some(&dead));
        let mut host = Host::start(&config)?;
        host.ready(SOON)?;
        eventually("all is committed", SOON, || {
            client.caught_up(&group, &input)
        });
        let granted = client.read_all(&output)?;
        assert_eq!(granted.len(), 1);
        assert_eq!(granted[0].key_text(), "u7");
        assert_eq!(
            granted[0].text(),
            r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#
        );
        let letters = client.read_all(&dead)?;
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].text(), "not json");
        assert_eq!(
            letters[0].header("penstock.code").as_deref(),
            Some("PSK-H002")
        );
        assert_eq!(
            letters[0].header("penstock.reason").as_deref(),
            Some("invalid-event")
        );
        let status = host.status()?;
        println!("{status:#}");
        println!("{}", host.process().log());
        host.stop()?;
    }
    Ok(())
}
