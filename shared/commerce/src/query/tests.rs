use super::*;
use crate::error::refused_fields as fields;

#[test]
fn nothing_asked_for_means_the_newest_twenty() {
    for raw in [None, Some(""), Some("&"), Some("page=1&limit=20&sort=createdAt&order=desc")] {
        assert_eq!(ListQuery::parse(raw).unwrap(), ListQuery::default(), "{raw:?}");
    }
}

#[test]
fn all_parameters_are_read() {
    let raw = "page=3&limit=50&status=shipped&paymentStatus=paid&currency=RON&customerId=00000000-0000-0000-0000-00000000000A\
               &createdFrom=2026-01-01&createdTo=2026-02-01T00:00:00%2B02:00&search=ord-1&sort=totalAmount&order=asc";
    let query = ListQuery::parse(Some(raw)).unwrap();
    assert_eq!(query.page, Page { number: 3, size: 50 });
    assert_eq!((query.page.offset(), query.page.limit()), (100, 50));
    assert_eq!(query.status, Some(OrderStatus::Shipped));
    assert_eq!(query.payment_status, Some(PaymentStatus::Paid));
    assert_eq!(query.currency, Currency::parse("RON"));
    assert_eq!(query.customer, Some(Uuid::from_u128(10)));
    assert_eq!(query.created_from, Moment::parse("2026-01-01"));
    assert_eq!(query.created_to, Moment::parse("2026-01-31T22:00:00Z"));
    assert_eq!(query.search.as_deref(), Some("ORD-1"));
    assert_eq!((query.sort, query.direction), (Sort::TotalAmount, Direction::Asc));
}

#[test]
fn a_bad_value_names_its_parameter() {
    let table = [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=+1", "page"),
        ("page=1.0", "page"),
        ("page=1e3", "page"),
        ("page=", "page"),
        ("page=1000001", "page"),
        ("page=99999999999999999999999999", "page"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-5", "limit"),
        ("limit=abc", "limit"),
        ("status=Shipped", "status"),
        ("status=", "status"),
        ("paymentStatus=maybe", "paymentStatus"),
        ("currency=eur", "currency"),
        ("currency=ZZZ", "currency"),
        ("customerId=1", "customerId"),
        ("customerId=%7B00000000-0000-0000-0000-000000000000%7D", "customerId"),
        ("customerId=00000000000000000000000000000000", "customerId"),
        ("createdFrom=yesterday", "createdFrom"),
        ("createdTo=2026-02-30", "createdTo"),
        ("createdFrom=2026-02-01&createdTo=2026-01-01", "createdTo"),
        ("search=", "search"),
        ("search=a%0Ab", "search"),
        ("search=a%00b", "search"),
        ("sort=id", "sort"),
        ("sort=createdAt;drop", "sort"),
        ("order=up", "order"),
        ("offset=1", "offset"),
        ("status=shipped&status=shipped", "status"),
    ];
    for (raw, field) in table {
        assert_eq!(fields(ListQuery::parse(Some(raw))), [field], "{raw}");
    }
    assert_eq!(fields(ListQuery::parse(Some(&format!("search={}", "x".repeat(65))))), ["search"]);
}

#[test]
fn all_mistakes_are_told_at_once() {
    assert_eq!(fields(ListQuery::parse(Some("colour=red&limit=0&sort=id"))), ["colour", "limit", "sort"]);
}

#[test]
fn the_last_offset_fits_into_four_bytes() {
    let query = ListQuery::parse(Some("page=1000000&limit=100")).unwrap();
    assert_eq!(query.page.offset(), 99_999_900);
}

#[test]
fn a_cursor_is_a_place_of_the_list_that_is_asked_for() {
    const ID: &str = "01906bcb-ed96-7bdd-a029-85165a4e8843";
    let table = [
        ("createdAt", "2026-01-31T12:00:00.000001Z", true),
        ("updatedAt", "2026-01-31T12:00:00.000001Z", true),
        ("createdAt", "EO-00000001", false),
        ("totalAmount", "12.340", true),
        ("totalAmount", "12", true),
        ("totalAmount", "-1", false),
        ("totalAmount", "1e9", false),
        ("totalAmount", "NaN", false),
        ("orderNumber", "EO_00000001", true),
        ("status", "shipped_2026-01-31T12:00:00Z", true),
        ("status", "gone_2026-01-31T12:00:00Z", false),
        ("status", "shipped", false),
    ];
    for (sort, value, fits) in table {
        let parsed = ListQuery::parse(Some(&format!("sort={sort}&cursor={value}_{ID}")));
        assert_eq!(parsed.is_ok(), fits, "{sort} {value}: {parsed:?}");
    }
    let place = format!("cursor=2026-01-31T12:00:00Z_{ID}");
    assert_eq!(fields(ListQuery::parse(Some("cursor=2026-01-31T12:00:00Z"))), ["cursor"]);
    assert_eq!(fields(ListQuery::parse(Some(&format!("{place}&page=2")))), ["page"]);
    let prints = [place.as_str(), ""].map(|raw| ListQuery::parse(Some(raw)).unwrap().fingerprint());
    assert_ne!(prints[0], prints[1]);
}

#[test]
fn an_unescaped_plus_of_an_offset_is_understood() {
    let query = ListQuery::parse(Some("createdFrom=2026-02-01T00:00:00+02:00")).unwrap();
    assert_eq!(query.created_from, Moment::parse("2026-01-31T22:00:00Z"));
}

#[test]
fn one_question_has_one_fingerprint_and_different_ones_differ() {
    let same = [
        "status=shipped&limit=50",
        "limit=50&status=shipped",
        "limit=050&status=shipped&page=1",
        "order=desc&sort=createdAt&status=%73hipped&limit=50",
    ];
    let prints: Vec<_> = same.iter().map(|raw| ListQuery::parse(Some(raw)).unwrap().fingerprint()).collect();
    assert!(prints.windows(2).all(|pair| pair[0] == pair[1]), "{prints:?}");

    let different = [
        "",
        "page=2",
        "limit=2",
        "status=shipped",
        "paymentStatus=paid",
        "paymentStatus=pending",
        "status=pending",
        "currency=EUR",
        "search=EUR",
        "customerId=00000000-0000-0000-0000-000000000001",
        "createdFrom=2026-01-01",
        "createdTo=2026-01-01",
        "sort=status",
        "sort=updatedAt",
        "order=asc",
        "search=status%3Dshipped",
        "search=2",
    ];
    let prints: std::collections::HashSet<_> =
        different.iter().map(|raw| ListQuery::parse(Some(raw)).unwrap().fingerprint()).collect();
    assert_eq!(prints.len(), different.len());
}

#[test]
fn a_customer_gets_its_own_list_only() {
    let (me, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
    let asking = |customer| ListQuery { customer, ..ListQuery::default() };
    let table = [
        (None, None, Ok(None)),
        (None, Some(other), Ok(Some(other))),
        (Some(me), None, Ok(Some(me))),
        (Some(me), Some(me), Ok(Some(me))),
        (Some(me), Some(other), Err(Error::not_found("customer"))),
    ];
    for (restriction, asked, expected) in table {
        let mut query = asking(asked);
        let result = query.restrict_to(restriction).map(|()| query.customer);
        assert_eq!(result, expected, "{restriction:?} {asked:?}");
    }
}

#[test]
fn small_queries_are_as_strict() {
    assert_eq!(Page::parse(Some("page=2&size=5")), Ok(Page { number: 2, size: 5 }));
    assert!(Page::parse(Some("limit=5")).is_err());
    assert_eq!(parse_hard(None), Ok(false));
    assert_eq!(parse_hard(Some("hard=true")), Ok(true));
    assert!(parse_hard(Some("hard=1")).is_err());
    assert_eq!(parse_stats(Some("organizationId=00000000-0000-0000-0000-000000000001")), Ok(Some(Uuid::from_u128(1))));
    assert!(parse_stats(Some("organizationId=all")).is_err());
    assert!(parse_none(Some("x=1")).is_err());
    assert_eq!(parse_none(None), Ok(()));
}

#[test]
fn a_place_in_a_list_is_read_as_it_was_written() {
    let id = Uuid::from_u128(7);
    let place = Place { at: Moment::parse("2026-01-31T12:00:00.123456Z").unwrap(), id };
    assert_eq!(place.to_string(), format!("2026-01-31T12:00:00.123456Z_{id}"));
    assert_eq!(Place::parse(&place.to_string()), Some(place));
    for wrong in ["", "2026-01-31", &id.to_string(), "x_y", &format!("yesterday_{id}"), "2026-01-31_7"] {
        assert_eq!(Place::parse(wrong), None, "{wrong}");
    }
}

#[test]
fn a_step_is_as_long_as_it_may_be_unless_it_is_told() {
    assert_eq!((parse_step(None, 200), parse_step(Some("limit=7"), 200)), (Ok(200), Ok(7)));
    for wrong in ["limit=0", "limit=201", "limit=x", "page=1"] {
        assert!(parse_step(Some(wrong), 200).is_err(), "{wrong}");
    }
}

#[test]
fn what_staff_looks_for_has_three_characters_at_least() {
    assert_eq!(parse_sought(Some("q=ana+p%40x")), Ok("ana p@x".to_owned()));
    for wrong in [None, Some(""), Some("q="), Some("q=ab"), Some("q=a%00bc"), Some("q=abc&q=abc"), Some("q=abc&x=1")] {
        assert!(parse_sought(wrong).is_err(), "{wrong:?}");
    }
    assert!(parse_sought(Some(&format!("q={}", "a".repeat(101)))).is_err());
}
