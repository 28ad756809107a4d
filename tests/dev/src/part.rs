//! A generated part of a file that is written by hand otherwise. It stands between two lines, a
//! comment each in the file's own form, that say `NAME: begin, by make generate` and `NAME: end`.

use std::path::Path;

use anyhow::{Context, Result, ensure};

/// The file's text with the part of this name replaced.
///
/// # Errors
/// The file can't be read, or has no place for the part.
pub fn replaced(root: &Path, file: &str, name: &str, part: &str) -> Result<String> {
    let text = std::fs::read_to_string(root.join(file)).with_context(|| format!("{file} can't be read"))?;
    replace(&text, name, part).with_context(|| format!("{file} has no place for the {name}"))
}

fn replace(text: &str, name: &str, part: &str) -> Result<String> {
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let line = |what: &str| lines.iter().position(|line| line.contains(&format!("{name}: {what}")));
    let begin = line("begin, by make generate").context("no beginning")?;
    let end = line("end").context("no end")?;
    ensure!(begin < end, "the end is before the beginning");
    Ok(format!("{}{part}{}", lines[..=begin].concat(), lines[end..].concat()))
}

#[cfg(test)]
mod tests {
    use super::replace;

    #[test]
    fn only_what_stands_between_the_two_lines_is_replaced() {
        for (open, close) in [("<!-- ", " -->"), ("  # ", "")] {
            let text =
                |part: &str| format!("a\n{open}x: begin, by make generate{close}\n{part}{open}x: end{close}\nb\n");
            assert_eq!(replace(&text("old\n"), "x", "new\n").expect("a place"), text("new\n"));
            assert!(replace(&text("old\n"), "y", "new\n").is_err());
        }
    }
}
