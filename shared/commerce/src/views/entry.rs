//! The key of one answer of a view, and what the answer depends on.

use cache_logic::key::KeyBuilder;
use uuid::Uuid;

use super::View;
use super::tags::{ALL_TAG, counts_tag, customer_tag, organization_tag, status_tag, tenant_tag};
use crate::catalogue::{ProductsQuery, Stretch};
use crate::parts::{decimal, id_text, of_pair};
use crate::query::{ListQuery, Page, parse_uuid};

/// A cache entry in name only. Views alone make one, so every entry of an organisation depends on
/// its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The kind of answer.
    pub view: &'static View,
    /// Its key, without the namespace's prefix.
    pub key: String,
    /// The organisation that it belongs to; `None` if it is drawn from all of them, or from none.
    pub tenant: Option<Uuid>,
    tags: Vec<String>,
}

impl Entry {
    /// Everything whose change makes it wrong: the strings that triggers in Postgres write into the
    /// outbox. The tag of the view's scope comes first, that of the tenant last.
    pub fn tags(&self) -> &[String] {
        &self.tags
    }

    /// Its key and its tags.
    pub fn into_parts(self) -> (String, Vec<String>) {
        (self.key, self.tags)
    }
}

impl View {
    /// The entry of one thing that an id names: an order, a payment session, a row of the ledger.
    pub fn entry_of(&'static self, org: Uuid, id: Uuid) -> Entry {
        let mut key = of_pair(self.key, org, id);
        if !self.key_end.is_empty() {
            key.push(':');
            key.push_str(self.key_end);
        }
        self.entry(key, self.scope.tag(org, id), Some(org))
    }

    /// The organisation and the id that a key of [`Self::entry_of`] names; `None` if it isn't one.
    pub fn ids_of(&self, key: &str) -> Option<(Uuid, Uuid)> {
        let (org, id) = key.strip_prefix(self.key)?.strip_prefix(':')?.split_once('/')?;
        Some((parse_uuid(org)?, parse_uuid(id)?))
    }

    /// The entry of what an id names among the things of one owner, whose name is a pseudonym.
    pub fn entry_of_own(&'static self, org: Uuid, id: Uuid, owner: &str) -> Entry {
        let key = KeyBuilder::new(self.key).pair(id_text(org), id_text(id)).part(owner);
        self.entry(key.build(), self.scope.tag(org, id), Some(org))
    }

    /// The entry of a page of an organisation's products.
    pub fn entry_of_products(&'static self, org: Uuid, query: &ProductsQuery) -> Entry {
        let order = [query.sort.as_str(), ".", query.direction.as_str()].concat();
        let search = query.search.as_deref().unwrap_or_default();
        let mut key = self.key_of(org).part("page").part(decimal(query.page.number));
        key = key.part("limit").part(decimal(query.page.size)).part("search").part(search).part("order").part(order);
        let further = [
            ("schema", query.schema.map(id_text)),
            ("status", query.status.map(|status| status.as_str().to_owned())),
            ("after", query.after.as_ref().map(|after| [&*after.value, "_", &id_text(after.id)].concat())),
        ];
        for (name, value) in further {
            if let Some(value) = value {
                key = key.part(name).part(value);
            }
        }
        self.entry(key.build(), self.scope.tag(org, org), Some(org))
    }

    /// The entry of a stretch of what an organisation has.
    pub fn entry_of_stretch(&'static self, org: Uuid, stretch: &Stretch) -> Entry {
        let key = self.key_of(org).part(self.key_end);
        self.entry(stretched(key, stretch), self.scope.tag(org, org), Some(org))
    }

    /// The entry of a stretch of what something has that an id names.
    pub fn entry_of_stretch_of(&'static self, org: Uuid, id: Uuid, stretch: &Stretch) -> Entry {
        let key = KeyBuilder::new(self.key).pair(id_text(org), id_text(id)).part(self.key_end);
        self.entry(stretched(key, stretch), self.scope.tag(org, id), Some(org))
    }

    /// The entry of the only one that an organisation has.
    pub fn entry_of_tenant(&'static self, org: Uuid) -> Entry {
        self.entry(self.key_of(org).build(), self.scope.tag(org, org), Some(org))
    }

    /// The entry of what tells about one token, which `digest` stands for.
    pub fn entry_of_token(&'static self, org: Uuid, digest: &str) -> Entry {
        let key = self.key_of(org).part(digest).build();
        self.entry(key, self.scope.tag(org, org), Some(org))
    }

    /// The entry of what belongs to no organisation.
    pub fn entry_of_all(&'static self) -> Entry {
        self.entry(self.key.to_owned(), self.scope.tag(Uuid::nil(), Uuid::nil()), None)
    }

    /// The entry of a page of what one customer has.
    pub fn entry_of_customer(&'static self, org: Uuid, customer: Uuid, page: Page) -> Entry {
        let key = KeyBuilder::new(self.key)
            .pair(id_text(org), id_text(customer))
            .part(decimal(page.number))
            .part(decimal(page.size))
            .build();
        self.entry(key, self.scope.tag(org, customer), Some(org))
    }

    /// The entry of a page of an organisation's orders. Its tag is that of the narrowest set which
    /// holds every order of any page of this query.
    pub fn entry_of_list(&'static self, org: Uuid, query: &ListQuery) -> Entry {
        let tag = match (query.customer, query.status) {
            (Some(customer), _) => customer_tag(org, customer),
            (None, Some(status)) => status_tag(org, status),
            (None, None) => organization_tag(org),
        };
        let key = self.key_of(org).part(query.fingerprint()).build();
        self.entry(key, tag, Some(org))
    }

    /// The entry of the numbers of orders of one organisation, or of all organisations.
    pub fn entry_of_counts(&'static self, org: Option<Uuid>) -> Entry {
        let (part, tag) = match org {
            Some(org) => (id_text(org), counts_tag(org)),
            None => ("all".to_owned(), ALL_TAG.to_owned()),
        };
        self.entry(KeyBuilder::new(self.key).part(part).build(), tag, org)
    }

    /// A key that begins with the view's name and the organisation.
    fn key_of(&self, org: Uuid) -> KeyBuilder {
        KeyBuilder::new(self.key).part(id_text(org))
    }

    fn entry(&'static self, key: String, tag: String, tenant: Option<Uuid>) -> Entry {
        let tags = match tenant {
            Some(org) => vec![tag, tenant_tag(org)],
            None => vec![tag],
        };
        Entry { view: self, key, tenant, tags }
    }
}

/// The key of a stretch; the first one of the usual length has the plain key.
fn stretched(key: KeyBuilder, stretch: &Stretch) -> String {
    let key = if stretch.is_first() { key } else { key.part("limit").part(decimal(stretch.limit)) };
    match &stretch.after {
        Some(place) => key.part("after").part(place.text()).build(),
        None => key.build(),
    }
}
