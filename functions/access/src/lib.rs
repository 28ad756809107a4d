//! Access: tokens that count no longer although they haven't expired.

mod logout;
mod revocations;

edge::component! {
    GET    token "/api/v1/auth/revocations" => revocations::list;
    POST   token "/api/v1/auth/revocations" => revocations::revoke;
    DELETE token "/api/v1/auth/revocations/:id" => revocations::restore;
    POST   token "/api/v1/auth/logout" => logout::logout;
}
