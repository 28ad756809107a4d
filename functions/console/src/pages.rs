//! The files and their headers. `build.rs` packs the files and names them by their content.

use commerce::error::Error;
use edge::{File, Open, Reply};

/// `FRONT`, `CONSOLE`, `REFERENCE`, and `ASSETS` by their names.
mod files {
    include!(concat!(env!("OUT_DIR"), "/files.rs"));
}

/// What a page may do: load from here, and ask here. It may be in no frame, and no form is sent
/// anywhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// For as long as anybody remembers: another content has another name.
const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// The pages that have addresses of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// What this is, and where to go on.
    Front,
    /// The console.
    Console,
    /// The description of the API.
    Reference,
}

/// `GET /`, `/console`, `/console/api`: a page, asked for anew each time and sent if it is another.
///
/// # Errors
/// None, unless its bytes are damaged.
pub async fn page(call: Open<'_>, page: Page) -> Result<Reply, Error> {
    let file = match page {
        Page::Front => &files::FRONT,
        Page::Console => &files::CONSOLE,
        Page::Reference => &files::REFERENCE,
    };
    Ok(guarded(file.reply(call.request)?).with("cache-control", "no-cache"))
}

/// `GET /console/:name`: what the pages load.
///
/// # Errors
/// [`Error::NotFound`] if there is no such file, as after another release.
pub async fn asset(call: Open<'_>) -> Result<Reply, Error> {
    let file = named(call.id).ok_or_else(|| Error::not_found("route"))?;
    Ok(guarded(file.reply(call.request)?).with("cache-control", FOR_EVER))
}

fn named(name: &str) -> Option<&'static File> {
    files::ASSETS.iter().find(|(known, _)| *known == name).map(|(_, file)| file)
}

/// Adds what keeps a page from being misused.
fn guarded(reply: Reply) -> Reply {
    reply
        .with("content-security-policy", POLICY)
        .with("x-content-type-options", "nosniff")
        .with("referrer-policy", "no-referrer")
        .with("x-frame-options", "DENY")
        .with("cross-origin-opener-policy", "same-origin")
        .with("cross-origin-resource-policy", "same-origin")
        .with("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(file: &File) -> String {
        String::from_utf8(file.unpacked().expect("whole")).expect("text")
    }

    const PAGES: [(&str, &File); 3] =
        [("front", &files::FRONT), ("console", &files::CONSOLE), ("reference", &files::REFERENCE)];

    /// What a page loads: its `src` and `href` that aren't places within a page or links to others.
    fn loaded(page: &str) -> Vec<&str> {
        page.split("/console/")
            .skip(1)
            .filter_map(|rest| rest.split(['"', '#']).next())
            .filter(|name| *name != "api")
            .collect()
    }

    #[test]
    fn pages_load_only_files_that_there_are_and_none_is_there_for_nothing() {
        let mut used = Vec::new();
        for (name, page) in PAGES {
            let text = text(page);
            assert!(!text.contains("{{"), "{name} has a place without a name");
            for asset in loaded(&text) {
                assert!(named(asset).is_some(), "{name} loads {asset}");
                used.push(asset.to_owned());
            }
        }
        for (name, _) in files::ASSETS {
            assert!(used.iter().any(|one| one == name), "nothing loads {name}");
        }
    }

    #[test]
    fn the_whole_console_and_the_first_page_have_at_most_60_kb() {
        let assets: usize = files::ASSETS.iter().map(|(_, file)| file.packed.len()).sum();
        let all = assets + files::FRONT.packed.len() + files::CONSOLE.packed.len();
        assert!(all <= 60_000, "{all} bytes as gzip");
        assert!(files::REFERENCE.packed.len() <= 60_000, "{} bytes as gzip", files::REFERENCE.packed.len());
    }

    #[test]
    fn no_page_or_asset_names_a_foreign_address() {
        let assets = files::ASSETS.iter().map(|(name, file)| (*name, file));
        for (name, file) in assets.chain(PAGES) {
            let text = text(file);
            for (at, _) in text.match_indices("://") {
                let start = text[..at].rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |start| start + 1);
                let address: String = text[start..].chars().take_while(|c| !"\"'`<>()\\ \n".contains(*c)).collect();
                // Names of formats, of licences and of examples; nothing is loaded from them.
                let known = ["http://www.w3.org/", "https://github.com/", "https://shop.example"];
                let is_example = name == "reference";
                assert!(is_example || known.iter().any(|known| address.starts_with(known)), "{name}: {address}");
            }
            assert!(!text.contains("src=\"//") && !text.contains("url(//"), "{name}");
        }
    }

    #[test]
    fn names_say_the_content_and_nothing_else_has_that_name() {
        assert!(named("app.js").is_none() && named("").is_none() && named("../app.js").is_none());
        for (name, file) in files::ASSETS {
            let hash = name.split('.').nth(1).expect("a hash");
            assert!(hash.len() == 12 && file.etag.contains(hash), "{name} {}", file.etag);
        }
    }

    #[test]
    fn no_inline_script_or_style_is_needed() {
        for (name, page) in PAGES {
            let text = text(page);
            assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="), "{name}");
            assert_eq!(text.matches("<script").count(), text.matches("<script type=\"module\" src=").count(), "{name}");
        }
    }
}
