//! A hit formats, copies and parses nothing. In WebAssembly the formatter alone took a quarter of a
//! component's own instructions (docs/performance.md, "What a hit costs"). [`ON_THE_WAY`] are the
//! functions that every hit runs through; whatever else may come of a read is made elsewhere.

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use super::Finding;
use crate::Tree;

const RULE: &str = "hits-format-nothing";

/// Files, and their functions that are on the way of a hit; none named: all of them.
const ON_THE_WAY: [(&str, &[&str]); 14] = [
    ("shared/cache-logic/src/kit/limit/decision.rs", &["policy", "limit", "list"]),
    ("shared/cache-logic/src/protocol/key.rs", &["part", "pair", "build", "generation_key"]),
    ("shared/cache-logic/src/protocol/read.rs", &["read", "read_by", "immediate_hit", "hit"]),
    ("shared/cache-logic/src/protocol/read/judge.rs", &[]),
    ("shared/cache-logic/src/protocol/entry.rs", &["parse", "generations", "into_value"]),
    ("shared/cache-spin/src/cache.rs", &["read", "read_beside", "look_up", "tidy_behind"]),
    ("shared/cache-spin/src/rates.rs", &["attempt", "count_one"]),
    ("shared/commerce/src/parts.rs", &[]),
    ("shared/commerce/src/query.rs", &["canonical", "fingerprint", "text"]),
    ("shared/commerce/src/views/entry.rs", &[]),
    ("shared/commerce/src/views/tags.rs", &[]),
    ("shared/edge/src/answer.rs", &["new", "into_reply"]),
    ("shared/edge/src/limits.rs", &["of", "keys", "refuse_known", "decide", "conclude"]),
    ("shared/edge/src/data.rs", &["read", "read_while", "read_kept"]),
];

/// Macros that format.
const FORMATTERS: [&str; 4] = ["format", "write", "writeln", "format_args"];
/// Methods and functions that format, copy a body, or parse JSON.
const DEAR: [&str; 5] = ["to_string", "to_vec", "from_slice", "from_str", "to_value"];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, functions) in ON_THE_WAY {
        let Some(text) = tree.files.get(path) else {
            findings.push(Finding::new(RULE, path, "the file is gone: name the one that took its place"));
            continue;
        };
        let Ok(file) = syn::parse_file(text) else { continue };
        let mut way = Way { functions, met: Vec::new(), inside: false, dear: Vec::new() };
        way.visit_file(&file);
        for (what, line) in way.dear {
            findings.push(Finding::new(RULE, format!("{path}:{line}"), format!("{what} on the way of every hit")));
        }
        for gone in functions.iter().filter(|name| !way.met.iter().any(|met| met == *name)) {
            findings.push(Finding::new(RULE, path, format!("{gone} is gone: name what took its place")));
        }
    }
    findings
}

/// A walk through a file that looks into the functions on the way.
struct Way<'a> {
    functions: &'a [&'a str],
    met: Vec<String>,
    inside: bool,
    dear: Vec<(String, usize)>,
}

impl Way<'_> {
    fn enter(&mut self, signature: &syn::Signature, walk: impl FnOnce(&mut Self)) {
        let name = signature.ident.to_string();
        let outside = self.inside;
        self.inside = outside || self.functions.is_empty() || self.functions.contains(&&*name);
        self.met.push(name);
        walk(self);
        self.inside = outside;
    }

    fn note(&mut self, what: &str, line: usize) {
        if self.inside {
            self.dear.push((what.to_owned(), line));
        }
    }
}

impl<'ast> Visit<'ast> for Way<'_> {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.ident != "tests" {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.enter(&item.sig, |way| visit::visit_item_fn(way, item));
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.enter(&item.sig, |way| visit::visit_impl_item_fn(way, item));
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        let name = item.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        if FORMATTERS.contains(&&*name) {
            self.note(&format!("{name}!"), item.span().start().line);
        }
        visit::visit_macro(self, item);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        let name = call.method.to_string();
        if DEAR.contains(&&*name) {
            self.note(&name, call.method.span().start().line);
        }
        visit::visit_expr_method_call(self, call);
    }

    fn visit_path_segment(&mut self, segment: &'ast syn::PathSegment) {
        let name = segment.ident.to_string();
        if DEAR.contains(&&*name) {
            self.note(&name, segment.ident.span().start().line);
        }
        visit::visit_path_segment(self, segment);
    }
}
