//! The example, copied out and built against the packaged crates.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The workspace's root.
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The manifest of the copied example, built.
pub fn todo() -> &'static Path {
    static TODO: OnceLock<PathBuf> = OnceLock::new();
    TODO.get_or_init(|| {
        let target = root().join("target");
        let copy = target.join("copied-out");
        let _ = std::fs::remove_dir_all(&copy);
        std::fs::create_dir_all(&copy).expect("a directory for the copy");
        let crates = ["cache-logic", "cache-spin"];
        let package = ["package", "-q", "--no-verify", "--allow-dirty", "-p", crates[0], "-p", crates[1]];
        run(cargo(root()).args(package));
        for name in crates {
            let package = target.join(format!("package/{name}-0.1.0.crate"));
            run(Command::new("tar").arg("-xzf").arg(package).arg("-C").arg(&copy));
        }
        let app = copy.join("todo");
        run(Command::new("cp").arg("-r").arg(root().join("examples/todo")).arg(&app));
        edit(&app.join("Cargo.toml"), |text| {
            let beside = |name: &str| (format!("../../shared/{name}"), format!("../{name}-0.1.0"));
            crates.map(beside).iter().fold(text, |text, (from, to)| text.replace(from, to))
        });
        // Dependencies are compiled for the product already.
        let build = ["build", "-q", "--release", "--target", "wasm32-wasip2", "--target-dir"];
        run(cargo(&app).args(build).arg(&target));
        let component = target.join("wasm32-wasip2/release/todo.wasm");
        edit(&app.join("spin.toml"), |text| {
            text.replace("target/wasm32-wasip2/release/todo.wasm", &component.display().to_string())
        });
        app.join("spin.toml")
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
