//! The control of the stand-in over HTTP, for scenarios. JSON in, JSON out; the names are those of
//! `Standin`'s methods.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::Provider;
use crate::actions::{ActionEvents, Outcome, Payment};
use crate::authority::AUTHORITY;
use crate::deliveries::Attempt;
use crate::disputes::{Complaint, Decision};
use crate::exchange::{Reply, Request};
use crate::faults::{Fault, FaultKind};
use crate::forge::with_the_crc_of;
use crate::signing::{Signing, sign};
use crate::world::World;

/// The reason why a control call can't be followed.
type Refusal = &'static str;

pub(crate) async fn answer(world: &Arc<World>, request: &Request) -> Reply {
    let parts = request.parts();
    let reply = match (request.method.as_str(), parts.as_slice()) {
        ("GET", ["standin", "anchors"]) => return Reply::text(200, "application/x-pem-file", &AUTHORITY.anchors),
        ("GET", ["standin", what]) => shown(world, what),
        ("POST", ["standin", what]) => match request.json() {
            Some(order) => told(world, what, &order).await,
            None => Err("the body is no JSON"),
        },
        _ => Err("no such control route"),
    };
    world.flush();
    match reply {
        Ok(answer) => Reply::json(200, &answer),
        Err(refusal) => Reply::json(400, &json!({"error": refusal})),
    }
}

fn shown(world: &World, what: &str) -> Result<Value, Refusal> {
    let state = world.state();
    Ok(match what {
        "variables" => {
            let variables = world.settings().variables(&world.base_url, &AUTHORITY.anchors);
            variables.into_iter().map(|(name, value)| (name.to_owned(), Value::from(value))).collect()
        }
        "events" => state
            .events
            .iter()
            .map(|event| json!({"id": event.id, "provider": event.provider.name(), "kind": event.kind, "created": event.created}))
            .collect(),
        "attempts" => state.attempts.iter().map(attempt).collect(),
        "questions" => state.fraud.questions.iter().cloned().collect(),
        "stock" => state.stock.effects.iter().cloned().map(Value::from).collect(),
        "seen" => state.seen.iter().map(|seen| json!({"call": seen.call, "key": seen.key, "status": seen.status})).collect(),
        _ => return Err("no such control route"),
    })
}

async fn told(world: &Arc<World>, what: &str, order: &Value) -> Result<Value, Refusal> {
    let text = |name: &str| order[name].as_str();
    let id = || text("id").ok_or("id is missing");
    let yes = |name: &str| order[name].as_bool().unwrap_or(true);
    match what {
        "webhooks" => {
            let target = &mut world.state().target;
            for (name, url) in [("paypal", &mut target.paypal), ("stripe", &mut target.stripe)] {
                if let Some(given) = text(name) {
                    *url = Some(given.to_owned());
                }
            }
            target.automatic = order["automatic"].as_bool().unwrap_or(target.automatic);
            Ok(json!({"paypal": target.paypal, "stripe": target.stripe, "automatic": target.automatic}))
        }
        "approve" => happened(&world.approve(id()?)),
        "pay" if order["id"].is_null() => happened(&world.pay_directly(&payment(order)?)),
        "pay" => happened(&world.pay(id()?, outcome(order)?)),
        "settle" => happened(&world.settle(id()?, yes("paid"))),
        "refund" => happened(&world.refund(id()?, text("amount"))),
        "reverse" => happened(&world.reverse(id()?, text("amount"))),
        "refund-fails" => happened(&world.refund_fails(id()?)),
        "refund-becomes" => happened(&world.refund_becomes(id()?, text("status").ok_or("status is missing")?)),
        "hold" => happened(&world.hold(&payment(order)?)),
        "take" => happened(&world.take(id()?, text("amount"))),
        "release" => happened(&world.release(id()?)),
        "dispute" => {
            let inquiry = order["inquiry"].as_bool().unwrap_or(false);
            happened(&world.dispute(id()?, &Complaint { amount: text("amount").map(str::to_owned), inquiry }))
        }
        "escalate" => happened(&world.escalate(id()?)),
        "resolve" => {
            let name = text("decision").unwrap_or(if yes("won") { "won" } else { "lost" });
            let decision = Decision::named(name, text("amount"));
            happened(&world.resolve(id()?, &decision.ok_or("decision is won, lost, settled, prevented or silent")?))
        }
        "cart" => {
            let user = text("userId").ok_or("userId is missing")?;
            world.state().carts.insert(user.to_owned(), order["cart"].clone());
            Ok(json!({}))
        }
        "stock" => {
            let (sku, pieces) = (text("sku").ok_or("sku is missing")?, order["pieces"].as_i64());
            world.state().stock.free.insert(sku.to_owned(), pieces.ok_or("pieces is missing")?);
            Ok(json!({}))
        }
        "judge" => {
            world.state().fraud.answer = Some(order.to_string());
            Ok(json!({}))
        }
        "thin" => happened(&world.thin(text("event").ok_or("event is missing")?)),
        "publish" => {
            happened(&world.publish(provider(order)?, text("kind").ok_or("kind is missing")?, &order["resource"]))
        }
        "fail" => {
            world.state().faults.add(fault(order)?);
            Ok(json!({}))
        }
        "heal" => {
            world.state().faults.heal();
            Ok(json!({}))
        }
        "hide" => {
            world.state().faults.hide(id()?);
            Ok(json!({}))
        }
        "show" => {
            world.state().faults.show(id()?);
            Ok(json!({}))
        }
        "expire-tokens" => {
            let mut state = world.state();
            state.paypal.tokens.forget();
            state.paypal.tokens.life = order["life"].as_u64();
            Ok(json!({}))
        }
        "sign" => signed(world, order),
        "deliver" => deliver(world, order).await,
        _ => Err("no such control route"),
    }
}

fn happened(happened: &ActionEvents) -> Result<Value, Refusal> {
    if happened.id.is_empty() {
        return Err("there is no such thing, or it isn't in a state for that");
    }
    Ok(json!({"id": happened.id, "events": happened.events}))
}

fn attempt(attempt: &Attempt) -> Value {
    json!({"event": attempt.event, "status": attempt.status, "answer": attempt.answer})
}

fn provider(order: &Value) -> Result<Provider, Refusal> {
    order["provider"].as_str().and_then(Provider::named).ok_or("provider is paypal or stripe")
}

fn outcome(order: &Value) -> Result<Outcome, Refusal> {
    match order["outcome"].as_str() {
        None | Some("completed") => Ok(Outcome::Completed),
        Some("pending") => Ok(Outcome::Pending),
        Some("declined") => Ok(Outcome::Declined),
        Some(_) => Err("outcome is completed, pending or declined"),
    }
}

/// `{provider, order, amount, currency, payee?, outcome?}`
fn payment(order: &Value) -> Result<Payment, Refusal> {
    let text =
        |name: &'static str| order[name].as_str().ok_or("id, or provider, order, amount and currency are needed");
    let payment = Payment::new(provider(order)?, text("order")?, text("amount")?, text("currency")?);
    Ok(Payment { payee: order["payee"].as_str().map(str::to_owned), outcome: outcome(order)?, ..payment })
}

/// `{status? | hang? | disconnect? | delayMs?, done?, path?, times?, retryAfter?}`
fn fault(order: &Value) -> Result<Fault, Refusal> {
    let done = order["done"].as_bool().unwrap_or(false);
    let status = order["status"].as_u64().and_then(|status| u16::try_from(status).ok());
    if order["disconnect"] == true {
        return Ok(limited(Fault::new(FaultKind::Disconnect), order));
    }
    let kind = match (status, order["hang"].as_bool(), order["delayMs"].as_u64()) {
        (Some(status), None, None) if (100..1000).contains(&status) => {
            if done {
                FaultKind::DoneThenStatus(status)
            } else {
                FaultKind::Status(status)
            }
        }
        (None, Some(true), None) => {
            if done {
                FaultKind::DoneThenHang
            } else {
                FaultKind::Hang
            }
        }
        (None, None, Some(time)) => FaultKind::Delay(Duration::from_millis(time)),
        _ => return Err("one of status, hang, disconnect and delayMs is needed"),
    };
    Ok(limited(Fault::new(kind), order))
}

/// The fault, limited to some calls, and to so many of them.
fn limited(fault: Fault, order: &Value) -> Fault {
    let number = |name: &str| order[name].as_u64().and_then(|number| u32::try_from(number).ok());
    let fault = fault.on(order["path"].as_str().unwrap_or(""));
    Fault { times: number("times"), retry_after: number("retryAfter"), ..fault }
}

/// `{event | provider, body}` and `{wrongKey?, sentAt?, webhookId?}`; `forgedBody`: signed for the
/// event, with another body of the same CRC-32.
fn signed(world: &World, order: &Value) -> Result<Value, Refusal> {
    let (provider, body) = match order["event"].as_str() {
        Some(id) => {
            let event = world.state().events.iter().find(|event| event.id == id).cloned().ok_or("no such event")?;
            (event.provider, event.body)
        }
        None => (provider(order)?, order["body"].as_str().ok_or("body is missing")?.into()),
    };
    let how = Signing {
        sent_at: order["sentAt"].as_i64(),
        wrong_key: order["wrongKey"].as_bool().unwrap_or(false),
        webhook_id: order["webhookId"].as_str().map(str::to_owned),
        ..Signing::default()
    };
    let mut signed = sign(world.settings(), &world.base_url, provider, &body, &how);
    if let Some(forged) = order["forgedBody"].as_str() {
        signed.body = with_the_crc_of(&signed.body, forged.as_bytes());
    }
    let headers: serde_json::Map<_, _> = signed.headers.into_iter().map(|(name, value)| (name, value.into())).collect();
    Ok(json!({"headers": headers, "body": String::from_utf8_lossy(&signed.body)}))
}

/// `{events: [id], times?, atOnce?, delayMs?}`: each event so often, in this order, or all at the
/// same moment.
async fn deliver(world: &Arc<World>, order: &Value) -> Result<Value, Refusal> {
    let events: Vec<String> =
        order["events"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if events.is_empty() {
        return Err("events is missing");
    }
    tokio::time::sleep(Duration::from_millis(order["delayMs"].as_u64().unwrap_or(0))).await;
    let times = order["times"].as_u64().unwrap_or(1) as usize;
    let at_once = order["atOnce"].as_bool().unwrap_or(false);
    let mut attempts = Vec::new();
    let mut running = tokio::task::JoinSet::new();
    for event in events.iter().flat_map(|event| std::iter::repeat_n(event.clone(), times)) {
        if at_once {
            let world = Arc::clone(world);
            running.spawn(async move { world.deliver(&event).await });
        } else {
            attempts.extend(world.deliver(&event).await);
        }
    }
    attempts.extend(running.join_all().await.into_iter().flatten());
    Ok(attempts.iter().map(attempt).collect())
}
