//! A live group of other clients is left alone, and its members are named.

use anyhow::Result;

use crate::support::{Pace, Scene};
use crate::tool::{offsets, penstock};

#[test]
fn a_live_group_of_strangers_is_refused_and_they_are_named() -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let scene = Scene::new("busy", 2)?;
        scene.send(0, 3)?;
        let settings = [
            ("client.id", "kafkajs-worker"),
            ("group.protocol", protocol),
        ];
        let _worker = scene.worker(Pace::Quick, &settings)?;
        scene.settled(1);
        scene.committed();
        let before = scene.client.committed(&scene.group, &scene.topic)?;
        let named = "kafkajs-worker on 127.0.0.1, with";
        // Of the newer protocol it is not written down.
        let since = if protocol == "classic" {
            "in this composition since 20"
        } else {
            named
        };
        for mode in ["--yes", "--dry-run"] {
            let refused = offsets(&scene, "reset", &["--to", "earliest", mode])?;
            refused.said(
                1,
                &[
                    named,
                    since,
                    "nothing was changed",
                    "stop them all",
                    "a new group",
                ],
            );
        }
        let bootstrap = scene.client.bootstrap();
        let delete = [
            "groups",
            "delete",
            &scene.group,
            "--bootstrap",
            bootstrap,
            "--yes",
        ];
        penstock(&delete)?.said(1, &[named, "nothing was changed"]);
        assert_eq!(scene.client.committed(&scene.group, &scene.topic)?, before);
    }
    Ok(())
}
