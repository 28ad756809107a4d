//! Organisations and their accounts at providers, each with credentials of its own.

use e2e::{App, Caller, Client, Private, SHOP, SOON, eventually};
use serde_json::{Value, json};
use standin::{Event, Payment, Provider, Settings, SignedDelivery, Signing, Standin};

use super::shop::Shop;
use super::shopper::member;
use crate::jobs;

/// The variables of an account of Stripe, as an entry of `payment_accounts`.
fn stripe(settings: &Settings) -> Value {
    json!({ "stripe_account": settings.stripe_account, "stripe_api_key": settings.stripe_api_key,
        "stripe_webhook_secrets": settings.stripe_webhook_secret })
}

/// The same of PayPal.
fn paypal(settings: &Settings) -> Value {
    json!({ "paypal_account": settings.paypal_account, "paypal_client_id": settings.paypal_client_id,
        "paypal_client_secret": settings.paypal_client_secret, "paypal_webhook_id": settings.paypal_webhook_id })
}

/// An order of the sample's other organisation: its id, sum and currency.
async fn foreign_order(app: &App, client: &Client) -> [String; 3] {
    let product = &app.sample.foreign_product;
    let sold = app.psql_value(&format!("SELECT sku || ' ' || currency FROM products WHERE id = '{product}'")).await;
    let (sku, currency) = sold.split_once(' ').expect("sku and currency");
    let body = json!({ "customerId": app.sample.foreign_customer, "currency": currency,
        "items": [{ "sku": sku, "quantity": 1 }] });
    let order = client.create(body, &crate::new_key()).await.expect(201);
    ["id", "totalAmount", "currency"].map(|name| member(&order, name))
}

/// The event of a payment of Stripe for this order, which no stand-in has delivered.
fn paid(standin: &Standin, [id, total, currency]: &[String; 3]) -> Event {
    let events = standin.pay_directly(&Payment::new(Provider::Stripe, id, total, currency)).events;
    let mut events = events.iter().map(|event| standin.event(event));
    events.find(|event| event.kind == "payment_intent.succeeded").expect("the event of a payment")
}

async fn deliver(client: &Client, signed: &SignedDelivery) -> (u16, String) {
    let headers = signed.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let answer = client.deliver(signed.provider.name(), headers, signed.body.clone()).await;
    let body = answer.json();
    let told = if answer.status == 200 { &body["status"] } else { &body["reason"] };
    (answer.status, told.as_str().unwrap_or_default().to_owned())
}

async fn status(client: &Client, order: &str) -> String {
    member(&client.payment_status(order).await.expect(200), "paymentStatus")
}

#[tokio::test]
async fn operators_make_organizations_and_say_whose_an_account_is() {
    let app = App::spawn().await;
    let operator = app.operator();
    // A number whose check digit is 0 counts as one, too: some of these are free.
    let cui = format!("DE{}", &uuid::Uuid::new_v4().simple().to_string().to_uppercase()[..9]);
    let wanted = json!({
        "name": "Flori", "legalName": "Flori SRL", "cui": cui, "vatRate": "9.5",
        "address": { "line1": "Calea Victoriei 7", "city": "București", "country": "RO" }
    });
    let key = crate::new_key();
    let made = operator.create_organization(&wanted, &key).await.expect(201);
    let id = member(&made, "id");
    assert_eq!(made.header("location"), format!("/api/v1/organizations/{id}"));
    assert_eq!(operator.create_organization(&wanted, &key).await.expect(201).body, made.body);
    operator.create_organization(&wanted, &crate::new_key()).await.expect_problem_naming(409, "cui");
    assert_eq!((&made.json()["vatRate"], made.header("etag")), (&json!("9.50"), "\"1\""));
    let read = operator.organization(&id).await.expect(200);
    assert_eq!(read.body, made.body);

    let changed = operator.patch_organization(&id, &json!({ "iban": "RO49AAAA1B31007593840000" })).await.expect(200);
    assert_eq!((changed.version(), &changed.json()["iban"]), (2, &json!("RO49AAAA1B31007593840000")));
    operator.patch_organization(&id, &json!({ "vatRate": "100" })).await.expect_problem_naming(400, "vatRate");
    let page = operator.organizations("limit=100").await.expect(200).json();
    assert!(page["items"].as_array().is_some_and(|items| items.iter().any(|item| item["id"] == json!(id))), "{page}");

    let account = format!("acct_{}", uuid::Uuid::new_v4().simple());
    let body = json!({ "provider": "stripe", "account": account, "organizationId": id });
    let given = operator.create_provider_account(&body).await.expect(201);
    let place = member(&given, "id");
    assert_eq!((&given.json()["active"], &given.json()["credentials"]), (&json!(true), &json!(false)));
    operator.create_provider_account(&body).await.expect(200);
    let mut other = body.clone();
    other["organizationId"] = json!(app.sample.org);
    operator.create_provider_account(&other).await.expect_problem_naming(409, "account");
    other["organizationId"] = json!(uuid::Uuid::new_v4());
    operator.create_provider_account(&other).await.expect_problem_naming(422, "organizationId");
    let closed = operator.patch_provider_account(&place, &json!({ "active": false })).await.expect(200);
    assert_eq!((closed.version(), &closed.json()["active"]), (2, &json!(false)));
    assert_eq!(operator.provider_account(&place).await.expect(200).body, closed.body);
    let listed = operator.provider_accounts(&format!("organizationId={id}&provider=stripe")).await.expect(200).json();
    assert_eq!(listed["items"], json!([closed.json()]));

    // Nobody else.
    for path in ["/organizations", &format!("/organizations/{id}"), "/provider-accounts"] {
        app.client.get(path).await.expect_problem(403);
    }
    app.client.create_organization(&wanted, &crate::new_key()).await.expect_problem(403);
    app.client.create_provider_account(&body).await.expect_problem(403);
}

/// A server whose own accounts are live ones that can't be asked here, beside the sandbox's.
fn beside_live(sandbox: &Standin) -> Private {
    let live = Settings { live: true, ..Settings::random() };
    let entries = json!([
        merged(paypal(sandbox.settings()), json!({ "payment_environment": "sandbox" })),
        merged(stripe(sandbox.settings()), json!({ "payment_environment": "sandbox" })),
    ]);
    // In live mode no API is elsewhere than at its provider. Stripe's isn't asked here.
    let private = App::private().payments(sandbox).variable("payment_environment", "live");
    private
        .variable("paypal_api_url", "https://api-m.paypal.com")
        .variable("stripe_api_url", "https://api.stripe.com")
        .variable("paypal_other_api_url", sandbox.base_url())
        .variable("paypal_account", &live.paypal_account)
        .variable("paypal_client_id", &live.paypal_client_id)
        .variable("paypal_client_secret", &live.paypal_client_secret)
        // One address of certificates stands for both environments here. A live account that takes
        // deliveries, too, would find the sandbox's certificates wrong, and that is remembered.
        .variable("paypal_webhook_id", "")
        .variable("stripe_account", &live.stripe_account)
        .variable("stripe_api_key", &live.stripe_api_key)
        .variable("stripe_webhook_secrets", &live.stripe_webhook_secret)
        .variable("payment_accounts", &entries.to_string())
}

#[tokio::test]
async fn a_list_that_cannot_be_read_keeps_no_other_account_s_back() {
    let sandbox = Standin::start().await;
    let Some(app) = beside_live(&sandbox).spawn().await else { return };
    sandbox.automatic(false);
    let order = app.new_order().await;
    let [id, total, currency] = ["id", "totalAmount", "currency"].map(|name| member(&order, name));
    sandbox.pay_directly(&Payment::new(Provider::PayPal, &id, &total, &currency));
    jobs::only(&app, "reconcile-paypal").await;
    let ended = eventually("the run ends", SOON, || async {
        let ran = jobs::ticked(&app, "webhook-dedup").await;
        ran.into_iter().map(|(_, outcome)| outcome).find(|outcome| outcome != "more")
    })
    .await;
    assert_eq!(ended, "failed", "PayPal itself can't be asked here");
    assert_eq!(status(&app.client, &id).await, "paid");
}

#[tokio::test]
async fn a_sandbox_account_takes_payments_beside_live_ones() {
    let sandbox = Standin::start().await;
    let Some(app) = beside_live(&sandbox).spawn().await else { return };
    let shop = Shop { app, standin: sandbox.clone() };
    let app = &shop.app;

    // The session goes to the organisation's account, and its event is proved with its credentials.
    let order = app.new_order().await;
    let (id, total) = (member(&order, "id"), member(&order, "totalAmount"));
    let asked = json!({ "orderId": id, "paymentGateway": "paypal", "returnUrl": format!("{SHOP}done") });
    let session = app.client.begin_session(&asked, &crate::new_key()).await.expect(201).json();
    let page = session["redirectUrl"].as_str().expect("a page").to_owned();
    assert!(page.starts_with(sandbox.base_url()), "{page}");
    shop.press(&page).await;
    eventually("the order is paid", SOON, || async { (status(&app.client, &id).await == "paid").then_some(()) }).await;

    sandbox.automatic(false);
    let order = app.new_order().await;
    let order = [member(&order, "id"), total, app.sample.currency.clone()];
    let event = paid(&sandbox, &order);
    // The event of test mode counts at its own account, and not at the live one.
    let mut foreign = sandbox.sign(Provider::Stripe, &event.body, &Signing::default());
    assert_eq!(deliver(&app.client, &foreign).await.0, 200);
    foreign.body.push(b' ');
    assert_eq!(deliver(&app.client, &foreign).await, (400, "signature-mismatch".to_owned()));
}

#[tokio::test]
async fn the_secret_of_one_account_moves_no_money_of_another() {
    let (first, second, third) = (Standin::start().await, Standin::start().await, Standin::start().await);
    let entries = json!([stripe(second.settings()), stripe(third.settings())]);
    let private = App::private().payments(&first).variable("payment_accounts", &entries.to_string());
    let Some(app) = private.spawn().await else { return };
    let other = app.as_caller(&Caller::service(&app.sample.other_org));
    for (standin, org) in [(&second, &app.sample.other_org), (&third, &app.sample.org)] {
        standin.automatic(false);
        let body = json!({ "provider": "stripe", "account": standin.settings().stripe_account, "organizationId": org });
        let given = app.operator().create_provider_account(&body).await.expect(201).json();
        assert_eq!(given["credentials"], true);
    }

    // Each account's own event pays its organisation's order.
    let theirs = foreign_order(&app, &other).await;
    let event = paid(&second, &theirs);
    assert_eq!(deliver(&app.client, &second.signed(&event.id)).await, (200, "processed".to_owned()));
    assert_eq!(status(&other, &theirs[0]).await, "paid");

    // An event that names an account, signed with the secret of another.
    let accounts = [&first, &second, &third].map(|standin| standin.settings().stripe_account.clone());
    for (at, signer) in [&first, &second, &third].into_iter().enumerate() {
        for (named, account) in accounts.iter().enumerate().filter(|(named, _)| *named != at) {
            let order = foreign_order(&app, &other).await;
            let mut body: Value = serde_json::from_slice(&paid(&second, &order).body).expect("JSON");
            body["account"] = json!(account);
            let signed = signer.sign(Provider::Stripe, body.to_string().as_bytes(), &Signing::default());
            let answer = deliver(&app.client, &signed).await;
            assert_eq!(answer, (400, "account-mismatch".to_owned()), "{named} by {at}");
            assert_eq!(status(&other, &order[0]).await, "unpaid", "{named} by {at}");
        }
    }
    // An order of an organisation that another one's account tells of.
    let order = foreign_order(&app, &other).await;
    let event = paid(&third, &order);
    assert_eq!(deliver(&app.client, &third.signed(&event.id)).await, (200, "needs_review".to_owned()));
    assert_eq!(status(&other, &order[0]).await, "unpaid");
}

#[tokio::test]
async fn a_closed_account_gets_no_new_payment_and_keeps_its_events() {
    let standin = Standin::start().await;
    let Some(app) = App::private().payments(&standin).spawn().await else { return };
    standin.automatic(false);
    let listed = app.operator().provider_accounts("provider=stripe").await.expect(200).json();
    let account = listed["items"][0]["id"].as_str().expect("an account").to_owned();
    assert_eq!(listed["items"][0]["credentials"], true);
    let open = app.new_order().await;
    app.operator().patch_provider_account(&account, &json!({ "active": false })).await.expect(200);
    let asked =
        json!({ "orderId": member(&open, "id"), "paymentGateway": "stripe", "returnUrl": format!("{SHOP}done") });
    app.client.begin_session(&asked, &crate::new_key()).await.expect_problem_naming(422, "paymentGateway");
    let order = ["id", "totalAmount", "currency"].map(|name| member(&open, name));
    let event = paid(&standin, &order);
    assert_eq!(deliver(&app.client, &standin.signed(&event.id)).await, (200, "processed".to_owned()));
    assert_eq!(status(&app.client, &order[0]).await, "paid");
    app.operator().patch_provider_account(&account, &json!({ "active": true })).await.expect(200);
}

#[tokio::test]
async fn a_wrong_entry_is_named_on_health_and_stops_no_other() {
    let (first, second) = (Standin::start().await, Standin::start().await);
    let entries = json!([{ "stripe_account": "acct_1" }, stripe(second.settings())]);
    let private = App::private().payments(&first).variable("payment_accounts", &entries.to_string());
    let Some(app) = private.spawn().await else { return };
    let health = app.client.get("/health").await.expect(200).json();
    let errors = health["configuration"]["errors"].as_array().expect("errors");
    let told = errors.iter().find(|error| error["variable"] == "payment_accounts").expect("the entry");
    assert_eq!(told["detail"], "entry 1: stripe_api_key is missing");
    second.automatic(false);
    let order = app.new_order().await;
    let event = paid(&second, &["id", "totalAmount", "currency"].map(|name| member(&order, name)));
    // Nobody has said whose the account is.
    assert_eq!(deliver(&app.client, &second.signed(&event.id)).await, (200, "needs_review".to_owned()));
}

fn merged(mut one: Value, other: Value) -> Value {
    let fields = other.as_object().cloned().unwrap_or_default();
    one.as_object_mut().expect("an object").extend(fields);
    one
}
