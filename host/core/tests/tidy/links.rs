//! Links in documents lead somewhere.

use std::path::{Component, Path, PathBuf};

use crate::files::{File, files, none, root};

/// What stands between `](` and `)`, outside of code; pictures are left to what makes them.
fn links(text: &str) -> Vec<String> {
    let mut links = Vec::new();
    for line in prose(text) {
        let mut rest = line;
        while let Some(at) = rest.find("](") {
            let is_picture = rest[..at]
                .rfind('[')
                .is_some_and(|open| rest[..open].ends_with('!'));
            rest = &rest[at + 2..];
            let target = rest.split([')', ' ']).next().unwrap_or_default();
            if !is_picture {
                links.push(target.to_owned());
            }
        }
    }
    links
}

/// Lines outside of fenced blocks.
pub fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut fenced = false;
    text.lines().filter(move |line| {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        !fenced && !fence
    })
}

/// As GitHub makes an anchor of a heading.
fn anchor(heading: &str) -> String {
    heading
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect()
}

fn has_anchor(text: &str, wanted: &str) -> bool {
    prose(text)
        .filter_map(|line| line.strip_prefix('#'))
        .any(|heading| anchor(heading.trim_start_matches('#').trim()) == wanted)
}

/// `docs/codes` and `../guides/x.md` are `docs/guides/x.md`.
fn join(folder: &Path, path: &str) -> PathBuf {
    let mut joined = PathBuf::new();
    for component in folder.join(path).components() {
        match component {
            Component::ParentDir => {
                joined.pop();
            }
            Component::CurDir => {}
            other => joined.push(other),
        }
    }
    joined
}

fn problem(file: &File, link: &str, documents: &[File]) -> Option<String> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
    let target = match path {
        "" => PathBuf::from(&file.path),
        _ => join(Path::new(&file.path).parent()?, path),
    };
    if !root().join(&target).exists() {
        return Some(format!("{}: {link}: there is no such file", file.path));
    }
    let document = documents
        .iter()
        .find(|other| Path::new(&other.path) == target);
    let lost = !fragment.is_empty()
        && document.is_some_and(|document| !has_anchor(&document.text, fragment));
    lost.then(|| format!("{}: {link}: there is no such heading", file.path))
}

#[test]
fn every_link_leads_somewhere() {
    let documents = files(".md");
    let lost: Vec<String> = documents
        .iter()
        .flat_map(|file| {
            let links = links(&file.text);
            let lost = links
                .iter()
                .filter_map(|link| problem(file, link, &documents));
            lost.collect::<Vec<_>>()
        })
        .collect();
    none("links", &lost);
}

#[test]
fn links_are_found_and_resolved() {
    let text = "# A b: `c`\n[x](y.md#a-b-c) ![p](p.svg)\n```\n[no](no)\n```\n[z](../z)";
    assert_eq!(links(text), ["y.md#a-b-c", "../z"]);
    assert!(has_anchor(text, "a-b-c"));
    assert!(!has_anchor(text, "x"));
    assert_eq!(join(Path::new("a/b"), "../c.md"), Path::new("a/c.md"));
}
