//! The programs of Redis and Postgres, which aren't always on the PATH although they are installed.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The server of Redis.
pub(super) fn redis() -> Option<PathBuf> {
    let brewed = || brew().map(|prefix| prefix.join("bin/redis-server")).filter(|server| server.is_file());
    on_path("redis-server").or_else(|| on_path("valkey-server")).or_else(brewed)
}

/// The directory with initdb and pg_ctl; the newest if there are several.
pub(super) fn postgres() -> Option<PathBuf> {
    let mut found = Vec::new();
    // Debian and Ubuntu, Postgres' own packages for Red Hat, Alpine.
    for (folder, prefix, below) in
        [("/usr/lib/postgresql", "", "bin"), ("/usr", "pgsql-", "bin"), ("/usr/libexec", "postgresql", "")]
    {
        found.extend(folders(Path::new(folder), prefix).map(|version| version.join(below)));
    }
    if let Some(prefix) = brew() {
        found.extend(folders(&prefix.join("opt"), "postgresql@").map(|version| version.join("bin")));
    }
    found.sort_by_key(|dir| std::cmp::Reverse(version_of(dir)));
    found.extend(on_path("initdb").and_then(|initdb| initdb.parent().map(Path::to_owned)));
    found.into_iter().find(|dir| dir.join("initdb").is_file() && dir.join("pg_ctl").is_file())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|program| program.is_file())
}

/// The folder of Homebrew's installations, on a Mac.
fn brew() -> Option<PathBuf> {
    let output = Command::new(on_path("brew")?).arg("--prefix").output().ok()?;
    Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim_end()))
}

/// The folders below `folder` whose names begin so.
fn folders(folder: &Path, prefix: &str) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    entries.filter(move |entry| entry.file_name().to_string_lossy().starts_with(prefix)).map(|entry| entry.path())
}

/// The numbers in a path, which for these paths are the version's.
fn version_of(dir: &Path) -> Vec<u32> {
    let text = dir.to_string_lossy().into_owned();
    text.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}
