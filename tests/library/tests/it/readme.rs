//! cache-spin's README shows the example as it is.

use crate::packaged::root;

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn the_readme_holds_the_example_word_for_word() {
    let readme = text("shared/cache-spin/README.md");
    for file in ["src/lib.rs", "todo.sql", "spin.toml"] {
        assert!(readme.contains(text(&format!("examples/todo/{file}")).trim_end()), "{file} is another one in README");
    }
    let manifest = text("examples/todo/Cargo.toml");
    let (_, dependencies) = manifest.split_once("[lib]").expect("a [lib]");
    let dependencies = dependencies.split("\n[profile").next().expect("a part").trim_end();
    assert!(readme.contains(dependencies), "the dependencies are others in README");
}

#[test]
fn the_example_has_at_most_120_lines_of_its_own() {
    let lines = |file: &str| text(&format!("examples/todo/{file}")).lines().count();
    assert!(lines("src/lib.rs") + lines("todo.sql") <= 120);
}
