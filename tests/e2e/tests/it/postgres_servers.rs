//! Two servers of Postgres may answer to one name: a replica was promoted, and the old primary is
//! still there. What the old one says is never cached beside what its successor says.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{App, Client, PostgresProcess, SOON, eventually};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One address of two servers. A connection that calls itself `old` leads to the old primary, until
/// the address has moved; every other one leads to the new primary.
struct Address {
    host: String,
    moved: Arc<AtomicBool>,
}

impl Address {
    async fn of(old: u16, new: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let host = listener.local_addr().expect("an address").to_string();
        let moved = Arc::new(AtomicBool::new(false));
        let has_moved = moved.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let moved = has_moved.clone();
                tokio::spawn(async move { forward(client, old, new, &moved).await });
            }
        });
        Self { host, moved }
    }

    /// The address of a database, for connections of this name.
    fn url(&self, database_url: &str, name: &str) -> String {
        let (scheme, rest) = database_url.split_once("://").expect("an address");
        let (user, rest) = rest.split_once('@').expect("a user");
        let path = rest.split_once('/').expect("a database").1;
        format!("{scheme}://{user}@{}/{path}&application_name={name}", self.host)
    }
}

/// Reads the first message of a client, which holds its name, and forwards all to its server.
async fn forward(mut client: TcpStream, old: u16, new: u16, moved: &AtomicBool) -> std::io::Result<()> {
    let length = client.read_u32().await?;
    let mut message = vec![0; (length as usize).saturating_sub(4)];
    client.read_exact(&mut message).await?;
    let is_old = message.windows(21).any(|bytes| bytes == b"application_name\0old\0");
    let port = if is_old && !moved.load(Ordering::SeqCst) { old } else { new };
    let mut server = TcpStream::connect(("127.0.0.1", port)).await?;
    server.write_u32(length).await?;
    server.write_all(&message).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await.map(drop)
}

/// The server in the certificate that stands in Redis.
async fn certified(app: &App) -> Option<String> {
    let client = redis::Client::open(&*app.redis.as_ref().expect("an own Redis").url()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("Redis answers");
    let key = format!("{}cache:certificate", app.prefix());
    let certificate: Option<String> = redis::cmd("GET").arg(key).query_async(&mut connection).await.expect("GET");
    certificate.map(|certificate| certificate[82..].to_owned())
}

/// An order's notes, as a server shows them, and whether they came from the cache. An old primary
/// ends the app's sessions, so a read that is under way there may be told to come again.
async fn notes(client: &Client, path: &str) -> (String, bool) {
    let answer = eventually("an answer", SOON, || async {
        let answer = client.get(path).await;
        (answer.status != 503).then_some(answer)
    })
    .await
    .expect(200);
    (answer.json()["notes"].as_str().unwrap_or_default().to_owned(), answer.is_hit())
}

/// Changes the order in one server, past the product.
async fn change(app: &App, postgres: &PostgresProcess, notes: &str) {
    let name = app.database_url().split('?').next().and_then(|url| url.rsplit('/').next()).expect("a database");
    let database = kit::database::connect(&kit::database::with_database(&postgres.url(), name)).await;
    let sql = format!("UPDATE orders SET notes = '{notes}' WHERE id = '{}'", app.sample.order);
    database.batch_execute(&sql).await.expect("a change");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_new_primary_never_shows_what_the_old_one_says() {
    let Some(app) = App::private().own_redis().own_postgres().spawn().await else { return };
    let old = app.postgres.as_ref().expect("an own Postgres");
    let path = format!("/orders/{}", app.sample.order);
    change(&app, old, "before").await;
    let new = old.promoted_copy().await;
    let address = Address::of(old.port(), new.port()).await;
    let host = address.host.clone();
    let server = async |name: &str| {
        let url = address.url(app.database_url(), name);
        app.another_server_with(name, &[("database_url", &url), ("database_host", &host)]).await
    };
    let ((_at_old, at_old), (_at_new, at_new)) = (server("old").await, server("new").await);
    let hits = async |client: &Client| {
        eventually("a hit", SOON, || async { notes(client, &path).await.1.then_some(()) }).await;
    };
    // Only the old primary has given certificates so far.
    hits(&at_old).await;
    let before = certified(&app).await;
    change(&app, old, "old").await;

    // A change by another program, then changes by the product.
    change(&app, &new, "new").await;
    // Until it has given a certificate, those of the old primary count for it, too.
    eventually("the new primary's instance shows the change", SOON, || async {
        notes(&at_old, &path).await;
        (notes(&at_new, &path).await.0 == "new").then_some(())
    })
    .await;
    let after = eventually("the new primary gives the certificates", SOON, || async {
        // A certificate ends by itself, where the machine stalls after a read.
        notes(&at_new, &path).await;
        certified(&app).await.filter(|server| Some(server) != before.as_ref())
    })
    .await;
    let after = Some(after);
    for round in 0..12 {
        let expected = format!("round {round}");
        at_new.patch(&app.sample.order, json!({ "notes": expected })).await.expect(200);
        for _ in 0..5 {
            // An instance that has heard no server yet may take what the new primary's have cached.
            let seen = notes(&at_old, &path).await;
            assert!(seen == ("old".to_owned(), false) || seen == (expected.clone(), true), "never cached: {seen:?}");
            assert_eq!(notes(&at_new, &path).await.0, expected);
        }
        // On a machine that stalled, the last one has ended.
        let now = certified(&app).await;
        assert!(now.is_none() || now == after, "the old primary gives none: {now:?} {after:?}");
    }
    hits(&at_new).await;
    eventually("the instance on the old primary is told", SOON, || async {
        notes(&at_old, &path).await;
        at_old.get("/health").await.text().contains("a newer primary").then_some(())
    })
    .await;

    // The address moves on. Its instance has no session with the old primary any more.
    address.moved.store(true, Ordering::SeqCst);
    eventually("both show the new primary's", SOON, || async {
        (notes(&at_old, &path).await == ("round 11".to_owned(), true)).then_some(())
    })
    .await;
}
