//! The native peer: one order from Redis, else from Postgres and then into Redis for five minutes.
//! No token, no certificate, no lease; another program's change is seen only when the entry ends.
//! `PORT`, `REDIS_URL`, `DATABASE_URL` and `ORGANIZATION` are its settings.

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use deadpool_postgres::{Manager, Pool};
use redis::AsyncCommands;
use redis::aio::MultiplexedConnection;
use tokio_postgres::NoTls;
use uuid::Uuid;

/// The default of `ttl_order`.
const TTL_SECONDS: u64 = 300;

#[derive(Clone)]
struct Service {
    redis: MultiplexedConnection,
    postgres: Pool,
    organization: Uuid,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let redis = redis::Client::open(std::env::var("REDIS_URL")?)?.get_multiplexed_async_connection().await?;
    let manager = Manager::new(std::env::var("DATABASE_URL")?.parse()?, NoTls);
    let postgres = Pool::builder(manager).max_size(64).build()?;
    let organization = std::env::var("ORGANIZATION")?.parse()?;
    let app = axum::Router::new().route("/api/v1/orders/{id}", get(order)).with_state(Service {
        redis,
        postgres,
        organization,
    });
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", std::env::var("PORT")?)).await?;
    axum::serve(listener, app).await?;
    Ok(())
}

async fn order(State(service): State<Service>, Path(id): Path<Uuid>) -> Response {
    match read(service, id).await {
        Ok(Some(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

async fn read(mut service: Service, id: Uuid) -> Result<Option<Vec<u8>>, Failure> {
    let key = format!("native:order:{id}");
    let cached: Option<Vec<u8>> = service.redis.get(&key).await?;
    if cached.is_some() {
        return Ok(cached);
    }
    let client = service.postgres.get().await?;
    let statement = client.prepare_cached("SELECT body FROM order_get($1, $2)").await?;
    let Some(row) = client.query_opt(&statement, &[&service.organization, &id]).await? else { return Ok(None) };
    let body: String = row.get(0);
    service.redis.set_ex::<_, _, ()>(&key, body.as_bytes(), TTL_SECONDS).await?;
    Ok(Some(body.into_bytes()))
}
