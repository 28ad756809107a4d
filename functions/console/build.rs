//! Packs the built files of `dist`, and the description of the API as a page. An asset's name has
//! the beginning of its content's hash in it, so that browsers may keep it for ever.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use sha2::{Digest, Sha256};

#[path = "build/reference.rs"]
mod reference;

/// Files that pages load, and their types. Those whose text names others come behind them.
const ASSETS: [(&str, &str); 4] = [
    ("icon.svg", "image/svg+xml"),
    ("app.css", "text/css; charset=utf-8"),
    ("app.js", "text/javascript; charset=utf-8"),
    ("front.js", "text/javascript; charset=utf-8"),
];

/// Pages, by their names in the component.
const PAGES: [(&str, &str); 3] =
    [("CONSOLE", "console.html"), ("FRONT", "front.html"), ("REFERENCE", "reference.html")];

/// As `cache_logic::gzip` writes and expects it.
const HEADER: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

fn main() {
    let dist = Path::new("dist");
    let description = Path::new("../../openapi.yaml");
    println!("cargo:rerun-if-changed=dist");
    println!("cargo:rerun-if-changed=build");
    println!("cargo:rerun-if-changed={}", description.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));

    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut code = String::new();
    let mut assets = String::new();
    for (name, kind) in ASSETS {
        let bytes = filled(&read(&dist.join(name)), &names);
        let hash = hash(&bytes);
        let (stem, end) = name.split_once('.').expect("a name with an end");
        let public = format!("{stem}.{hash}.{end}");
        let file = file(&out, name, kind, &bytes, &hash);
        writeln!(assets, "    ({public:?}, {file}),").expect("a text");
        names.insert(name, public);
    }
    let body = reference::render(&read(description));
    for (constant, name) in PAGES {
        let text = read(&dist.join(name)).replace("{{reference}}", &body);
        let bytes = filled(&text, &names);
        let file = file(&out, name, "text/html; charset=utf-8", &bytes, &hash(&bytes));
        writeln!(code, "pub const {constant}: edge::File = {file};").expect("a text");
    }
    write!(code, "pub const ASSETS: &[(&str, edge::File)] = &[\n{assets}];\n").expect("a text");
    fs::write(out.join("files.rs"), code).expect("OUT_DIR can be written");
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The text with the public path of each asset in place of `{{name}}`.
fn filled(text: &str, names: &BTreeMap<&str, String>) -> String {
    names.iter().fold(text.to_owned(), |text, (name, public)| {
        text.replace(&format!("{{{{{name}}}}}"), &format!("/console/{public}"))
    })
}

fn hash(text: &str) -> String {
    Sha256::digest(text).iter().take(6).fold(String::new(), |hash, byte| hash + &format!("{byte:02x}"))
}

/// Packs a file and gives the code that names it.
fn file(out: &Path, name: &str, kind: &str, text: &str, hash: &str) -> String {
    let mut packed = HEADER.to_vec();
    packed.extend(miniz_oxide::deflate::compress_to_vec(text.as_bytes(), 10));
    packed.extend(crc32fast::hash(text.as_bytes()).to_le_bytes());
    packed.extend(u32::try_from(text.len()).expect("a small file").to_le_bytes());
    let place = out.join(format!("{name}.gz"));
    fs::write(&place, packed).expect("OUT_DIR can be written");
    let etag = format!("W/\"{hash}\"");
    format!("edge::File {{ content_type: {kind:?}, etag: {etag:?}, packed: include_bytes!({place:?}) }}")
}
