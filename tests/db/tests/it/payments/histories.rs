//! Random histories of an order's objects come to what a plain account of the money says, in any
//! order of arrival, with repetitions, whenever the order appears.
//!
//! The account knows nothing of observations: it adds up what has happened at the provider. Some
//! hundred histories are tried, as many as PAYMENTS_HISTORIES says if it is set. A short one is
//! told in every order of arrival there is, a longer one in some.

use serde_json::{Value, json};
use tokio_postgres::Client;
use uuid::Uuid;

use super::{ACCOUNT, Event, database, place};

/// The number of histories that are tried unless it is told.
const HISTORIES: u64 = 200;
/// As many observations of one order are told in every order of arrival.
const SHORT: usize = 3;
/// The orders of arrival that a longer history is told in.
const ARRIVALS: usize = 2;
/// The order's total, in cents.
const TOTAL: i64 = 10_000;

/// The lives of payments, refunds and disputes, the usual ones more often.
const PAYMENTS: [&[&str]; 11] = [
    &["completed"],
    &["completed"],
    &["completed"],
    &["pending", "completed"],
    &["authorized", "completed"],
    &["failed", "completed"],
    &["pending"],
    &["authorized"],
    &["pending", "failed"],
    &["authorized", "cancelled"],
    &["pending", "authorized", "completed"],
];
const REFUNDS: [&[&str]; 7] = [
    &["completed"],
    &["completed"],
    &["pending"],
    &["pending", "completed"],
    &["pending", "failed"],
    &["pending", "cancelled"],
    &["completed", "failed"],
];
const DISPUTES: [&[&str]; 12] = [
    &["open"],
    &["inquiry"],
    &["inquiry", "closed"],
    &["inquiry", "open", "won"],
    &["open", "lost"],
    &["open", "lost"],
    &["open", "lost", "won"],
    &["open", "closed"],
    &["closed"],
    &["open", "undecided"],
    &["open", "won", "open"],
    &["open", "won", "open", "lost"],
];

/// A die that falls the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % count
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn shuffle<T>(&mut self, things: &mut [T]) {
        for n in (1..things.len()).rev() {
            things.swap(n, self.below(n + 1));
        }
    }
}

/// What has become of one payment, in cents.
#[derive(Debug, Default, Clone)]
struct Account {
    id: String,
    state: &'static str,
    amount: i64,
    /// Refunds that count.
    given: i64,
    /// What lost disputes took beside all refunds.
    lost: i64,
    /// A part of that was forced.
    forced: bool,
    disputed: bool,
}

impl Account {
    fn back(&self) -> i64 {
        self.given + self.lost
    }

    fn status(&self) -> &'static str {
        match self.state {
            "completed" if self.disputed => "disputed",
            "completed" if self.back() == self.amount => {
                if self.forced {
                    "reversed"
                } else {
                    "refunded"
                }
            }
            "completed" if self.back() > 0 => "partially_refunded",
            "completed" => "paid",
            "pending" => "pending",
            "authorized" => "authorized",
            _ => "failed",
        }
    }
}

/// All that happened to one order.
#[derive(Debug, Default)]
struct History {
    stripe: bool,
    payments: Vec<Account>,
    reserved: bool,
    /// What the provider told, in the order in which it happened.
    told: Vec<Value>,
}

impl History {
    fn time(&self) -> String {
        let second = self.told.len();
        format!("2026-01-15T12:{:02}:{:02}.000000Z", second / 60, second % 60)
    }

    fn tell(&mut self, kind: &str, id: &str, state: &str, cents: i64, more: Value) {
        let mut object = json!({"kind": kind, "id": id, "state": state, "amount": money(cents), "currency": "EUR",
            "changed_at": self.time()});
        object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.told.push(object);
    }

    /// Stripe tells a payment's sum of refunds with the charge.
    fn tell_total(&mut self, at: usize, order: Uuid) {
        if self.stripe {
            let Account { id, amount, given, .. } = self.payments[at].clone();
            let total = json!({"order_reference": order, "refunded_total": money(given)});
            self.tell("payment", &id, "completed", amount, total);
        }
    }

    fn pay(&mut self, dice: &mut Dice, order: Uuid, run: &str) {
        let id = format!("C{}.{run}", self.payments.len());
        let amount = *dice.of(&[10_000, 10_000, 10_000, 6_000, 4_000, 12_000]);
        let life = *dice.of(&PAYMENTS);
        // Of what was reserved a part may be taken, and the rest is released.
        let taken = if life.contains(&"authorized") && dice.below(2) == 0 { amount / 2 } else { amount };
        for state in life {
            let shown = if *state == "completed" { taken } else { amount };
            self.tell("payment", &id, state, shown, json!({"order_reference": order}));
        }
        let state = life[life.len() - 1];
        let amount = if state == "completed" { taken } else { amount };
        self.payments.push(Account { id, state, amount, ..Account::default() });
    }

    fn reserve(&mut self, dice: &mut Dice, order: Uuid, run: &str) {
        let id = format!("A{}.{run}", self.told.len());
        self.tell("authorization", &id, "authorized", TOTAL, json!({"order_reference": order}));
        match *dice.of(&[None, None, Some("cancelled"), Some("completed")]) {
            Some(end) => self.tell("authorization", &id, end, TOTAL, json!({"order_reference": order})),
            None => self.reserved = true,
        }
    }

    /// A sum of what is left of a payment.
    fn part(&self, dice: &mut Dice, at: usize) -> i64 {
        let left = self.payments[at].amount - self.payments[at].back();
        *dice.of(&[left, left / 2, 1_000.min(left)])
    }

    fn refund(&mut self, dice: &mut Dice, at: usize, order: Uuid, run: &str, forced: bool) -> i64 {
        let (id, parent) = (format!("R{}.{run}", self.told.len()), self.payments[at].id.clone());
        let sum = self.part(dice, at);
        if sum == 0 {
            return 0;
        }
        let reversal = forced || !self.stripe && dice.below(4) == 0;
        let life = if forced { &["completed"] } else { *dice.of(&REFUNDS) };
        let by_total_alone = self.stripe && dice.below(3) == 0;
        // Stripe counts a refund from its birth on, PayPal once it is completed.
        let counts_from = if self.stripe { life[0] } else { "completed" };
        for state in life {
            let before = self.payments[at].given;
            if *state == counts_from {
                self.payments[at].given += sum;
            } else if matches!(*state, "failed" | "cancelled") && life[0] == counts_from {
                self.payments[at].given -= sum;
            }
            // Stripe always tells of a failure by the refund itself.
            if !by_total_alone || matches!(*state, "failed" | "cancelled") {
                let mut more = json!({"parent": parent, "reversal": reversal});
                if !self.stripe && *state == "completed" {
                    more["refunded_total"] = money(self.payments[at].given).into();
                }
                self.tell("refund", &id, state, sum, more);
            }
            if self.payments[at].given > before || self.payments[at].given < before && dice.below(2) == 0 {
                self.tell_total(at, order);
            }
        }
        if life[life.len() - 1] != "completed" {
            return 0;
        }
        self.payments[at].forced |= reversal;
        sum
    }

    fn dispute(&mut self, dice: &mut Dice, at: usize, order: Uuid, run: &str) {
        let (id, parent) = (format!("D{}.{run}", self.told.len()), self.payments[at].id.clone());
        let sum = self.part(dice, at);
        if sum == 0 {
            return;
        }
        let life = *dice.of(&DISPUTES);
        for state in life {
            let last = *state == life[life.len() - 1];
            let mut more = json!({"parent": parent, "order_reference": order});
            if *state == "lost" {
                // PayPal pays it out as a refund of its own, Stripe takes it beside all refunds.
                let mut taken = sum;
                if last && self.stripe {
                    self.payments[at].lost += sum;
                    self.payments[at].forced = true;
                } else if last {
                    taken = self.refund(dice, at, order, run, true);
                    self.payments[at].forced = true;
                }
                more["returned"] = money(taken).into();
            }
            self.tell("dispute", &id, state, sum, more);
        }
        self.payments[at].disputed |= life[life.len() - 1] == "open";
    }

    /// One to four objects.
    fn random(dice: &mut Dice, order: Uuid, run: &str) -> Self {
        let mut history = Self { stripe: dice.below(2) == 0, ..Self::default() };
        history.pay(dice, order, run);
        for _ in 0..dice.below(4) {
            let taken: Vec<usize> =
                (0..history.payments.len()).filter(|at| history.payments[*at].state == "completed").collect();
            match dice.below(8) {
                0 => history.pay(dice, order, run),
                1 if !history.stripe => history.reserve(dice, order, run),
                2..=4 if !taken.is_empty() => {
                    let at = *dice.of(&taken);
                    history.refund(dice, at, order, run, false);
                }
                _ if !taken.is_empty() => {
                    let at = *dice.of(&taken);
                    history.dispute(dice, at, order, run);
                }
                _ => history.pay(dice, order, run),
            }
        }
        history
    }

    /// The order's status and sums, then each payment's, by the account alone.
    fn expected(&self) -> String {
        let taken = || self.payments.iter().filter(|payment| payment.state == "completed");
        let captured: i64 = taken().map(|payment| payment.amount).sum();
        let back: i64 = taken().map(Account::back).sum();
        let any = |status: &str| self.payments.iter().any(|payment| payment.status() == status);
        let status = if any("disputed") {
            "disputed"
        } else if captured > 0 && back == captured {
            if any("reversed") { "reversed" } else { "refunded" }
        } else if captured > 0 && captured - back >= TOTAL {
            "paid"
        } else if back > 0 {
            "partially_refunded"
        } else if captured > 0 {
            "partially_paid"
        } else if self.reserved || any("authorized") {
            "authorized"
        } else if any("pending") {
            "pending"
        } else {
            "failed"
        };
        let mut line = format!("{status} {} {}", money(captured), money(back));
        for payment in &self.payments {
            let (id, _) = payment.id.split_once('.').unwrap();
            let back = if payment.state == "completed" { payment.back() } else { 0 };
            line.push_str(&format!(" {id}={}/{}/{}", payment.status(), money(payment.amount), money(back)));
        }
        line
    }

    /// Tells all of it in this order, some of it twice, as the same event or as another one. The
    /// order appears among it.
    async fn deliver(&self, dice: &mut Dice, client: &Client, order: Uuid, mut arrival: Vec<usize>) {
        let (provider, account) = if self.stripe { ("stripe", "acct_1") } else { ("paypal", ACCOUNT) };
        let event = |at: &usize| Event { provider, account, ..Event::new(vec![self.told[*at].clone()]) };
        let events: Vec<Event> = (0..self.told.len()).map(|at| event(&at)).collect();
        for _ in 0..dice.below(3) {
            arrival.insert(dice.below(arrival.len() + 1), dice.below(self.told.len()));
        }
        let placed = dice.below(arrival.len() + 1);
        for (n, at) in arrival.iter().enumerate() {
            if n == placed {
                place(client, order, "100.00").await;
            }
            match dice.below(8) {
                0 => event(at).deliver(client).await,
                _ => events[*at].deliver(client).await,
            };
        }
        if placed == arrival.len() {
            place(client, order, "100.00").await;
        }
    }
}

/// The orders in which so many things arrive: all of them, or some.
fn arrivals(dice: &mut Dice, count: usize) -> Vec<Vec<usize>> {
    if count > SHORT {
        return (0..ARRIVALS)
            .map(|_| {
                let mut arrival: Vec<usize> = (0..count).collect();
                dice.shuffle(&mut arrival);
                arrival
            })
            .collect();
    }
    let mut all = vec![Vec::new()];
    for thing in 0..count {
        let longer = |some: Vec<usize>| {
            (0..=some.len()).map(move |at| [&some[..at], &[thing], &some[at..]].concat()).collect::<Vec<_>>()
        };
        all = all.into_iter().flat_map(longer).collect();
    }
    all
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// One history in its orders of arrival, each for an order of its own.
async fn tell(client: &Client, seed: u64) {
    let mut dice = Dice::new(seed);
    let count = History::random(&mut Dice::new(seed), Uuid::nil(), "").told.len();
    for arrival in arrivals(&mut dice, count) {
        let order = Uuid::now_v7();
        // The same history each time.
        let history = History::random(&mut Dice::new(seed), order, &order.simple().to_string());
        history.deliver(&mut dice, client, order, arrival.clone()).await;
        let told = serde_json::to_string_pretty(&history.told).unwrap();
        let state = super::state(client, order).await;
        assert_eq!(state, history.expected(), "history {seed}, told as {arrival:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn random_histories_come_to_what_the_account_of_the_money_says() {
    let db = database().await;
    let wanted = std::env::var("PAYMENTS_HISTORIES").map_or(HISTORIES, |count| count.parse().expect("a number"));
    let teller = async |first: u64| {
        let client = db.connect().await;
        for seed in (first..wanted).step_by(4) {
            tell(&client, seed).await;
        }
    };
    tokio::join!(teller(0), teller(1), teller(2), teller(3));
    assert_eq!(db.text(super::transactions::WRONG).await, "0", "the ledger says what the payments say");
    let waiting = db.text("SELECT count(*) FROM webhook_events WHERE state = 'received'").await;
    assert_eq!(waiting, "0", "every event has found its order");
}
