//! The structure of the components.

use std::path::Path;

use wasmparser::{Parser, Payload};

/// Bytes of a page of memory.
const PAGE: u64 = 64 << 10;

/// The pages that a component's memories begin with.
fn initial_pages(component: &Path) -> u64 {
    let bytes = std::fs::read(component)
        .unwrap_or_else(|e| panic!("{}: {e}; scripts/build.sh components", component.display()));
    let mut pages = 0;
    for payload in Parser::new(0).parse_all(&bytes) {
        if let Payload::MemorySection(memories) = payload.expect("a component") {
            pages += memories.into_iter().map(|memory| memory.expect("a memory").initial).sum::<u64>();
        }
    }
    pages
}

#[test]
fn an_instance_begins_with_little_memory_since_spin_clears_all_of_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for folder in std::fs::read_dir(root.join("functions")).expect("functions/") {
        let component = folder.expect("a folder").file_name().to_string_lossy().replace('-', "_");
        let built = root.join("target/wasm32-wasip2/release").join(&component);
        let pages = initial_pages(&built.with_extension("wasm"));
        // health has the API's description in it.
        let described = std::fs::metadata(root.join("openapi.yaml")).expect("openapi.yaml").len().div_ceil(PAGE);
        let most = if component == "health" { 5 + described } else { 5 };
        assert!(
            (1..=most).contains(&pages),
            "{component} begins with {} KiB: was .cargo/config.toml read?",
            pages * PAGE / 1024
        );
    }
}
