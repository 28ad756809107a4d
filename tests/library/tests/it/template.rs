//! `spin new -t`, as far as our templates go: Liquid's values with the filters for names, and
//! `raw`.

use std::path::{Path, PathBuf};

use crate::packaged::{CRATES, build, packages, root};

/// A template's app, made beside the packages and built. Gives its manifest.
pub fn made(template: &str, project: &str) -> PathBuf {
    let app = packages().join(kebab(project));
    render_all(&folder(template).join("content"), &app, project);
    // The packages instead of crates.io.
    let manifest = app.join("Cargo.toml");
    let mut text = std::fs::read_to_string(&manifest).expect("Cargo.toml");
    text.push_str("\n[patch.crates-io]\n");
    for name in CRATES {
        text.push_str(&format!("{name} = {{ path = \"../{name}-0.1.0\" }}\n"));
    }
    std::fs::write(&manifest, text).expect("Cargo.toml can be written");
    build(&app, &kebab(project).replace('-', "_"))
}

/// The folder of a template.
pub fn folder(template: &str) -> PathBuf {
    root().join("templates").join(template)
}

fn render_all(from: &Path, to: &Path, project: &str) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).unwrap_or_else(|e| panic!("{}: {e}", from.display())) {
        let path = entry.expect("a file").path();
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let target = to.join(name.trim_end_matches(".tmpl"));
        if path.is_dir() {
            render_all(&path, &target, project);
        } else {
            let text = std::fs::read_to_string(&path).expect("a text");
            std::fs::write(&target, render(&text, project)).expect("a file can be written");
        }
    }
}

/// The text with every value in its place.
///
/// # Panics
/// A value, filter or tag that Spin gives templates none of, or that this doesn't know.
pub fn render(text: &str, project: &str) -> String {
    let mut rendered = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        rendered.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(raw) = rest.strip_prefix("{% raw %}") {
            let (plain, behind) = raw.split_once("{% endraw %}").expect("raw has an end");
            rendered.push_str(plain);
            rest = behind;
        } else {
            let (tag, behind) = rest.strip_prefix("{{").and_then(|rest| rest.split_once("}}")).expect("a value");
            rendered.push_str(&value(tag, project));
            rest = behind;
        }
    }
    rendered + rest
}

fn value(tag: &str, project: &str) -> String {
    let parts: Vec<&str> = tag.split('|').map(str::trim).collect();
    let value = match parts[0] {
        "project-name" => project,
        "project-description" => "An app",
        "http-path" => "/...",
        "authors" => "Somebody",
        "output-path" => "an-app",
        other => panic!("Spin has no value {other:?} for us"),
    };
    match parts.get(1) {
        None => value.to_owned(),
        Some(&"kebab_case") => kebab(value),
        Some(&"snake_case") => kebab(value).replace('-', "_"),
        Some(other) => panic!("no filter {other:?}"),
    }
}

fn kebab(name: &str) -> String {
    name.to_lowercase().replace([' ', '_'], "-")
}
