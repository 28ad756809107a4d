//! Joins `openapi/*.yaml` to one description, as text: order, spelling and comments of the parts
//! stay as they are.
//!
//! `base.yaml` is the frame. Below its `paths:` each comment `# NAME.yaml` stands for the paths of
//! that file; files without such a comment follow by name. Below its `components:` each section is
//! followed by the sections of the same name of all files, in the same order.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

const FOLDER: &str = "openapi";
const BASE: &str = "base.yaml";
const HEAD: &str = "# Joined from openapi/ by `make generate`: change the description there.\n";

/// The lines of one file that go into the description.
#[derive(Debug, Default)]
struct Area {
    file: String,
    paths: Vec<String>,
    /// By the name of a section: `schemas`, `parameters`, …
    components: Vec<(String, Vec<String>)>,
}

/// The text of `openapi.yaml`.
///
/// # Errors
/// A file that can't be read or that has a part without a place. A path or a component that stands
/// twice.
pub fn join(root: &Path) -> Result<String> {
    let folder = root.join(FOLDER);
    let read = |file: &str| {
        std::fs::read_to_string(folder.join(file)).with_context(|| format!("{FOLDER}/{file} can't be read"))
    };
    let base = read(BASE)?;
    let named = named(&base);
    let mut present = BTreeSet::new();
    for entry in std::fs::read_dir(&folder).with_context(|| format!("{FOLDER}/ can't be listed"))? {
        present.insert(entry?.file_name().to_string_lossy().into_owned());
    }
    let others = present.iter().filter(|file| *file != BASE && !named.contains(file));
    let files = named.iter().chain(others);
    let areas = files.map(|file| Area::read(file, &read(file)?)).collect::<Result<Vec<_>>>()?;
    let joined = assemble(&base, &areas)?;
    // YAML lets an anchor be set again, and not every reader does.
    if let Some(anchor) = first_repeated(anchors(&joined)) {
        bail!("the anchor &{anchor} stands twice: files that are joined need different names");
    }
    // A name that stands twice is an error, because a reader of the description would see only one
    // of the two.
    serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&joined).context("the joined description is no YAML")?;
    Ok(joined)
}

/// The names of all anchors, in order.
fn anchors(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| line.split_once(": &")).filter_map(|(_, anchor)| anchor.split(' ').next())
}

/// The first that has stood before.
fn first_repeated<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    names.into_iter().find(|name| !seen.insert(*name))
}

/// The files that the frame names, in its order.
fn named(base: &str) -> Vec<String> {
    let below_paths = base.lines().skip_while(|line| *line != "paths:").skip(1);
    below_paths.take_while(|line| is_below(line)).filter_map(place_of).map(str::to_owned).collect()
}

/// The file that this line stands for.
fn place_of(line: &str) -> Option<&str> {
    line.strip_prefix("  # ").filter(|file| file.ends_with(".yaml"))
}

/// Whether a line belongs to the key above that stands at the margin.
fn is_below(line: &str) -> bool {
    line.is_empty() || line.starts_with(' ')
}

/// The name of the section that begins here, below `components:`.
fn section_of(line: &str) -> Option<&str> {
    line.strip_prefix("  ").filter(|name| !name.starts_with([' ', '#']))?.strip_suffix(':')
}

impl Area {
    fn read(file: &str, text: &str) -> Result<Self> {
        let mut area = Self { file: file.to_owned(), ..Self::default() };
        let mut top = "";
        for (index, line) in text.lines().enumerate() {
            let place = || format!("{FOLDER}/{file}:{}", index + 1);
            if !is_below(line) {
                match line {
                    "paths:" | "components:" => top = line,
                    // A comment at the margin describes the file.
                    _ => ensure!(line.starts_with('#'), "{}: only paths and components have a place", place()),
                }
            } else if top == "paths:" {
                area.paths.push(line.to_owned());
            } else if top == "components:" {
                match (section_of(line), area.components.last_mut()) {
                    (Some(section), _) => area.components.push((section.to_owned(), Vec::new())),
                    (None, Some((_, lines))) => lines.push(line.to_owned()),
                    (None, None) => ensure!(line.is_empty(), "{}: belongs to no section of components", place()),
                }
            } else {
                ensure!(line.is_empty(), "{}: belongs to nothing", place());
            }
        }
        trim(&mut area.paths);
        area.components.iter_mut().for_each(|(_, lines)| trim(lines));
        Ok(area)
    }
}

/// Takes away blank lines at the end.
fn trim(lines: &mut Vec<String>) {
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
}

/// The frame with the areas in their places.
fn assemble(base: &str, areas: &[Area]) -> Result<String> {
    let (mut out, mut top, mut section) = (Vec::new(), "", None);
    let mut placed = BTreeSet::new();
    for line in base.lines() {
        let below = is_below(line);
        let next = if below && top == "components:" { section_of(line) } else { None };
        if next.is_some() || !below {
            end_section(&mut out, section, areas);
            section = next;
            placed.extend(next);
        }
        if !below {
            if top == "paths:" {
                let named = named(base);
                trim(&mut out);
                areas.iter().filter(|area| !named.contains(&area.file)).for_each(|area| place_paths(&mut out, area));
                out.push(String::new());
            }
            top = line;
        }
        match place_of(line).filter(|_| top == "paths:") {
            Some(file) => areas.iter().filter(|area| area.file == file).for_each(|area| place_paths(&mut out, area)),
            // A comment at the margin describes the frame.
            None if line.starts_with('#') => {}
            None => out.push(line.to_owned()),
        }
    }
    end_section(&mut out, section, areas);
    for area in areas {
        for (name, _) in &area.components {
            if !placed.contains(name.as_str()) {
                bail!("{FOLDER}/{}: {BASE} has no section {name} below components", area.file);
            }
        }
    }
    trim(&mut out);
    Ok(format!("{HEAD}{}\n", out.join("\n").trim_start()))
}

fn place_paths(out: &mut Vec<String>, area: &Area) {
    if out.last().is_some_and(|line| line != "paths:") {
        out.push(String::new());
    }
    out.push(format!("  # {FOLDER}/{}", area.file));
    out.extend(area.paths.iter().cloned());
}

/// Puts the areas' components behind those of the frame.
fn end_section(out: &mut Vec<String>, section: Option<&str>, areas: &[Area]) {
    let Some(section) = section else { return };
    trim(out);
    for area in areas {
        for (_, lines) in area.components.iter().filter(|(name, lines)| name == section && !lines.is_empty()) {
            out.push(String::new());
            out.push(format!("    # {FOLDER}/{}", area.file));
            out.extend(lines.iter().cloned());
        }
    }
    out.push(String::new());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_currencies_described_are_those_that_are_taken() {
        let joined = join(crate::root()).expect("joined");
        let description: serde_yaml_ng::Value = serde_yaml_ng::from_str(&joined).expect("YAML");
        let described = description["components"]["schemas"]["Currency"]["enum"].as_sequence().expect("a list");
        let described: BTreeSet<&str> = described.iter().filter_map(|code| code.as_str()).collect();
        assert_eq!(described, edge::commerce::money::Currency::codes().collect());
    }

    const FRAME: &str = "# about the frame\n\nopenapi: 3.1.0\npaths:\n  # a.yaml\n  # b.yaml\n\ncomponents:\n  schemas:\n    Zero: {}\n\n  headers:\n    H: {}\n";

    fn joined(a: &str, b: &str) -> Result<String> {
        assemble(FRAME, &[Area::read("a.yaml", a)?, Area::read("b.yaml", b)?])
    }

    #[test]
    fn parts_keep_their_order_and_their_comments() {
        let a = "# about a\npaths:\n  /z: {}\n  # why\n  /a: {}\n\ncomponents:\n  schemas:\n    One: {} # one\n";
        let b = "paths:\n  /b: {}\n\ncomponents:\n  headers:\n    I: {}\n  schemas:\n    # two\n    Two: {}\n";
        let expected = "openapi: 3.1.0\npaths:\n  # openapi/a.yaml\n  /z: {}\n  # why\n  /a: {}\n\n  # openapi/b.yaml\n  /b: {}\n\ncomponents:\n  schemas:\n    Zero: {}\n\n    # openapi/a.yaml\n    One: {} # one\n\n    # openapi/b.yaml\n    # two\n    Two: {}\n\n  headers:\n    H: {}\n\n    # openapi/b.yaml\n    I: {}\n";
        assert_eq!(joined(a, b).unwrap(), format!("{HEAD}{expected}"));
    }

    #[test]
    fn a_file_that_the_frame_does_not_name_follows_the_others() {
        let areas = ["a.yaml", "b.yaml", "c.yaml"].map(|file| Area::read(file, &format!("paths:\n  /{file}: {{}}\n")));
        let joined = assemble(FRAME, &areas.map(|area| area.expect("an area"))).expect("joined");
        let end = "  # openapi/b.yaml\n  /b.yaml: {}\n\n  # openapi/c.yaml\n  /c.yaml: {}\n\ncomponents:\n";
        assert!(joined.contains(end), "{joined}");
    }

    #[test]
    fn a_part_without_a_place_is_refused_by_name() {
        let table = [
            ("info: {}\n", "openapi/a.yaml:1"),
            ("paths:\n  /a: {}\ncomponents:\n    Lost: {}\n", "openapi/a.yaml:4"),
            ("components:\n  links:\n    L: {}\n", "no section links"),
        ];
        for (part, expected) in table {
            let error = joined(part, "").unwrap_err().to_string();
            assert!(error.contains(expected), "{part}: {error}");
        }
    }

    #[test]
    fn the_frame_names_its_files_in_order() {
        assert_eq!(named(FRAME), ["a.yaml", "b.yaml"]);
    }

    #[test]
    fn an_anchor_that_two_files_set_is_found() {
        let text = "a:\n  headers: &one\n  b: &two { c: d }\n  e: *one\n";
        assert_eq!(first_repeated(anchors(text)), None);
        assert_eq!(first_repeated(anchors(&format!("{text}{text}"))), Some("one"));
    }
}
