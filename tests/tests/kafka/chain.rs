//! Purchase → access → progress: two plugins, three topics, the sample lines byte for byte.

use anyhow::{Result, ensure};
use penstock_tests::{Broker, Client, Host, HostConfig, Outgoing, eventually, plugin, unique};

use crate::support::SOON;

const PURCHASE: &str = r#"{"eventId":"e1","type":"PURCHASE_CONFIRMED","userId":"u7","courseId":"c3","amount":4999,"currency":"EUR","createdAt":"2026-01-01T10:00:00.000Z"}"#;
const ACCESS: &str = r#"{"type":"COURSE_ACCESS_GRANTED","eventId":"e1/access","userId":"u7","courseId":"c3","purchaseId":"e1","grantedAt":"2026-01-01T10:00:00.000Z"}"#;
const OPENED: &str = r#"{"type":"COURSE_PROGRESS_UPDATED","eventId":"e1/access/progress","userId":"u7","courseId":"c3","lessonsCompleted":0,"lessonsTotal":null,"percent":0,"updatedAt":"2026-01-01T10:00:00.000Z"}"#;
const LESSON: &str = r#"{"eventId":"l9","type":"LESSON_COMPLETED","userId":"u7","courseId":"c3","lessonId":"s2","lessonsCompleted":3,"lessonsTotal":8,"completedAt":"2026-01-02T09:30:00.000Z"}"#;
const PROGRESS: &str = r#"{"type":"COURSE_PROGRESS_UPDATED","eventId":"l9/progress","userId":"u7","courseId":"c3","lessonsCompleted":3,"lessonsTotal":8,"percent":37,"updatedAt":"2026-01-02T09:30:00.000Z"}"#;

#[test]
fn a_purchase_becomes_access_and_access_becomes_progress() -> Result<()> {
    let client = Client::new(Broker::shared().bootstrap())?;
    let group = unique("chain");
    let topic = |name: &str| format!("{group}.{name}");
    let purchases = topic("purchase-confirmed");
    let access = topic("course-access-granted");
    let lessons = topic("lesson-completed");
    let progress = topic("course-progress");
    for topic in [&purchases, &access, &lessons, &progress] {
        client.create_topic(topic, 3, &[])?;
    }
    let config = HostConfig::new(client.bootstrap(), &group, "h1")
        .protocol("classic")
        .set(&["kafka", "commit-interval"], "100ms")
        .handler(
            "grant",
            &plugin("purchase-to-access")?,
            &[("access-granted", &access)],
        )
        .handler(
            "track",
            &plugin("progress-updates")?,
            &[("progress-updated", &progress)],
        )
        .topic(&purchases, &["grant"], "earliest", None)
        .topic(&access, &["track"], "earliest", None)
        .topic(&lessons, &["track"], "earliest", None);
    client.produce(&[Outgoing::to(&purchases).key("u7").value(PURCHASE)])?;
    let host = Host::start(&config)?;

    eventually("the progress record is opened", SOON, || {
        ensure!(client.count(&progress)? == 1, "not yet");
        Ok(())
    });
    client.produce(&[Outgoing::to(&lessons).key("u7").value(LESSON)])?;
    eventually("all is committed", SOON, || {
        [&purchases, &access, &lessons]
            .into_iter()
            .try_for_each(|topic| client.caught_up(&group, topic))
    });
    for (topic, expected) in [(&access, &[ACCESS][..]), (&progress, &[OPENED, PROGRESS])] {
        let records = client.read_all(topic)?;
        let values: Vec<_> = records.iter().map(|record| record.text()).collect();
        assert_eq!(values, expected, "{topic}");
        assert!(records.iter().all(|record| record.key_text() == "u7"));
    }
    host.stop()
}
