use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::{Draft, Resource, Validator};
use serde_json::{Value, json};

/// The name under which the schemas of the description refer to one another.
const DOCUMENT: &str = "urn:edge-orders:openapi";
/// How many mistakes of a body a message names.
const TOLD: usize = 5;

/// `openapi.yaml`, and the check of a response against it.
#[derive(Debug)]
pub struct Description {
    document: Value,
    operations: Vec<Operation>,
    /// Validators by their place in the document; each is built at its first use.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

/// A method of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Its `operationId`.
    pub id: String,
    /// The method, in capitals.
    pub method: String,
    /// The path below `/api/v1`, with its parameters in braces.
    pub path: String,
    /// Its place in the document, a JSON pointer.
    pub pointer: String,
}

impl Operation {
    /// How many segments of a path are spelled out in this operation's path. `None` if the path
    /// isn't one of its.
    fn fits(&self, path: &str) -> Option<usize> {
        let (mine, given): (Vec<&str>, Vec<&str>) = (self.path.split('/').collect(), path.split('/').collect());
        if mine.len() != given.len() {
            return None;
        }
        let mut spelled_out = 0;
        for (mine, given) in mine.into_iter().zip(given) {
            if mine == given {
                spelled_out += 1;
            } else if !mine.starts_with('{') || given.is_empty() {
                return None;
            }
        }
        Some(spelled_out)
    }
}

impl Description {
    /// The description at the workspace's root, read once.
    pub fn get() -> &'static Description {
        static DESCRIPTION: OnceLock<Description> = OnceLock::new();
        DESCRIPTION.get_or_init(|| {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.yaml");
            let text = std::fs::read_to_string(&file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            Description::of(&text)
        })
    }

    /// The description that this text holds; panics if it isn't YAML.
    pub fn of(text: &str) -> Description {
        let document: Value = serde_yaml_ng::from_str(text).expect("a description is YAML");
        let mut operations = Vec::new();
        for (path, item) in document["paths"].as_object().into_iter().flatten() {
            for (method, operation) in item.as_object().into_iter().flatten() {
                if matches!(method.as_str(), "get" | "post" | "put" | "patch" | "delete") {
                    operations.push(Operation {
                        id: operation["operationId"].as_str().unwrap_or_default().to_owned(),
                        method: method.to_uppercase(),
                        path: path.clone(),
                        pointer: format!("/paths/{}/{method}", escaped(path)),
                    });
                }
            }
        }
        Description { document, operations, validators: Mutex::default() }
    }

    /// The whole document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Every operation, in the document's order.
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operation of a method and a path below `/api/v1`. HEAD is GET without a body. A path
    /// that is spelled out goes before one with parameters, with any methods.
    pub fn operation(&self, method: &str, path: &str) -> Option<&Operation> {
        let method = if method == "HEAD" { "GET" } else { method };
        let fitting = self.operations.iter().filter_map(|operation| Some((operation.fits(path)?, &operation.path)));
        let (_, path) = fitting.max_by_key(|(fit, _)| *fit)?;
        self.operations.iter().find(|operation| operation.method == method && operation.path == *path)
    }

    /// The value at a JSON pointer, behind its `$ref` if it has one, and its own pointer.
    pub fn at(&self, pointer: &str) -> Option<(String, &Value)> {
        let value = self.document.pointer(pointer)?;
        match value["$ref"].as_str() {
            Some(reference) => self.at(reference.strip_prefix('#')?),
            None => Some((pointer.to_owned(), value)),
        }
    }

    /// Checks a response against the description of its request. If the description has no such
    /// operation, any answer passes.
    ///
    /// # Errors
    /// The mistake: an undescribed status or media type, or a body that its schema refuses.
    pub fn check(&self, method: &str, path: &str, status: u16, media_type: &str, body: &[u8]) -> Result<(), String> {
        let Some(operation) = self.operation(method, path) else { return Ok(()) };
        if method == "HEAD" && status == 405 {
            return Ok(());
        }
        let responses = format!("{}/responses", operation.pointer);
        let Some((pointer, response)) = self.at(&format!("{responses}/{status}")) else {
            return Err(format!("{} answers {status}, which openapi.yaml doesn't describe", operation.id));
        };
        if method == "HEAD" {
            return Ok(());
        }
        let Some(content) = response["content"].as_object() else {
            return match body {
                [] => Ok(()),
                _ => Err(format!("{} answers {status} with a body, and openapi.yaml describes none", operation.id)),
            };
        };
        let media_type = media_type.split(';').next().unwrap_or_default().trim();
        if !content.contains_key(media_type) {
            return Err(format!(
                "{} answers {status} as {media_type:?}, which openapi.yaml doesn't describe",
                operation.id
            ));
        }
        if media_type != "application/json" && !media_type.ends_with("+json") {
            return Ok(());
        }
        let body: Value = serde_json::from_slice(body).map_err(|e| format!("the body is no JSON: {e}"))?;
        let schema = format!("{pointer}/content/{}/schema", escaped(media_type));
        self.fits(&schema, &body).map_err(|wrong| {
            format!(
                "{} answers {status} with a body that isn't as openapi.yaml says:\n{wrong}\nin {body}",
                operation.id
            )
        })
    }

    /// Whether a value fits the schema at a JSON pointer.
    ///
    /// # Errors
    /// The first mistakes, one a line.
    pub fn fits(&self, schema: &str, value: &Value) -> Result<(), String> {
        let validator = self.validator(schema);
        let told: Vec<String> =
            validator.iter_errors(value).take(TOLD).map(|e| format!("- {}: {e}", e.instance_path)).collect();
        if told.is_empty() { Ok(()) } else { Err(told.join("\n")) }
    }

    fn validator(&self, schema: &str) -> Arc<Validator> {
        let mut validators = self.validators.lock().unwrap_or_else(PoisonError::into_inner);
        let validator = validators.entry(schema.to_owned()).or_insert_with(|| {
            // A schema is read at its place, so that its references point into the document.
            let document = Resource::from_contents(self.document.clone()).expect("a draft that is known");
            let built = jsonschema::options()
                .with_draft(Draft::Draft202012)
                .should_validate_formats(true)
                .with_resource(DOCUMENT, document)
                .build(&json!({ "$ref": format!("{DOCUMENT}#{}", in_uri(schema)) }));
            Arc::new(built.unwrap_or_else(|e| panic!("the schema at {schema}: {e}")))
        });
        validator.clone()
    }
}

/// A JSON pointer as the fragment of a URI, which may hold no braces.
fn in_uri(pointer: &str) -> String {
    pointer.replace('{', "%7B").replace('}', "%7D")
}

/// A key as a part of a JSON pointer.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
