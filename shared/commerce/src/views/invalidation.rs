//! `POST /cache/invalidate`: what is to be made anew although nothing has announced a change of it.

use strum::{EnumString, VariantNames};
use uuid::Uuid;

use super::tags::{ALL_TAG, LOOKUPS_TAG, Scope, status_tag, tenant_tag};
use super::{CUSTOMER, ORDER, PRODUCT, SCHEMA, VIEWS, View};
use crate::error::Error;
use crate::fields::{Fields, Mistakes, one_of, text, uuid};
use crate::json;
use crate::query::parse_uuid;
use crate::status::OrderStatus;

/// The tag by which everything is announced.
const EVERYTHING: &str = "*";
/// The longest note, in characters.
const MAX_NOTE: usize = 500;
/// The longest tag, in characters.
const MAX_TAG: usize = 200;

/// The entries that are meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// All that belong to an organisation.
    Organization(Uuid),
    /// Those that depend on a tag.
    Tag(String),
}

/// The body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalidation {
    /// The entries that are meant.
    pub target: Target,
    /// Why, in an operator's own words.
    pub note: Option<String>,
}

/// The things that an `entity` may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub(super) enum Kind {
    /// An order and its views.
    Order,
    /// The pages of a customer's orders.
    Customer,
    /// A customer itself.
    CustomerProfile,
    /// A payment session.
    PaymentSession,
    /// A row of the ledger.
    Transaction,
    /// A product.
    Product,
    /// A schema, and lists of its products.
    Schema,
}

impl Kind {
    fn scope(self) -> Scope {
        match self {
            Self::Order => Scope::Order,
            Self::Customer => Scope::Customer,
            Self::CustomerProfile => Scope::Profile,
            Self::PaymentSession => Scope::Session,
            Self::Transaction => Scope::Transaction,
            Self::Product => Scope::Product,
            Self::Schema => Scope::Schema,
        }
    }
}

impl Kind {
    /// The kind that a field names.
    pub(super) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let wanted = || format!("must be one of {}", Self::VARIANTS.join(", "));
        fields.required("kind", one_of(|name| name.parse().ok(), wanted))
    }

    /// The view that shows a thing of it by its id; `None` if that isn't one entry.
    pub(super) fn view(self) -> Option<&'static View> {
        match self {
            Self::Order => Some(ORDER),
            Self::CustomerProfile => Some(CUSTOMER),
            Self::Product => Some(PRODUCT),
            Self::Schema => Some(SCHEMA),
            Self::Customer | Self::PaymentSession | Self::Transaction => None,
        }
    }
}

impl Invalidation {
    /// The fields of an object that says what is to be made anew.
    pub(super) const FIELDS: [&'static str; 4] = ["organization", "entity", "tag", "note"];

    /// Decodes a body. An entity without an organisation is one of `own`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8], own: Uuid) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let fields = Fields::of("", json::parse(body)?, &Self::FIELDS, &mut mistakes);
        let decoded = fields.and_then(|fields| Self::of(fields, Some(own)));
        mistakes.finish(decoded)
    }

    /// As [`Self::decode`], of an object that was taken apart. Without `own` an entity must name
    /// its organisation.
    pub(super) fn of(mut fields: Fields<'_>, own: Option<Uuid>) -> Option<Self> {
        const TARGETS: [&str; 3] = ["organization", "entity", "tag"];
        let given: Vec<&str> = TARGETS.into_iter().filter(|name| fields.has(name)).collect();
        let note = fields.optional("note", text(1, MAX_NOTE));
        let target = match given[..] {
            ["organization"] => fields.required("organization", uuid).map(Target::Organization),
            ["entity"] if fields.is_null("entity") => fields.required("entity", |_| Err("must be an object".into())),
            ["entity"] => fields.object("entity", &Entity::FIELDS, |entity| Some(Entity::of(entity, own)?.target())),
            ["tag"] => fields.required("tag", text(1, MAX_TAG)).and_then(|tag| {
                let target = Target::of_tag(&tag);
                if target.is_none() {
                    fields.refuse("tag", "is no tag of a cached answer");
                }
                target
            }),
            [] => {
                fields.refuse("body", format!("must hold one of {}", TARGETS.join(", ")));
                None
            }
            [_, ref others @ ..] => {
                for name in others {
                    fields.refuse(name, format!("can't stand beside {}", given[0]));
                }
                None
            }
        };
        Some(Self { target: target?, note })
    }
}

/// A thing that entries show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entity {
    pub(super) kind: Kind,
    pub(super) organization: Uuid,
    pub(super) id: Uuid,
}

impl Entity {
    pub(super) const FIELDS: [&'static str; 3] = ["kind", "id", "organizationId"];

    /// Without `own` it must name its organisation.
    pub(super) fn of(mut fields: Fields<'_>, own: Option<Uuid>) -> Option<Self> {
        let kind = Kind::read(&mut fields);
        let id = fields.required("id", uuid);
        let own = own.filter(|_| !fields.has("organizationId"));
        let organization = own.or_else(|| fields.required("organizationId", uuid));
        Some(Self { kind: kind?, organization: organization?, id: id? })
    }

    fn target(self) -> Target {
        Target::Tag(self.kind.scope().tag(self.organization, self.id))
    }
}

impl Target {
    /// Of a tag that entries of some view depend on. The tag of a tenant stands for its
    /// organisation.
    pub fn of_tag(tag: &str) -> Option<Self> {
        let known = || Some(Self::Tag(tag.to_owned()));
        if [EVERYTHING, ALL_TAG, LOOKUPS_TAG].contains(&tag) {
            return known();
        }
        let (owner, part) = tag.split_once(':')?.1.split_at_checked(36)?;
        let (owner, part) = (parse_uuid(owner)?, part.strip_prefix('/'));
        if tag == tenant_tag(owner) {
            return Some(Self::Organization(owner));
        }
        let id = part.and_then(parse_uuid).unwrap_or_default();
        let status = part.and_then(OrderStatus::parse).map(|status| status_tag(owner, status));
        let mut tags = VIEWS.iter().map(|view| view.scope.tag(owner, id)).chain(status);
        if tags.any(|one| one == tag) { known() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tags::tenant_tag;
    use super::super::{ORDERS_LIST, VIEWS};
    use super::*;
    use crate::query::ListQuery;

    const OWN: Uuid = Uuid::from_u128(0xa);
    const ID: Uuid = Uuid::from_u128(0xb);

    #[test]
    fn exactly_one_target_is_taken() {
        let org = Uuid::from_u128(0xc);
        let table = [
            (format!(r#"{{"organization":"{org}"}}"#), Target::Organization(org)),
            (format!(r#"{{"entity":{{"kind":"order","id":"{ID}"}}}}"#), Target::Tag(format!("order:{OWN}/{ID}"))),
            (
                format!(r#"{{"entity":{{"kind":"payment_session","id":"{ID}","organizationId":"{org}"}}}}"#),
                Target::Tag(format!("session:{org}/{ID}")),
            ),
            (format!(r#"{{"tag":"status:{org}/shipped"}}"#), Target::Tag(format!("status:{org}/shipped"))),
            (format!(r#"{{"tag":"tenant:{org}"}}"#), Target::Organization(org)),
            (r#"{"tag":"*"}"#.to_owned(), Target::Tag("*".to_owned())),
        ];
        for (body, target) in table {
            let decoded = Invalidation::decode(body.as_bytes(), OWN).unwrap();
            assert_eq!(decoded, Invalidation { target, note: None }, "{body}");
        }
        let noted = Invalidation::decode(br#"{"tag":"all","note":"after the import"}"#, OWN).unwrap();
        assert_eq!(noted.note.as_deref(), Some("after the import"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let table = [
            ("{}", "body"),
            (r#"{"note":"why"}"#, "body"),
            (r#"{"organization":"here"}"#, "organization"),
            (r#"{"organization":null}"#, "organization"),
            (r#"{"tag":"all","organization":"0190a000-0000-7000-8000-000000000001"}"#, "tag"),
            (r#"{"entity":"order"}"#, "entity"),
            (r#"{"entity":null}"#, "entity"),
            (r#"{"entity":{"kind":"invoice","id":"0190a000-0000-7000-8000-000000000001"}}"#, "entity.kind"),
            (r#"{"entity":{"kind":"order"}}"#, "entity.id"),
            (
                r#"{"entity":{"kind":"order","id":"0190a000-0000-7000-8000-000000000001","organizationId":1}}"#,
                "entity.organizationId",
            ),
            (r#"{"tag":"order:7"}"#, "tag"),
            (r#"{"tag":"stock:0190a000-0000-7000-8000-000000000001"}"#, "tag"),
            (r#"{"tag":"org:0190a000-0000-7000-8000-000000000001/more"}"#, "tag"),
            (r#"{"tag":"status:0190a000-0000-7000-8000-000000000001/lost"}"#, "tag"),
            (r#"{"tag":"order:0190a000-0000-7000-8000-000000000001"}"#, "tag"),
            (r#"{"tag":"all","note":""}"#, "note"),
            (r#"{"tag":"all","why":"x"}"#, "why"),
        ];
        for (body, field) in table {
            match Invalidation::decode(body.as_bytes(), OWN) {
                Err(Error::Invalid(errors)) => {
                    assert!(errors.iter().all(|error| error.field == field), "{body}: {errors:?}");
                }
                other => panic!("{body}: {other:?}"),
            }
        }
    }

    #[test]
    fn every_tag_of_every_view_is_known() {
        let mut tags: Vec<String> = VIEWS.iter().map(|view| view.scope.tag(OWN, ID)).collect();
        let list = ListQuery::parse(Some("status=shipped")).unwrap();
        tags.extend(ORDERS_LIST.entry_of_list(OWN, &list).tags().iter().cloned());
        for tag in tags {
            let known = Target::of_tag(&tag);
            let same = known == Some(Target::Tag(tag.clone()));
            assert!(same || (tag == tenant_tag(OWN) && known == Some(Target::Organization(OWN))), "{tag}: {known:?}");
        }
    }
}
