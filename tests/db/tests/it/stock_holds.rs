//! Holds at a product-service: no order without one, and whatever ends an order is told of once.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, call};

/// A hold that was begun, and whether the service is to be asked.
#[derive(Debug, PartialEq, Eq)]
struct Begun {
    outcome: String,
    id: Option<String>,
}

fn cups(quantity: u32) -> Value {
    json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "CUP", "quantity": quantity}]})
}

/// Somebody begins to make an order under this key.
async fn begin(db: &Database, request: &Value, key: &str) -> Begun {
    let id = Uuid::now_v7();
    let row =
        db.client.query_one(&call("stock_hold_begin", 5), &[&ORG, request, &"somebody", &key, &id]).await.unwrap();
    Begun { outcome: row.get("outcome"), id: row.get("hold") }
}

/// The service answers: a name, a refusal, or nothing at all.
async fn answer(db: &Database, hold: &str, reservation: Option<&str>, away: bool) -> bool {
    let id: Uuid = hold.parse().unwrap();
    db.client.query_one(&call("stock_hold_answer", 3), &[&id, &reservation, &away]).await.unwrap().get("held")
}

/// The order is made, where a product-service keeps stock.
async fn create(db: &Database, request: &Value, key: &str, id: Uuid) -> String {
    let hash = request.to_string();
    let sql = call("order_create", 7);
    let row = db.client.query_one(&sql, &[&ORG, request, &"somebody", &key, &hash, &id, &"service"]).await.unwrap();
    row.get("outcome")
}

/// An order whose pieces are held, or were let through: its id, and that of the hold.
async fn placed(db: &Database, away: bool) -> (Uuid, String) {
    let (order, key) = (Uuid::now_v7(), Uuid::now_v7().to_string());
    let hold = begin(db, &cups(2), &key).await.id.unwrap();
    let name = (!away).then_some("res-1");
    assert!(answer(db, &hold, name, away).await);
    assert_eq!(create(db, &cups(2), &key, order).await, "created");
    (order, hold)
}

async fn state(db: &Database, hold: &str) -> String {
    db.text(&format!("SELECT coalesce((SELECT state FROM stock_holds WHERE id = '{hold}'), 'none')")).await
}

async fn set_status(db: &Database, order: Uuid, status: &str) {
    db.run(&format!("UPDATE orders SET status = '{status}' WHERE id = '{order}'")).await;
}

/// The hold that the job gets next, its lease, and what it is to say.
async fn claim(db: &Database) -> Option<(String, String, String)> {
    let row = db.client.query_opt(&call("stock_hold_claim", 1), &[&30_000_i64]).await.unwrap()?;
    Some((row.get("hold"), row.get("lease"), row.get("state")))
}

/// The service's answer to the job. Gives the state of the hold afterwards.
async fn done(
    db: &Database,
    (hold, lease, state): &(String, String, String),
    name: Option<&str>,
    refused: bool,
    retry: Option<i64>,
) -> Option<String> {
    let (hold, lease): (Uuid, Uuid) = (hold.parse().unwrap(), lease.parse().unwrap());
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] = [&hold, &lease, state, &name, &refused, &retry];
    db.client.query_one(&call("stock_hold_done", 6), &params).await.unwrap().get("state")
}

#[tokio::test]
async fn no_order_is_made_without_a_hold_of_just_its_lines() {
    let db = Database::new().await;
    let order = Uuid::now_v7();
    assert_eq!(create(&db, &cups(2), "k", order).await, "unreserved");
    let begun = begin(&db, &cups(2), "k").await;
    let hold = begun.id.clone().unwrap();
    assert_eq!(begun.outcome, "ask");
    assert_eq!(create(&db, &cups(2), "k", order).await, "unreserved", "the service hasn't answered");
    assert_eq!(begin(&db, &cups(2), "k").await, begun, "a repetition asks for the same hold");
    assert!(answer(&db, &hold, Some("res-1"), false).await);
    assert!(answer(&db, &hold, None, true).await, "an answer that comes later changes nothing");
    assert_eq!((begin(&db, &cups(2), "k").await.outcome, state(&db, &hold).await), ("held".into(), "reserved".into()));
    assert_eq!(create(&db, &cups(3), "k", order).await, "unreserved");
    assert_eq!(create(&db, &cups(2), "other", order).await, "unreserved");
    assert_eq!(create(&db, &cups(2), "k", order).await, "created");
    assert_eq!(
        db.text(&format!("SELECT order_id::text FROM stock_holds WHERE id = '{hold}'")).await,
        order.to_string()
    );
    assert_eq!(create(&db, &cups(2), "k", Uuid::now_v7()).await, "replay");
    assert_eq!(begin(&db, &cups(2), "k").await.outcome, "pass", "the order is there, so nobody is asked");
    assert_eq!(db.text("SELECT count(*) FROM stock_holds").await, "1");
    assert_eq!(db.text("SELECT count(*) FROM stock_reservations").await, "0");
}

#[tokio::test]
async fn that_the_service_is_away_is_told_with_what_is_asked_anyway() {
    let db = Database::new().await;
    let resting = async |key: &str| {
        let (request, id) = (cups(1), Uuid::now_v7());
        let row = db.client.query_one(&call("stock_hold_begin", 5), &[&ORG, &request, &"somebody", &key, &id]).await;
        row.unwrap().get::<_, Option<i64>>("resting_ms")
    };
    assert_eq!(resting("a").await, Some(0));
    let hold: Uuid = begin(&db, &cups(1), "a").await.id.unwrap().parse().unwrap();
    let rests = json!({"product-service": 60_000});
    let none: Option<&str> = None;
    db.client.query_one(&call("stock_hold_answer", 4), &[&hold, &none, &true, &rests]).await.unwrap();
    assert!(resting("b").await > Some(1_000));
    assert_eq!(db.text("SELECT provider_resting('paypal')").await, "0", "that one works");
    assert_eq!(create(&db, &cups(1), "a", Uuid::now_v7()).await, "created");
    let row = db.client.query_one(&call("stock_hold_claim", 1), &[&30_000_i64]).await.unwrap();
    assert!(row.get::<_, Option<i64>>("resting_ms") > Some(1_000));
    db.run("UPDATE provider_rests SET until = now()").await;
    let (lease, state): (String, String) = (row.get("lease"), row.get("state"));
    let lease: Uuid = lease.parse().unwrap();
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 7] =
        [&hold, &lease, &state, &none, &false, &Some(5_000_i64), &rests];
    db.client.query_one(&call("stock_hold_done", 7), &params).await.unwrap();
    assert!(resting("c").await > Some(1_000));
}

#[tokio::test]
async fn what_is_refused_anyway_is_not_asked_for() {
    let db = Database::new().await;
    let mut nobody = cups(1);
    nobody["customerId"] = json!(Uuid::nil());
    let unknown = json!({"customerId": CUSTOMER, "currency": "EUR", "items": [{"sku": "NONE", "quantity": 1}]});
    for request in [nobody, unknown] {
        assert_eq!(begin(&db, &request, "k").await, Begun { outcome: "pass".into(), id: None });
    }
    let hold = begin(&db, &cups(9), "k").await.id.unwrap();
    assert!(!answer(&db, &hold, None, false).await, "the service refuses");
    assert_eq!(db.text("SELECT count(*) FROM stock_holds").await, "0", "a refused wish leaves nothing");
}

#[tokio::test]
async fn another_cart_under_the_same_key_lets_the_first_wish_go() {
    let db = Database::new().await;
    let first = begin(&db, &cups(2), "k").await.id.unwrap();
    answer(&db, &first, Some("res-1"), false).await;
    let second = begin(&db, &cups(3), "k").await;
    assert_eq!((second.outcome.as_str(), state(&db, &first).await.as_str()), ("ask", "releasing"));
    assert_ne!(second.id, Some(first));
}

#[tokio::test]
async fn a_hold_without_an_order_is_released_when_its_time_is_over() {
    let db = Database::new().await;
    let hold = begin(&db, &cups(2), "k").await.id.unwrap();
    answer(&db, &hold, Some("res-1"), false).await;
    assert_eq!(claim(&db).await, None, "somebody may still make the order");
    db.run("UPDATE stock_holds SET next_attempt_at = now()").await;
    let claimed = claim(&db).await.unwrap();
    assert_eq!((&claimed.0, claimed.2.as_str()), (&hold, "releasing"));
    assert_eq!(create(&db, &cups(2), "k", Uuid::now_v7()).await, "unreserved", "it is too late");
    assert_eq!(done(&db, &claimed, None, false, None).await.as_deref(), Some("released"));
    assert_eq!(state(&db, &hold).await, "none", "nothing hangs on it");
}

#[tokio::test]
async fn an_order_that_was_let_through_is_verified_once() {
    let db = Database::new().await;
    let (order, hold) = placed(&db, true).await;
    let named = format!("SELECT reservation FROM stock_holds WHERE id = '{hold}'");
    assert_eq!(db.text(&named).await, format!("optimistic_{hold}"));
    let claimed = claim(&db).await.unwrap();
    assert_eq!(claimed.2, "optimistic");
    assert_eq!(claim(&db).await, None, "somebody has it");
    assert_eq!(done(&db, &claimed, None, false, Some(60_000)).await.as_deref(), Some("optimistic"));
    assert_eq!(claim(&db).await, None, "it is waited for");
    db.run("UPDATE stock_holds SET next_attempt_at = now()").await;
    let again = claim(&db).await.unwrap();
    assert_eq!(done(&db, &claimed, Some("late"), false, None).await, None, "the lease was lost");
    assert_eq!(done(&db, &again, Some("res-2"), false, None).await.as_deref(), Some("reserved"));
    assert_eq!(done(&db, &again, None, true, None).await, None, "it has been told");
    assert_eq!((db.text(&named).await, claim(&db).await), ("res-2".into(), None));
    set_status(&db, order, "cancelled").await;
    assert_eq!(claim(&db).await.unwrap().2, "releasing");
}

#[tokio::test]
async fn a_refused_verification_is_listed_and_its_order_ends_without_a_message() {
    let db = Database::new().await;
    let (order, hold) = placed(&db, true).await;
    placed(&db, true).await;
    let claimed = claim(&db).await.unwrap();
    assert_eq!(done(&db, &claimed, None, true, None).await.as_deref(), Some("stock_missing"));
    let none: Option<&str> = None;
    let list = call("stock_holds", 4);
    let row = db.client.query_one(&list, &[&ORG, &"stock_missing", &5_i32, &none]).await.unwrap();
    let page: Value = serde_json::from_str(row.get("body")).unwrap();
    assert_eq!((page["items"].as_array().unwrap().len(), &page["items"][0]["orderId"]), (1, &json!(order)));
    set_status(&db, order, "cancelled").await;
    assert_eq!(state(&db, &hold).await, "released", "the service holds nothing");
}

/// What an order's document says of its stock, and its version.
async fn shown(db: &Database, order: Uuid) -> (Value, i64) {
    let sql = format!("SELECT document::text FROM order_documents WHERE id = '{order}'");
    let document: Value = serde_json::from_str(&db.text(&sql).await).unwrap();
    (document["stockState"].clone(), document["version"].as_i64().unwrap())
}

#[tokio::test]
async fn an_order_says_what_its_hold_lacks_and_each_change_of_it_is_announced() {
    let db = Database::new().await;
    let (order, hold) = placed(&db, true).await;
    let (other, _) = placed(&db, true).await;
    let (plain, _) = placed(&db, false).await;
    assert_eq!(shown(&db, order).await, (json!("optimistic"), 1), "as the answer to its making says");
    assert_eq!(shown(&db, plain).await, (Value::Null, 1));

    let tag = format!("order:{ORG}/{order}");
    db.announced().await;
    let claimed = claim(&db).await.unwrap();
    assert_eq!(claimed.0, hold);
    assert_eq!(done(&db, &claimed, None, false, Some(0)).await.as_deref(), Some("optimistic"));
    assert_eq!((shown(&db, order).await.1, db.announced().await.len()), (1, 0), "nothing has changed");
    let claimed = loop {
        let claimed = claim(&db).await.unwrap();
        if claimed.0 == hold {
            break claimed;
        }
    };
    let (id, lease): (Uuid, Uuid) = (hold.parse().unwrap(), claimed.1.parse().unwrap());
    let none: Option<&str> = None;
    let done = call("stock_hold_done", 6);
    let params: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&id, &lease, &"optimistic", &none, &true, &None::<i64>];
    let row = db.client.query_one(&done, &params).await.unwrap();
    assert!(row.get::<_, Vec<String>>("tags").contains(&tag), "the caller forgets it before it answers");
    assert_eq!(shown(&db, order).await, (json!("stock_missing"), 2));
    assert!(db.announced().await.concat().contains(&tag));
    set_status(&db, order, "cancelled").await;
    assert_eq!(shown(&db, order).await, (Value::Null, 3), "nothing is uncertain any more");

    // By any program.
    db.run(&format!("UPDATE stock_holds SET state = 'reserved' WHERE order_id = '{other}'")).await;
    assert_eq!(shown(&db, other).await, (Value::Null, 2));
    db.run(&format!("UPDATE stock_holds SET state = 'stock_missing' WHERE order_id = '{other}'")).await;
    assert_eq!(shown(&db, other).await, (json!("stock_missing"), 3));
    db.run(&format!("DELETE FROM stock_holds WHERE order_id = '{other}'")).await;
    assert_eq!(shown(&db, other).await, (Value::Null, 4));
}

#[tokio::test]
async fn the_timeline_tells_each_step_of_a_hold_once() {
    let db = Database::new().await;
    let (order, hold) = placed(&db, true).await;
    let claimed = claim(&db).await.unwrap();
    done(&db, &claimed, None, false, Some(0)).await;
    let claimed = claim(&db).await.unwrap();
    done(&db, &claimed, Some("res-2"), false, None).await;
    set_status(&db, order, "cancelled").await;
    let claimed = claim(&db).await.unwrap();
    done(&db, &claimed, None, false, None).await;
    db.run(&format!("UPDATE orders SET deleted_at = now() WHERE id = '{order}'")).await;
    let told = db.text(&format!("SELECT body FROM order_timeline('{ORG}', '{order}', 50, NULL)")).await;
    let told: Value = serde_json::from_str(&told).unwrap();
    let steps: Vec<_> = told["items"].as_array().unwrap().iter().rev().filter(|item| item["type"] == "stock").collect();
    assert!(steps.iter().all(|step| step["kind"] == "hold" && step["id"] == json!(hold)), "{told}");
    let told: Vec<_> = steps.iter().map(|step| (step["before"].clone(), step["after"].clone())).collect();
    let optimistic = format!("optimistic_{hold}");
    assert_eq!(
        told,
        [
            (
                Value::Null,
                json!({"id": hold, "state": "optimistic", "reservation": optimistic, "items": [{"sku": "CUP", "quantity": 2}]})
            ),
            (
                json!({"state": "optimistic", "reservation": optimistic}),
                json!({"state": "reserved", "reservation": "res-2"})
            ),
            (json!({"state": "reserved"}), json!({"state": "releasing"})),
            (json!({"state": "releasing"}), json!({"state": "released"})),
        ]
    );
    assert_eq!(steps[1]["actor"], "stock-holds");
}

#[tokio::test]
async fn new_items_that_are_held_end_what_was_lacking_in_the_same_change() {
    let db = Database::new().await;
    let (order, _) = placed(&db, true).await;
    let (items, id, from) = (json!([{"sku": "CUP", "quantity": 5}]), Uuid::now_v7(), ["pending".to_owned()]);
    let none: Option<Uuid> = None;
    let begin = call("stock_hold_begin_change", 6);
    let row = db.client.query_one(&begin, &[&ORG, &order, &none, &items, &&from[..], &id]).await.unwrap();
    answer(&db, &row.get::<_, String>("hold"), Some("res-2"), false).await;
    let patch = format!(
        "SELECT body FROM order_patch('{ORG}', '{order}', NULL, NULL, NULL, '{{}}', false, NULL, NULL, false,
         p_items => '{items}', p_items_from => '{{pending}}', p_inventory => 'service')"
    );
    let body: Value = serde_json::from_str(&db.text(&patch).await).unwrap();
    assert_eq!((&body["stockState"], &body["version"]), (&Value::Null, &json!(2)));
    assert_eq!(shown(&db, order).await, (Value::Null, 2));
}

#[tokio::test]
async fn an_answer_and_a_cancellation_at_once_wait_for_each_other_in_no_circle() {
    let db = Database::new().await;
    for _ in 0..20 {
        let (order, _) = placed(&db, true).await;
        let (hold, lease, _) = claim(&db).await.unwrap();
        let other = kit::database::connect(&db.url()).await;
        let done = format!("SELECT FROM stock_hold_done('{hold}', '{lease}', 'optimistic', NULL, true, NULL)");
        let cancel = format!("UPDATE orders SET status = 'cancelled' WHERE id = '{order}'");
        let (done, cancelled) = tokio::join!(db.client.batch_execute(&done), other.batch_execute(&cancel));
        done.unwrap();
        cancelled.unwrap();
        assert_eq!(shown(&db, order).await.0, Value::Null);
        db.run("DELETE FROM stock_holds").await;
    }
}

#[tokio::test]
async fn whatever_ends_an_order_the_service_is_told_of_it_once() {
    let db = Database::new().await;
    for (change, next, last) in [
        ("UPDATE orders SET status = 'cancelled' WHERE id", "releasing", "released"),
        ("UPDATE orders SET deleted_at = now() WHERE id", "releasing", "released"),
        ("DELETE FROM orders WHERE id", "releasing", "none"),
        ("UPDATE orders SET status = 'shipped' WHERE id", "deducting", "deducted"),
    ] {
        let (order, hold) = placed(&db, false).await;
        assert_eq!(claim(&db).await, None, "{change}: nothing is due while it stands");
        db.run(&format!("{change} = '{order}'")).await;
        let claimed = claim(&db).await.unwrap();
        assert_eq!((&claimed.0, claimed.2.as_str()), (&hold, next), "{change}");
        set_status(&db, order, "delivered").await;
        assert!(done(&db, &claimed, None, false, None).await.is_some(), "{change}");
        assert_eq!((state(&db, &hold).await.as_str(), claim(&db).await), (last, None), "{change}");
    }
}

#[tokio::test]
async fn an_order_that_ends_while_it_is_verified_is_told_of_behind_the_answer() {
    let db = Database::new().await;
    let (order, hold) = placed(&db, true).await;
    let claimed = claim(&db).await.unwrap();
    set_status(&db, order, "cancelled").await;
    assert_eq!(claim(&db).await, None, "the service is being asked");
    assert_eq!(done(&db, &claimed, Some("res-1"), false, None).await.as_deref(), Some("releasing"));
    assert_eq!(claim(&db).await.unwrap().0, hold);
}

#[tokio::test]
async fn new_items_take_a_hold_of_their_own_and_let_the_old_one_go() {
    let db = Database::new().await;
    let (order, old) = placed(&db, false).await;
    let items = json!([{"sku": "CUP", "quantity": 5}]);
    let none: Option<Uuid> = None;
    let from = ["pending".to_owned()];
    let id = Uuid::now_v7();
    let row = db
        .client
        .query_one(&call("stock_hold_begin_change", 6), &[&ORG, &order, &none, &items, &&from[..], &id])
        .await
        .unwrap();
    let (outcome, hold, replaces): (String, String, String) = (row.get(0), row.get("hold"), row.get("replaces"));
    assert_eq!((outcome.as_str(), &replaces), ("ask", &old));
    let patch = format!(
        "SELECT outcome FROM order_patch('{ORG}', '{order}', NULL, NULL, NULL, '{{}}', false, NULL, NULL, false,
         p_items => '{items}', p_items_from => '{{pending}}', p_inventory => 'service')"
    );
    assert_eq!(db.text(&patch).await, "unreserved");
    assert_eq!(db.text(&format!("SELECT sum(quantity) FROM order_items WHERE order_id = '{order}'")).await, "2");
    answer(&db, &hold, Some("res-2"), false).await;
    assert_eq!(db.text(&patch).await, "updated");
    let of_order = format!("SELECT id::text FROM stock_holds WHERE order_id = '{order}'");
    assert_eq!((db.text(&of_order).await, state(&db, &old).await), (hold, "releasing".into()));
}

#[tokio::test]
async fn an_order_that_nobody_pays_lets_its_hold_go() {
    let db = Database::new().await;
    let (_, hold) = placed(&db, false).await;
    let (paid, kept) = placed(&db, false).await;
    db.run(&format!("UPDATE orders SET payment_status = 'paid' WHERE id = '{paid}'")).await;
    db.run("UPDATE stock_holds SET held_since = now() - interval '1 hour'").await;
    let row = db.client.query_one(&call("stock_expire", 2), &[&3600_i64, &100_i32]).await.unwrap();
    assert_eq!(row.get::<_, i64>("expired"), 1);
    let shown = format!("SELECT state || ' ' || expired FROM stock_holds WHERE id = '{hold}'");
    assert_eq!((db.text(&shown).await, state(&db, &kept).await), ("releasing true".into(), "reserved".into()));
}

#[tokio::test]
async fn two_requests_with_one_key_make_one_order_of_one_hold() {
    let db = Database::new().await;
    let hold = begin(&db, &cups(2), "k").await.id.unwrap();
    answer(&db, &hold, Some("res-1"), false).await;
    let other = kit::database::connect(&db.url()).await;
    db.client.batch_execute("BEGIN").await.unwrap();
    assert_eq!(create(&db, &cups(2), "k", Uuid::now_v7()).await, "created");
    let second = tokio::spawn(async move {
        let (id, request) = (Uuid::now_v7(), cups(2));
        let row =
            other.query_one(&call("stock_hold_begin", 5), &[&ORG, &request, &"somebody", &"k", &id]).await.unwrap();
        row.get::<_, String>("outcome")
    });
    let watcher = kit::database::connect(&db.url()).await;
    let waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid IN \
                   (SELECT pid FROM pg_stat_activity WHERE datname = current_database())";
    while watcher.query_one(waiting, &[]).await.unwrap().get::<_, i64>(0) == 0 {
        tokio::task::yield_now().await;
    }
    db.client.batch_execute("COMMIT").await.unwrap();
    assert_eq!(second.await.unwrap(), "pass", "it finds the order, and asks for nothing");
}
