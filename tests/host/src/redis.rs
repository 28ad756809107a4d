//! `spin:redis`: one TCP connection per `open`, shared by the calls made on it at the same time. As
//! in Spin there is no pool, no reconnect, and no time limit on connecting or on an answer.

use crate::bindings::redis::{self as wit, Error, RedisParameter, RedisResult};
use crate::guest::Guest;
use crate::permits::Permit;
use ::redis::aio::MultiplexedConnection;
use ::redis::{AsyncCommands as _, ErrorKind, RedisError, Value};
use wasmtime::component::{Accessor, HasSelf, Resource};

/// A guest's connection, and its permit.
pub struct RedisConnection(MultiplexedConnection, #[expect(dead_code, reason = "it is held")] Permit);

impl wit::Host for Guest {}

impl wit::HostConnection for Guest {
    async fn drop(&mut self, connection: Resource<RedisConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send> wit::HostConnectionWithStore<T> for HasSelf<Guest> {
    async fn open(accessor: &Accessor<T, Self>, address: String) -> Result<Resource<RedisConnection>, Error> {
        let grant = accessor.with(|mut access| access.get().grant.clone());
        if !grant.allow_list.check(&grant.id, &address, "redis") {
            return Err(Error::InvalidAddress);
        }
        let permit = grant.permits.redis.take().await;
        let client = ::redis::Client::open(address).map_err(|_| Error::InvalidAddress)?;
        let connection = client.get_multiplexed_async_connection().await.map_err(other)?;
        accessor
            .with(|mut access| access.get().table.push(RedisConnection(connection, permit)))
            .map_err(|_| Error::TooManyConnections)
    }

    async fn publish(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        channel: String,
        payload: Vec<u8>,
    ) -> Result<(), Error> {
        get(accessor, &connection)?.publish(channel, payload).await.map_err(other)
    }

    async fn get(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> Result<Option<Vec<u8>>, Error> {
        get(accessor, &connection)?.get(key).await.map_err(other)
    }

    async fn set(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        value: Vec<u8>,
    ) -> Result<(), Error> {
        get(accessor, &connection)?.set(key, value).await.map_err(other)
    }

    async fn incr(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> Result<i64, Error> {
        get(accessor, &connection)?.incr(key, 1).await.map_err(other)
    }

    async fn del(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        keys: Vec<String>,
    ) -> Result<u32, Error> {
        get(accessor, &connection)?.del(keys).await.map_err(other)
    }

    async fn sadd(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, Error> {
        get(accessor, &connection)?.sadd(key, values).await.map_err(|error| match error.kind() {
            ErrorKind::TypeError => Error::TypeError,
            _ => other(error),
        })
    }

    async fn smembers(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
    ) -> Result<Vec<String>, Error> {
        get(accessor, &connection)?.smembers(key).await.map_err(other)
    }

    async fn srem(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        key: String,
        values: Vec<String>,
    ) -> Result<u32, Error> {
        get(accessor, &connection)?.srem(key, values).await.map_err(other)
    }

    async fn execute(
        accessor: &Accessor<T, Self>,
        connection: Resource<RedisConnection>,
        command: String,
        arguments: Vec<RedisParameter>,
    ) -> Result<Vec<RedisResult>, Error> {
        let mut connection = get(accessor, &connection)?;
        let mut command = ::redis::cmd(&command);
        for argument in arguments {
            match argument {
                RedisParameter::Int64(number) => command.arg(number),
                RedisParameter::Binary(bytes) => command.arg(bytes),
            };
        }
        let answer: Value = command.query_async(&mut connection).await.map_err(other)?;
        let mut results = Vec::new();
        flatten(answer, &mut results).map_err(other)?;
        Ok(results)
    }
}

fn get<T>(
    accessor: &Accessor<T, HasSelf<Guest>>,
    connection: &Resource<RedisConnection>,
) -> Result<MultiplexedConnection, Error> {
    accessor.with(|mut access| match access.get().table.get(connection) {
        Ok(RedisConnection(connection, _)) => Ok(connection.clone()),
        Err(_) => Err(Error::Other("could not find connection for resource".into())),
    })
}

fn other(error: RedisError) -> Error {
    Error::Other(error.to_string())
}

/// As in Spin, nested arrays lose their structure, numbers their type, and newer kinds of answer
/// are errors.
fn flatten(answer: Value, results: &mut Vec<RedisResult>) -> Result<(), RedisError> {
    let unsupported = |kind: &str| {
        let detail = format!("Redis {kind} is not supported");
        Err(RedisError::from((ErrorKind::TypeError, "Could not convert Redis response", detail)))
    };
    results.push(match answer {
        Value::Nil => RedisResult::Nil,
        Value::Int(number) => RedisResult::Int64(number),
        Value::Boolean(flag) => RedisResult::Int64(flag.into()),
        Value::BulkString(bytes) => RedisResult::Binary(bytes),
        Value::SimpleString(text) => RedisResult::Status(text),
        Value::Okay => RedisResult::Status("OK".into()),
        Value::Double(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::BigNumber(number) => RedisResult::Binary(number.to_string().into_bytes()),
        Value::Array(values) | Value::Set(values) => {
            return values.into_iter().try_for_each(|value| flatten(value, results));
        }
        Value::Map(_) => return unsupported("Map type"),
        Value::Attribute { .. } => return unsupported("Attribute type"),
        Value::VerbatimString { .. } => return unsupported("string with format attribute"),
        Value::Push { .. } => return unsupported("Pub/Sub types"),
        Value::ServerError(error) => {
            return Err(RedisError::from((ErrorKind::ResponseError, "Server error", format!("{error:?}"))));
        }
    });
    Ok(())
}
