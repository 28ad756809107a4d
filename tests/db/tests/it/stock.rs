//! Stock: pieces are sold once, whichever program sells them, and an order that ends gives them
//! back.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::database::{CUSTOMER, Database, ORG, call};

/// Counts the article CUP at so many pieces, and gives the id of its product in EUR.
async fn counted(db: &Database, pieces: i64) -> Uuid {
    let product = product(db).await;
    assert_eq!(count(db, product, pieces).await, "counted");
    db.announced().await;
    product
}

async fn product(db: &Database) -> Uuid {
    let sql = format!("SELECT id FROM products WHERE organization_id = '{ORG}' AND sku = 'CUP' AND currency = 'EUR'");
    db.client.query_one(&sql, &[]).await.unwrap().get(0)
}

async fn count(db: &Database, product: Uuid, pieces: i64) -> String {
    let none: Option<&str> = None;
    let row = db.client.query_one(&call("stock_count", 5), &[&ORG, &product, &pieces, &none, &"me"]).await.unwrap();
    row.get("outcome")
}

/// "on hand/reserved" of CUP.
async fn level(db: &Database) -> String {
    db.text("SELECT on_hand || '/' || reserved FROM stock_levels WHERE sku = 'CUP'").await
}

/// "state quantity, ..." of an order's lines.
async fn states(db: &Database, order: Uuid) -> String {
    let sql = "SELECT coalesce(string_agg(state || ' ' || quantity, ', ' ORDER BY position), '') \
               FROM stock_reservations WHERE order_id";
    db.text(&format!("{sql} = '{order}'")).await
}

fn cups(quantities: &[u32]) -> Value {
    let items: Vec<Value> = quantities.iter().map(|quantity| json!({"sku": "CUP", "quantity": quantity})).collect();
    json!({"customerId": CUSTOMER, "currency": "EUR", "items": items})
}

async fn order(db: &Database, quantities: &[u32]) -> Uuid {
    let id = Uuid::now_v7();
    let row = db.create(&cups(quantities), &id.to_string(), id).await;
    assert_eq!(row.get::<_, &str>("outcome"), "created");
    id
}

/// The message and code that an order is refused with.
async fn refusal(db: &Database, quantities: &[u32]) -> (String, String) {
    let id = Uuid::now_v7();
    let (request, key) = (cups(quantities), id.to_string());
    let refused = db
        .client
        .query_one(&call("order_create", 6), &[&ORG, &request, &"somebody", &key, &"hash", &id])
        .await
        .unwrap_err();
    let refused = refused.as_db_error().unwrap();
    (refused.message().to_owned(), refused.code().code().to_owned())
}

async fn set_status(db: &Database, order: Uuid, status: &str) {
    db.run(&format!("UPDATE orders SET status = '{status}' WHERE id = '{order}'")).await;
}

#[tokio::test]
async fn an_article_that_is_not_counted_can_be_ordered_in_any_number() {
    let db = Database::new().await;
    let id = order(&db, &[1000]).await;
    assert_eq!(states(&db, id).await, "");
}

#[tokio::test]
async fn a_line_reserves_its_pieces_and_the_first_too_many_is_named() {
    let db = Database::new().await;
    counted(&db, 5).await;
    let id = order(&db, &[2, 1]).await;
    assert_eq!((level(&db).await, states(&db, id).await), ("5/3".into(), "reserved 2, reserved 1".into()));
    let refused = ("items[1].quantity: 2 of CUP can be had".to_owned(), "OB002".to_owned());
    assert_eq!(refusal(&db, &[1, 2]).await, refused, "the lines of one article add up");
    assert_eq!(level(&db).await, "5/3", "a refused order leaves nothing");
    assert_eq!(db.text("SELECT count(*) FROM idempotency_keys WHERE body_hash = 'hash'").await, "0", "nor its key");
    order(&db, &[2]).await;
    assert_eq!(level(&db).await, "5/5");
}

#[tokio::test]
async fn fifty_pieces_are_sold_once_to_two_hundred_buyers_at_once() {
    let db = Database::new().await;
    counted(&db, 50).await;
    let url = db.url();
    let mut buyers = Vec::new();
    for number in 0..200_u32 {
        let url = url.clone();
        buyers.push(tokio::spawn(async move {
            let client = kit::database::connect(&url).await;
            let id = Uuid::now_v7();
            if number % 40 == 7 {
                // Another program, which knows nothing of stock.
                let sql = format!(
                    "WITH o AS (INSERT INTO orders (id, organization_id, customer_id, currency, total_amount)
                     VALUES ('{id}', '{ORG}', '{CUSTOMER}', 'EUR', 9.99) RETURNING id)
                     INSERT INTO order_items (order_id, organization_id, customer_id, position, sku, name, quantity, currency, unit_price)
                     SELECT id, '{ORG}', '{CUSTOMER}', 1, 'CUP', 'Cup', 1, 'EUR', 9.99 FROM o"
                );
                return client.batch_execute(&sql).await.is_ok();
            }
            let (request, key) = (cups(&[1]), id.to_string());
            if number % 3 == 0 {
                // A buyer that is killed: its transaction ends nowhere.
                client.batch_execute("BEGIN").await.unwrap();
                let tried = client.query(&call("order_create", 6), &[&ORG, &request, &"s", &key, &"h", &id]).await;
                drop((tried, client));
                let client = kit::database::connect(&url).await;
                return client.query(&call("order_create", 6), &[&ORG, &request, &"s", &key, &"h", &id]).await.is_ok();
            }
            let mut bought = Vec::new();
            // Everybody asks twice: the same key is the same order.
            for _ in 0..2 {
                let asked = client.query(&call("order_create", 6), &[&ORG, &request, &"s", &key, &"h", &id]).await;
                bought.push(asked.is_ok_and(|rows| ["created", "replay"].contains(&rows[0].get("outcome"))));
            }
            assert_eq!(bought[0], bought[1]);
            bought[0]
        }));
        // Postgres takes a hundred connections.
        if buyers.len() % 40 == 0 {
            for buyer in buyers.iter_mut().skip(number as usize - 39) {
                while !buyer.is_finished() {
                    tokio::task::yield_now().await;
                }
            }
        }
    }
    let mut sold = 0;
    for buyer in buyers {
        sold += usize::from(buyer.await.unwrap());
    }
    assert_eq!((sold, level(&db).await), (50, "50/50".to_owned()));
    assert_eq!(db.text("SELECT sum(quantity) FROM stock_reservations WHERE state = 'reserved'").await, "50");
    assert_eq!(db.text("SELECT count(*) FROM order_items").await, "50", "an order that was refused isn't there");
}

#[tokio::test]
async fn a_shipped_order_deducts_once_and_a_cancelled_one_gives_back() {
    let db = Database::new().await;
    counted(&db, 10).await;
    let (shipped, cancelled) = (order(&db, &[3]).await, order(&db, &[2]).await);
    set_status(&db, shipped, "processing").await;
    assert_eq!(level(&db).await, "10/5");
    set_status(&db, shipped, "shipped").await;
    assert_eq!((level(&db).await, states(&db, shipped).await), ("7/2".into(), "deducted 3".into()));
    set_status(&db, shipped, "delivered").await;
    set_status(&db, shipped, "shipped").await;
    assert_eq!(level(&db).await, "7/2", "once");
    set_status(&db, cancelled, "cancelled").await;
    set_status(&db, cancelled, "cancelled").await;
    assert_eq!((level(&db).await, states(&db, cancelled).await), ("7/0".into(), "released 2".into()));
    let noted =
        "SELECT string_agg(reason || ' ' || change || ' ' || on_hand, ', ' ORDER BY created_at) FROM stock_movements";
    assert_eq!(db.text(noted).await, "count 10 10, shipment -3 7");
}

#[tokio::test]
async fn a_deleted_order_gives_back_hidden_or_gone() {
    let db = Database::new().await;
    counted(&db, 10).await;
    let (hidden, gone) = (order(&db, &[3]).await, order(&db, &[2]).await);
    db.run(&format!("UPDATE orders SET deleted_at = now() WHERE id = '{hidden}'")).await;
    assert_eq!(level(&db).await, "10/2");
    db.run(&format!("DELETE FROM orders WHERE id IN ('{gone}', '{hidden}')")).await;
    assert_eq!(level(&db).await, "10/0");
    order(&db, &[4]).await;
    db.run("TRUNCATE orders CASCADE").await;
    assert_eq!(level(&db).await, "10/0");
}

#[tokio::test]
async fn a_line_that_changes_holds_what_it_says_now() {
    let db = Database::new().await;
    counted(&db, 5).await;
    let id = order(&db, &[4]).await;
    let change = |quantity: u32| {
        format!(
            "UPDATE order_items SET quantity = {quantity} WHERE order_id = '{id}';
             UPDATE orders SET total_amount = {quantity} * 9.99 WHERE id = '{id}'"
        )
    };
    db.run(&change(5)).await;
    assert_eq!((level(&db).await, states(&db, id).await), ("5/5".into(), "reserved 5".into()));
    assert_eq!(db.refusal(&change(6)).await, "OB002");
    db.run(&change(1)).await;
    assert_eq!(level(&db).await, "5/1");
    db.run(&format!("UPDATE order_items SET name = 'Mug' WHERE order_id = '{id}'")).await;
    assert_eq!(level(&db).await, "5/1", "another name is another name");
}

#[tokio::test]
async fn no_program_can_reserve_what_is_not_there_or_count_below_what_is_reserved() {
    let db = Database::new().await;
    let product = counted(&db, 5).await;
    order(&db, &[3]).await;
    assert_eq!(count(&db, product, 2).await, "reserved");
    assert_eq!(db.refusal("UPDATE stock_levels SET on_hand = 2").await, "23514");
    assert_eq!(db.refusal("UPDATE stock_reservations SET quantity = 6").await, "23514");
    assert_eq!(db.refusal("UPDATE stock_movements SET change = 1").await, "P0001");
    db.run("UPDATE stock_levels SET on_hand = 4").await;
    let last = "SELECT reason || ' ' || change FROM stock_movements ORDER BY created_at DESC LIMIT 1";
    assert_eq!(db.text(last).await, "other -1", "another program's change is noted, too");
}

#[tokio::test]
async fn pieces_are_booked_once_per_key() {
    let db = Database::new().await;
    let product = product(&db).await;
    let book = async |change: i64, reason: &str, key: &str, hash: &str| {
        let none: Option<&str> = None;
        let row = db
            .client
            .query_one(&call("stock_move", 8), &[&ORG, &product, &change, &reason, &none, &"me", &key, &hash])
            .await
            .unwrap();
        row.get::<_, String>("outcome")
    };
    assert_eq!(book(5, "receipt", "k", "a").await, "not_counted");
    count(&db, product, 5).await;
    assert_eq!(book(5, "receipt", "k", "a").await, "moved", "a refused request frees its key");
    assert_eq!(book(5, "receipt", "k", "a").await, "replay");
    assert_eq!(book(6, "receipt", "k", "b").await, "mismatch");
    assert_eq!(level(&db).await, "10/0");
    order(&db, &[8]).await;
    assert_eq!(book(-3, "loss", "l", "a").await, "too_few", "reserved pieces don't leave");
    assert_eq!(book(-2, "loss", "l", "b").await, "moved");
    assert_eq!(level(&db).await, "8/8");
}

#[tokio::test]
async fn a_change_of_stock_announces_every_product_of_the_article() {
    let db = Database::new().await;
    counted(&db, 5).await;
    let announced = async || {
        let all = db.announced().await.concat();
        let mut stock: Vec<String> = all.into_iter().filter(|tag| tag.starts_with("stock:")).collect();
        stock.sort();
        stock
    };
    let sql = format!(
        "SELECT string_agg('stock:' || organization_id || '/' || id, ',' ORDER BY id::text) FROM products \
         WHERE organization_id = '{ORG}' AND sku = 'CUP'"
    );
    let both: Vec<String> = db.text(&sql).await.split(',').map(str::to_owned).collect();
    assert_eq!(both.len(), 2, "the article has prices in two currencies");
    let id = order(&db, &[1]).await;
    assert_eq!(announced().await, both, "reserved");
    set_status(&db, id, "confirmed").await;
    assert_eq!(announced().await, Vec::<String>::new(), "nothing of the stock has changed");
    set_status(&db, id, "shipped").await;
    assert_eq!(announced().await, both, "deducted");
    db.run("DELETE FROM stock_levels").await;
    assert_eq!(announced().await, both, "not counted any more");
}

#[tokio::test]
async fn a_product_waits_for_a_change_of_its_articles_stock() {
    let db = Database::new().await;
    counted(&db, 5).await;
    let (mut one, two) = (kit::database::connect(&db.url()).await, kit::database::connect(&db.url()).await);
    for change in [
        "UPDATE stock_levels SET on_hand = on_hand + 1 WHERE sku = 'CUP'".to_owned(),
        format!("INSERT INTO stock_levels (organization_id, sku, on_hand) VALUES ('{ORG}', 'NEW', 1)"),
    ] {
        let sku = if change.starts_with("UPDATE") { "CUP" } else { "NEW" };
        let product = format!(
            "INSERT INTO products (organization_id, sku, name, currency, price) VALUES ('{ORG}', '{sku}', 'x', 'CHF', 1)"
        );
        let transaction = one.transaction().await.unwrap();
        transaction.batch_execute(&change).await.unwrap();
        let insert = two.batch_execute(&product);
        tokio::pin!(insert);
        tokio::select! {
            _ = &mut insert => panic!("{change}: the product is there before the change is"),
            () = db.wait_for_a_lock() => {}
        }
        transaction.commit().await.unwrap();
        insert.await.unwrap();
    }
}

#[tokio::test]
async fn an_unpaid_order_expires_unless_somebody_is_paying() {
    let db = Database::new().await;
    counted(&db, 10).await;
    let (unpaid, paying, paid, confirmed) =
        (order(&db, &[1]).await, order(&db, &[1]).await, order(&db, &[1]).await, order(&db, &[1]).await);
    db.run("UPDATE stock_reservations SET held_since = now() - interval '2 hours'").await;
    db.run(&format!("UPDATE orders SET payment_status = 'authorized' WHERE id = '{paid}'")).await;
    set_status(&db, confirmed, "confirmed").await;
    db.run(&format!(
        "INSERT INTO payment_sessions (id, organization_id, customer_id, order_id, gateway, account, amount, currency,
            principal, idempotency_key, body_hash, return_url, leased_until, expires_at)
         VALUES (gen_random_uuid(), '{ORG}', '{CUSTOMER}', '{paying}', 'other', NULL, 9.99, 'EUR', 's', 'k', 'h',
            'https://shop.example', now(), now() + interval '5 minutes')"
    ))
    .await;
    let expire = async || {
        let row = db.client.query_one(&call("stock_expire", 2), &[&3600_i64, &100_i32]).await.unwrap();
        row.get::<_, i64>("expired")
    };
    assert_eq!(expire().await, 1);
    assert_eq!(db.text(&format!("SELECT status FROM orders WHERE id = '{unpaid}'")).await, "cancelled");
    assert_eq!(
        db.text("SELECT string_agg(order_id::text, ',') FROM stock_reservations WHERE expired").await,
        unpaid.to_string()
    );
    assert_eq!(level(&db).await, "10/3");
    db.run("UPDATE payment_sessions SET expires_at = now()").await;
    assert_eq!((expire().await, expire().await), (1, 0), "its session has ended");
    // A payment that failed begins the time anew.
    db.run(&format!("UPDATE orders SET payment_status = 'failed' WHERE id = '{paid}'")).await;
    assert_eq!(expire().await, 0);
}
