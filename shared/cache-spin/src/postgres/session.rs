//! The settings of every session, which go along in the address: Spin has no other place for them.

use std::time::Duration;

/// The address with the time limits that Spin doesn't have (for connecting, for a statement, and
/// for a transaction that somebody left open) and with the isolation level that the SQL is written
/// for: each statement of a function sees what was committed before it. Statements aren't compiled:
/// they read some rows each, and compiling takes Postgres ten times as long.
///
/// `options=` that the address has already stays, in front: of two settings of one name Postgres
/// takes the last. So neither the address nor a default of the server, the database or the role
/// takes a limit away.
pub(super) fn with_session(url: &str, limit: Duration) -> String {
    let (address, query) = split(url);
    let (mut kept, mut options) = (Vec::new(), Vec::new());
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("options", given)) => options.push(given.to_owned()),
            Some(("connect_timeout", _)) => {}
            _ => kept.push(pair.to_owned()),
        }
    }
    let (millis, seconds) = (limit.as_millis(), limit.as_secs().max(1));
    options.push(format!(
        "-c%20statement_timeout%3D{millis}%20-c%20idle_in_transaction_session_timeout%3D{millis}\
         %20-c%20default_transaction_isolation%3Dread%5C%20committed%20-c%20jit%3Doff"
    ));
    kept.push(format!("connect_timeout={seconds}"));
    kept.push(format!("options={}", options.join("%20")));
    format!("{address}?{}", kept.join("&"))
}

/// The address and its query, without the `?` between them. A password before the `@` may hold one.
fn split(url: &str) -> (&str, &str) {
    let host = url.find('@').unwrap_or_default();
    match url[host..].find('?') {
        Some(at) => (&url[..host + at], &url[host + at + 1..]),
        None => (url, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "-c%20statement_timeout%3D2000%20-c%20idle_in_transaction_session_timeout%3D2000\
                        %20-c%20default_transaction_isolation%3Dread%5C%20committed%20-c%20jit%3Doff";

    fn session(url: &str) -> String {
        with_session(url, Duration::from_secs(2))
    }

    #[test]
    fn limits_and_isolation_go_behind_whatever_options_an_address_has() {
        let with = |before: &str, options: &str| format!("{before}connect_timeout=2&options={options}");
        for (url, expected) in [
            ("postgres://h/d", with("postgres://h/d?", OURS)),
            ("postgres://h/d?", with("postgres://h/d?", OURS)),
            ("postgres://h/d?sslmode=disable", with("postgres://h/d?sslmode=disable&", OURS)),
            (
                "postgres://h/d?options=-c%20search_path%3Dshop&sslmode=require",
                with("postgres://h/d?sslmode=require&", &format!("-c%20search_path%3Dshop%20{OURS}")),
            ),
            (
                "postgres://h/d?options=project%3Done&options=-c%20statement_timeout%3D0",
                with("postgres://h/d?", &format!("project%3Done%20-c%20statement_timeout%3D0%20{OURS}")),
            ),
        ] {
            assert_eq!(session(url), expected, "{url}");
        }
    }

    #[test]
    fn an_address_has_one_time_limit_for_connecting() {
        assert_eq!(session("postgres://h/d?connect_timeout=0"), session("postgres://h/d"));
    }

    #[test]
    fn a_question_mark_in_a_password_begins_no_query() {
        assert!(session("postgres://u:a?b@h/d").starts_with("postgres://u:a?b@h/d?connect_timeout=2&"));
        assert!(session("postgres://u:a?options=b@h/d?x=1").starts_with("postgres://u:a?options=b@h/d?x=1&connect"));
    }
}
