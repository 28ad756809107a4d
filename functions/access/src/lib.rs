//! Access: tokens that count no longer although they haven't expired, and sessions of a shop's
//! users.

mod logout;
mod revocations;
mod sessions;

edge::component! {
    GET    token "/api/v1/auth/revocations" => revocations::list;
    POST   token "/api/v1/auth/revocations" => revocations::revoke;
    DELETE token "/api/v1/auth/revocations/:id" => revocations::restore;
    POST   token "/api/v1/auth/logout" => logout::logout;
    POST   token "/api/v1/sessions" => sessions::create;
    GET    token "/api/v1/sessions/:id" => sessions::read;
    PUT    token "/api/v1/sessions/:id" => sessions::replace;
    DELETE token "/api/v1/sessions/:id" => sessions::delete;
}
