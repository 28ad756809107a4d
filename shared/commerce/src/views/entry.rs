//! The key of one answer of a view, and what the answer depends on.

use cache_logic::key::KeyBuilder;
use uuid::Uuid;

use super::View;
use super::tags::{ALL_TAG, customer_tag, of_pair, organization_tag, status_tag, tenant_tag};
use crate::query::{ListQuery, Page};

/// A cache entry in name only. Views alone make one, so every entry of an organisation depends on
/// its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The kind of answer.
    pub view: &'static View,
    /// Its key, without the namespace's prefix.
    pub key: String,
    tags: Vec<String>,
}

impl Entry {
    /// Everything whose change makes it wrong: the strings that triggers in Postgres write into the
    /// outbox. The tag of the view's scope comes first, then that of the tenant.
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
        self.entry(of_pair(self.key, org, id), self.scope.tag(org, id), Some(org))
    }

    /// The entry of a page of what one customer has.
    pub fn entry_of_customer(&'static self, org: Uuid, customer: Uuid, page: Page) -> Entry {
        let key = KeyBuilder::new(self.key)
            .pair(org.to_string(), customer.to_string())
            .part(page.number.to_string())
            .part(page.size.to_string())
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
        let key = KeyBuilder::new(self.key).part(org.to_string()).part(query.fingerprint()).build();
        self.entry(key, tag, Some(org))
    }

    /// The entry of what is drawn from all orders of one organisation, or of all organisations.
    pub fn entry_of_organization(&'static self, org: Option<Uuid>) -> Entry {
        let (part, tag) = match org {
            Some(org) => (org.to_string(), organization_tag(org)),
            None => ("all".to_owned(), ALL_TAG.to_owned()),
        };
        self.entry(KeyBuilder::new(self.key).part(part).build(), tag, org)
    }

    /// `tenant`: the organisation that it belongs to; `None` if it is drawn from all of them.
    fn entry(&'static self, key: String, tag: String, tenant: Option<Uuid>) -> Entry {
        let tags = match tenant {
            Some(org) => vec![tag, tenant_tag(org)],
            None => vec![tag],
        };
        Entry { view: self, key, tags }
    }
}
