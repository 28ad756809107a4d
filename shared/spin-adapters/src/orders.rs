//! The operations on orders: which statement, which entry, who may. Reading here, writing in [`change`].

pub mod change;

use commerce::caller::Caller;
use commerce::entries::Entry;
use commerce::error::Error;
use commerce::query::{ListQuery, Page};
use uuid::Uuid;

use crate::backend::{Answer, Backend};
use crate::postgres::Param;

/// What of one order is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// The order itself.
    Order,
    /// Its summary.
    Summary,
    /// What was paid.
    PaymentStatus,
    /// Where its parcels are.
    Tracking,
    /// Its invoice.
    Invoice,
}

impl View {
    /// The view that the rest of the path names, behind the order's id; `None` for the order itself.
    pub fn named(name: Option<&str>) -> Option<Self> {
        match name {
            None => Some(Self::Order),
            Some("summary") => Some(Self::Summary),
            Some("payment-status") => Some(Self::PaymentStatus),
            Some("tracking") => Some(Self::Tracking),
            Some("invoice") => Some(Self::Invoice),
            Some(_) => None,
        }
    }

    fn entry(self, org: Uuid, id: Uuid) -> Entry {
        match self {
            Self::Order => Entry::order(org, id),
            Self::Summary => Entry::summary(org, id),
            Self::PaymentStatus => Entry::payment_status(org, id),
            Self::Tracking => Entry::tracking(org, id),
            Self::Invoice => Entry::invoice(org, id),
        }
    }

    /// What isn't there where nothing is found: an order may stand without an invoice.
    fn noun(self) -> &'static str {
        match self {
            Self::Order | Self::Summary | Self::PaymentStatus | Self::Tracking => "order",
            Self::Invoice => "invoice",
        }
    }

    fn statement(self) -> &'static str {
        match self {
            Self::Order => include_str!("sql/order_get.sql"),
            Self::Summary => include_str!("sql/order_summary.sql"),
            Self::PaymentStatus => include_str!("sql/order_payment_status.sql"),
            Self::Tracking => include_str!("sql/order_tracking.sql"),
            Self::Invoice => include_str!("sql/order_invoice.sql"),
        }
    }
}

/// One order, or a view of it.
///
/// # Errors
/// [`Error::NotFound`] where it isn't there or isn't the caller's: the cache holds one copy for all, so it is judged after.
pub async fn view(backend: &'static Backend, caller: &Caller, id: Uuid, view: View) -> Result<Answer, Error> {
    let params = vec![uuid(caller.organization), uuid(id)];
    let answer = backend.read(&view.entry(caller.organization, id), view.statement(), params).await?;
    answer.filter(|answer| caller.may_see(answer.owner.as_deref())).ok_or_else(|| Error::not_found(view.noun()))
}

/// A page of the organisation's orders; a customer's own only, whatever was asked.
///
/// # Errors
/// [`Error::NotFound`] where a customer asks for another's.
pub async fn list(backend: &'static Backend, caller: &Caller, mut query: ListQuery) -> Result<Answer, Error> {
    query.restrict_to(caller.restriction()?)?;
    let text = |value: Option<&str>| value.map_or(Param::Null, |value| Param::Text(value.to_owned()));
    let params = vec![
        uuid(caller.organization),
        query.customer.map_or(Param::Null, uuid),
        text(query.status.map(|status| status.as_str())),
        text(query.payment_status.map(|status| status.as_str())),
        text(query.currency.as_ref().map(|currency| currency.as_str())),
        text(query.created_from.map(|moment| moment.to_rfc3339()).as_deref()),
        text(query.created_to.map(|moment| moment.to_rfc3339()).as_deref()),
        text(query.search.as_deref()),
        text(Some(query.sort.as_str())),
        text(Some(query.direction.as_str())),
        Param::Int(query.page.limit()),
        Param::Int(query.page.offset()),
    ];
    let answer = backend
        .read_packed(&Entry::list(caller.organization, &query), include_str!("sql/orders_list.sql"), params)
        .await?;
    answer.ok_or_else(|| Error::internal("orders_list gave no row"))
}

/// A page of a customer's orders, newest first.
///
/// # Errors
/// [`Error::NotFound`] where there is no such customer, or the caller is another one.
pub async fn history(backend: &'static Backend, caller: &Caller, customer: Uuid, page: Page) -> Result<Answer, Error> {
    let foreign = caller.restriction()?.is_some_and(|own| own != customer);
    if foreign {
        return Err(Error::not_found("customer"));
    }
    let entry = Entry::history(caller.organization, customer, page.number, page.size);
    let params = vec![uuid(caller.organization), uuid(customer), Param::Int(page.limit()), Param::Int(page.offset())];
    let answer = backend.read_packed(&entry, include_str!("sql/customer_orders.sql"), params).await?;
    answer.ok_or_else(|| Error::not_found("customer"))
}

/// Statistics of an organisation, or of all; see [`Caller::stats_organization`].
///
/// # Errors
/// [`Error::Forbidden`] for customers, [`Error::NotFound`] for another organisation's.
pub async fn stats(backend: &'static Backend, caller: &Caller, asked: Option<Uuid>) -> Result<Answer, Error> {
    let organization = caller.stats_organization(asked)?;
    let params = vec![organization.map_or(Param::Null, uuid)];
    let answer = backend.read(&Entry::stats(organization), include_str!("sql/orders_stats.sql"), params).await?;
    answer.ok_or_else(|| Error::internal("orders_stats gave no row"))
}

/// What a bulk read gives.
#[derive(Debug)]
pub struct Statuses {
    /// `{items, missing}`, both in the order of the ids.
    pub body: Vec<u8>,
    /// The value of `Cache-Status` for all of them.
    pub cache_status: String,
}

/// The statuses of many orders; those that aren't there or aren't the caller's are named as missing.
///
/// # Errors
/// What Postgres gave.
pub async fn statuses(backend: &'static Backend, caller: &Caller, ids: &[Uuid]) -> Result<Statuses, Error> {
    let org = caller.organization;
    let entries: Vec<(String, Entry)> = ids.iter().map(|id| (id.to_string(), Entry::status(org, *id))).collect();
    let params = move |missing: &[String]| vec![uuid(org), Param::TextArray(missing.to_vec())];
    let answers = backend.read_many(&entries, include_str!("sql/orders_statuses.sql"), params).await?;
    let cache_status = common_status(&answers);
    let mut items: Vec<Vec<u8>> = Vec::new();
    let mut missing: Vec<Vec<u8>> = Vec::new();
    for ((id, _), answer) in entries.iter().zip(answers) {
        match answer.filter(|answer| caller.may_see(answer.owner.as_deref())) {
            Some(answer) => items.push(answer.body),
            None => missing.push(format!("\"{id}\"").into_bytes()),
        }
    }
    let body =
        [&b"{\"items\":["[..], &items.join(&b","[..]), b"],\"missing\":[", &missing.join(&b","[..]), b"]}"].concat();
    Ok(Statuses { body, cache_status })
}

/// One word for many: a hit is one only where all are.
fn common_status(answers: &[Option<Answer>]) -> String {
    let is_hit = |answer: &&Answer| answer.cache_status.starts_with("edge-orders; hit");
    let found = || answers.iter().flatten();
    match (found().find(|answer| !is_hit(answer)), found().any(|answer| is_hit(&answer))) {
        (None, true) => "edge-orders; hit".to_owned(),
        (Some(_), true) => "edge-orders; fwd=partial".to_owned(),
        (Some(forwarded), false) => forwarded.cache_status.clone(),
        (None, false) => "edge-orders; fwd=miss".to_owned(),
    }
}

pub(crate) fn uuid(id: Uuid) -> Param {
    Param::Id(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(cache_status: &str) -> Option<Answer> {
        Some(Answer {
            body: vec![],
            etag: String::new(),
            owner: None,
            cache_status: cache_status.to_owned(),
            packing: None,
        })
    }

    #[test]
    fn many_answers_are_a_hit_only_where_all_are() {
        let (hit, miss, bypass) =
            ("edge-orders; hit; ttl=7", "edge-orders; fwd=miss; stored", "edge-orders; fwd=bypass; detail=x");
        let table = [
            (vec![], "edge-orders; fwd=miss"),
            (vec![None], "edge-orders; fwd=miss"),
            (vec![answer(hit), answer(hit)], "edge-orders; hit"),
            (vec![answer(hit), answer(miss)], "edge-orders; fwd=partial"),
            (vec![answer(miss), None], miss),
            (vec![answer(bypass), answer(bypass)], bypass),
        ];
        for (answers, expected) in table {
            assert_eq!(common_status(&answers), expected);
        }
    }

    #[test]
    fn the_views_are_those_of_the_routes() {
        let names = [None, Some("summary"), Some("payment-status"), Some("tracking"), Some("invoice")];
        let entries: Vec<_> =
            names.map(|name| View::named(name).unwrap().entry(Uuid::nil(), Uuid::nil()).key).into_iter().collect();
        assert_eq!(entries.iter().collect::<std::collections::HashSet<_>>().len(), 5);
        assert_eq!(View::named(Some("items")), None);
        assert_eq!(View::named(Some("")), None);
    }
}
