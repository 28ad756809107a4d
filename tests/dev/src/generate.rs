//! Files that are made from others and committed all the same, so that a reader and a build need no
//! generator.

use std::path::Path;

use anyhow::{Context, Result, bail};

/// Reads its sources below the workspace's root and gives a file's whole text.
type Generator = fn(root: &Path) -> Result<String>;

/// Each generated file, by its path below the root, and its generator. A further file is one more
/// line. A file of which only a part is generated gets a generator that reads the file and replaces
/// that part.
const FILES: [(&str, Generator); 8] = [
    ("database/calls.txt", crate::calls::list),
    ("openapi.yaml", crate::openapi::join),
    ("spin.toml", crate::manifest::generate),
    ("functions/cache-refresh/spin.toml", crate::manifest::refresh),
    ("docs/architecture.md", crate::settings::architecture),
    ("docs/settings.md", crate::settings::reference),
    ("deploy/spinkube/reads.yaml", crate::deploy::reads),
    ("deploy/spinkube/routes.yaml", crate::deploy::routes),
];

/// Writes every generated file whose text differs.
///
/// # Errors
/// The file that couldn't be generated or written, and the reason.
pub fn write(root: &Path) -> Result<()> {
    for (path, generator) in FILES {
        let text = generator(root).with_context(|| format!("{path} can't be generated"))?;
        let place = root.join(path);
        if std::fs::read_to_string(&place).ok().as_deref() != Some(&text) {
            std::fs::write(&place, text).with_context(|| format!("{path} can't be written"))?;
            println!("wrote {path}");
        }
    }
    Ok(())
}

/// Compares every generated file with its sources, and the console's built files with theirs.
///
/// # Errors
/// The first differing line of each differing file.
pub fn check(root: &Path) -> Result<()> {
    let mut differences = Vec::new();
    for (path, generator) in FILES {
        let text = generator(root).with_context(|| format!("{path} can't be generated"))?;
        let present = std::fs::read_to_string(root.join(path)).with_context(|| format!("{path} can't be read"))?;
        differences.extend(difference(&present, &text).map(|difference| format!("{path}:{difference}")));
    }
    if !differences.is_empty() {
        bail!("{}\nmake generate writes what is generated", differences.join("\n"));
    }
    crate::console::check(root)
}

/// The first line that differs: its number, the line that is there, the line that should be.
fn difference(present: &str, generated: &str) -> Option<String> {
    if present == generated {
        return None;
    }
    let (mut present, mut generated, mut number) = (present.split('\n'), generated.split('\n'), 1);
    loop {
        match (present.next(), generated.next()) {
            (None, None) => return Some(format!("{number}: differs")),
            (there, wanted) if there == wanted => number += 1,
            (there, wanted) => {
                let shown =
                    |line: Option<&str>| line.map_or("the end of the file".to_owned(), |line| format!("{line:?}"));
                return Some(format!("{number}: is {}, should be {}", shown(there), shown(wanted)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_named() {
        let table = [
            ("a\nb\n", "a\nb\n", None),
            ("a\nb\n", "a\nc\n", Some(r#"2: is "b", should be "c""#)),
            ("a\n", "a\nb\n", Some(r#"2: is "", should be "b""#)),
            ("a", "a\nb", Some(r#"2: is the end of the file, should be "b""#)),
            ("a\nb", "a", Some(r#"2: is "b", should be the end of the file"#)),
        ];
        for (present, generated, expected) in table {
            assert_eq!(difference(present, generated).as_deref(), expected, "{present:?} and {generated:?}");
        }
    }

    #[test]
    fn every_committed_file_equals_its_generated_text() {
        check(crate::root()).expect("nothing differs");
    }
}
