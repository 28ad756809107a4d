//! The description of the API as HTML: one part for each tag, one line for each operation that
//! opens to what it takes and gives. It needs no script.

use std::fmt::Write as _;

use serde_yaml_ng::Value;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The body of the page.
pub fn render(description: &str) -> String {
    let all: Value = serde_yaml_ng::from_str(description).expect("the description is YAML");
    let mut html = String::new();
    write!(html, "<section>{}</section>", prose(&all["info"]["description"])).expect("a text");
    html.push_str("<nav aria-label=\"Parts\"><ul class=\"parts\">");
    let tags = all["tags"].as_sequence().expect("tags");
    for tag in tags {
        let name = plain(&tag["name"]);
        write!(html, "<li><a href=\"#{name}\">{name}</a></li>").expect("a text");
    }
    html.push_str("<li><a href=\"#schemas\">schemas</a></li></ul></nav>");
    for tag in tags {
        let name = plain(&tag["name"]);
        write!(html, "<section><h2 id=\"{name}\">{name}</h2><p>{}</p>", inline(&plain(&tag["description"])))
            .expect("a text");
        for (path, item) in all["paths"].as_mapping().expect("paths") {
            for method in METHODS {
                let operation = &item[method];
                if operation["tags"][0].as_str() == Some(&name) {
                    html.push_str(&self::operation(&all, method, &plain(path), item, operation));
                }
            }
        }
        html.push_str("</section>");
    }
    html.push_str("<section><h2 id=\"schemas\">schemas</h2>");
    for (name, schema) in all["components"]["schemas"].as_mapping().expect("schemas") {
        let name = plain(name);
        write!(html, "<details id=\"{name}\"><summary><code>{name}</code></summary>{}</details>", schema_table(schema))
            .expect("a text");
    }
    html + "</section>"
}

fn operation(all: &Value, method: &str, path: &str, item: &Value, operation: &Value) -> String {
    let mut html = format!(
        "<details id=\"{}\"><summary><b class=\"m {method}\">{}</b> <code>{}</code> <span>{}</span></summary>{}",
        plain(&operation["operationId"]),
        method.to_uppercase(),
        escaped(path),
        inline(&plain(&operation["summary"])),
        prose(&operation["description"]),
    );
    let lists = [&item["parameters"], &operation["parameters"]];
    let parameters: Vec<&Value> =
        lists.into_iter().filter_map(Value::as_sequence).flatten().map(|one| resolved(all, one)).collect();
    if !parameters.is_empty() {
        html.push_str("<table><thead><tr><th>parameter<th>in<th>form<th>about</thead><tbody>");
        for one in parameters {
            let needed = if one["required"].as_bool() == Some(true) { " *" } else { "" };
            write!(
                html,
                "<tr><td><code>{}</code>{needed}<td>{}<td>{}<td>{}",
                escaped(&plain(&one["name"])),
                plain(&one["in"]),
                form(&one["schema"]),
                inline(&plain(&one["description"])),
            )
            .expect("a text");
        }
        html.push_str("</tbody></table>");
    }
    let body = &operation["requestBody"]["content"]["application/json"];
    let examples = body["examples"].as_mapping();
    let example = examples.and_then(|examples| Some(&examples.iter().next()?.1["value"])).unwrap_or(&body["example"]);
    if !body.is_null() {
        write!(html, "<p>Body: {}</p>", form(&body["schema"])).expect("a text");
    }
    if !example.is_null() {
        let text = serde_json::to_string_pretty(example).expect("JSON");
        write!(html, "<pre tabindex=\"0\">{}</pre>", escaped(&text)).expect("a text");
    }
    html.push_str("<table><thead><tr><th>status<th>body<th>about</thead><tbody>");
    for (status, response) in operation["responses"].as_mapping().expect("responses") {
        let response = resolved(all, response);
        let content = response["content"].as_mapping().and_then(|kinds| kinds.iter().next());
        let form = content.map(|(_, body)| form(&body["schema"])).unwrap_or_default();
        let about = inline(&plain(&response["description"]));
        write!(html, "<tr><td>{}<td>{form}<td>{about}", plain(status)).expect("a text");
    }
    html + "</tbody></table></details>"
}

/// The members of a schema, or its form.
fn schema_table(schema: &Value) -> String {
    let mut html = prose(&schema["description"]);
    let Some(members) = schema["properties"].as_mapping() else { return html + "<p>" + &form(schema) + "</p>" };
    html.push_str("<table><thead><tr><th>member<th>form<th>about</thead><tbody>");
    for (name, member) in members {
        let about = inline(&plain(&member["description"]));
        write!(html, "<tr><td><code>{}</code><td>{}<td>{about}", escaped(&plain(name)), form(member)).expect("a text");
    }
    html + "</tbody></table>"
}

/// What a `$ref` names, or the value itself.
fn resolved<'a>(all: &'a Value, value: &'a Value) -> &'a Value {
    let Some(path) = value["$ref"].as_str() else { return value };
    path.trim_start_matches("#/").split('/').fold(all, |at, part| &at[part])
}

/// A schema in a few words: its name, its values, or its type.
fn form(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()) {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    for several in ["anyOf", "oneOf", "allOf"] {
        if let Some(forms) = schema[several].as_sequence() {
            return forms.iter().map(form).filter(|form| !form.is_empty()).collect::<Vec<_>>().join(" or ");
        }
    }
    if let Some(values) = schema["enum"].as_sequence() {
        let shown = values.iter().map(|value| if value.is_null() { "null".to_owned() } else { plain(value) });
        return escaped(&shown.collect::<Vec<_>>().join(", "));
    }
    if !schema["const"].is_null() {
        return escaped(&plain(&schema["const"]));
    }
    if !schema["items"].is_null() {
        return format!("list of {}", form(&schema["items"]));
    }
    let kinds: Vec<String> = match &schema["type"] {
        Value::Sequence(kinds) => kinds.iter().map(plain).collect(),
        Value::Null => Vec::new(),
        kind => vec![plain(kind)],
    };
    let format = schema["format"].as_str().map(|format| format!(" ({format})")).unwrap_or_default();
    escaped(&(kinds.join(" or ") + &format))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(value) => value.to_string(),
        _ => String::new(),
    }
}

/// A text of several paragraphs.
fn prose(value: &Value) -> String {
    let text = plain(value);
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", inline(paragraph))).collect()
}

/// A paragraph: `code` and **bold**, and nothing else of Markdown.
fn inline(text: &str) -> String {
    let marked = |text: &str, mark: &str, tag: &str| {
        let parts = text.split(mark).enumerate();
        parts.fold(String::new(), |html, (index, part)| match index % 2 {
            0 => html + part,
            _ => html + "<" + tag + ">" + part + "</" + tag + ">",
        })
    };
    marked(&marked(&escaped(text), "`", "code"), "**", "b")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
