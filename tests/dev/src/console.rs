//! The built files of the console, which are committed so that nobody needs Node to build the
//! component: made of the sources that are there, and not changed by hand.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

const FOLDER: &str = "functions/console";
/// A line for each source and each built file: its hash, and its path below the folder.
const LIST: &str = "dist/SOURCES";
/// Folders whose files all have to be in the list.
const LISTED: [&str; 2] = ["web/src", "dist"];

/// Compares sources and built files with the list that was written when they were built.
///
/// # Errors
/// The files that differ from the list, or aren't in it.
pub fn check(root: &Path) -> Result<()> {
    let folder = root.join(FOLDER);
    let list = std::fs::read_to_string(folder.join(LIST)).context("functions/console/dist/SOURCES can't be read")?;
    let mut wrong = Vec::new();
    let mut listed = BTreeSet::new();
    for (hash, path) in list.lines().filter_map(|line| line.split_once("  ")) {
        listed.insert(path.to_owned());
        let is_same = std::fs::read(folder.join(path)).is_ok_and(|bytes| hex(&Sha256::digest(bytes)) == hash);
        wrong.extend((!is_same).then(|| path.to_owned()));
    }
    for place in LISTED {
        let mut found = Vec::new();
        files(&folder, place, &mut found).with_context(|| format!("{FOLDER}/{place} can't be listed"))?;
        let unknown =
            found.into_iter().filter(|path| !listed.contains(path) && path != LIST && !path.ends_with(".test.js"));
        wrong.extend(unknown);
    }
    if !wrong.is_empty() {
        bail!("{FOLDER}: built of other files than these: {}\nmake console builds it", wrong.join(", "));
    }
    Ok(())
}

fn files(folder: &Path, below: &str, found: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder.join(below))? {
        let entry = entry?;
        let path = format!("{below}/{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() { files(folder, &path, found)? } else { found.push(path) }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a text can't fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_or_a_built_file_that_is_another_one_is_named() {
        let root = std::env::temp_dir().join(format!("console-check-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            let place = root.join(FOLDER).join(path);
            std::fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            std::fs::write(place, text).expect("a file");
        };
        let line = |path: &str, text: &str| format!("{}  {path}\n", hex(&Sha256::digest(text)));
        write("web/src/main.js", "source");
        write("web/src/main.test.js", "a test");
        write("dist/app.js", "built");
        write(LIST, &(line("web/src/main.js", "source") + &line("dist/app.js", "built")));
        check(&root).expect("nothing differs");
        write("web/src/main.js", "another");
        write("web/src/new.js", "new");
        let told = check(&root).expect_err("two differ").to_string();
        assert!(told.contains("web/src/main.js, web/src/new.js") && !told.contains("app.js"), "{told}");
        std::fs::remove_dir_all(&root).expect("it was made");
    }
}
