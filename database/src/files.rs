//! The SQL files: read, checked, and split where one takes in another by `\i`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

/// All files of a `database/` folder.
#[derive(Clone, Debug)]
pub struct Files {
    /// The folder.
    pub dir: PathBuf,
    /// The numbered files, in order.
    pub schema: Vec<SchemaFile>,
    /// The functions and views, in the order of code.sql.
    pub code: Vec<CodeFile>,
    /// The functions that components call, by name.
    pub calls: Vec<String>,
}

/// A numbered file of `schema/`, which is applied once.
#[derive(Clone, Debug)]
pub struct SchemaFile {
    /// The file's name without its ending, such as `0001_baseline`.
    pub name: String,
    /// Its text, split at each `\i`.
    pub parts: Vec<Part>,
}

/// A stretch of a numbered file.
#[derive(Clone, Debug)]
pub enum Part {
    /// Statements.
    Sql(String),
    /// A code file that is applied here, by its place in [`Files::code`].
    Code(usize),
}

/// A function or a view.
#[derive(Clone, Debug)]
pub struct CodeFile {
    /// The file's path below `code/` without its ending, such as `orders/get`.
    pub name: String,
    /// Its statement, with the comments.
    pub text: String,
    /// The files that a numbered file has to take in before this one, by their place in
    /// [`Files::code`].
    pub needs: Vec<usize>,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
    /// The kind of object that the file makes.
    pub kind: Kind,
    /// The name of the function or view, without a schema or parameters.
    pub object: String,
}

/// The kinds of object that code files make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A function.
    Function,
    /// A view.
    View,
}

impl Files {
    /// Reads a folder.
    ///
    /// # Errors
    /// A file can't be read, calls.txt among them; code.sql and code/ don't list the same files; a
    /// code file doesn't hold exactly one `CREATE OR REPLACE FUNCTION` or `VIEW`; a file has a
    /// command of psql other than `\i`.
    pub fn read(dir: &Path) -> Result<Files> {
        let order = includes(&read(&dir.join("code.sql"))?, "code.sql")?;
        let mut present = BTreeSet::new();
        list_code(dir, Path::new("code"), &mut present)?;
        let listed: BTreeSet<String> = order.iter().cloned().collect();
        ensure!(listed.len() == order.len(), "code.sql names a file twice");
        let unlisted: Vec<&str> = present.difference(&listed).map(String::as_str).collect();
        ensure!(unlisted.is_empty(), "code.sql doesn't name {}", unlisted.join(", "));
        let missing: Vec<&str> = listed.difference(&present).map(String::as_str).collect();
        ensure!(missing.is_empty(), "code.sql names {}, which isn't there", missing.join(", "));
        let mut code: Vec<CodeFile> = Vec::new();
        for path in &order {
            let file = CodeFile::read(dir, path, &order[..code.len()])?;
            code.push(file);
        }

        let mut schema = Vec::new();
        for path in sorted(&dir.join("schema"))?.iter().filter(|path| path.extension().is_some_and(|e| e == "sql")) {
            let name = stem(path);
            ensure!(
                name.len() > 5 && name.as_bytes()[..4].iter().all(u8::is_ascii_digit) && name.as_bytes()[4] == b'_',
                "schema/{name}.sql: a numbered file's name begins with four digits and an underscore"
            );
            schema.push(SchemaFile { parts: split(&read(path)?, &name, &order, &code)?, name });
        }
        ensure!(!schema.is_empty(), "{} has no numbered files", dir.join("schema").display());
        let calls = read(&dir.join("calls.txt"))?;
        let calls = calls.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        Ok(Files { dir: dir.to_owned(), schema, code, calls })
    }

    /// A hash of all files, hexadecimal: databases that are made from equal files are equal.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        for file in &self.schema {
            hash.update(&file.name);
            for part in &file.parts {
                if let Part::Sql(text) = part {
                    hash.update(text);
                }
            }
        }
        for file in &self.code {
            hash.update(&file.name);
            hash.update(&file.sha256);
        }
        hex(&hash.finalize())
    }
}

impl CodeFile {
    fn read(dir: &Path, path: &str, earlier: &[String]) -> Result<CodeFile> {
        let whole = read(&dir.join(path))?;
        let sha256 = hex(&Sha256::digest(&whole));
        let name = path.trim_start_matches("code/").trim_end_matches(".sql").to_owned();
        let mut needs = Vec::new();
        for need in includes(&whole, path)? {
            let place = earlier.iter().position(|listed| *listed == need);
            needs
                .push(place.with_context(|| format!("{path} takes in {need}, which code.sql doesn't name before it"))?);
        }
        let text: String = whole.split_inclusive('\n').filter(|line| !line.starts_with('\\')).collect();
        let mut made = text.lines().filter_map(|line| line.strip_prefix("CREATE OR REPLACE "));
        let (Some(first), None) = (made.next(), made.next()) else {
            bail!("{path}: a code file has exactly one CREATE OR REPLACE, at the beginning of a line");
        };
        let (kind, rest) = match first.split_once(' ') {
            Some(("FUNCTION", rest)) => (Kind::Function, rest),
            Some(("VIEW", rest)) => (Kind::View, rest),
            _ => bail!("{path}: a code file makes a FUNCTION or a VIEW"),
        };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let object = rest[..end].to_owned();
        Ok(CodeFile { name, text, needs, sha256, kind, object })
    }

    /// The file's path below the folder.
    #[must_use]
    pub fn path(&self) -> String {
        format!("code/{}.sql", self.name)
    }
}

/// The paths that a file takes in by `\i`.
fn includes(text: &str, name: &str) -> Result<Vec<String>> {
    let commands = text.lines().filter(|line| line.starts_with('\\'));
    commands.map(|line| included(line, name).map(str::to_owned)).collect()
}

fn included<'a>(line: &'a str, name: &str) -> Result<&'a str> {
    let path = line.strip_prefix("\\i ").map(str::trim);
    path.with_context(|| format!("{name}: of psql's commands only \\i is understood, not {line}"))
}

fn split(text: &str, name: &str, order: &[String], code: &[CodeFile]) -> Result<Vec<Part>> {
    let mut parts = Vec::new();
    let mut taken = BTreeSet::new();
    let mut sql = String::new();
    for line in text.lines() {
        if line.starts_with('\\') {
            let path = included(line, name)?;
            let place = order.iter().position(|listed| listed == path);
            let place =
                place.with_context(|| format!("schema/{name}.sql takes in {path}, which code.sql doesn't name"))?;
            parts.push(Part::Sql(std::mem::take(&mut sql)));
            take_in(place, code, &mut taken, &mut parts);
        } else {
            sql.push_str(line);
            sql.push('\n');
        }
    }
    parts.push(Part::Sql(sql));
    parts.retain(|part| !matches!(part, Part::Sql(sql) if sql.trim().is_empty()));
    Ok(parts)
}

/// Appends a code file, after those that it needs; each once.
fn take_in(place: usize, code: &[CodeFile], taken: &mut BTreeSet<usize>, parts: &mut Vec<Part>) {
    if taken.insert(place) {
        for need in &code[place].needs {
            take_in(*need, code, taken, parts);
        }
        parts.push(Part::Code(place));
    }
}

fn list_code(dir: &Path, below: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for path in sorted(&dir.join(below))? {
        let relative = below.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            list_code(dir, &relative, found)?;
        } else {
            found.insert(relative.to_string_lossy().replace('\\', "/"));
        }
    }
    Ok(())
}

fn sorted(dir: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(dir).with_context(|| format!("{}", dir.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{}", path.display()))
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
