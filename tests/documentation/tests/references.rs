//! What the pages refer to is there: files, headings, and the functions and tests that they name.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Links lead to a file, and to a heading in it where one is named.
#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = read(&page);
        for link in links(&text) {
            if ["http://", "https://", "mailto:"]
                .iter()
                .any(|scheme| link.starts_with(scheme))
            {
                continue;
            }
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => page.parent().unwrap().join(path),
            };
            if !target.exists() {
                broken.push(format!("{}: no file {path}", shown(&page)));
            } else if !heading.is_empty() && !headings(&read(&target)).contains(heading) {
                broken.push(format!(
                    "{}: no heading #{heading} in {}",
                    shown(&page),
                    shown(&target)
                ));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

/// `crates/…/file.rs` is there, and `crates/…/file.rs::name` defines the name.
#[test]
fn paths_and_names_in_pages_exist() {
    let (mut broken, mut names) = (Vec::new(), 0);
    for page in pages() {
        for span in code_spans(&prose(&read(&page))) {
            let Some((path, name)) = reference(span) else {
                continue;
            };
            let target = root().join(path);
            if !target.exists() {
                broken.push(format!("{}: no file {path}", shown(&page)));
            } else if let Some(name) = name {
                names += 1;
                if !defines(&read(&target), name) {
                    broken.push(format!("{}: {path} defines no {name}", shown(&page)));
                }
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(
        names > 20,
        "only {names} names were found, so the pages are not read as they are written"
    );
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// All pages: those of the root and the crates, and everything under `docs`.
fn pages() -> Vec<PathBuf> {
    let mut folders = vec![root().join("docs")];
    let mut found = markdown_in(root(), &mut Vec::new());
    for krate in entries(&root().join("crates")) {
        found.extend(markdown_in(&krate, &mut Vec::new()));
    }
    while let Some(folder) = folders.pop() {
        found.extend(markdown_in(&folder, &mut folders));
    }
    assert!(found.len() > 10, "{found:?}");
    found
}

fn markdown_in(folder: &Path, folders: &mut Vec<PathBuf>) -> Vec<PathBuf> {
    let (inner, files): (Vec<_>, Vec<_>) =
        entries(folder).into_iter().partition(|path| path.is_dir());
    folders.extend(inner);
    files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    all.sort();
    all
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", shown(path)))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

/// The text outside of fenced blocks.
fn prose(text: &str) -> String {
    let mut is_fenced = false;
    let mut lines = Vec::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        } else if !is_fenced {
            lines.push(line);
        }
    }
    lines.join("\n")
}

/// The targets of `[text](target)`, outside of code.
fn links(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut is_fenced = false;
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        }
        // Every other part of a line lies between backticks.
        for part in line.split('`').step_by(2).filter(|_| !is_fenced) {
            let targets = part
                .split("](")
                .skip(1)
                .filter_map(|rest| rest.split_once(')'));
            found.extend(targets.map(|(target, _)| target));
        }
    }
    found
}

/// What stands between single backticks.
fn code_spans(text: &str) -> Vec<&str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect()
}

/// A path from the root of the project, and the name after `::`.
fn reference(span: &str) -> Option<(&str, Option<&str>)> {
    let first = span.split_whitespace().next()?;
    let is_ours = ["crates/", "docs/", "tests/", "scripts/", ".ci/"]
        .iter()
        .any(|start| first.starts_with(start));
    if !is_ours || first.contains(['*', '<', '…', '{']) {
        return None;
    }
    Some(match first.split_once("::") {
        Some((path, name)) => (path, Some(name)),
        None => (first, None),
    })
}

fn defines(source: &str, name: &str) -> bool {
    let name = name.rsplit("::").next().unwrap_or(name);
    ["fn", "struct", "enum", "trait", "const", "type", "mod"]
        .iter()
        .any(|keyword| {
            let definition = format!("{keyword} {name}");
            source.match_indices(&definition).any(|(at, _)| {
                let next = source[at + definition.len()..].chars().next();
                next.is_none_or(|next| !next.is_alphanumeric() && next != '_')
            })
        })
}

/// The anchors of a page's headings, as GitHub makes them.
fn headings(text: &str) -> BTreeSet<String> {
    let anchor = |heading: &str| {
        let kept = heading
            .trim()
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().to_lowercase().replace(' ', "-")
    };
    let prose = prose(text);
    prose
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')))
        .collect()
}
