//! `dev coverage FILE`: whether native tests run enough lines of what must not break, by a report
//! of `llvm-cov export --format=lcov`.
//!
//! Code that needs Redis, Postgres or Spin runs as WebAssembly in `tests/e2e`, which counts no
//! lines. Such files are named with their area and aren't counted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

/// Files that belong together, each by the beginning of its path.
struct Area {
    name: &'static str,
    /// So many of a hundred lines must run.
    least: usize,
    counted: &'static [&'static str],
    elsewhere: &'static [&'static str],
}

const AREAS: [Area; 4] = [
    Area {
        name: "cache-logic",
        least: 90,
        counted: &["shared/cache-logic/src/"],
        // The contract of the ports is a suite by itself, and runs on Redis in tests/contract.
        elsewhere: &["shared/cache-logic/src/testing/contract"],
    },
    Area {
        name: "limits",
        least: 80,
        counted: &[
            "shared/cache-logic/src/kit/limit",
            "shared/commerce/src/client_address.rs",
            "shared/edge/src/limits.rs",
        ],
        elsewhere: &[
            "shared/cache-spin/src/limits.rs",
            "shared/cache-spin/src/rates.rs",
            "shared/payments/src/address.rs",
            "shared/payments/src/attempts.rs",
            "shared/payments/src/guesses.rs",
            "functions/payment-session/src/limits.rs",
        ],
    },
    Area {
        name: "gateway",
        least: 80,
        counted: &[
            "shared/commerce/src/gateway/",
            "shared/payments/src/gateway",
            "shared/edge/src/upstream.rs",
            "shared/edge/src/service.rs",
        ],
        elsewhere: &["shared/edge/src/client.rs"],
    },
    Area {
        name: "verification",
        least: 80,
        counted: &[
            "shared/commerce/src/webhook/certificates.rs",
            "shared/commerce/src/webhook/headers.rs",
            "shared/commerce/src/webhook/keys.rs",
            "shared/commerce/src/webhook/mac.rs",
            "shared/commerce/src/webhook/paypal/",
            "shared/commerce/src/webhook/standard.rs",
            "shared/commerce/src/webhook/stripe.rs",
        ],
        elsewhere: &["functions/webhook-dedup/src/certificates.rs", "functions/webhook-dedup/src/verify.rs"],
    },
];

/// How many lines of a file run, of how many.
type Lines = (usize, usize);

/// Prints the lines of each area and of its files.
///
/// # Errors
/// An area of which too few lines run; a path that names no file of the report or of the tree; a
/// file that can't be read.
pub fn judge(root: &Path, report: &Path) -> Result<()> {
    let text = std::fs::read_to_string(report).with_context(|| format!("{} can't be read", report.display()))?;
    let files = lines_of(root, &text)?;
    let (mut table, mut short) = (String::new(), Vec::new());
    for area in &AREAS {
        for path in area.elsewhere {
            let exists = root.join(path).exists() || root.join(format!("{path}.rs")).exists();
            ensure!(exists, "{}: there is no {path} any more", area.name);
        }
        let (run, all) = area.lines(&files, &mut table)?;
        if run * 100 < all * area.least {
            short.push(format!("{}: {run} of {all} lines are run, fewer than {} %", area.name, area.least));
        }
    }
    print!("{table}");
    if short.is_empty() { Ok(()) } else { bail!(short.join("\n")) }
}

impl Area {
    /// The lines of all its files, which `table` shows.
    fn lines(&self, files: &BTreeMap<String, Lines>, table: &mut String) -> Result<Lines> {
        let is_below = |path: &str, starts: &[&str]| starts.iter().any(|start| path.starts_with(start));
        for start in self.counted {
            ensure!(files.keys().any(|path| path.starts_with(start)), "{}: no line of {start} is known", self.name);
        }
        let own = files.iter().filter(|(path, _)| is_below(path, self.counted) && !is_below(path, self.elsewhere));
        let (mut run, mut all, mut rows) = (0, 0, String::new());
        for (path, (its_run, its_all)) in own {
            (run, all) = (run + its_run, all + its_all);
            writeln!(rows, "    {path:<64} {its_run:>4} of {its_all:>4}")?;
        }
        let share = 100.0 * run as f64 / all as f64;
        writeln!(table, "{}: {run} of {all} lines, {share:.1} % (at least {} %)\n{rows}", self.name, self.least)?;
        for path in self.elsewhere {
            writeln!(table, "    {path:<64} in another suite")?;
        }
        table.push('\n');
        Ok((run, all))
    }
}

/// The lines of each file below `root` that is no test, by its path from there.
fn lines_of(root: &Path, report: &str) -> Result<BTreeMap<String, Lines>> {
    let mut files = BTreeMap::new();
    for record in report.split("end_of_record") {
        let Some(file) = record.lines().find_map(|line| line.strip_prefix("SF:")) else { continue };
        let Ok(path) = Path::new(file).strip_prefix(root) else { continue };
        let path = path.to_string_lossy().into_owned();
        if path.ends_with("/tests.rs") || path.contains("/tests/") {
            continue;
        }
        let source = std::fs::read_to_string(file).with_context(|| format!("{file} can't be read"))?;
        files.insert(path, count(record, end_of_code(&source)));
    }
    Ok(files)
}

/// The line at which the tests at the end of a file begin.
fn end_of_code(source: &str) -> usize {
    source.lines().position(|line| line == "mod tests {").map_or(usize::MAX, |at| at + 1)
}

/// The lines of a record before `end`.
fn count(record: &str, end: usize) -> Lines {
    let known = record.lines().filter_map(|line| line.strip_prefix("DA:")?.split_once(','));
    let counts = known.filter(|(line, _)| line.parse().is_ok_and(|line: usize| line < end));
    counts.fold((0, 0), |(run, all), (_, times)| (run + usize::from(times != "0"), all + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area { name: "x", least: 80, counted: &["a/"], elsewhere: &["a/away"] };

    #[test]
    fn lines_of_tests_and_of_other_areas_dont_count() {
        let record = "SF:/r/a/b.rs\nDA:1,3\nDA:2,0\nDA:9,1\n";
        assert_eq!(count(record, usize::MAX), (2, 3));
        assert_eq!(count(record, end_of_code("one\ntwo\n#[cfg(test)]\nmod tests {\n")), (1, 2));
        let files = [("a/b.rs", (3, 4)), ("a/away/c.rs", (0, 9)), ("b/d.rs", (0, 9))];
        let files = files.map(|(path, lines)| (path.to_owned(), lines)).into();
        let mut table = String::new();
        assert_eq!(AREA.lines(&files, &mut table).expect("lines"), (3, 4));
        assert!(table.starts_with("x: 3 of 4 lines, 75.0 % (at least 80 %)"), "{table}");
    }

    #[test]
    fn an_area_whose_files_have_moved_is_an_error() {
        assert!(AREA.lines(&BTreeMap::new(), &mut String::new()).is_err());
    }
}
