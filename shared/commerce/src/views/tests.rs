use std::collections::HashSet;

use uuid::Uuid;

use super::*;
use crate::catalogue::{ProductsQuery, Stretch};
use crate::query::{ListQuery, Page};

const ORG: Uuid = Uuid::from_u128(0xa);
const ID: Uuid = Uuid::from_u128(0xb);

fn stretch(query: &str) -> Stretch {
    Stretch::parse(Some(query)).unwrap()
}

fn products(query: &str) -> ProductsQuery {
    ProductsQuery::parse(Some(query)).unwrap()
}

fn page(number: u32, size: u32) -> Page {
    Page { number, size }
}

#[test]
fn every_entry_has_the_key_and_the_tags_of_the_table() {
    let (o, i) = (ORG.to_string(), ID.to_string());
    let (order, customer) = (format!("order:{o}/{i}"), format!("customer:{o}/{i}"));
    let product = format!("product:{o}/{i}");
    let table = [
        (PRODUCT.entry_of(ORG, ID), "product", product.clone(), product.clone()),
        (PRODUCT_DETAILS.entry_of(ORG, ID), "product_details", format!("product:{o}/{i}:details"), product),
        (SCHEMA.entry_of(ORG, ID), "schema", format!("schema:{o}/{i}"), format!("schema:{o}/{i}")),
        (
            SCHEMA_PRODUCTS.entry_of_stretch_of(ORG, ID, &stretch("")),
            "schema_products",
            format!("schema:{o}/{i}:products"),
            format!("schema:{o}/{i}"),
        ),
        (
            ORGANIZATION_PRODUCTS.entry_of_stretch(ORG, &stretch("")),
            "organization_products",
            format!("org:{o}:products"),
            format!("products:{o}"),
        ),
        (
            ORGANIZATION_PRODUCTS
                .entry_of_stretch(ORG, &stretch("limit=5&after=2026-01-31_0190d6a0-7b1c-7c3e-9f00-1234567890ab")),
            "organization_products",
            format!(
                "org:{o}:products:limit:5:after:2026-01-31T00%3A00%3A00.000000Z_0190d6a0-7b1c-7c3e-9f00-1234567890ab"
            ),
            format!("products:{o}"),
        ),
        (
            SCHEMAS_LIST.entry_of_stretch(ORG, &stretch("")),
            "schemas_list",
            format!("org:{o}:schemas"),
            format!("schemas:{o}"),
        ),
        (
            PRODUCTS_LIST.entry_of_products(ORG, &products("")),
            "products_list",
            format!("products:org:{o}:page:1:limit:20:search::order:createdAt.desc"),
            format!("products:{o}"),
        ),
        (
            PRODUCTS_LIST.entry_of_products(ORG, &products("search=Mug+blue+mug&sort=price&order=asc&status=active")),
            "products_list",
            format!("products:org:{o}:page:1:limit:20:search:blue%20mug:order:price.asc:status:active"),
            format!("products:{o}"),
        ),
        (COUNTRIES.entry_of_all(), "countries", "lookup:countries".to_owned(), "lookups".to_owned()),
        (ORDER.entry_of(ORG, ID), "order", format!("order:{o}/{i}"), order.clone()),
        (ORDER_SUMMARY.entry_of(ORG, ID), "order_summary", format!("order-summaries:{o}/{i}"), order.clone()),
        (PAYMENT_STATUS.entry_of(ORG, ID), "payment_status", format!("payment-status:{o}/{i}"), order.clone()),
        (ORDER_TRACKING.entry_of(ORG, ID), "order_tracking", format!("order-tracking:{o}/{i}"), order.clone()),
        (INVOICE_DATA.entry_of(ORG, ID), "invoice_data", format!("invoice-data:{o}/{i}"), order.clone()),
        (ORDER_STATUS.entry_of(ORG, ID), "order_status", format!("order-status:{o}/{i}"), order),
        (
            ORDER_HISTORY.entry_of_customer(ORG, ID, page(2, 20)),
            "order_history",
            format!("order-history:{o}/{i}:2:20"),
            customer,
        ),
        (
            PAYMENT_SESSION.entry_of(ORG, ID),
            "payment_session",
            format!("order-payment:session:{o}/{i}"),
            format!("session:{o}/{i}"),
        ),
        (
            CHECKOUT.entry_of_own(ORG, ID, "me"),
            "checkout_session",
            format!("checkout:session:{o}/{i}:me"),
            format!("checkout:{o}/{i}"),
        ),
        (USER_SESSION.entry_of(ORG, ID), "user_session", format!("session:{o}/{i}"), format!("user_session:{o}/{i}")),
        (TRANSACTION.entry_of(ORG, ID), "transaction", format!("transaction:{o}/{i}"), format!("transaction:{o}/{i}")),
        (CUSTOMER.entry_of(ORG, ID), "customer", format!("customer:{o}/{i}"), format!("customer_profile:{o}/{i}")),
        (ORDER_STATS.entry_of_counts(Some(ORG)), "order_stats", format!("order:stats:{o}"), format!("counts:{o}")),
        (REVOKED_TOKENS.entry_of_tenant(ORG), "revoked_tokens", format!("access:{o}"), format!("access:{o}")),
        (
            REVOKED_TOKEN.entry_of_token(ORG, "0f"),
            "revoked_token",
            format!("access-token:{o}:0f"),
            format!("access:{o}"),
        ),
        (ORDER_STATS.entry_of_counts(None), "order_stats", "order:stats:all".to_owned(), "all".to_owned()),
    ];
    for (entry, name, key, tag) in table {
        let tenant = if ["all", "lookups"].contains(&&*tag) { None } else { Some(format!("tenant:{o}")) };
        let tags: Vec<String> = std::iter::once(tag).chain(tenant).collect();
        assert_eq!((entry.view.name, &entry.key, entry.tags()), (name, &key, &tags[..]));
    }
}

/// Postgres reads the tenant off any tag, so that it can put the tenant's tag in place of many.
#[test]
fn every_tag_of_an_entry_names_the_tenant_that_the_entry_depends_on() {
    let page = page(1, 20);
    let views = || VIEWS.iter().filter(|view| view.scope != Scope::Lookups);
    let mut entries: Vec<Entry> = views().map(|view| view.entry_of(ORG, ID)).collect();
    entries.extend(views().map(|view| view.entry_of_customer(ORG, ID, page)));
    entries.extend(views().map(|view| view.entry_of_counts(Some(ORG))));
    entries.extend([ORGANIZATION_PRODUCTS, SCHEMAS_LIST].map(|view| view.entry_of_stretch(ORG, &stretch(""))));
    entries.push(SCHEMA_PRODUCTS.entry_of_stretch_of(ORG, ID, &stretch("")));
    entries.push(CHECKOUT.entry_of_own(ORG, ID, "me"));
    entries.push(PRODUCTS_LIST.entry_of_products(ORG, &products("")));
    for raw in ["", "status=shipped", "customerId=0000000b-0000-0000-0000-000000000000"] {
        entries.push(ORDERS_LIST.entry_of_list(ORG, &ListQuery::parse(Some(raw)).unwrap()));
    }
    for entry in entries {
        let tenants: HashSet<_> = entry.tags().iter().map(|tag| tag.split([':', '/']).nth(1).unwrap()).collect();
        assert_eq!(tenants, HashSet::from([&*ORG.to_string()]), "{entry:?}");
        assert!(entry.tags().contains(&tags::tenant_tag(ORG)), "{entry:?}");
    }
    assert_eq!(ORDER_STATS.entry_of_counts(None).tags(), [tags::ALL_TAG]);
}

#[test]
fn views_keep_the_places_and_names_under_which_they_were_counted() {
    let counted = [
        "order",
        "orders_list",
        "order_stats",
        "order_summary",
        "order_history",
        "payment_status",
        "order_tracking",
        "invoice_data",
        "order_status",
        "payment_session",
        "transaction",
        "product",
        "product_stock",
        "product_details",
        "products_list",
        "organization_products",
        "schema",
        "schema_products",
        "schemas_list",
        "currencies",
        "countries",
        "customer",
        "revoked_tokens",
        "revoked_token",
        "checkout_session",
        "user_session",
    ];
    assert_eq!(NAMES[..counted.len()], counted, "a new one goes to the end");
    assert!(VIEWS.iter().enumerate().all(|(number, view)| view.number() == number));
    assert_eq!(NAMES.into_iter().collect::<HashSet<_>>().len(), VIEWS.len());
    assert_eq!(VIEWS.iter().map(|view| (view.key, view.key_end)).collect::<HashSet<_>>().len(), VIEWS.len());
    assert_eq!(VIEWS.iter().map(|view| view.statement).collect::<HashSet<_>>().len(), VIEWS.len());
}

#[test]
fn what_many_ids_are_asked_for_has_a_function_for_many() {
    let bulk: Vec<_> = VIEWS.iter().filter(|view| !view.bulk.is_empty()).map(|view| (view.name, view.bulk)).collect();
    let expected = [
        ("order", "order_read_many"),
        ("order_summary", "order_summaries"),
        ("order_tracking", "order_trackings"),
        ("order_status", "order_statuses"),
    ];
    assert_eq!(bulk, expected);
}

#[test]
fn what_money_is_decided_by_is_never_old_and_shares_no_other_lifetime() {
    let fresh: Vec<_> = VIEWS.iter().filter(|view| !view.stale_if_error).map(|view| (view.name, view.ttl)).collect();
    let expected = [
        ("payment_status", "ttl_payment_status"),
        ("order_status", "ttl_payment_status"),
        ("payment_session", "ttl_payment_session"),
        ("checkout_session", "ttl_checkout_session"),
        ("user_session", "ttl_session"),
    ];
    assert_eq!(fresh, expected);
    for one in &VIEWS {
        for other in VIEWS.iter().filter(|other| other.ttl == one.ttl) {
            assert_eq!(one.default_ttl, other.default_ttl, "{}", one.ttl);
        }
    }
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
        assert_eq!(ORDERS_LIST.entry_of_list(ORG, &parse(raw)).tags(), [tag, format!("tenant:{ORG}")], "{raw}");
    }
}

#[test]
fn no_two_entries_share_a_key() {
    let mut entries = vec![
        ORDER.entry_of(ID, ORG),
        PAYMENT_SESSION.entry_of(ORG, ID),
        TRANSACTION.entry_of(ORG, ID),
        CUSTOMER.entry_of(ORG, ID),
        CHECKOUT.entry_of_own(ORG, ID, "me"),
        CHECKOUT.entry_of_own(ORG, ID, "you"),
        USER_SESSION.entry_of(ORG, ID),
        ORDER_HISTORY.entry_of_customer(ORG, ID, page(1, 11)),
        ORDER_HISTORY.entry_of_customer(ORG, ID, page(11, 1)),
        ORDER_STATS.entry_of_counts(Some(ORG)),
        ORDER_STATS.entry_of_counts(None),
        ORDERS_LIST.entry_of_list(ORG, &ListQuery::default()),
        ORDERS_LIST.entry_of_list(ID, &ListQuery::default()),
    ];
    entries.extend(VIEWS.iter().filter(|view| view.scope == Scope::Order).map(|view| view.entry_of(ORG, ID)));
    let keys: HashSet<_> = entries.iter().map(|entry| &entry.key).collect();
    assert_eq!(keys.len(), entries.len());
}
