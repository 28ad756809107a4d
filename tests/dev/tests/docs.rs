//! The documents by themselves: links lead somewhere, blocks of data parse, and requests go to
//! routes that there are.

use std::path::{Path, PathBuf};

use kit::Description;

/// Every document, relative to the root.
fn documents() -> Vec<PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![dev::root().to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            if path.is_dir() && !name.starts_with('.') && !["target", "node_modules"].contains(&&*name) {
                folders.push(path);
            } else if name.ends_with(".md") {
                found.push(path);
            }
        }
    }
    assert!(found.len() > 25, "only {} documents", found.len());
    found.sort();
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn shown(path: &Path) -> String {
    path.strip_prefix(dev::root()).unwrap_or(path).display().to_string()
}

/// The targets of a document's links.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()).collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> Vec<String> {
    let headings = text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| -> String {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
    };
    headings.map(anchor).collect()
}

#[test]
fn every_link_of_a_document_leads_to_a_file_and_its_heading() {
    let mut seen = 0;
    for document in documents() {
        for link in links(&text(&document)) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target =
                if file.is_empty() { document.clone() } else { document.parent().expect("a folder").join(file) };
            assert!(target.exists(), "{} links to {link}, which isn't there", shown(&document));
            if let Some(anchor) = anchor {
                let known = anchors(&text(&target));
                assert!(known.iter().any(|one| one == anchor), "{} links to {link}: {known:?}", shown(&document));
            }
            seen += 1;
        }
    }
    assert!(seen > 100, "only {seen} links");
}

/// The blocks between ``` of a document, with their language.
fn blocks(text: &str) -> Vec<(&str, String)> {
    let (mut found, mut open): (Vec<(&str, String)>, bool) = (Vec::new(), false);
    for line in text.lines() {
        match line.trim_start().strip_prefix("```") {
            Some(_) if open => open = false,
            Some(language) => {
                found.push((language.trim(), String::new()));
                open = true;
            }
            None if open => {
                let block = &mut found.last_mut().expect("an open block").1;
                block.push_str(line);
                block.push('\n');
            }
            None => {}
        }
    }
    found
}

#[test]
fn every_block_of_data_in_a_document_parses() {
    for document in documents() {
        let text = text(&document);
        for (language, block) in blocks(&text) {
            let wrong = match language {
                "json" => serde_json::from_str::<serde_json::Value>(&block).err().map(|e| e.to_string()),
                "yaml" => serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&block).err().map(|e| e.to_string()),
                "toml" => block.parse::<toml::Table>().err().map(|e| e.to_string()),
                _ => None,
            };
            assert!(wrong.is_none(), "{}: {} in\n{block}", shown(&document), wrong.unwrap_or_default());
        }
    }
}

/// Whether this path of a document is one of the description's.
fn is_described(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    Description::get().operations().iter().any(|operation| {
        let described: Vec<&str> = operation.path.split('/').collect();
        described.len() == parts.len()
            && described.iter().zip(&parts).all(|(described, part)| described.starts_with('{') || described == part)
    })
}

#[test]
fn every_request_in_a_document_goes_to_a_route_that_there_is() {
    let mut seen = 0;
    for document in documents() {
        let text = text(&document);
        for rest in text.split("/api/v1/").skip(1) {
            let end = |c: char| !(c.is_ascii_alphanumeric() || "/-_.:$<>{}".contains(c));
            let path = rest.split(end).next().expect("a path").trim_end_matches(['.', ':', '/']);
            // `/api/v1/...`, and paths that stand for several.
            if path.is_empty() || path.contains("..") {
                continue;
            }
            assert!(is_described(&format!("/{path}")), "{}: there is no /api/v1/{path}", shown(&document));
            seen += 1;
        }
        let verbs = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        for code in text.split('`').skip(1).step_by(2) {
            let Some((verb, path)) = code.split_once(' ') else { continue };
            let path = path.split(['?', ' ']).next().expect("a path");
            let plain = !path.contains(['{', '.', '*', '[']) && path.starts_with('/') && !path.starts_with("/api/");
            if verbs.contains(&verb) && plain && !["/metrics", "/health"].contains(&path) && path.len() > 1 {
                assert!(is_described(path), "{}: there is no {code}", shown(&document));
                seen += 1;
            }
        }
    }
    assert!(seen > 80, "only {seen} requests");
}
