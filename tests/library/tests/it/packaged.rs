//! Apps that are copied out and built against the packaged crates.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The crates that others take.
pub const CRATES: [&str; 2] = ["cache-logic", "cache-spin"];

/// The workspace's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// A directory with nothing but the packaged crates, unpacked. Apps are copied beside them.
pub fn packages() -> &'static Path {
    static PACKAGES: OnceLock<PathBuf> = OnceLock::new();
    PACKAGES.get_or_init(|| {
        let target = root().join("target");
        let copy = target.join("copied-out");
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir_all(&copy).expect("a directory for the copy");
        let package = ["package", "-q", "--no-verify", "--allow-dirty", "-p", CRATES[0], "-p", CRATES[1]];
        run(cargo(root()).args(package));
        for name in CRATES {
            let package = target.join(format!("package/{name}-0.1.0.crate"));
            run(Command::new("tar").arg("-xzf").arg(package).arg("-C").arg(&copy));
        }
        copy
    })
}

/// Builds an app beside the packages, and has its manifest name the component by its whole path.
pub fn build(app: &Path, component: &str) -> PathBuf {
    // Dependencies are compiled for the product already.
    let target = root().join("target");
    let build = ["build", "-q", "--release", "--target", "wasm32-wasip2", "--target-dir"];
    run(cargo(app).args(build).arg(&target));
    let built = format!("target/wasm32-wasip2/release/{component}.wasm");
    edit(&app.join("spin.toml"), |text| text.replace(&built, &root().join(&built).display().to_string()));
    app.join("spin.toml")
}

/// The manifest of the copied example, built.
pub fn todo() -> &'static Path {
    static TODO: OnceLock<PathBuf> = OnceLock::new();
    TODO.get_or_init(|| {
        let app = packages().join("todo");
        run(Command::new("cp").arg("-r").arg(root().join("examples/todo")).arg(&app));
        edit(&app.join("Cargo.toml"), |text| {
            let beside = |name: &str| (format!("../../shared/{name}"), format!("../{name}-0.1.0"));
            CRATES.map(beside).iter().fold(text, |text, (from, to)| text.replace(from, to))
        });
        build(&app, "todo")
    })
}

fn cargo(directory: &Path) -> Command {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(directory);
    cargo
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let changed = change(text.clone());
    assert_ne!(text, changed, "{} was not changed: adapt this test", path.display());
    std::fs::write(path, changed).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
