//! The state of every set of events, written down, and reached in every order of arrival, at the
//! same moment, and more than once.

use std::sync::Arc;

use serde_json::Value;
use tokio_postgres::Client;
use uuid::Uuid;

use super::{Event, capture, database, dispute, open_events, place, refund, reversal, state};
use crate::database::ORG;

/// The events of the table. Ids carry a suffix, so that every run has objects of its own; the state
/// is shown without it.
fn objects(name: &str, order: Uuid, run: &str) -> Vec<Value> {
    let c1 = format!("C1.{run}");
    let c2 = format!("C2.{run}");
    let id = |id: &str| format!("{id}.{run}");
    vec![match name {
        "pending" => capture(order, &c1, "pending", "100.00", 1),
        "completed" => capture(order, &c1, "completed", "100.00", 2),
        "declined" => capture(order, &c1, "failed", "100.00", 2),
        "denied-other" => capture(order, &c2, "failed", "100.00", 1),
        "declined-late" => capture(order, &c1, "failed", "100.00", 11),
        "refund-30" => refund(&c1, &id("R1"), "completed", "30.00", Some("30.00"), 4),
        "refund-20" => refund(&c1, &id("R2"), "completed", "20.00", Some("50.00"), 5),
        "refund-rest" => refund(&c1, &id("R3"), "completed", "50.00", Some("100.00"), 6),
        "refund-pending" => refund(&c1, &id("R4"), "pending", "10.00", None, 4),
        "refund-failed" => refund(&c1, &id("R4"), "failed", "10.00", None, 7),
        "refund-failed-early" => refund(&c1, &id("R4"), "failed", "10.00", None, 5),
        "refund-done" => refund(&c1, &id("R4"), "completed", "10.00", None, 6),
        "reversed" => reversal(&c1, &id("V1"), "50.00", 8),
        "reversed-30" => reversal(&c1, &id("V2"), "30.00", 8),
        "dispute-opened" => dispute(&c1, &id("D1"), "open", 9),
        "dispute-won" => dispute(&c1, &id("D1"), "won", 10),
        "dispute-lost" => dispute(&c1, &id("D1"), "lost", 10),
        "dispute-won-at-last" => dispute(&c1, &id("D1"), "won", 12),
        "dispute-closed" => dispute(&c1, &id("D1"), "closed", 10),
        "inquiry" => dispute(&c1, &id("D1"), "inquiry", 8),
        "settled-by-15" => settled(&c1, &id("D1"), "15.00"),
        "settled-by-nothing" => settled(&c1, &id("D1"), "0.00"),
        "settled-by-all" => settled(&c1, &id("D1"), "100.00"),
        "refund-15" => refund(&c1, &id("R5"), "completed", "15.00", Some("15.00"), 9),
        "refund-cancelled" => refund(&c1, &id("R1"), "cancelled", "30.00", None, 9),
        "paid-twice" => capture(order, &c2, "completed", "100.00", 3),
        "refund-of-second" => refund(&c2, &id("R6"), "completed", "100.00", Some("100.00"), 7),
        "cancelled" => capture(order, &c1, "cancelled", "100.00", 1),
        "authorized-payment" => capture(order, &c1, "authorized", "100.00", 1),
        "pending-late" => capture(order, &c1, "pending", "100.00", 9),
        "authorized" => {
            let mut object = capture(order, &id("A1"), "authorized", "100.00", 1);
            object["kind"] = "authorization".into();
            object
        }
        "authorization-used" => {
            let mut object = capture(order, &id("A1"), "cancelled", "100.00", 2);
            object["kind"] = "authorization".into();
            object
        }
        other => panic!("{other}"),
    }]
}

/// Sets of events about an order over 100.00, and what they come to.
const TABLE: &[(&[&str], &str)] = &[
    (&["pending"], "pending 0.00 0.00 C1=pending/100.00/0.00"),
    (&["declined"], "failed 0.00 0.00 C1=failed/100.00/0.00"),
    (&["completed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["pending", "completed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["pending", "declined"], "failed 0.00 0.00 C1=failed/100.00/0.00"),
    (&["completed", "declined-late"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["authorized"], "authorized 0.00 0.00"),
    (&["authorized", "authorization-used"], "unpaid 0.00 0.00"),
    (&["authorized", "authorization-used", "completed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["authorized", "pending", "denied-other"], "authorized 0.00 0.00 C1=pending/100.00/0.00 C2=failed/100.00/0.00"),
    (&["denied-other", "pending"], "pending 0.00 0.00 C1=pending/100.00/0.00 C2=failed/100.00/0.00"),
    (&["denied-other", "pending", "completed"], "paid 100.00 0.00 C1=paid/100.00/0.00 C2=failed/100.00/0.00"),
    (&["completed", "refund-30"], "partially_refunded 100.00 30.00 C1=partially_refunded/100.00/30.00"),
    (&["completed", "refund-20"], "partially_refunded 100.00 50.00 C1=partially_refunded/100.00/50.00"),
    (&["completed", "refund-30", "refund-20"], "partially_refunded 100.00 50.00 C1=partially_refunded/100.00/50.00"),
    (&["completed", "refund-30", "refund-20", "refund-rest"], "refunded 100.00 100.00 C1=refunded/100.00/100.00"),
    (&["completed", "refund-rest"], "refunded 100.00 100.00 C1=refunded/100.00/100.00"),
    (&["completed", "refund-pending"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "refund-pending", "refund-failed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (
        &["completed", "refund-pending", "refund-done"],
        "partially_refunded 100.00 10.00 C1=partially_refunded/100.00/10.00",
    ),
    (&["completed", "refund-done", "refund-failed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "refund-done", "refund-failed-early"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    // A part that was taken back by force leaves the rest, which can be refunded.
    (&["completed", "reversed-30"], "partially_refunded 100.00 30.00 C1=partially_refunded/100.00/30.00"),
    (&["completed", "refund-rest", "reversed"], "reversed 100.00 100.00 C1=reversed/100.00/100.00"),
    // An inquiry moves no money; a dispute may, and only the disputed sum.
    (&["completed", "inquiry"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "inquiry", "refund-30"], "partially_refunded 100.00 30.00 C1=partially_refunded/100.00/30.00"),
    (&["completed", "inquiry", "dispute-opened"], "disputed 100.00 0.00 C1=disputed/100.00/0.00"),
    (&["completed", "dispute-opened"], "disputed 100.00 0.00 C1=disputed/100.00/0.00"),
    (&["completed", "dispute-opened", "dispute-won"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "dispute-opened", "dispute-closed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "dispute-closed"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (
        &["completed", "dispute-opened", "dispute-lost"],
        "partially_refunded 100.00 10.00 C1=partially_refunded/100.00/10.00",
    ),
    (&["completed", "dispute-opened", "dispute-lost", "dispute-won-at-last"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "refund-30", "dispute-opened"], "disputed 100.00 30.00 C1=disputed/100.00/30.00"),
    (
        &["completed", "refund-30", "dispute-opened", "dispute-won"],
        "partially_refunded 100.00 30.00 C1=partially_refunded/100.00/30.00",
    ),
    (&["completed", "reversed", "dispute-opened"], "disputed 100.00 50.00 C1=disputed/100.00/50.00"),
    (
        &["completed", "reversed", "dispute-opened", "dispute-won"],
        "partially_refunded 100.00 50.00 C1=partially_refunded/100.00/50.00",
    ),
    (
        &["completed", "refund-rest", "dispute-opened", "dispute-lost"],
        "reversed 100.00 100.00 C1=reversed/100.00/100.00",
    ),
    // Settled by a refund, which PayPal also tells of: it counts once. Or by another article.
    (
        &["completed", "dispute-opened", "settled-by-15"],
        "partially_refunded 100.00 15.00 C1=partially_refunded/100.00/15.00",
    ),
    (
        &["completed", "dispute-opened", "settled-by-15", "refund-15"],
        "partially_refunded 100.00 15.00 C1=partially_refunded/100.00/15.00",
    ),
    (&["completed", "dispute-opened", "settled-by-nothing"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    (&["completed", "dispute-opened", "settled-by-all"], "reversed 100.00 100.00 C1=reversed/100.00/100.00"),
    // A refund that is cancelled gives back what it took.
    (&["completed", "refund-30", "refund-cancelled"], "paid 100.00 0.00 C1=paid/100.00/0.00"),
    // Paid by what is left.
    (
        &["completed", "paid-twice", "refund-of-second"],
        "paid 200.00 100.00 C1=paid/100.00/0.00 C2=refunded/100.00/100.00",
    ),
    // A hold that is released was never paid; a promise that was kept isn't forgotten.
    (&["authorized-payment", "cancelled"], "failed 0.00 0.00 C1=failed/100.00/0.00"),
    (&["authorized-payment", "pending-late"], "authorized 0.00 0.00 C1=authorized/100.00/0.00"),
];

/// A dispute that PayPal has settled at the cost of this sum.
fn settled(payment: &str, id: &str, returned: &str) -> Value {
    let mut object = dispute(payment, id, "lost", 10);
    (object["amount"], object["returned"]) = ("100.00".into(), returned.into());
    object
}

/// The set that the whole matter is about. It has 5,040 orders of arrival: one in eleven is run,
/// all with PAYMENTS_ALL_ORDERS=1 (minutes).
const WHOLE: (&[&str], &str) = (
    &["completed", "refund-30", "refund-20", "denied-other", "reversed", "dispute-opened", "dispute-won"],
    "reversed 100.00 100.00 C1=reversed/100.00/100.00 C2=failed/100.00/0.00",
);

/// Every order of `count` things (Heap's algorithm).
fn permutations(count: usize) -> Vec<Vec<usize>> {
    fn heap(k: usize, now: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
        if k <= 1 {
            all.push(now.clone());
            return;
        }
        for i in 0..k {
            heap(k - 1, now, all);
            now.swap(if k.is_multiple_of(2) { i } else { 0 }, k - 1);
        }
    }
    let mut all = Vec::new();
    heap(count, &mut (0..count).collect(), &mut all);
    all
}

/// Delivers a set in one order of arrival; the order itself is placed before event number `placed`.
async fn run(client: &Client, set: &[&str], arrival: &[usize], placed: usize) -> String {
    let order = Uuid::now_v7();
    let suffix = order.simple().to_string();
    for (n, event) in arrival.iter().enumerate() {
        if n == placed {
            place(client, order, "100.00").await;
        }
        let event = Event::new(objects(set[*event], order, &suffix));
        if n % 2 == 0 {
            event.deliver(client).await
        } else {
            event.deliver_at_once(client).await
        };
    }
    if placed >= arrival.len() {
        place(client, order, "100.00").await;
    }
    state(client, order).await
}

#[tokio::test]
async fn every_set_comes_to_its_state_in_every_order_of_arrival() {
    let db = database().await;
    for (set, expected) in TABLE {
        for arrival in permutations(set.len()) {
            let names: Vec<_> = arrival.iter().map(|n| set[*n]).collect();
            assert_eq!(run(&db.client, set, &arrival, 0).await, *expected, "{names:?}");
        }
    }
    assert_eq!(open_events(&db.client).await, [""; 0], "every event has been applied");
}

#[tokio::test]
async fn every_set_comes_to_its_state_whenever_the_order_appears() {
    let db = database().await;
    for (set, expected) in TABLE {
        for (n, arrival) in permutations(set.len()).into_iter().enumerate() {
            let placed = 1 + n % set.len();
            let names: Vec<_> = arrival.iter().map(|n| set[*n]).collect();
            assert_eq!(run(&db.client, set, &arrival, placed).await, *expected, "{names:?}, the order after {placed}");
        }
    }
    assert_eq!(open_events(&db.client).await, [""; 0], "every event has been applied");
}

#[tokio::test]
async fn the_whole_story_comes_to_its_state_in_any_order_of_arrival_whenever_the_order_appears() {
    let db = database().await;
    let step = if std::env::var_os("PAYMENTS_ALL_ORDERS").is_some() { 1 } else { 11 };
    for (n, arrival) in permutations(WHOLE.0.len()).iter().step_by(step).enumerate() {
        let names: Vec<_> = arrival.iter().map(|n| WHOLE.0[*n]).collect();
        assert_eq!(run(&db.client, WHOLE.0, arrival, n % 8).await, WHOLE.1, "{names:?}");
    }
    assert_eq!(open_events(&db.client).await, [""; 0], "every event has been applied");
}

#[tokio::test]
async fn every_set_comes_to_its_state_when_all_arrive_at_the_same_moment_and_twice() {
    let db = database().await;
    let mut clients = Vec::new();
    for _ in 0..15 {
        clients.push(Arc::new(db.connect().await));
    }
    for (set, expected) in TABLE.iter().chain([&WHOLE; 10]) {
        for round in 0..4 {
            let order = Uuid::now_v7();
            let suffix = order.simple().to_string();
            let mut tasks = Vec::new();
            for (n, client) in clients.iter().enumerate().take(2 * set.len()) {
                let event =
                    Event { id: format!("{}.{suffix}", set[n / 2]), ..Event::new(objects(set[n / 2], order, &suffix)) };
                let client = client.clone();
                // Those that are stored and applied in one statement meet those that are in two.
                tasks.push(tokio::spawn(async move {
                    if (n + round) % 2 == 0 {
                        event.deliver(&client).await
                    } else {
                        event.deliver_at_once(&client).await
                    }
                }));
            }
            // In every other round the order comes at the same moment, too.
            let placing = clients[14].clone();
            tasks.push(tokio::spawn(async move {
                place(&placing, order, "100.00").await;
                String::new()
            }));
            for task in tasks {
                task.await.unwrap();
            }
            assert_eq!(state(&db.client, order).await, *expected, "{set:?}, round {round}");
        }
    }
    assert_eq!(open_events(&db.client).await, [""; 0], "every event has been applied");
    let twice = "SELECT count(*) FROM webhook_events WHERE deliveries <> 2";
    assert_eq!(db.text(twice).await, "0", "each was delivered twice and stored once");
}

#[tokio::test]
async fn a_refund_counts_by_the_greater_of_the_sum_and_the_total_and_a_failed_one_not_at_all() {
    let db = database().await;
    // Stripe: the charge says the total, refunds that fail are told later; (total, at), failed
    // (amount, at) -> refunded.
    for (n, (totals, failed, refunded)) in [
        (vec![("5.00", 2)], vec![], "5.00"),
        (vec![("5.00", 2), ("8.00", 3)], vec![], "8.00"),
        (vec![("8.00", 3), ("5.00", 2)], vec![], "8.00"),
        (vec![("8.00", 3)], vec![("3.00", 4)], "5.00"),
        (vec![("8.00", 3), ("6.00", 6)], vec![("3.00", 4)], "6.00"),
        (vec![("8.00", 3)], vec![("3.00", 4), ("5.00", 5)], "0.00"),
    ]
    .into_iter()
    .enumerate()
    {
        let order = Uuid::now_v7();
        place(&db.client, order, "10.00").await;
        let mut objects = Vec::new();
        for (total, at) in totals {
            let mut charge = capture(order, &format!("pi_{n}"), "completed", "10.00", at);
            charge["payee"] = Value::Null;
            charge["alias"] = format!("ch_{n}").into();
            charge["refunded_total"] = total.into();
            objects.push(charge);
        }
        for (amount, at) in failed {
            objects.push(refund(&format!("ch_{n}"), &format!("re_{n}_{at}"), "failed", amount, None, at));
        }
        for arrival in permutations(objects.len()) {
            for index in arrival {
                let event = Event { provider: "stripe", account: "acct_1", ..Event::new(vec![objects[index].clone()]) };
                assert!(!event.deliver(&db.client).await.starts_with("needs_review"));
            }
        }
        let got =
            db.text(&format!("SELECT refunded_amount::numeric(15, 2) FROM payments WHERE order_id = '{order}'")).await;
        assert_eq!(got, refunded, "case {n}");
    }
}

#[tokio::test]
async fn each_movement_of_money_is_one_version_of_its_order_and_is_announced_once() {
    let db = database().await;
    let order = Uuid::now_v7();
    place(&db.client, order, "100.00").await;
    let shown = format!(
        "SELECT (SELECT o.version FROM orders o WHERE o.id = '{order}') || ' ' || (SELECT count(*)
            FROM cache_invalidations i WHERE 'order:{ORG}/{order}' = ANY (i.tags))"
    );
    let moved = async || -> Vec<i64> {
        db.text(&shown).await.split(' ').map(|number| number.parse().expect("a number")).collect()
    };
    let mut before = moved().await;
    // The second refund leaves the payment status as it is.
    for object in [
        capture(order, "C1", "completed", "100.00", 1),
        refund("C1", "R1", "completed", "30.00", None, 2),
        refund("C1", "R2", "completed", "20.00", None, 3),
    ] {
        Event::new(vec![object]).deliver(&db.client).await;
        let after = moved().await;
        assert_eq!(after, [before[0] + 1, before[1] + 1]);
        before = after;
    }
    Event::new(vec![refund("C1", "R2", "completed", "20.00", None, 3)]).deliver(&db.client).await;
    assert_eq!(moved().await, before, "what changes nothing is no version");
}
