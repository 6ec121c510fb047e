//! `penstock groups delete`.

use anyhow::Result;

use crate::support::Scene;
use crate::tool::{Ended, penstock};

fn delete(scene: &Scene, args: &[&str]) -> Result<Ended> {
    let group = [&*scene.group, "--bootstrap", scene.client.bootstrap()];
    penstock(&[&["groups", "delete"], &group[..], args].concat())
}

#[test]
fn a_group_is_deleted_after_what_is_lost_was_shown() -> Result<()> {
    let scene = Scene::new("deleted", 2)?;
    scene.client.commit(&scene.group, &scene.topic, 0, 0)?;
    let lost = "its committed offset is lost";
    delete(&scene, &["--dry-run"])?.said(0, &["0 0 0 0 0", lost]);
    delete(&scene, &[])?.said(2, &["nobody can be asked"]);
    let committed = || scene.client.committed(&scene.group, &scene.topic);
    assert_eq!(committed()?[&0], Some(0));
    delete(&scene, &["--yes"])?.said(0, &["deleted"]);
    assert_eq!(committed()?[&0], None);
    delete(&scene, &["--yes"])?.said(1, &["there is no group"]);
    Ok(())
}
