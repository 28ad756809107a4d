//! Addresses of Redis and Postgres: the names in them, and the credentials that are put into them.

/// The name by which a database knows a cache: address of Redis and prefix, without user and
/// password.
pub fn cache_name(redis_url: &str, key_prefix: &str) -> String {
    let address = redis_url.rsplit('@').next().unwrap_or_default();
    let address = address.trim_start_matches("rediss://").trim_start_matches("redis://").trim_end_matches('/');
    format!("{address}#{key_prefix}")
}

/// The name by which a cache knows a database: host, port and database of its URL. User, password
/// and options don't make it another one.
pub fn database_name(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    let port = if host.rsplit(']').next().is_some_and(|end| end.contains(':')) { "" } else { ":5432" };
    format!("{host}{port}/{}", path.split('?').next().unwrap_or_default())
}

/// The address with user and password in it.
pub fn with_credentials(url: &str, credentials: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) if !credentials.is_empty() => format!("{scheme}://{credentials}@{rest}"),
        _ => url.to_owned(),
    }
}

/// The address with the name that Postgres lists connections by, unless it has one.
pub fn named(url: String, name: &str) -> String {
    if url.contains("application_name=") {
        return url;
    }
    let separator = if url.contains('?') { '&' } else { '?' };
    format!("{url}{separator}application_name={name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_hold_neither_user_nor_password_nor_options() {
        assert_eq!(cache_name("redis://:secret@10.0.0.1:6379/", "todo:"), "10.0.0.1:6379#todo:");
        assert_eq!(cache_name("rediss://cache.test", ""), "cache.test#");
        assert_eq!(database_name("postgres://user:secret@db.test/todo?sslmode=disable"), "db.test:5432/todo");
        assert_eq!(database_name("postgresql://db.test/todo"), "db.test:5432/todo");
        assert_eq!(database_name("postgres://me@[::1]/todo?x=a/b"), "[::1]:5432/todo");
        assert_eq!(database_name("postgres://[::1]:5433/todo"), "[::1]:5433/todo");
    }

    #[test]
    fn credentials_stand_before_the_host() {
        assert_eq!(with_credentials("rediss://cache.test:6380", ":secret"), "rediss://:secret@cache.test:6380");
        assert_eq!(with_credentials("redis://cache.test", ""), "redis://cache.test");
    }

    #[test]
    fn a_connection_has_one_name() {
        let named = |url: &str| named(url.to_owned(), "cache-spin");
        assert_eq!(named("postgres://h/d"), "postgres://h/d?application_name=cache-spin");
        assert_eq!(
            named("postgres://h/d?sslmode=disable"),
            "postgres://h/d?sslmode=disable&application_name=cache-spin"
        );
        assert_eq!(named("postgres://h/d?application_name=mine"), "postgres://h/d?application_name=mine");
    }
}
