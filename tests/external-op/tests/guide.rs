//! That the guide shows the code of this crate: its blocks are parts of the sources.

use std::path::Path;

/// The parts of a block that must be found in one file: from a line that starts at the left, such as `impl`, to the end of the item.
fn items(block: &str) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    for line in block.lines() {
        let starts = [
            "impl ",
            "pub fn ",
            "pub struct ",
            "    fn ",
            "    has_learned(",
        ];
        let inside = items.last().is_some_and(|item| !closed(item));
        if !inside && starts.iter().any(|start| line.starts_with(start)) {
            items.push(String::new());
        }
        if let Some(item) = items
            .last_mut()
            .filter(|item| item.is_empty() || !closed(item))
        {
            *item += line;
            *item += "\n";
        }
    }
    items
}

/// Whether all brackets of an item are closed.
fn closed(item: &str) -> bool {
    let count = |c: char| item.matches(c).count();
    count('{') == count('}') && count('(') == count(')') && item.trim_end().ends_with(['}', ';'])
}

#[test]
fn the_guide_shows_the_sources() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let guide = std::fs::read_to_string(root.join("../../docs/guide/extend.md")).unwrap();
    let mut sources = String::new();
    for folder in ["src", "tests"] {
        let mut files: Vec<_> = std::fs::read_dir(root.join(folder))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        files.sort();
        for file in files {
            sources += &std::fs::read_to_string(file).unwrap();
        }
    }
    let blocks = guide.split("\n```").skip(1).step_by(2);
    let all: Vec<String> = blocks.flat_map(items).collect();
    assert!(all.len() >= 10, "{all:#?}");
    for item in all {
        assert!(
            sources.contains(&item),
            "not in the sources of tests/external-op:\n{item}"
        );
    }
}
