//! GET /notes/:id is cached and never stale. PUT /notes/:id with a text as body changes it.
//!
//! No line here names what to invalidate: the table announces its changes by itself (schema.sql).

use cache_spin::answer::cache_status;
use cache_spin::cache::{Cache, Entry, Ttl};
use cache_spin::cache_logic::origin::OriginFault;
use cache_spin::params;
use cache_spin::postgres::Statement;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, Method, Request, Response, box_body};
use spin_sdk::http_service;

const READ: &str = "SELECT jsonb_build_object('id', id, 'text', text) AS body FROM notes WHERE id = $1";

const WRITE: &str = "
    INSERT INTO notes (id, text) VALUES ($1::bigint, $2)
    ON CONFLICT (id) DO UPDATE SET text = excluded.text RETURNING id, text";

#[http_service]
async fn handle(request: Request) -> Response<BoxBody> {
    route(request).await.unwrap_or_else(|fault| match fault {
        OriginFault::Unavailable { detail, .. } | OriginFault::Overloaded { detail, .. } => answer(503, detail),
        fault => {
            eprintln!("error: {fault}");
            answer(500, "see the log")
        }
    })
}

async fn route(request: Request) -> Result<Response<BoxBody>, OriginFault> {
    let cache = Cache::get().await?;
    let (head, body) = request.into_parts();
    let path: Vec<&str> = head.uri.path().split('/').skip(1).collect();
    let ["notes", id] = path.as_slice() else { return Ok(answer(404, "no such path")) };
    let Ok(id) = id.parse() else { return Ok(answer(404, "no such note")) };
    match head.method {
        Method::GET => read(cache, id).await,
        Method::PUT => match body.bytes().await.map(|body| String::from_utf8(body.into())) {
            Ok(Ok(text)) => write(cache, id, text).await,
            _ => Ok(answer(400, "the body is no text")),
        },
        _ => Ok(answer(405, "GET or PUT")),
    }
}

async fn read(cache: &'static Cache, id: i64) -> Result<Response<BoxBody>, OriginFault> {
    // The tag is the one that schema.sql has the table announce.
    let tag = format!("note:{id}");
    let entry = Entry::new(&tag, [&tag]);
    let read = cache.read(&entry, Statement::new(READ, params![id]), Ttl::seconds(3600)).await?;
    let Some(read) = read else { return Ok(answer(404, "no such note")) };
    let mut response = answer(200, read.value.payload);
    let status = cache_status("{{project-name | kebab_case}}", &read.outcome);
    for (name, value) in [("cache-status", status), ("etag", read.value.etag)] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

/// Returns when no reader is served the old text any more.
async fn write(cache: &'static Cache, id: i64, text: String) -> Result<Response<BoxBody>, OriginFault> {
    let written = cache.write_statement(Statement::new(WRITE, params![id, text])).await?;
    Ok(written.into_iter().next().map_or_else(|| answer(500, "nothing was written"), |note| answer(200, note)))
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response<BoxBody> {
    let mut response = Response::new(box_body(FullBody::new(body.into().into())));
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
}
