//! The guest's side of a connection: open, query, execute.

use super::values::{self, to_parameters};
use super::{Builder, PostgresConnection, check_address};
use crate::bindings::postgres::{self as wit, Column, DbError, Error, ParameterValue, QueryError, Row, RowSet};
use crate::guest::{Grant, Guest};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::{mpsc, oneshot};
use wasmtime::StoreContextMut;
use wasmtime::component::{
    Accessor, Destination, FutureReader, HasSelf, Resource, StreamProducer, StreamReader, StreamResult,
};

impl wit::Host for Guest {}

impl wit::HostConnectionBuilder for Guest {
    fn new(&mut self, address: String) -> wasmtime::Result<Resource<Builder>> {
        Ok(self.table.push(Builder { address })?)
    }

    async fn set_ca_root(&mut self, _: Resource<Builder>, _: String) -> Result<(), Error> {
        Err(Error::Other("TLS to Postgres is not supported by this host".into()))
    }

    async fn build(&mut self, builder: Resource<Builder>) -> Result<Resource<PostgresConnection>, Error> {
        let address = self.address(&builder)?;
        wit::HostConnection::open(self, address).await
    }

    async fn drop(&mut self, builder: Resource<Builder>) -> wasmtime::Result<()> {
        self.table.delete(builder)?;
        Ok(())
    }
}

impl wit::HostConnection for Guest {
    async fn open(&mut self, address: String) -> Result<Resource<PostgresConnection>, Error> {
        let connection = open(&self.grant, &address).await?;
        self.keep(connection)
    }

    async fn query(
        &mut self,
        connection: Resource<PostgresConnection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<RowSet, Error> {
        let Rows { columns, mut rows, end } = self.connection(&connection)?.query(&statement, parameters).await?;
        let mut all = Vec::new();
        while let Some(row) = rows.recv().await {
            all.push(row);
        }
        end.await.unwrap_or(Ok(()))?;
        Ok(RowSet { columns, rows: all })
    }

    async fn execute(
        &mut self,
        connection: Resource<PostgresConnection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<u64, Error> {
        self.connection(&connection)?.execute(&statement, parameters).await
    }

    async fn drop(&mut self, connection: Resource<PostgresConnection>) -> wasmtime::Result<()> {
        self.table.delete(connection)?;
        Ok(())
    }
}

impl<T: Send> wit::HostConnectionBuilderWithStore<T> for HasSelf<Guest> {
    async fn build_async(
        accessor: &Accessor<T, Self>,
        builder: Resource<Builder>,
    ) -> Result<Resource<PostgresConnection>, Error> {
        let address = accessor.with(|mut access| access.get().address(&builder))?;
        <Self as wit::HostConnectionWithStore<T>>::open_async(accessor, address).await
    }
}

impl<T: Send> wit::HostConnectionWithStore<T> for HasSelf<Guest> {
    async fn open_async(accessor: &Accessor<T, Self>, address: String) -> Result<Resource<PostgresConnection>, Error> {
        let grant = accessor.with(|mut access| access.get().grant.clone());
        let connection = open(&grant, &address).await?;
        accessor.with(|mut access| access.get().keep(connection))
    }

    async fn query_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<PostgresConnection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<(Vec<Column>, StreamReader<Row>, FutureReader<Result<(), Error>>), Error> {
        let connection = accessor.with(|mut access| access.get().connection(&connection))?;
        let Rows { columns, rows, end } = connection.query(&statement, parameters).await?;
        accessor.with(|mut access| {
            let broken = |error: wasmtime::Error| Error::Other(error.to_string());
            let rows = StreamReader::new(&mut access, Producer(rows)).map_err(broken)?;
            let end = FutureReader::new(&mut access, end).map_err(broken)?;
            Ok((columns, rows, end))
        })
    }

    async fn execute_async(
        accessor: &Accessor<T, Self>,
        connection: Resource<PostgresConnection>,
        statement: String,
        parameters: Vec<ParameterValue>,
    ) -> Result<u64, Error> {
        let connection = accessor.with(|mut access| access.get().connection(&connection))?;
        connection.execute(&statement, parameters).await
    }
}

impl Guest {
    fn keep(&mut self, connection: PostgresConnection) -> Result<Resource<PostgresConnection>, Error> {
        self.table.push(connection).map_err(|_| Error::ConnectionFailed("too many connections".into()))
    }

    fn connection(&self, connection: &Resource<PostgresConnection>) -> Result<PostgresConnection, Error> {
        let missing = |_| Error::ConnectionFailed("no connection found".into());
        self.table.get(connection).cloned().map_err(missing)
    }

    fn address(&self, builder: &Resource<Builder>) -> Result<String, Error> {
        let missing = |_| Error::ConnectionFailed("no builder found".into());
        self.table.get(builder).map(|builder| builder.address.clone()).map_err(missing)
    }
}

async fn open(grant: &Grant, address: &str) -> Result<PostgresConnection, Error> {
    check_address(address, &grant.id, &grant.allow_list)?;
    grant
        .pools
        .open(address, &grant.permits.postgres)
        .await
        .map_err(|error| Error::ConnectionFailed(format!("{error:#}")))
}

/// A query's answer. The columns come from the first row: without one there are none.
struct Rows {
    columns: Vec<Column>,
    rows: mpsc::Receiver<Row>,
    end: oneshot::Receiver<Result<(), Error>>,
}

impl PostgresConnection {
    async fn execute(&self, statement: &str, parameters: Vec<ParameterValue>) -> Result<u64, Error> {
        let parameters = to_parameters(parameters).map_err(|e| Error::ValueConversionFailed(format!("{e:#}")))?;
        self.0.0.execute_raw(statement, parameters).await.map_err(query_failed)
    }

    async fn query(&self, statement: &str, parameters: Vec<ParameterValue>) -> Result<Rows, Error> {
        let parameters = to_parameters(parameters).map_err(|e| Error::BadParameter(format!("{e:#}")))?;
        let answer = self.0.0.query_raw(statement, parameters).await.map_err(query_failed)?;
        // Fused, because the driver's stream reports a closed connection when it is asked once more
        // after its end.
        let mut answer = Box::pin(answer.fuse());
        let first = answer.next().await;
        let columns = match &first {
            Some(Ok(row)) => values::columns(row),
            _ => Vec::new(),
        };

        let (row_out, rows) = mpsc::channel(4);
        let (end_out, end) = oneshot::channel();
        tokio::spawn(async move {
            let mut answer = stream::iter(first).chain(answer).map_err(query_failed);
            let result = loop {
                let next = tokio::select! {
                    biased;
                    () = row_out.closed() => break Ok(()),
                    next = answer.try_next() => next,
                };
                let row = match next {
                    Ok(Some(row)) => values::row(&row).map_err(|e| text(format!("{e:#}"))),
                    Ok(None) => break Ok(()),
                    Err(error) => Err(error),
                };
                match row {
                    Ok(row) => drop(row_out.send(row).await),
                    Err(error) => break Err(error),
                }
            };
            // No reader may be waiting for it any more.
            drop(end_out.send(result));
        });
        Ok(Rows { columns, rows, end })
    }
}

fn text(text: String) -> Error {
    Error::QueryFailed(QueryError::Text(text))
}

fn query_failed(error: tokio_postgres::Error) -> Error {
    let as_text = format!("{error:?}");
    let Some(db) = error.as_db_error() else { return text(as_text) };
    let extras = [
        ("column", db.column().map(str::to_owned)),
        ("constraint", db.constraint().map(str::to_owned)),
        ("routine", db.routine().map(str::to_owned)),
        ("hint", db.hint().map(str::to_owned)),
        ("table", db.table().map(str::to_owned)),
        ("datatype", db.datatype().map(str::to_owned)),
        ("schema", db.schema().map(str::to_owned)),
        ("file", db.file().map(str::to_owned)),
        ("line", db.line().map(|line| line.to_string())),
        ("where_", db.where_().map(str::to_owned)),
    ];
    Error::QueryFailed(QueryError::DbError(DbError {
        as_text,
        severity: db.severity().to_owned(),
        code: db.code().code().to_owned(),
        message: db.message().to_owned(),
        detail: db.detail().map(str::to_owned),
        extras: extras.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect(),
    }))
}

/// Hands rows to the guest one by one.
struct Producer(mpsc::Receiver<Row>);

impl<D> StreamProducer<D> for Producer {
    type Item = Row;
    type Buffer = Option<Row>;

    fn poll_produce<'a>(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        store: StoreContextMut<'a, D>,
        mut destination: Destination<'a, Row, Option<Row>>,
        finish: bool,
    ) -> Poll<wasmtime::Result<StreamResult>> {
        if destination.remaining(store) == Some(0) {
            return Poll::Ready(Ok(StreamResult::Completed));
        }
        match self.0.poll_recv(context) {
            Poll::Ready(Some(row)) => {
                destination.set_buffer(Some(row));
                Poll::Ready(Ok(StreamResult::Completed))
            }
            Poll::Ready(None) => Poll::Ready(Ok(StreamResult::Dropped)),
            Poll::Pending if finish => Poll::Ready(Ok(StreamResult::Cancelled)),
            Poll::Pending => Poll::Pending,
        }
    }
}
