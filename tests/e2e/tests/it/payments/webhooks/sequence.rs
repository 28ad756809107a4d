//! Events in any order, and any number at the same moment, come to the same state and amounts.

use e2e::{App, SOON, eventually};
use standin::{Provider, SignedDelivery};

use super::{deliver, money, order, pay, shop};

/// The deliveries of one payment in the order in which it happened: paid, refunded in two parts,
/// disputed, decided.
fn life(app: &App, order: &super::PayableOrder) -> Vec<SignedDelivery> {
    let standin = app.standin();
    let mut ids = vec![pay(app, Provider::PayPal, order).id];
    let body: serde_json::Value = serde_json::from_slice(&standin.event(&ids[0]).body).expect("JSON");
    let capture = body["resource"]["id"].as_str().expect("a capture").to_owned();
    ids.extend(standin.refund(&capture, Some("1.00")).events);
    ids.extend(standin.refund(&capture, Some("2.00")).events);
    let dispute = standin.dispute(&capture);
    ids.extend(dispute.events);
    ids.extend(standin.resolve(&dispute.id, true).events);
    ids.iter().map(|id| standin.signed(id)).collect()
}

fn expected(order: &super::PayableOrder) -> String {
    format!("partially_refunded partially_refunded/{}/3.00", order.total)
}

#[tokio::test]
async fn a_payments_life_ends_in_one_state_in_every_order_of_its_events() {
    let Some(app) = shop().await else { return };
    // Of the 120 orders those that begin and end differently. The database's own tests go through
    // all of them.
    for turn in [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 0, 4, 1, 3], [1, 2, 0, 3, 4], [3, 4, 1, 2, 0], [2, 1, 4, 3, 0]] {
        let order = order(&app).await;
        let told = life(&app, &order);
        assert_eq!(told.len(), 5);
        for at in turn {
            let (status, outcome) = deliver(&app.client, &told[at]).await;
            assert_eq!(status, 200, "{turn:?} at {at}: {outcome}");
        }
        assert_eq!(money(&app, &order).await, expected(&order), "{turn:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payments_life_told_at_the_same_moment_ends_in_the_same_state() {
    let Some(app) = shop().await else { return };
    for _ in 0..8 {
        let order = order(&app).await;
        let tasks: Vec<_> = life(&app, &order)
            .into_iter()
            .map(|signed| {
                let client = app.client.clone();
                tokio::spawn(async move {
                    eventually("the event is accepted", SOON, || async {
                        (deliver(&client, &signed).await.0 == 200).then_some(())
                    })
                    .await;
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("accepted in the end");
        }
        assert_eq!(money(&app, &order).await, expected(&order));
    }
}
