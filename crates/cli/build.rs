//! Finds the commit that is being built, for `--version`.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let version = env!("CARGO_PKG_VERSION");
    let version = match packaged_commit(&folder).or_else(|| checked_out_commit(&folder)) {
        Some(commit) => format!("{version} ({commit})"),
        None => version.to_owned(),
    };
    println!("cargo:rustc-env=CHAINRULE_VERSION={version}");
}

/// The commit that `cargo package` wrote down.
fn packaged_commit(folder: &Path) -> Option<String> {
    let info = std::fs::read_to_string(folder.join(".cargo_vcs_info.json")).ok()?;
    let (_, rest) = info.split_once("\"sha1\"")?;
    let commit: String = rest
        .chars()
        .skip_while(|c| !c.is_ascii_hexdigit())
        .take_while(char::is_ascii_hexdigit)
        .take(7)
        .collect();
    (commit.len() == 7).then_some(commit)
}

/// The commit of the checkout that these sources belong to, not of one that they merely lie in.
fn checked_out_commit(folder: &Path) -> Option<String> {
    git(folder, &["ls-files", "--error-unmatch", "Cargo.toml"])?;
    let mut watched = vec!["HEAD".to_owned(), "packed-refs".to_owned()];
    watched.extend(git(folder, &["symbolic-ref", "HEAD"]));
    for name in watched {
        if let Some(path) = git(folder, &["rev-parse", "--git-path", &name])
            // One that isn't there would make every build start anew.
            && folder.join(&path).exists()
        {
            println!("cargo:rerun-if-changed={}", folder.join(path).display());
        }
    }
    git(folder, &["rev-parse", "--short", "HEAD"])
}

/// What git says, or nothing if it is not there or says no.
fn git(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git")
        .current_dir(folder)
        .args(arguments)
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?.trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}
