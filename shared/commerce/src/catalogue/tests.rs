use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::*;
use crate::error::{Error, refused_fields as fields_of};

const SCHEMA: Uuid = Uuid::from_u128(5);

fn shoes() -> Schema {
    let fields = r#"[
        {"name": "size", "label": "Size", "type": "number", "required": true, "choices": null},
        {"name": "colour", "label": null, "type": "choice", "required": false, "choices": ["red", "blue"]},
        {"name": "care", "label": null, "type": "text", "required": false, "choices": null},
        {"name": "waterproof", "label": null, "type": "boolean", "required": false, "choices": null},
        {"name": "since", "label": null, "type": "date", "required": false, "choices": null}
    ]"#;
    Schema::read(fields).unwrap()
}

fn new(change: impl FnOnce(&mut Value)) -> Result<NewProduct, Error> {
    let mut body = json!({"sku": "S1", "name": "Shoe", "currency": "EUR", "price": "10"});
    change(&mut body);
    NewProduct::decode(body.to_string().as_bytes())
}

fn with_values(values: Value) -> Result<Product, Error> {
    new(|body| {
        body["schemaId"] = json!(SCHEMA);
        body["fields"] = values;
    })
    .unwrap()
    .judge(Some(&shoes()))
}

#[test]
fn a_new_product_is_what_the_database_takes() {
    let product = with_values(json!({
        "size": 42, "colour": "red", "care": "Wipe it.", "waterproof": false, "since": "2026-02-28"
    }));
    let expected = json!({
        "sku": "S1", "name": "Shoe", "description": null, "currency": "EUR", "price": "10.00", "status": "active",
        "schemaId": SCHEMA, "images": [],
        "fields": {"size": "42", "colour": "red", "care": "Wipe it.", "waterproof": false, "since": "2026-02-28"}
    });
    assert_eq!(serde_json::to_value(product.unwrap()).unwrap(), expected);
    let plain = new(|body| body["status"] = json!("inactive")).unwrap().judge(None).unwrap();
    let plain = serde_json::to_value(plain).unwrap();
    assert_eq!(
        (&plain["schemaId"], &plain["fields"], &plain["status"]),
        (&Value::Null, &json!({}), &json!("inactive"))
    );
}

#[test]
fn a_value_that_does_not_fit_its_field_is_named() {
    for (field, value) in [
        ("size", json!("large")),
        ("size", json!(1.5)),
        ("size", json!("1.")),
        ("size", json!("01")),
        ("size", json!("1e3")),
        ("size", json!(true)),
        ("colour", json!("green")),
        ("colour", json!(1)),
        ("care", json!("")),
        ("care", json!("x".repeat(MAX_TEXT + 1))),
        ("waterproof", json!("true")),
        ("since", json!("2026-02-30")),
        ("since", json!("2026-02-28T00:00:00Z")),
        ("since", json!(20260228)),
        ("weight", json!("1")),
    ] {
        let mut values = json!({"size": "-1.5"});
        values[field] = value.clone();
        assert_eq!(fields_of(with_values(values)), [format!("fields.{field}")], "{value}");
    }
    assert_eq!(fields_of(with_values(json!({"colour": "red"}))), ["fields.size"], "it is required");
    assert_eq!(fields_of(with_values(json!({"size": null}))), ["fields.size"], "null is no value");
    assert_eq!(fields_of(new(|body| body["fields"] = json!({"size": 1})).unwrap().judge(None)), ["fields"]);
}

#[test]
fn a_wrong_field_of_a_new_product_is_named() {
    for (field, value, named) in [
        ("sku", json!(null), "sku"),
        ("sku", json!(" S"), "sku"),
        ("name", json!(""), "name"),
        ("name", json!("x".repeat(MAX_NAME + 1)), "name"),
        ("currency", json!("euro"), "currency"),
        ("price", json!(10), "price"),
        ("price", json!("10.999"), "price"),
        ("price", json!("-1"), "price"),
        ("status", json!("sold"), "status"),
        ("schemaId", json!("x"), "schemaId"),
        ("fields", json!([]), "fields"),
        ("images", json!({}), "images"),
        ("images", json!([{"url": "http://a"}]), "images[0].url"),
        ("images", json!([{"url": "https://a b"}]), "images[0].url"),
        ("images", json!([{"url": "https://a", "alt": ""}]), "images[0].alt"),
        ("description", json!(""), "description"),
        ("stock", json!(1), "stock"),
    ] {
        assert_eq!(fields_of(new(|body| body[field] = value.clone())), [named], "{field} {value}");
    }
    assert_eq!(fields_of(NewProduct::decode(b"{}")), ["sku", "name", "currency", "price"]);
}

fn basis() -> Basis {
    Basis::read("JPY", Some(&SCHEMA.to_string()), r#"{"size": "42", "colour": "red"}"#).unwrap()
}

fn patched(patch: Value, schema: Option<&Schema>) -> Result<Value, Error> {
    let patch = ProductPatch::decode(patch.to_string().as_bytes())?;
    let change = patch.judge(Some(&basis()), schema)?;
    Ok(serde_json::to_value(change).unwrap())
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_null_takes_away() {
    let shoes = shoes();
    for (patch, expected) in [
        (json!({"name": "Boot"}), json!({"name": "Boot"})),
        (json!({"description": null}), json!({"description": null})),
        (json!({"price": "1500"}), json!({"price": "1500"})),
        (json!({"fields": {"colour": null}}), json!({"fields": {"size": "42"}})),
        (json!({"fields": {"size": 43}}), json!({"fields": {"size": "43", "colour": "red"}})),
        (json!({"schemaId": SCHEMA}), json!({"schemaId": SCHEMA, "fields": {"size": "42", "colour": "red"}})),
    ] {
        assert_eq!(patched(patch.clone(), Some(&shoes)), Ok(expected), "{patch}");
    }
    assert_eq!(patched(json!({"schemaId": null}), None), Ok(json!({"schemaId": null, "fields": {}})));
    let other = json!({"schemaId": Uuid::from_u128(6), "fields": {"size": "1"}});
    let expected = json!({"schemaId": Uuid::from_u128(6), "fields": {"size": "1"}});
    assert_eq!(patched(other, Some(&shoes)), Ok(expected), "values of another schema aren't taken over");
    for (patch, named) in [
        (json!({}), "body"),
        (json!({"currency": "EUR", "name": "x"}), "currency"),
        (json!({"name": null}), "name"),
        (json!({"price": "15.5"}), "price"),
        (json!({"fields": {"size": null}}), "fields.size"),
        (json!({"schemaId": Uuid::from_u128(6)}), "fields.size"),
    ] {
        assert_eq!(fields_of(patched(patch.clone(), Some(&shoes))), [named], "{patch}");
    }
}

#[test]
fn only_what_depends_on_the_product_is_judged_by_it() {
    let patch = |patch: Value| ProductPatch::decode(patch.to_string().as_bytes()).unwrap();
    for (body, needs, schema) in [
        (json!({"name": "x", "status": "inactive", "images": []}), false, None),
        (json!({"price": "1"}), true, None),
        (json!({"fields": {}}), true, Some(SCHEMA)),
        (json!({"schemaId": null}), true, None),
    ] {
        let patch = patch(body.clone());
        assert_eq!((patch.needs_basis(), patch.schema(&basis())), (needs, schema), "{body}");
    }
}

#[test]
fn a_wrong_field_of_a_schema_is_named() {
    let field = |change: Value| {
        let mut field = json!({"name": "size", "type": "text"});
        for (name, value) in change.as_object().unwrap() {
            field[name] = value.clone();
        }
        json!({"name": "Shoes", "fields": [field]})
    };
    let decode = |body: &Value| NewSchema::decode(body.to_string().as_bytes());
    assert!(decode(&field(json!({}))).is_ok());
    assert!(decode(&field(json!({"type": "choice", "choices": ["a"]}))).is_ok());
    for (body, named) in [
        (json!({"fields": []}), "name"),
        (json!({"name": "x"}), "fields"),
        (field(json!({"name": "Size"})), "fields[0].name"),
        (field(json!({"name": "a.b"})), "fields[0].name"),
        (field(json!({"type": "colour"})), "fields[0].type"),
        (field(json!({"type": "choice"})), "fields[0].choices"),
        (field(json!({"type": "choice", "choices": []})), "fields[0].choices"),
        (field(json!({"type": "choice", "choices": ["a", "a"]})), "fields[0].choices[1]"),
        (field(json!({"choices": ["a"]})), "fields[0].choices"),
        (field(json!({"required": "yes"})), "fields[0].required"),
        (field(json!({"label": ""})), "fields[0].label"),
        (
            json!({"name": "x", "fields": [{"name": "a", "type": "text"}, {"name": "a", "type": "text"}]}),
            "fields[1].name",
        ),
    ] {
        assert_eq!(fields_of(decode(&body)), [named], "{body}");
    }
    assert_eq!(fields_of(SchemaPatch::decode(b"{}")), ["body"]);
}

#[test]
fn a_schema_is_narrowed_by_what_values_may_not_fit() {
    let shoes = shoes();
    let change = |change: &dyn Fn(&mut Vec<Field>)| {
        let mut fields = shoes.fields.clone();
        change(&mut fields);
        shoes.is_narrowed_by(&fields)
    };
    assert!(!change(&|_| {}));
    assert!(!change(&|fields| fields.reverse()));
    assert!(!change(&|fields| fields[2].required = true));
    assert!(!change(&|fields| fields[1].choices.as_mut().unwrap().push("green".into())));
    assert!(!change(&|fields| fields.push(Field { name: "new".into(), ..fields[0].clone() })));
    assert!(change(&|fields| drop(fields.remove(0))));
    assert!(change(&|fields| fields[0].kind = FieldType::Text));
    assert!(change(&|fields| drop(fields[1].choices.as_mut().unwrap().remove(0))));
}

#[test]
fn a_wrong_parameter_of_a_list_is_named() {
    for (query, named) in [
        ("page=0", "page"),
        ("page=501", "page"),
        ("page=101&limit=100", "page"),
        ("limit=101", "limit"),
        ("search=", "search"),
        ("search=--", "search"),
        ("schemaId=x", "schemaId"),
        ("status=sold", "status"),
        ("sort=colour", "sort"),
        ("order=up", "order"),
        ("after=x", "after"),
        ("after=2026-01-31", "after"),
        ("sort=price&after=cheap_0190d6a0-7b1c-7c3e-9f00-1234567890ab", "after"),
        ("page=2&after=2026-01-31_0190d6a0-7b1c-7c3e-9f00-1234567890ab", "page"),
    ] {
        assert_eq!(fields_of(ProductsQuery::parse(Some(query))), [named], "{query}");
    }
    assert!(ProductsQuery::parse(Some("page=500")).is_ok());
}

#[test]
fn a_place_is_read_as_the_list_is_sorted() {
    let id = "0190d6a0-7b1c-7c3e-9f00-1234567890ab";
    for (sort, value, read) in [
        ("createdAt", "2026-01-31", "2026-01-31T00:00:00.000000Z"),
        ("name", "Cup_with a_line", "Cup_with a_line"),
        ("sku", "", ""),
        ("price", "19.900", "19.900"),
    ] {
        let query = ProductsQuery::parse(Some(&format!("sort={sort}&after={value}_{id}"))).unwrap();
        let place = query.after.unwrap();
        assert_eq!((&*place.value, place.id.to_string()), (read, id.to_owned()), "{sort}");
    }
}

#[test]
fn every_way_to_search_for_the_same_words_is_one_search() {
    for search in ["Blue+MUG", "mug%20blue", "++mug++blue+mug"] {
        let query = ProductsQuery::parse(Some(&format!("search={search}"))).unwrap();
        assert_eq!(query.search.as_deref(), Some("blue mug"), "{search}");
    }
}

#[test]
fn what_the_database_keeps_is_read_or_a_fault() {
    assert!(matches!(Schema::read("{}"), Err(Error::Internal { .. })));
    assert!(matches!(Basis::read("EUR", Some("x"), "{}"), Err(Error::Internal { .. })));
    assert!(matches!(Basis::read("EUR", None, "[]"), Err(Error::Internal { .. })));
    assert_eq!(Basis::read("EUR", None, "{}").unwrap().values, Map::new());
}
