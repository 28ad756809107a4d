//! Messages on channels of Redis, by which entries are invalidated or made: events of the feed, and
//! messages of other services.

use uuid::Uuid;

use super::invalidation::{Entity, Invalidation};
use super::{ORDER, PRODUCT, View};
use crate::error::Error;
use crate::fields::{Fields, Mistakes, whole};
use crate::json::{self, Json};
use crate::query::parse_uuid;

/// The format of other services' messages that is understood.
const FORMAT: i32 = 1;
/// A longer message is none.
const MAX_BYTES: usize = 10_000;

/// The wish of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Entries are announced as changed.
    Invalidate(Invalidation),
    /// An entry is made if it isn't there.
    Fill {
        /// The kind of answer.
        view: &'static View,
        /// The organisation.
        organization: Uuid,
        /// The thing that it shows.
        id: Uuid,
    },
    /// None: an event of something that isn't one entry.
    Nothing,
}

impl Message {
    /// Decodes an event of the feed, which has a `position`, or a message of another service:
    /// `{"format": 1, "invalidate": {…}}`, as the body of `POST /cache/invalidate`, or
    /// `{"format": 1, "refresh": {"kind": …, "id": …, "organizationId": …}}`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming what is wrong.
    pub fn decode(message: &[u8]) -> Result<Self, Error> {
        if message.len() > MAX_BYTES {
            return Err(Error::invalid("body", format!("must have at most {MAX_BYTES} bytes")));
        }
        let json = json::parse(message)?;
        if let Json::Object(fields) = &json
            && fields.iter().any(|(name, _)| name == "position")
        {
            return event(fields).ok_or_else(|| Error::invalid("body", "is no event of the feed"));
        }
        let mut mistakes = Mistakes::default();
        let known = ["format", "invalidate", "refresh"];
        let decoded = Fields::of("", json, &known, &mut mistakes).and_then(of_service);
        mistakes.finish(decoded)
    }
}

/// An event. It may have further fields, since later releases may add some.
fn event(fields: &[(String, Json)]) -> Option<Message> {
    let text = |wanted: &str| {
        fields.iter().find_map(|(name, value)| match value {
            Json::Text(text) if name == wanted => Some(text.as_str()),
            _ => None,
        })
    };
    let organization = text("organizationId").and_then(parse_uuid)?;
    let view = match text("type")? {
        "order.changed" => ORDER,
        "product.changed" => PRODUCT,
        _ => return Some(Message::Nothing),
    };
    Some(Message::Fill { view, organization, id: text("subjectId").and_then(parse_uuid)? })
}

fn of_service(mut fields: Fields<'_>) -> Option<Message> {
    // Of another format nothing else is known.
    fields.required("format", whole(FORMAT, FORMAT))?;
    if fields.has("refresh") == fields.has("invalidate") {
        fields.refuse("body", "must hold one of invalidate, refresh");
        return None;
    }
    if fields.has("invalidate") {
        let invalidation = fields
            .required_object("invalidate", &Invalidation::FIELDS, |invalidate| Invalidation::of(invalidate, None));
        return invalidation.map(Message::Invalidate);
    }
    let entity = fields.required_object("refresh", &Entity::FIELDS, |entity| Entity::of(entity, None))?;
    let Some(view) = entity.kind.view() else {
        fields.refuse("refresh.kind", "isn't one entry");
        return None;
    };
    Some(Message::Fill { view, organization: entity.organization, id: entity.id })
}

#[cfg(test)]
mod tests {
    use super::super::invalidation::Target;
    use super::super::{CUSTOMER, SCHEMA};
    use super::*;

    const ORG: Uuid = Uuid::from_u128(0xa);
    const ID: Uuid = Uuid::from_u128(0xb);

    fn decode(message: &str) -> Result<Message, Error> {
        Message::decode(message.as_bytes())
    }

    #[test]
    fn an_event_of_an_order_or_a_product_asks_for_its_entry() {
        for (kind, view) in [("order", Some(ORDER)), ("product", Some(PRODUCT)), ("payment", None), ("stock", None)] {
            let event = format!(
                r#"{{"id":"{ID}","position":7,"type":"{kind}.changed","organizationId":"{ORG}","subjectId":"{ID}","version":2,"occurredAt":"now","later":1}}"#
            );
            let expected = view.map_or(Message::Nothing, |view| Message::Fill { view, organization: ORG, id: ID });
            assert_eq!(decode(&event), Ok(expected), "{kind}");
        }
        let many = format!(r#"{{"position":8,"type":"orders.changed","organizationId":"{ORG}","subjectId":null}}"#);
        assert_eq!(decode(&many), Ok(Message::Nothing));
    }

    #[test]
    fn another_service_invalidates_or_makes_what_it_names() {
        let refresh = |kind: &str| {
            decode(&format!(r#"{{"format":1,"refresh":{{"kind":"{kind}","id":"{ID}","organizationId":"{ORG}"}}}}"#))
        };
        for (kind, view) in [("order", ORDER), ("product", PRODUCT), ("customer_profile", CUSTOMER), ("schema", SCHEMA)]
        {
            assert_eq!(refresh(kind), Ok(Message::Fill { view, organization: ORG, id: ID }), "{kind}");
        }
        let table = [
            (format!(r#"{{"organization":"{ORG}"}}"#), Target::Organization(ORG)),
            (r#"{"tag":"lookups"}"#.to_owned(), Target::Tag("lookups".to_owned())),
            (
                format!(r#"{{"entity":{{"kind":"order","id":"{ID}","organizationId":"{ORG}"}}}}"#),
                Target::Tag(format!("order:{ORG}/{ID}")),
            ),
        ];
        for (body, target) in table {
            let decoded = decode(&format!(r#"{{"format":1,"invalidate":{body}}}"#));
            assert_eq!(decoded, Ok(Message::Invalidate(Invalidation { target, note: None })), "{body}");
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let entity = format!(r#""id":"{ID}","organizationId":"{ORG}""#);
        let table = [
            ("", "body"),
            ("PING", "body"),
            ("7", "body"),
            ("{}", "format"),
            (r#"{"format":2,"refresh":{}}"#, "format"),
            (r#"{"format":1}"#, "body"),
            (r#"{"format":1,"refresh":{},"invalidate":{}}"#, "body"),
            (r#"{"format":1,"refresh":null}"#, "refresh"),
            (&format!(r#"{{"format":1,"refresh":{{"kind":"payment_session",{entity}}}}}"#), "refresh.kind"),
            (&format!(r#"{{"format":1,"refresh":{{"kind":"order","id":"{ID}"}}}}"#), "refresh.organizationId"),
            (
                &format!(r#"{{"format":1,"invalidate":{{"entity":{{"kind":"order","id":"{ID}"}}}}}}"#),
                "invalidate.entity.organizationId",
            ),
            (r#"{"format":1,"invalidate":{"tag":"order:7"}}"#, "invalidate.tag"),
            (r#"{"format":1,"delete":"all"}"#, "delete"),
            (r#"{"position":1,"type":"order.changed"}"#, "body"),
            (&format!(r#"{{"position":1,"type":"order.changed","organizationId":"{ORG}","subjectId":"x"}}"#), "body"),
            (&" ".repeat(MAX_BYTES + 1), "body"),
        ];
        for (message, field) in table {
            let Err(Error::Invalid(wrong)) = decode(message) else { panic!("{message} is refused") };
            assert_eq!(wrong[0].field, field, "{message}");
        }
    }
}
