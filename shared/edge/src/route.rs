//! Routes: a component is a table of method, path and operation, and all dispatch in the same way.

use commerce::caller::Caller;
use commerce::error::Error;
use commerce::preconditions::require_json;
use commerce::query::{parse_id, parse_none};
use http::Method;
use std::rc::Rc;
use uuid::Uuid;

use crate::app::App;
use crate::auth;
use crate::request::Incoming;
use crate::settings::Rules;

/// The methods that a row takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD, which is answered like it; the server leaves the body out.
    Get,
    /// GET alone: the operation changes something, so HEAD must not run it.
    Visit,
    /// POST.
    Post,
    /// PUT.
    Put,
    /// PATCH.
    Patch,
    /// DELETE.
    Delete,
    /// Every method.
    Any,
}

impl Verb {
    fn takes(self, method: &Method) -> bool {
        match self {
            Self::Get => matches!(*method, Method::GET | Method::HEAD),
            Self::Visit => *method == Method::GET,
            Self::Post => *method == Method::POST,
            Self::Put => *method == Method::PUT,
            Self::Patch => *method == Method::PATCH,
            Self::Delete => *method == Method::DELETE,
            Self::Any => true,
        }
    }

    /// The methods, as the `Allow` header names them.
    pub fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Visit => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Any => "*",
        }
    }
}

/// The callers that a route serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Callers with a token.
    Token,
    /// All callers; the operation itself decides.
    Open,
}

/// A row of a component's table, without its operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The methods that it takes.
    pub verb: Verb,
    /// The path as in spin.toml: `:name` stands for one segment, `/...` for the rest.
    pub path: &'static str,
    /// The callers that it serves.
    pub access: Access,
}

/// The table's answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub enum RouteMatch {
    /// The row at this index.
    Row(usize),
    /// The path is there, with other methods.
    OtherMethods(Access, String),
    /// No row has the path.
    Nothing,
}

/// Finds a request's row.
pub fn find(routes: &[Route], method: &Method, path: &str) -> RouteMatch {
    let mut access = Access::Token;
    let mut allow: Vec<&str> = Vec::new();
    for (index, route) in routes.iter().enumerate() {
        // The row for the rest of all paths counts only if no other row has this path.
        let left = allow.is_empty() || route.verb != Verb::Any;
        if left && matches(route.path, path) {
            if route.verb.takes(method) {
                return RouteMatch::Row(index);
            }
            access = route.access;
            allow.push(route.verb.allow());
        }
    }
    if allow.is_empty() { RouteMatch::Nothing } else { RouteMatch::OtherMethods(access, allow.join(", ")) }
}

/// Whether a path fits a pattern. A slash at the end of the path makes no difference.
fn matches(pattern: &str, path: &str) -> bool {
    let path = path.strip_suffix('/').unwrap_or(path);
    let mut segments = path.split('/');
    for part in pattern.split('/') {
        if part == "..." {
            return true;
        }
        match segments.next() {
            Some(segment) if part == segment => {}
            Some(segment) if part.starts_with(':') && !segment.is_empty() => {}
            _ => return false,
        }
    }
    segments.next().is_none()
}

/// The segment of a path that `:name` stands for in its pattern; empty if there is none.
fn param<'a>(pattern: &str, path: &'a str, name: &str) -> &'a str {
    let place = pattern.split('/').position(|part| part.strip_prefix(':') == Some(name));
    place.and_then(|place| path.split('/').nth(place)).unwrap_or_default()
}

/// A request that everyone may make.
#[derive(Clone, Copy)]
pub struct Open<'a> {
    /// The request.
    pub request: &'a Incoming,
}

impl Open<'_> {
    /// The caller, for an operation that asks for a token only sometimes.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`], [`Error::Misconfigured`].
    pub async fn caller(&self) -> Result<Rc<Caller>, Error> {
        auth::authenticate(&App::ready().await?.config, self.request)
    }
}

/// A request of a caller with a token.
#[derive(Clone, Copy)]
pub struct Call<'a> {
    /// The app of this instance.
    pub app: &'static App,
    /// The caller, as its token says.
    pub caller: &'a Caller,
    /// The request.
    pub request: &'a Incoming,
    /// The path of its row.
    pub pattern: &'static str,
}

impl<'a> Call<'a> {
    /// The part of the path that the row calls `:name`.
    pub fn param(&self, name: &str) -> &'a str {
        param(self.pattern, &self.request.path, name)
    }

    /// The `:id` of the path.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it isn't a UUID.
    pub fn id(&self) -> Result<Uuid, Error> {
        parse_id("id", self.param("id"))
    }

    /// The query, without `?`, as it came.
    pub fn query(&self) -> Option<&'a str> {
        self.request.query.as_deref()
    }

    /// Refuses parameters: the operation has none.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming the first.
    pub fn no_query(&self) -> Result<(), Error> {
        parse_none(self.query())
    }

    /// The body of a request that says that it is JSON.
    ///
    /// # Errors
    /// [`Error::UnsupportedMediaType`], and as [`Call::whole_body`].
    pub async fn json(&self) -> Result<Vec<u8>, Error> {
        let limit = Rules::ready().await?.max_body_bytes;
        require_json(self.request.values("content-type"))?;
        self.request.body(limit, "body").await
    }

    /// The body of a request that needn't have one: `None` if it is empty, else it has to say that
    /// it is JSON.
    ///
    /// # Errors
    /// As [`Call::json`].
    pub async fn optional_json(&self) -> Result<Option<Vec<u8>>, Error> {
        let body = self.whole_body().await?;
        if body.trim_ascii().is_empty() {
            return Ok(None);
        }
        require_json(self.request.values("content-type"))?;
        Ok(Some(body))
    }

    /// The whole body, of any media type.
    ///
    /// # Errors
    /// [`Error::TooLarge`] above `max_body_bytes`, [`Error::Misconfigured`] if that is wrong.
    pub async fn whole_body(&self) -> Result<Vec<u8>, Error> {
        whole_body(self.request).await
    }
}

/// The whole body of a request, of any media type.
///
/// # Errors
/// As [`Call::whole_body`].
pub async fn whole_body(request: &Incoming) -> Result<Vec<u8>, Error> {
    request.body(Rules::ready().await?.max_body_bytes, "body").await
}

/// Prepares dispatching: the app and the caller for a row with a token, nothing for an open one.
#[doc(hidden)]
pub async fn admit(access: Access, request: &Incoming) -> Result<Option<(&'static App, Rc<Caller>)>, Error> {
    match access {
        Access::Open => Ok(None),
        Access::Token => {
            let app = App::ready().await?;
            Ok(Some((app, auth::authenticate(&app.config, request)?)))
        }
    }
}

/// Says which component runs.
#[doc(hidden)]
pub fn enter(component: &'static str) {
    crate::settings::enter(component);
}

/// Exports a component that is a table of routes. A row is `VERB access "path" => operation`. An
/// operation that serves several rows may have an argument: `=> operation [argument]`. `token`
/// operations take a [`Call`], `open` ones an [`Open`]; all give `Result<Reply, Error>`. The
/// handler always gives a response, because an `Err` out of it would be an empty 500.
///
/// Reads run in the dispatcher's future, all other operations in futures of their own. So a read
/// doesn't carry theirs about.
#[macro_export]
macro_rules! component {
    ($($verb:ident $access:ident $path:literal => $operation:path $([$argument:expr])?;)+) => {
        /// The rows of this component.
        pub const ROUTES: &[$crate::route::Route] = &[$($crate::route::Route {
            verb: $crate::component!(@verb $verb),
            path: $path,
            access: $crate::component!(@access $access),
        }),+];

        /// Runs the operation of a request's row.
        async fn dispatch(
            request: &$crate::request::Incoming,
        ) -> Result<$crate::reply::Reply, $crate::commerce::error::Error> {
            use $crate::commerce::error::Error;
            let found = match $crate::route::find(ROUTES, &request.method, &request.path) {
                $crate::route::RouteMatch::Row(found) => found,
                $crate::route::RouteMatch::OtherMethods(access, allow) => {
                    $crate::route::admit(access, request).await?;
                    return Err(Error::MethodNotAllowed { allow });
                }
                $crate::route::RouteMatch::Nothing => return Err(Error::not_found("route")),
            };
            let admitted = $crate::route::admit(ROUTES[found].access, request).await?;
            let mut row = 0;
            $(
                if row == found {
                    return $crate::component!(@run $verb $access $operation, $path, request, admitted $(, $argument)?);
                }
                row += 1;
            )+
            let _ = row;
            Err(Error::not_found("route"))
        }

        #[cfg(target_family = "wasm")]
        mod exported {
            struct Component;
            ::spin_sdk::wasip3::http::service::export!(Component with_types_in ::spin_sdk::wasip3);

            impl ::spin_sdk::wasip3::exports::http::handler::Guest for Component {
                async fn handle(
                    request: ::spin_sdk::wasip3::http::types::Request,
                ) -> Result<::spin_sdk::wasip3::http::types::Response, ::spin_sdk::wasip3::http::types::ErrorCode>
                {
                    Ok(super::serve(request).await)
                }
            }
        }

        /// Decodes, dispatches, responds.
        #[cfg_attr(not(target_family = "wasm"), expect(dead_code, reason = "only a component is asked"))]
        async fn serve(
            request: ::spin_sdk::wasip3::http::types::Request,
        ) -> ::spin_sdk::wasip3::http::types::Response {
            $crate::route::enter(env!("CARGO_PKG_NAME"));
            let request = $crate::request::Incoming::decode(request);
            let outcome = dispatch(&request).await;
            $crate::respond::respond(request, outcome).await
        }
    };
    (@verb GET) => { $crate::route::Verb::Get };
    (@verb VISIT) => { $crate::route::Verb::Visit };
    (@verb POST) => { $crate::route::Verb::Post };
    (@verb PUT) => { $crate::route::Verb::Put };
    (@verb PATCH) => { $crate::route::Verb::Patch };
    (@verb DELETE) => { $crate::route::Verb::Delete };
    (@verb ANY) => { $crate::route::Verb::Any };
    (@access token) => { $crate::route::Access::Token };
    (@access open) => { $crate::route::Access::Open };
    (@run GET token $operation:path, $path:literal, $request:ident, $admitted:ident $(, $argument:expr)?) => {
        match &$admitted {
            Some((app, caller)) => {
                $operation($crate::route::Call { app, caller, request: $request, pattern: $path } $(, $argument)?).await
            }
            None => Err(Error::not_found("route")),
        }
    };
    (@run $verb:ident token $operation:path, $path:literal, $request:ident, $admitted:ident $(, $argument:expr)?) => {
        match &$admitted {
            Some((app, caller)) => {
                let call = $crate::route::Call { app, caller, request: $request, pattern: $path };
                ::std::boxed::Box::pin($operation(call $(, $argument)?)).await
            }
            None => Err(Error::not_found("route")),
        }
    };
    (@run $verb:ident open $operation:path, $path:literal, $request:ident, $admitted:ident $(, $argument:expr)?) => {
        $operation($crate::route::Open { request: $request } $(, $argument)?).await
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn route(verb: Verb, path: &'static str) -> Route {
        Route { verb, path, access: Access::Token }
    }

    const ROUTES: &[Route] = &[
        route(Verb::Get, "/api/v1/orders/:id"),
        route(Verb::Patch, "/api/v1/orders/:id"),
        route(Verb::Get, "/api/v1/orders/:id/summary"),
        route(Verb::Visit, "/api/v1/payments/sessions/:id/redirect"),
    ];

    #[test]
    fn the_rest_of_all_paths_has_no_path_of_a_row() {
        let routes = [route(Verb::Get, "/metrics"), route(Verb::Any, "/...")];
        assert_eq!(
            find(&routes, &Method::POST, "/metrics"),
            RouteMatch::OtherMethods(Access::Token, "GET, HEAD".into())
        );
        assert_eq!(find(&routes, &Method::POST, "/other"), RouteMatch::Row(1));
    }

    #[test]
    fn a_row_is_found_by_method_and_path() {
        let table = [
            (Method::GET, "/api/v1/orders/7", RouteMatch::Row(0)),
            (Method::HEAD, "/api/v1/orders/7/", RouteMatch::Row(0)),
            (Method::PATCH, "/api/v1/orders/7", RouteMatch::Row(1)),
            (Method::GET, "/api/v1/orders/7/summary", RouteMatch::Row(2)),
            (Method::GET, "/api/v1/payments/sessions/7/redirect", RouteMatch::Row(3)),
            (Method::GET, "/api/v1/orders/7/items", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders//summary", RouteMatch::Nothing),
        ];
        for (method, path, expected) in table {
            assert_eq!(find(ROUTES, &method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn other_methods_are_named_in_the_order_of_the_rows() {
        let allow = |method, path| match find(ROUTES, &method, path) {
            RouteMatch::OtherMethods(Access::Token, allow) => allow,
            other => panic!("{other:?}"),
        };
        assert_eq!(allow(Method::PUT, "/api/v1/orders/7"), "GET, HEAD, PATCH");
        assert_eq!(allow(Method::HEAD, "/api/v1/payments/sessions/7/redirect"), "GET");
    }

    #[test]
    fn a_part_of_the_path_is_known_by_its_name() {
        assert_eq!(param("/api/v1/orders/:id/summary", "/api/v1/orders/7/summary", "id"), "7");
        assert_eq!(param("/api/v1/orders/:id", "/api/v1/orders/7", "customer"), "");
    }

    #[test]
    fn the_rest_of_a_path_fits_three_dots() {
        assert!(matches("/...", "/") && matches("/...", "/a/b") && !matches("/a/...", "/b/c"));
    }
}
