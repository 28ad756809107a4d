//! The console, the first page and the page of the API, as browsers load them.

use e2e::{Answer, App};
use reqwest::Method;

const PAGES: [&str; 3] = ["/", "/console", "/console/api"];

/// A request to any path of the server, with these headers.
async fn ask(app: &App, method: Method, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = reqwest::Client::new().request(method, format!("{}{path}", app.base_url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    app.client.send(request).await
}

async fn get(app: &App, path: &str) -> Answer {
    ask(app, Method::GET, path, &[]).await
}

/// The paths below /console that a page loads.
fn loaded(page: &str) -> Vec<String> {
    let paths = page.split("\"/console/").skip(1).filter_map(|rest| rest.split('"').next());
    paths.filter(|name| *name != "api").map(|name| format!("/console/{name}")).collect()
}

#[tokio::test]
async fn pages_are_asked_for_anew_and_sent_only_if_they_changed() {
    let app = App::spawn().await;
    for path in PAGES {
        let page = get(&app, path).await.expect(200);
        assert_eq!(page.header("content-type"), "text/html; charset=utf-8", "{path}");
        assert_eq!((page.header("cache-control"), page.header("vary")), ("no-cache", "Accept-Encoding"), "{path}");
        let etag = page.header("etag").to_owned();
        let again = ask(&app, Method::GET, path, &[("if-none-match", &etag)]).await.expect(304);
        assert_eq!((again.header("etag"), again.body.is_empty()), (&*etag, true), "{path}");
        assert!(!again.header("content-security-policy").is_empty(), "{path}");
        ask(&app, Method::GET, path, &[("if-none-match", "W/\"other\"")]).await.expect(200);
        let packed = ask(&app, Method::GET, path, &[("accept-encoding", "gzip, br")]).await.expect(200);
        assert_eq!((packed.header("content-encoding"), packed.header("etag")), ("gzip", &*etag), "{path}");
        assert!(packed.body.len() < page.body.len(), "{path}");
        let head = ask(&app, Method::HEAD, path, &[]).await.expect(200);
        assert_eq!(head.header("etag"), etag, "{path}");
    }
}

#[tokio::test]
async fn assets_have_their_content_in_their_name_and_are_kept_for_ever() {
    let app = App::spawn().await;
    let mut bytes = 0;
    let mut paths: Vec<String> = Vec::new();
    for page in PAGES {
        paths.extend(loaded(&get(&app, page).await.expect(200).text()));
    }
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), 4, "{paths:?}");
    for path in ["/", "/console"].into_iter().chain(paths.iter().map(String::as_str)) {
        let packed = ask(&app, Method::GET, path, &[("accept-encoding", "gzip")]).await.expect(200);
        bytes += packed.body.len();
    }
    for path in &paths {
        let asset = get(&app, path).await.expect(200);
        assert_eq!(asset.header("cache-control"), "public, max-age=31536000, immutable", "{path}");
        assert_eq!(asset.header("x-content-type-options"), "nosniff", "{path}");
        let kinds = [("js", "text/javascript"), ("css", "text/css"), ("svg", "image/svg+xml")];
        let kind = kinds.iter().find(|(end, _)| path.ends_with(end)).expect("a known end").1;
        assert!(asset.header("content-type").starts_with(kind), "{path}");
        ask(&app, Method::GET, path, &[("if-none-match", asset.header("etag"))]).await.expect(304);
    }
    assert!(bytes <= 60_000, "{bytes} bytes as gzip for the console and the first page");
    get(&app, "/console/app.000000000000.js").await.expect(404);
}

#[tokio::test]
async fn a_page_may_load_and_ask_this_server_and_no_other() {
    let app = App::spawn().await;
    for path in PAGES {
        let page = get(&app, path).await.expect(200);
        let policy = page.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none';"), "{path}: {policy}");
        for part in ["script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
        assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
        let text = page.text();
        for attribute in ["src=\"", "<link rel=\"stylesheet\" href=\""] {
            for place in text.split(attribute).skip(1) {
                assert!(place.starts_with("/console/"), "{path} loads {}", &place[..40.min(place.len())]);
            }
        }
    }
}

#[tokio::test]
async fn the_page_of_the_api_has_every_operation() {
    let app = App::spawn().await;
    let page = get(&app, "/console/api").await.expect(200).text();
    for operation in e2e::Description::get().operations() {
        assert!(page.contains(&format!(">{}</b>", operation.method)), "{}", operation.method);
        assert!(page.contains(&format!("<code>{}</code>", operation.path)), "{} isn't there", operation.path);
    }
}

#[tokio::test]
async fn no_other_path_is_taken_by_the_pages() {
    let app = App::spawn().await;
    for path in ["/nowhere", "/console/a/b", "/consoles", "/index.html"] {
        get(&app, path).await.expect_problem(404);
    }
    for path in ["/api/v1/health", "/health/cache", "/metrics"] {
        assert_ne!(get(&app, path).await.expect(200).header("content-type"), "text/html; charset=utf-8", "{path}");
    }
    for path in PAGES {
        let refused = ask(&app, Method::POST, path, &[]).await.expect(405);
        assert_eq!(refused.header("allow"), "GET, HEAD", "{path}");
    }
}
