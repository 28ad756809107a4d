use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The contents of a Rust file outside its tests.
#[derive(Debug, Default)]
pub(crate) struct Code {
    /// Every path that it names, with the line. Groups in `use` are taken apart:
    /// `spin_sdk::redis::Connection`.
    pub(crate) paths: Vec<(String, usize)>,
    /// Every call of a function or a method: its last name, the tokens of its arguments, the line.
    pub(crate) calls: Vec<(String, String, usize)>,
    /// Every field given in a struct expression: the type's last name, the field, the tokens of its
    /// value, the line.
    pub(crate) fields: Vec<(String, String, String, usize)>,
    /// Every implementation of a trait: the tokens of the trait, of the type, the line.
    pub(crate) implementations: Vec<(String, String, usize)>,
    /// Every function: its name, the tokens of its arguments and of its result, whether it is
    /// public, the line.
    pub(crate) functions: Vec<Function>,
    /// Every constant: its name and the tokens of its value.
    pub(crate) constants: Vec<(String, String)>,
}

/// The outside of a function.
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) inputs: String,
    pub(crate) output: String,
    pub(crate) line: usize,
}

impl Code {
    /// Reads a file; a syntax error is left to the compiler. Every rule asks for the same files, so
    /// each text is read once.
    pub(crate) fn read(text: &str) -> Arc<Code> {
        static KNOWN: LazyLock<Mutex<HashMap<String, Arc<Code>>>> = LazyLock::new(Mutex::default);
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(code) = known().get(text) {
            return code.clone();
        }
        let mut code = Code::default();
        if let Ok(file) = syn::parse_file(text) {
            code.visit_file(&file);
        }
        let code = Arc::new(code);
        known().insert(text.to_owned(), code.clone());
        code
    }

    /// The first path with this beginning (whole names: `a::b` begins `a::b::c`, not `a::bc`), and
    /// its line.
    pub(crate) fn names(&self, beginning: &str) -> Option<(&str, usize)> {
        let begins =
            |path: &str| path.strip_prefix(beginning).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        self.paths.iter().find(|(path, _)| begins(path)).map(|(path, line)| (path.as_str(), *line))
    }

    fn use_tree(&mut self, before: &str, tree: &syn::UseTree) {
        let join = |name: String| if before.is_empty() { name } else { format!("{before}::{name}") };
        match tree {
            syn::UseTree::Path(path) => self.use_tree(&join(path.ident.to_string()), &path.tree),
            syn::UseTree::Name(name) => self.paths.push((join(name.ident.to_string()), name.span().start().line)),
            syn::UseTree::Rename(name) => self.paths.push((join(name.ident.to_string()), name.span().start().line)),
            syn::UseTree::Glob(glob) => self.paths.push((join("*".to_owned()), glob.span().start().line)),
            syn::UseTree::Group(group) => group.items.iter().for_each(|item| self.use_tree(before, item)),
        }
    }

    fn function(&mut self, signature: &syn::Signature) {
        self.functions.push(Function {
            name: signature.ident.to_string(),
            inputs: plain(&signature.inputs),
            output: plain(&signature.output),
            line: signature.ident.span().start().line,
        });
    }

    /// Paths inside a macro's tokens: `a :: b` in a row.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path = String::new();
        for token in tokens {
            match token {
                TokenTree::Ident(name) if path.is_empty() || path.ends_with("::") => {
                    path.push_str(&name.to_string());
                    self.paths.push((path.clone(), name.span().start().line));
                }
                TokenTree::Punct(mark) if mark.as_char() == ':' && !path.is_empty() => path.push(':'),
                TokenTree::Group(group) => {
                    path.clear();
                    self.tokens(group.stream());
                }
                TokenTree::Ident(name) => path = name.to_string(),
                _ => path.clear(),
            }
        }
    }
}

/// Tokens without the blanks between them.
fn plain(tokens: &impl ToTokens) -> String {
    tokens.to_token_stream().to_string().replace(' ', "")
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes
        .iter()
        .any(|one| one.path().is_ident("test") || (one.path().is_ident("cfg") && plain(&one.meta).contains("test")))
}

impl<'ast> Visit<'ast> for Code {
    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if !is_test(&item.attrs) {
            visit::visit_item_mod(self, item);
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        if !is_test(&item.attrs) {
            self.function(&item.sig);
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.use_tree("", &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Vec<String> = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.paths.push((names.join("::"), path.span().start().line));
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }

    fn visit_item_const(&mut self, item: &'ast syn::ItemConst) {
        self.constants.push((item.ident.to_string(), plain(&item.expr)));
        visit::visit_item_const(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let Some((_, path, _)) = &item.trait_ {
            self.implementations.push((plain(path), plain(&item.self_ty), item.span().start().line));
        }
        visit::visit_item_impl(self, item);
    }

    fn visit_expr_call(&mut self, call: &'ast syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
        {
            self.calls.push((last.ident.to_string(), plain(&call.args), call.span().start().line));
        }
        visit::visit_expr_call(self, call);
    }

    fn visit_expr_method_call(&mut self, call: &'ast syn::ExprMethodCall) {
        self.calls.push((call.method.to_string(), plain(&call.args), call.method.span().start().line));
        visit::visit_expr_method_call(self, call);
    }

    fn visit_expr_struct(&mut self, made: &'ast syn::ExprStruct) {
        let kind = made.path.segments.last().map(|last| last.ident.to_string()).unwrap_or_default();
        let line = made.span().start().line;
        for field in &made.fields {
            let syn::Member::Named(name) = &field.member else { continue };
            self.fields.push((kind.clone(), name.to_string(), plain(&field.expr), line));
        }
        visit::visit_expr_struct(self, made);
    }
}
