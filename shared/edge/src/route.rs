//! Routes: a component is a table of method, path and operation, and all dispatch in the same way.

use commerce::error::Error;
use http::Method;

use crate::access::Admitted;
use crate::app::App;
use crate::auth;
use crate::cors;
use crate::reply::Reply;
use crate::request::Incoming;

/// The methods that a row takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {
    /// GET, and HEAD, which is answered like it; the server leaves the body out.
    Get,
    /// GET alone: the operation changes something, so HEAD must not run it.
    Visit,
    /// POST.
    Post,
    /// POST that changes nothing: the body says what is read.
    Ask,
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
            Self::Post | Self::Ask => *method == Method::POST,
            Self::Put => *method == Method::PUT,
            Self::Patch => *method == Method::PATCH,
            Self::Delete => *method == Method::DELETE,
            Self::Any => true,
        }
    }

    /// Whether its operations change nothing. Then a token may be looked up beside the read itself:
    /// nothing is answered before. Otherwise that comes first.
    fn reads(self) -> bool {
        matches!(self, Self::Get | Self::Ask)
    }

    /// The methods, as the `Allow` header names them.
    pub fn allow(self) -> &'static str {
        match self {
            Self::Get => "GET, HEAD",
            Self::Visit => "GET",
            Self::Post | Self::Ask => "POST",
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

/// The segments of a path that its row's parameters stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Segments<'a> {
    /// The one that `:id` stands for, which is the first; empty if the row has none.
    pub id: &'a str,
    /// The one that a second parameter stands for; empty if the row has none.
    pub part: &'a str,
}

/// The table's answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub enum RouteMatch<'a> {
    /// The row at this index, and what its parameters stand for.
    Row(usize, Segments<'a>),
    /// The path is there, with other methods.
    OtherMethods(Access, String),
    /// No row has the path.
    Nothing,
}

/// Finds a request's row.
pub fn find<'a>(routes: &[Route], method: &Method, path: &'a str) -> RouteMatch<'a> {
    let mut access = Access::Token;
    let (mut allow, mut spelled_out) = (Vec::<&str>::new(), false);
    for (index, route) in routes.iter().enumerate() {
        // The catch-all row takes no path that another row has; that one answers with its methods.
        // Nor does a row with a parameter take one that is spelled out before it.
        if !allow.is_empty() && (route.verb == Verb::Any || spelled_out && route.path.contains(':')) {
            continue;
        }
        if let Some(segments) = matched(route.path, path) {
            if route.verb.takes(method) {
                return RouteMatch::Row(index, segments);
            }
            access = route.access;
            spelled_out |= !route.path.contains(':');
            for name in route.verb.allow().split(", ") {
                // Two rows may fit a path: one by its `:id`.
                if !allow.contains(&name) {
                    allow.push(name);
                }
            }
        }
    }
    if allow.is_empty() { RouteMatch::Nothing } else { RouteMatch::OtherMethods(access, allow.join(", ")) }
}

/// Whether a path fits a pattern, and the segments that the pattern's parameters stand for. A slash
/// at the end of the path makes no difference. Byte by byte, since every hit comes by here, and
/// splitting texts costs ten times as much in WebAssembly.
fn matched<'a>(pattern: &str, path: &'a str) -> Option<Segments<'a>> {
    let (wanted, given) = (pattern.as_bytes(), path.as_bytes());
    let (mut at, mut here, mut segments) = (0, 0, Segments::default());
    while let Some(byte) = wanted.get(at) {
        if *byte == b':' {
            let begin = here;
            here += segment(&given[begin..]);
            at += segment(&wanted[at..]);
            if here == begin {
                return None;
            }
            let segment = path.get(begin..here)?;
            if segments.id.is_empty() {
                segments.id = segment;
            } else {
                segments.part = segment;
            }
        } else if *byte == b'.' && wanted.get(at..) == Some(b"...") {
            return Some(segments);
        } else if given.get(here) == Some(byte) {
            at += 1;
            here += 1;
        } else {
            return None;
        }
    }
    matches!(given.get(here..), Some(b"" | b"/")).then_some(segments)
}

/// The length of the segment at the beginning.
fn segment(path: &[u8]) -> usize {
    path.iter().take_while(|byte| **byte != b'/').count()
}

/// Prepares dispatching: the app and the caller for a row with a token, nothing for an open one. An
/// operation that changes something doesn't begin before the token was looked up.
#[doc(hidden)]
pub async fn admit(route: &Route, request: &Incoming) -> Result<Option<Admitted>, Error> {
    if route.access == Access::Open {
        return Ok(None);
    }
    let app = App::ready().await?;
    let admitted = Admitted::new(app, auth::authenticate(app.callers().await?, request)?);
    admitted.refuse_known()?;
    if !route.verb.reads() {
        Box::pin(admitted.check()).await?;
    }
    Ok(Some(admitted))
}

/// The outcome of an operation, if the caller's token is good and its limits are kept: a token that
/// no read of the operation has looked up is looked up now.
#[doc(hidden)]
pub async fn conclude(admitted: &Option<Admitted>, outcome: Result<Reply, Error>) -> Result<Reply, Error> {
    let Some(admitted) = admitted else { return outcome };
    if !admitted.is_good() && !matches!(outcome, Err(Error::Unauthenticated { .. })) {
        Box::pin(admitted.check()).await?;
    }
    admitted.with_limits(outcome)
}

/// The answer to a method that the path doesn't have: OPTIONS names those that it has, to everyone;
/// other methods are refused.
#[doc(hidden)]
pub async fn other_method(access: Access, request: &Incoming, allow: String) -> Result<Reply, Error> {
    if request.method == Method::OPTIONS {
        return Ok(cors::options(&allow));
    }
    admit(&Route { verb: Verb::Any, path: "", access }, request).await?;
    Err(Error::MethodNotAllowed { allow })
}

/// Says which component runs.
#[doc(hidden)]
pub fn enter(component: &'static str) {
    crate::settings::enter(component);
}

/// Exports a component that is a table of routes. A row is `VERB access "path" => operation`. An
/// operation that serves several rows may have an argument: `=> operation [argument]`. `token`
/// operations take a [`Call`](crate::Call), `open` ones an [`Open`](crate::Open); all give
/// `Result<Reply, Error>`. The handler always gives a response, because an `Err` out of it would be
/// an empty 500.
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
            let (found, segments) = match $crate::route::find(ROUTES, &request.method, &request.path) {
                $crate::route::RouteMatch::Row(found, segments) => (found, segments),
                $crate::route::RouteMatch::OtherMethods(access, allow) => {
                    return $crate::route::other_method(access, request, allow).await;
                }
                $crate::route::RouteMatch::Nothing => return Err(Error::not_found("route")),
            };
            let admitted = $crate::route::admit(&ROUTES[found], request).await?;
            let mut row = 0;
            $(
                if row == found {
                    let outcome = $crate::component!(@run $verb $access $operation, segments, request, admitted $(, $argument)?);
                    return $crate::route::conclude(&admitted, outcome).await;
                }
                row += 1;
            )+
            let _ = (row, segments);
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
            let request = ::std::rc::Rc::new($crate::request::Incoming::decode(request));
            let outcome = {
                let work = ::std::pin::pin!(dispatch(&request));
                $crate::log::within(request.clone(), work).await
            };
            $crate::respond::respond(request, outcome).await
        }
    };
    (@verb GET) => { $crate::route::Verb::Get };
    (@verb VISIT) => { $crate::route::Verb::Visit };
    (@verb ASK) => { $crate::route::Verb::Ask };
    (@verb POST) => { $crate::route::Verb::Post };
    (@verb PUT) => { $crate::route::Verb::Put };
    (@verb PATCH) => { $crate::route::Verb::Patch };
    (@verb DELETE) => { $crate::route::Verb::Delete };
    (@verb ANY) => { $crate::route::Verb::Any };
    (@access token) => { $crate::route::Access::Token };
    (@access open) => { $crate::route::Access::Open };
    (@run GET token $operation:path, $segments:ident, $request:ident, $admitted:ident $(, $argument:expr)?) => {
        match &$admitted {
            Some(admitted) => {
                $operation($crate::call::Call::new(admitted, $request, $segments) $(, $argument)?).await
            }
            None => Err(Error::not_found("route")),
        }
    };
    (@run $verb:ident token $operation:path, $segments:ident, $request:ident, $admitted:ident $(, $argument:expr)?) => {
        match &$admitted {
            Some(admitted) => {
                let call = $crate::call::Call::new(admitted, $request, $segments);
                ::std::boxed::Box::pin($operation(call $(, $argument)?)).await
            }
            None => Err(Error::not_found("route")),
        }
    };
    (@run $verb:ident open $operation:path, $segments:ident, $request:ident, $admitted:ident $(, $argument:expr)?) => {
        $operation($crate::call::Open { request: $request, id: $segments.id } $(, $argument)?).await
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
        route(Verb::Patch, "/api/v1/orders/:id/shipments/:shipmentId"),
    ];

    #[test]
    fn the_rest_of_all_paths_has_no_path_of_a_row() {
        let routes = [route(Verb::Get, "/metrics"), route(Verb::Any, "/...")];
        assert_eq!(
            find(&routes, &Method::POST, "/metrics"),
            RouteMatch::OtherMethods(Access::Token, "GET, HEAD".into())
        );
        assert_eq!(find(&routes, &Method::POST, "/other"), RouteMatch::Row(1, Segments::default()));
    }

    #[test]
    fn a_row_is_found_by_method_and_path() {
        let row = |index, id, part| RouteMatch::Row(index, Segments { id, part });
        let table = [
            (Method::GET, "/api/v1/orders/7", row(0, "7", "")),
            (Method::HEAD, "/api/v1/orders/7/", row(0, "7", "")),
            (Method::PATCH, "/api/v1/orders/seven", row(1, "seven", "")),
            (Method::GET, "/api/v1/orders/7/summary", row(2, "7", "")),
            (Method::GET, "/api/v1/payments/sessions/7/redirect", row(3, "7", "")),
            (Method::PATCH, "/api/v1/orders/7/shipments/8", row(4, "7", "8")),
            (Method::PATCH, "/api/v1/orders/7/shipments/8/", row(4, "7", "8")),
            (Method::PATCH, "/api/v1/orders/7/shipments/", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders/7/items", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders/7/summary/x", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders/", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders//summary", RouteMatch::Nothing),
            (Method::GET, "/api/v1/orders/\u{e9}", row(0, "\u{e9}", "")),
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
    fn a_path_that_is_spelled_out_is_no_parameter_with_other_methods() {
        let routes = [route(Verb::Visit, "/rows/export"), route(Verb::Get, "/rows/:id")];
        assert_eq!(find(&routes, &Method::GET, "/rows/export"), RouteMatch::Row(0, Segments::default()));
        assert_eq!(find(&routes, &Method::HEAD, "/rows/export"), RouteMatch::OtherMethods(Access::Token, "GET".into()));
        assert_eq!(find(&routes, &Method::HEAD, "/rows/7"), RouteMatch::Row(1, Segments { id: "7", part: "" }));
    }

    #[test]
    fn the_rest_of_a_path_fits_three_dots() {
        let fits = |pattern, path| matched(pattern, path).is_some();
        assert!(fits("/...", "/") && fits("/...", "/a/b") && fits("/...", "/..") && !fits("/a/...", "/b/c"));
        assert!(fits("/a.yaml", "/a.yaml") && !fits("/a.yaml", "/axyaml"));
    }
}
