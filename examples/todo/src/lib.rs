//! A to-do list: GET /lists/:id, cached and never stale; POST /lists/:id/items with a title as
//! body.

use cache_spin::answer::cache_status;
use cache_spin::cache::{Cache, Entry, Ttl};
use cache_spin::cache_logic::origin::OriginFault;
use cache_spin::params;
use cache_spin::postgres::Statement;
use spin_sdk::http::body::IncomingBodyExt;
use spin_sdk::http::{BoxBody, FullBody, Method, Request, Response, box_body};
use spin_sdk::http_service;

const LIST: &str = "
    SELECT jsonb_build_object('id', l.id, 'name', l.name, 'items', coalesce((
        SELECT jsonb_agg(jsonb_build_object('id', i.id, 'title', i.title, 'done', i.done) ORDER BY i.id)
        FROM todo.items i WHERE i.list_id = l.id), '[]')) AS body
    FROM todo.lists l WHERE l.id = $1";

const ADD: &str = "
    INSERT INTO todo.items (list_id, title) SELECT id, $2 FROM todo.lists WHERE id = $1::bigint
    RETURNING id, title, done";

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
    let Some(list) = path.get(1).and_then(|id| id.parse().ok()) else { return Ok(answer(404, "no such path")) };
    match (head.method, path.as_slice()) {
        (Method::GET, ["lists", _]) => show(cache, list).await,
        (Method::POST, ["lists", _, "items"]) => match body.bytes().await.map(|body| String::from_utf8(body.into())) {
            Ok(Ok(title)) => add(cache, list, title).await,
            _ => Ok(answer(400, "the body is no text")),
        },
        _ => Ok(answer(404, "no such path")),
    }
}

async fn show(cache: &'static Cache, list: i64) -> Result<Response<BoxBody>, OriginFault> {
    let tag = format!("list:{list}");
    let entry = Entry::new(&tag, [&tag]);
    let read = cache.read(&entry, Statement::new(LIST, params![list]), Ttl::seconds(3600)).await?;
    let Some(read) = read else { return Ok(answer(404, "no such list")) };
    let mut response = answer(200, read.value.payload);
    for (name, value) in [("cache-status", cache_status("todo", &read.outcome)), ("etag", read.value.etag)] {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    Ok(response)
}

async fn add(cache: &'static Cache, list: i64, title: String) -> Result<Response<BoxBody>, OriginFault> {
    let added = cache.write_statement(Statement::new(ADD, params![list, title])).await?;
    Ok(added.into_iter().next().map_or_else(|| answer(404, "no such list"), |item| answer(201, item)))
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response<BoxBody> {
    let mut response = Response::new(box_body(FullBody::new(body.into().into())));
    *response.status_mut() = status.try_into().unwrap_or_default();
    response
}
