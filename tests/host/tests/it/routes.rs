use crate::support::*;
use edge_host::routes::Routes;

#[test]
fn the_most_specific_route_wins() {
    let routes = ["/", "/a", "/a/:x", "/a/:x/b", "/a/c/...", "/...", "/a/v1.2/:y"];
    let routes = Routes::new(routes.map(|route| (route.to_owned(), "c".to_owned()))).expect("valid routes");
    let check = |path: &str, route: &str, trailing: &str, params: &[(&str, &str)]| {
        let found = routes.find(path).expect("a route");
        let found_params: Vec<_> = found.params.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!((found.route.pattern.as_str(), found.trailing.as_str()), (route, trailing), "{path}");
        assert_eq!(found_params, params, "{path}");
    };
    check("/", "/", "", &[]);
    check("/a", "/a", "", &[]);
    check("/a/", "/a", "", &[]);
    check("/a/1", "/a/:x", "", &[("x", "1")]);
    check("/a/1/b", "/a/:x/b", "", &[("x", "1")]);
    check("/a/1/d", "/...", "/a/1/d", &[]);
    check("/a/c/d/e", "/a/c/...", "/d/e", &[]);
    check("/a/c/d/", "/a/c/...", "/d/", &[]);
    check("/a/v1.2/3", "/a/v1.2/:y", "", &[("y", "3")]);
    check("/b", "/...", "/b", &[]);
}

#[tokio::test]
async fn a_path_without_a_route_is_an_empty_404() {
    let host = start(&manifest("", "").replace("/...", "/seen")).await;
    assert_eq!(get(host.addr, "/seen", &[]).await, (200, "1".to_owned()));
    assert_eq!(get(host.addr, "/nothing", &[]).await, (404, String::new()));
}

#[tokio::test]
async fn the_host_answers_for_itself() {
    let host = start(&manifest("", "")).await;
    assert_eq!(get(host.addr, "/.well-known/spin/health", &[]).await, (200, "OK".to_owned()));
    let (status, info) = get(host.addr, "/.well-known/spin/info", &[]).await;
    let info: serde_json::Value = serde_json::from_str(&info).expect("JSON");
    assert_eq!((status, info), (200, serde_json::json!({ "name": "try", "version": "1.2.3" })));
    assert_eq!(get(host.addr, "/.well-known/spin/else", &[]).await.0, 404);
}

#[tokio::test]
async fn a_component_is_told_its_route_and_client() {
    let host = start(&manifest("", "").replace("/...", "/headers/:Some_id/...")).await;
    let (_, headers) = get(host.addr, "/headers/42/x/y?z=1", &[]).await;
    let value = |name: &str| headers.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    assert_eq!(value("spin-path-info"), Some("/x/y"));
    assert_eq!(value("spin-full-url"), Some(format!("http://{}/headers/42/x/y?z=1", host.addr).as_str()));
    assert_eq!(value("spin-matched-route"), Some("/headers/:Some_id/..."));
    assert_eq!(value("spin-raw-component-route"), Some("/headers/:Some_id/..."));
    assert_eq!(value("spin-component-route"), Some("/headers/:Some_id"));
    assert_eq!(value("spin-base-path"), Some("/"));
    assert_eq!(value("spin-path-match-some-id"), Some("42"));
    assert!(value("spin-client-addr").is_some_and(|addr| addr.starts_with("127.0.0.1:")), "{headers}");
}

#[tokio::test]
async fn a_forged_spin_header_comes_before_the_hosts_own() {
    let host = start(&manifest("", "")).await;
    let forged = [("spin-client-addr", "10.0.0.1:1"), ("spin-path-match-id", "forged"), ("spin-path-info", "/forged")];
    let (_, headers) = get(host.addr, "/headers", &forged).await;
    let values = |name: &str| -> Vec<_> {
        headers.lines().filter_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned)).collect()
    };
    assert_eq!(values("spin-path-info"), ["/forged", "/headers"]);
    assert_eq!(values("spin-path-match-id"), ["forged"], "nothing is stripped");
    let clients = values("spin-client-addr");
    assert_eq!((clients.len(), clients[0].as_str()), (2, "10.0.0.1:1"));
    assert!(clients[1].starts_with("127.0.0.1:"), "{clients:?}");
}
