//! The one place where an error becomes a status and a problem document (RFC 9457).

use commerce::error::{Error, FieldError};
use serde_json::{Map, Value, json};

use crate::reply::Reply;

/// Every problem's type begins with this. Types are stable names; no page has to be there.
const TYPES: &str = "https://edge-orders.dev/problems/";

/// The mapping of one kind of error.
struct Kind {
    status: u16,
    /// The end of the type.
    slug: &'static str,
    title: &'static str,
}

const fn kind(status: u16, slug: &'static str, title: &'static str) -> Kind {
    Kind { status, slug, title }
}

/// The stable name of an error, the end of its type. It tells no value.
pub(crate) fn slug(error: &Error) -> &'static str {
    kind_of(error).slug
}

fn kind_of(error: &Error) -> Kind {
    match error {
        Error::Invalid(_) => kind(400, "invalid-request", "The request is invalid"),
        Error::Refused { .. } => kind(400, "delivery-refused", "The delivery is not believed"),
        Error::Unauthenticated { .. } => kind(401, "unauthenticated", "A valid token is needed"),
        Error::Forbidden { .. } => kind(403, "forbidden", "The caller may not do this"),
        Error::NotFound { .. } => kind(404, "not-found", "Not found"),
        Error::MethodNotAllowed { .. } => kind(405, "method-not-allowed", "The resource has other methods"),
        Error::Conflict { .. } => kind(409, "conflict", "The state doesn't allow it"),
        Error::Taken(_) => kind(409, "taken", "Another one has it"),
        Error::Gone { .. } => kind(410, "gone", "It is kept no more"),
        Error::PreconditionFailed { .. } => kind(412, "version-mismatch", "A precondition doesn't hold"),
        Error::TooLarge { .. } => kind(413, "too-large", "The request is too large"),
        Error::UnsupportedMediaType => kind(415, "unsupported-media-type", "The body's type isn't supported"),
        Error::UnsupportedEncoding => kind(415, "unsupported-encoding", "The body's encoding isn't supported"),
        Error::Unprocessable(_) => kind(422, "unprocessable", "The request can't be carried out"),
        Error::TooManyRequests { .. } => kind(429, "too-many-requests", "Tried too often"),
        Error::Counted { refusal, .. } => kind_of(refusal),
        Error::Internal { .. } => kind(500, "internal", "A mistake of the server"),
        Error::RequiresRetry { .. } => kind(503, "requires-retry", "The payment provider is away"),
        Error::Unavailable { .. } => kind(503, "unavailable", "A dependency is away"),
        Error::Misconfigured { .. } => kind(503, "misconfigured", "The server is misconfigured"),
    }
}

/// The response to `error`. `instance` is the path of the request.
pub fn reply(error: &Error, instance: &str, request_id: &str) -> Reply {
    if let Error::Counted { refusal, policy, limit } = error {
        return reply(refusal, instance, request_id).with_limits(policy.clone(), limit.clone());
    }
    let kind = kind_of(error);
    let mut document = Map::new();
    let mut put = |name: &str, value: Value| document.insert(name.to_owned(), value);
    put("type", json!(format!("{TYPES}{}", kind.slug)));
    put("title", json!(kind.title));
    put("status", json!(kind.status));
    put("instance", json!(instance));
    put("requestId", json!(request_id));
    put("detail", json!(detail(error)));
    match error {
        Error::Invalid(errors) | Error::Unprocessable(errors) | Error::Taken(errors) => {
            put("errors", errors.iter().map(field_error).collect());
        }
        Error::TooLarge { field, .. } => {
            put("errors", json!([field_error(&FieldError::new(field, error.to_string()))]));
        }
        Error::Refused { reason } => {
            put("reason", json!(reason));
        }
        Error::Conflict { current: Some(current), .. } => {
            put("current", json!(current));
        }
        Error::PreconditionFailed { current: Some(version) } => {
            put("currentVersion", json!(version));
        }
        Error::Gone { oldest, .. } => {
            put("oldestPosition", json!(oldest));
        }
        Error::RequiresRetry { .. } => {
            put("code", json!("requires_retry"));
        }
        _ => {}
    }
    let body = Value::Object(document).to_string();
    let reply = Reply::of_type(kind.status, "application/problem+json", body).with("cache-control", "no-store");
    match error {
        Error::Unauthenticated { .. } => reply.with("www-authenticate", "Bearer realm=\"edge-orders\""),
        Error::MethodNotAllowed { allow } => reply.with("allow", allow.clone()),
        // RFC 9110, section 15.5.16: the codings that would be taken.
        Error::UnsupportedEncoding => reply.with("accept-encoding", "identity"),
        Error::Unavailable { retry_after_seconds, .. } | Error::RequiresRetry { retry_after_seconds } => {
            reply.with("retry-after", retry_after_seconds.to_string())
        }
        Error::TooManyRequests { retry_after_seconds, policy, limit, .. } => {
            reply.with("retry-after", retry_after_seconds.to_string()).with_limits(policy.clone(), limit.clone())
        }
        _ => reply,
    }
}

/// The detail that the caller reads. An internal fault stays in the log, under the request's id.
fn detail(error: &Error) -> String {
    match error {
        Error::Internal { .. } => "it is in the server's log, under this request id".to_owned(),
        other => other.to_string(),
    }
}

fn field_error(error: &FieldError) -> Value {
    json!({ "field": error.field, "detail": error.detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(error: &Error) -> (Reply, Value) {
        let reply = reply(error, "/api/v1/orders", "id-1");
        let body = serde_json::from_slice(reply.body.as_deref().unwrap()).unwrap();
        (reply, body)
    }

    fn too_many() -> Error {
        let text = |text: &str| text.to_owned();
        Error::TooManyRequests {
            detail: text("payments"),
            retry_after_seconds: 9,
            policy: text("\"a\";q=5;w=60"),
            limit: text("\"a\";r=0;t=9"),
        }
    }

    #[test]
    fn every_error_is_a_problem_with_its_status() {
        let table = [
            (Error::invalid("limit", "must be 1 to 100"), 400, "invalid-request"),
            (Error::Refused { reason: "signature-mismatch" }, 400, "delivery-refused"),
            (Error::unauthenticated("no token"), 401, "unauthenticated"),
            (Error::forbidden("no"), 403, "forbidden"),
            (Error::not_found("order"), 404, "not-found"),
            (Error::MethodNotAllowed { allow: "GET, HEAD".into() }, 405, "method-not-allowed"),
            (Error::Conflict { detail: "no".into(), current: Some("shipped".into()) }, 409, "conflict"),
            (Error::taken("email", "is another customer's"), 409, "taken"),
            (Error::Gone { detail: "events are".into(), oldest: 7 }, 410, "gone"),
            (Error::PreconditionFailed { current: Some(7) }, 412, "version-mismatch"),
            (Error::TooLarge { field: "body".into(), limit: 10 }, 413, "too-large"),
            (Error::UnsupportedMediaType, 415, "unsupported-media-type"),
            (Error::UnsupportedEncoding, 415, "unsupported-encoding"),
            (Error::unprocessable("items[0].sku", "unknown"), 422, "unprocessable"),
            (too_many(), 429, "too-many-requests"),
            (Error::RequiresRetry { retry_after_seconds: 2 }, 503, "requires-retry"),
            (Error::internal("SQLSTATE 42P01: secret"), 500, "internal"),
            (Error::Unavailable { detail: "the database".into(), retry_after_seconds: 2 }, 503, "unavailable"),
            (Error::Misconfigured { detail: "ttl_order".into() }, 503, "misconfigured"),
        ];
        for (error, status, slug) in table {
            let (reply, body) = document(&error);
            assert_eq!((reply.status, &body["status"]), (status, &json!(status)));
            assert_eq!(body["type"], json!(format!("{TYPES}{slug}")));
            assert_eq!((&body["instance"], &body["requestId"]), (&json!("/api/v1/orders"), &json!("id-1")));
            assert!(reply.headers.contains(&("content-type", "application/problem+json".into())), "{error:?}");
            assert!(!body.to_string().contains("secret"), "{body}");
        }
    }

    #[test]
    fn a_counted_refusal_reads_as_itself_and_counts_the_attempts_left() {
        for refusal in [
            Error::Conflict { detail: "no".into(), current: Some("shipped".into()) },
            Error::RequiresRetry { retry_after_seconds: 2 },
            Error::internal("secret"),
        ] {
            let (plain, expected) = document(&refusal);
            let (policy, limit) = ("\"a\";q=5;w=60".to_owned(), "\"a\";r=3;t=9".to_owned());
            let (counted, body) = document(&Error::Counted { refusal: Box::new(refusal), policy, limit });
            assert_eq!((counted.status, body), (plain.status, expected));
            let mut headers = plain.headers;
            headers.push(("ratelimit-policy", "\"a\";q=5;w=60".into()));
            headers.push(("ratelimit", "\"a\";r=3;t=9".into()));
            assert_eq!(counted.headers, headers);
        }
    }

    #[test]
    fn limits_of_several_kinds_are_one_list() {
        let (policy, limit) = ("\"b\";q=7;w=60".to_owned(), "\"b\";r=6;t=1".to_owned());
        let (reply, _) = document(&Error::Counted { refusal: Box::new(too_many()), policy, limit });
        let values = |name| reply.headers.iter().filter(move |(known, _)| *known == name).map(|(_, value)| &**value);
        assert_eq!(values("ratelimit").collect::<Vec<_>>(), ["\"a\";r=0;t=9, \"b\";r=6;t=1"]);
        assert_eq!(values("ratelimit-policy").collect::<Vec<_>>(), ["\"a\";q=5;w=60, \"b\";q=7;w=60"]);
    }

    #[test]
    fn an_error_gives_its_details_in_headers_and_members() {
        let header = |error: &Error, name: &str| {
            let (reply, _) = document(error);
            reply.headers.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value)
        };
        let away = Error::Unavailable { detail: String::new(), retry_after_seconds: 3 };
        assert_eq!(header(&away, "retry-after").as_deref(), Some("3"));
        for (name, value) in
            [("retry-after", "9"), ("ratelimit-policy", "\"a\";q=5;w=60"), ("ratelimit", "\"a\";r=0;t=9")]
        {
            assert_eq!(header(&too_many(), name).as_deref(), Some(value));
        }
        assert_eq!(document(&Error::RequiresRetry { retry_after_seconds: 2 }).1["code"], "requires_retry");
        assert_eq!(header(&Error::MethodNotAllowed { allow: "POST".into() }, "allow").as_deref(), Some("POST"));
        let challenge = header(&Error::unauthenticated(""), "www-authenticate");
        assert!(challenge.is_some_and(|challenge| challenge.starts_with("Bearer")));
        let (_, body) = document(&Error::invalid("limit", "must be 1 to 100"));
        assert_eq!(body["errors"], json!([{ "field": "limit", "detail": "must be 1 to 100" }]));
        let (_, body) = document(&Error::taken("email", "is another customer's"));
        assert_eq!(body["errors"], json!([{ "field": "email", "detail": "is another customer's" }]));
        assert_eq!(
            document(&Error::Conflict { detail: String::new(), current: Some("shipped".into()) }).1["current"],
            "shipped"
        );
        assert_eq!(document(&Error::Refused { reason: "signature-mismatch" }).1["reason"], "signature-mismatch");
        assert_eq!(document(&Error::Gone { detail: String::new(), oldest: 9 }).1["oldestPosition"], 9);
        assert_eq!(document(&Error::PreconditionFailed { current: Some(7) }).1["currentVersion"], 7);
    }
}
