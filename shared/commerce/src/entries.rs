//! The one table: which entry has which key, depends on which tags, and lives as long as which
//! class.
//!
//! The tags are the strings that the triggers in Postgres write into the outbox. An entry that
//! names a tag is gone as soon as a change that wrote the tag has been applied. Keys are without
//! the namespace's prefix.

use cache_logic::key::KeyBuilder;
use uuid::Uuid;

use crate::query::ListQuery;
use crate::views::tags::of_pair;
pub use crate::views::tags::{ALL_TAG, customer_tag, order_tag, organization_tag, session_tag, status_tag};

/// The content of an entry, which decides how long it lives. Each class has its variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// One order: `ttl_order`.
    Order,
    /// A page of orders: `ttl_orders_list`.
    OrdersList,
    /// Statistics: `ttl_order_stats`.
    OrderStats,
    /// A summary: `ttl_order_summary`.
    OrderSummary,
    /// A page of a customer's history: `ttl_order_history`.
    OrderHistory,
    /// A payment status: `ttl_payment_status`.
    PaymentStatus,
    /// Shipping: `ttl_order_tracking`.
    OrderTracking,
    /// An invoice: `ttl_invoice_data`.
    InvoiceData,
    /// The line of one order in a bulk read: `ttl_payment_status`.
    OrderStatus,
    /// A payment session: `ttl_payment_session`, at most as long as it is open.
    PaymentSession,
}

impl Class {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Order,
        Self::OrdersList,
        Self::OrderStats,
        Self::OrderSummary,
        Self::OrderHistory,
        Self::PaymentStatus,
        Self::OrderTracking,
        Self::InvoiceData,
        Self::OrderStatus,
        Self::PaymentSession,
    ];

    /// Their names in the same order: what they are counted under.
    pub const NAMES: [&str; Self::ALL.len()] = {
        let mut names = [""; Self::ALL.len()];
        let mut at = 0;
        while at < names.len() {
            names[at] = Self::ALL[at].name();
            at += 1;
        }
        names
    };

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::OrdersList => "orders_list",
            Self::OrderStats => "order_stats",
            Self::OrderSummary => "order_summary",
            Self::OrderHistory => "order_history",
            Self::PaymentStatus => "payment_status",
            Self::OrderTracking => "order_tracking",
            Self::InvoiceData => "invoice_data",
            Self::OrderStatus => "order_status",
            Self::PaymentSession => "payment_session",
        }
    }
}

/// A cache entry in name only: its key, and what it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its content.
    pub class: Class,
    /// Its key, without the namespace's prefix.
    pub key: String,
    /// Everything whose change makes it wrong.
    pub tags: Vec<String>,
}

impl Entry {
    /// One order.
    pub fn order(org: Uuid, id: Uuid) -> Self {
        Self::of_order(Class::Order, "order", org, id)
    }

    /// The summary of an order.
    pub fn summary(org: Uuid, id: Uuid) -> Self {
        Self::of_order(Class::OrderSummary, "order-summaries", org, id)
    }

    /// The payment status of an order.
    pub fn payment_status(org: Uuid, id: Uuid) -> Self {
        Self::of_order(Class::PaymentStatus, "payment-status", org, id)
    }

    /// The parcels of an order.
    pub fn tracking(org: Uuid, id: Uuid) -> Self {
        Self::of_order(Class::OrderTracking, "order-tracking", org, id)
    }

    /// The invoice of an order.
    pub fn invoice(org: Uuid, id: Uuid) -> Self {
        Self::of_order(Class::InvoiceData, "invoice-data", org, id)
    }

    /// The line of an order in a bulk read.
    pub fn status(org: Uuid, id: Uuid) -> Self {
        Self::of_order(Class::OrderStatus, "order-status", org, id)
    }

    /// A payment session.
    pub fn session(org: Uuid, id: Uuid) -> Self {
        let key = of_pair("order-payment:session", org, id);
        Self { class: Class::PaymentSession, key, tags: vec![session_tag(org, id)] }
    }

    /// A page of the organisation's orders. Depends on the narrowest set that holds every order of
    /// any page of this query.
    pub fn list(org: Uuid, query: &ListQuery) -> Self {
        let tag = match (query.customer, query.status) {
            (Some(customer), _) => customer_tag(org, customer),
            (None, Some(status)) => status_tag(org, status),
            (None, None) => organization_tag(org),
        };
        let key = KeyBuilder::new("orders:list").part(org.to_string()).part(query.fingerprint()).build();
        Self { class: Class::OrdersList, key, tags: vec![tag] }
    }

    /// A page of a customer's history, newest first.
    pub fn history(org: Uuid, customer: Uuid, page: u32, size: u32) -> Self {
        let key = KeyBuilder::new("order-history")
            .pair(org.to_string(), customer.to_string())
            .part(page.to_string())
            .part(size.to_string())
            .build();
        Self { class: Class::OrderHistory, key, tags: vec![customer_tag(org, customer)] }
    }

    /// Statistics of one organisation, or of all.
    pub fn stats(org: Option<Uuid>) -> Self {
        let (part, tag) = match org {
            Some(org) => (org.to_string(), organization_tag(org)),
            None => ("all".to_owned(), ALL_TAG.to_owned()),
        };
        Self { class: Class::OrderStats, key: KeyBuilder::new("order:stats").part(part).build(), tags: vec![tag] }
    }

    fn of_order(class: Class, name: &'static str, org: Uuid, id: Uuid) -> Self {
        Self { class, key: of_pair(name, org, id), tags: vec![order_tag(org, id)] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    const ORG: Uuid = Uuid::from_u128(0xa);
    const ID: Uuid = Uuid::from_u128(0xb);

    #[test]
    fn every_entry_has_the_key_and_the_tags_of_the_table() {
        let (o, i) = (ORG.to_string(), ID.to_string());
        let order = format!("order:{o}/{i}");
        let table = [
            (Entry::order(ORG, ID), Class::Order, format!("order:{o}/{i}"), &order),
            (Entry::summary(ORG, ID), Class::OrderSummary, format!("order-summaries:{o}/{i}"), &order),
            (Entry::payment_status(ORG, ID), Class::PaymentStatus, format!("payment-status:{o}/{i}"), &order),
            (Entry::tracking(ORG, ID), Class::OrderTracking, format!("order-tracking:{o}/{i}"), &order),
            (Entry::invoice(ORG, ID), Class::InvoiceData, format!("invoice-data:{o}/{i}"), &order),
            (Entry::status(ORG, ID), Class::OrderStatus, format!("order-status:{o}/{i}"), &order),
            (
                Entry::history(ORG, ID, 2, 20),
                Class::OrderHistory,
                format!("order-history:{o}/{i}:2:20"),
                &format!("customer:{o}/{i}"),
            ),
            (
                Entry::session(ORG, ID),
                Class::PaymentSession,
                format!("order-payment:session:{o}/{i}"),
                &format!("session:{o}/{i}"),
            ),
            (Entry::stats(Some(ORG)), Class::OrderStats, format!("order:stats:{o}"), &format!("org:{o}")),
            (Entry::stats(None), Class::OrderStats, "order:stats:all".to_owned(), &"all".to_owned()),
        ];
        for (entry, class, key, tag) in table {
            assert_eq!((entry.class, &entry.key, &entry.tags[..]), (class, &key, &[tag.clone()][..]));
        }
    }

    #[test]
    fn every_class_has_its_number_and_a_name_of_its_own() {
        assert!(Class::ALL.iter().enumerate().all(|(number, class)| *class as usize == number));
        let names: HashSet<_> = Class::NAMES.into_iter().collect();
        assert_eq!(names.len(), Class::ALL.len());
    }

    #[test]
    fn a_list_depends_on_the_narrowest_set_that_holds_it() {
        let parse = |raw: &str| ListQuery::parse(Some(raw)).unwrap();
        let table = [
            ("", format!("org:{ORG}")),
            ("paymentStatus=paid", format!("org:{ORG}")),
            ("status=shipped", format!("status:{ORG}/shipped")),
            (&format!("customerId={ID}"), format!("customer:{ORG}/{ID}")),
            (&format!("customerId={ID}&status=shipped"), format!("customer:{ORG}/{ID}")),
        ];
        for (raw, tag) in table {
            assert_eq!(Entry::list(ORG, &parse(raw)).tags, [tag], "{raw}");
        }
    }

    #[test]
    fn no_two_entries_share_a_key() {
        let entries = [
            Entry::order(ORG, ID),
            Entry::order(ID, ORG),
            Entry::summary(ORG, ID),
            Entry::payment_status(ORG, ID),
            Entry::tracking(ORG, ID),
            Entry::invoice(ORG, ID),
            Entry::status(ORG, ID),
            Entry::session(ORG, ID),
            Entry::history(ORG, ID, 1, 11),
            Entry::history(ORG, ID, 11, 1),
            Entry::stats(Some(ORG)),
            Entry::stats(None),
            Entry::list(ORG, &ListQuery::default()),
            Entry::list(ID, &ListQuery::default()),
        ];
        let keys: HashSet<_> = entries.iter().map(|entry| &entry.key).collect();
        assert_eq!(keys.len(), entries.len());
    }

    #[test]
    fn keys_and_tags_are_those_of_the_views() {
        use crate::query::Page;
        use crate::views::*;
        let query = ListQuery::parse(Some("status=shipped&page=2")).unwrap();
        let pairs = [
            (ORDER.entry_of_order(ORG, ID), super::Entry::order(ORG, ID)),
            (ORDER_SUMMARY.entry_of_order(ORG, ID), super::Entry::summary(ORG, ID)),
            (PAYMENT_STATUS.entry_of_order(ORG, ID), super::Entry::payment_status(ORG, ID)),
            (ORDER_TRACKING.entry_of_order(ORG, ID), super::Entry::tracking(ORG, ID)),
            (INVOICE_DATA.entry_of_order(ORG, ID), super::Entry::invoice(ORG, ID)),
            (ORDER_STATUS.entry_of_order(ORG, ID), super::Entry::status(ORG, ID)),
            (PAYMENT_SESSION.entry_of_session(ORG, ID), super::Entry::session(ORG, ID)),
            (
                ORDER_HISTORY.entry_of_customer(ORG, ID, Page { number: 3, size: 7 }),
                super::Entry::history(ORG, ID, 3, 7),
            ),
            (ORDER_STATS.entry_of_organization(Some(ORG)), super::Entry::stats(Some(ORG))),
            (ORDER_STATS.entry_of_organization(None), super::Entry::stats(None)),
            (ORDERS_LIST.entry_of_list(ORG, &query), super::Entry::list(ORG, &query)),
        ];
        for (new, old) in pairs {
            assert_eq!((new.view.number(), new.key, new.tags), (old.class as usize, old.key, old.tags));
        }
    }
}
