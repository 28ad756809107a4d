//! User sessions: what a shop keeps of one of its users between two requests, in JSON of its own.

use crate::caller::{Caller, Role};
use crate::error::Error;
use crate::json::{self, Json};

/// The most bytes that a session may hold.
pub const MAX_BYTES: usize = 8192;

/// What a session is to hold, out of a request's body: the JSON object, as it was sent.
///
/// # Errors
/// [`Error::Invalid`] for a body that isn't a JSON object, with the path of the mistake.
pub fn decode(body: Vec<u8>) -> Result<String, Error> {
    match json::parse(&body)? {
        Json::Object(_) => {
            String::from_utf8(body.trim_ascii().to_vec()).map_err(|_| Error::invalid("body", "must be UTF-8"))
        }
        _ => Err(Error::invalid("body", "must be an object")),
    }
}

/// The caller whose sessions are all that this one may touch; `None` = all of the organisation.
///
/// A customer is known by its subject, too: who shares a customer's account has sessions of its
/// own.
///
/// # Errors
/// [`Error::Forbidden`] for a customer's token without a customer.
pub fn owner(caller: &Caller) -> Result<Option<String>, Error> {
    Ok(caller.restriction()?.map(|_| caller.principal()))
}

/// How many sessions a caller may have, if a customer may have `most`; `None`: any number. A
/// program of the shop may keep those of all its visitors under its own name.
pub fn most(caller: &Caller, most: u32) -> Option<i32> {
    let bounded = caller.role == Role::Customer && most > 0;
    bounded.then(|| i32::try_from(most).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn caller(role: Role, customer: Option<u128>, subject: &str) -> Caller {
        Caller {
            organization: Uuid::from_u128(1),
            role,
            customer: customer.map(Uuid::from_u128),
            scopes: vec![],
            subject: subject.into(),
            token_id: None,
            issued_at: 0,
            expires_at: i64::MAX,
            not_before: None,
        }
    }

    #[test]
    fn a_session_holds_an_object_as_it_was_sent() {
        let table: [(&[u8], Result<&str, &str>); 8] = [
            (b"{}", Ok("{}")),
            (b" { \"b\":1.50, \"a\":[null] }\n", Ok("{ \"b\":1.50, \"a\":[null] }")),
            (b"", Err("body")),
            (b"[]", Err("body")),
            (b"null", Err("body")),
            (b"{\"a\":1,\"a\":2}", Err("a")),
            (b"{\"a\":{\"b\":\"\\u0000\"}}", Err("a.b")),
            (b"{\"a\":\"\xff\"}", Err("body")),
        ];
        for (body, expected) in table {
            match (decode(body.to_vec()), expected) {
                (Ok(data), Ok(wanted)) => assert_eq!(data, wanted),
                (Err(Error::Invalid(errors)), Err(field)) => assert_eq!(errors[0].field, field),
                (other, _) => panic!("{other:?} of {:?}", String::from_utf8_lossy(body)),
            }
        }
    }

    #[test]
    fn a_customer_has_its_own_sessions_and_staff_those_of_the_organisation() {
        let ana = owner(&caller(Role::Customer, Some(3), "ana")).unwrap();
        assert!(ana.is_some());
        for other in [
            caller(Role::Customer, Some(3), "ion"),
            caller(Role::Customer, Some(4), "ana"),
            caller(Role::Service, Some(3), "ana"),
        ] {
            assert_ne!(owner(&other).unwrap(), ana, "{other:?}");
        }
        for role in [Role::Service, Role::Operator] {
            assert_eq!(owner(&caller(role, None, "shop")), Ok(None));
        }
        assert!(matches!(owner(&caller(Role::Customer, None, "ana")), Err(Error::Forbidden { .. })));
    }

    #[test]
    fn customers_have_so_many_sessions_and_programs_any_number() {
        assert_eq!(most(&caller(Role::Customer, Some(3), "ana"), 20), Some(20));
        assert_eq!(most(&caller(Role::Customer, Some(3), "ana"), 0), None);
        assert_eq!(most(&caller(Role::Service, None, "shop"), 20), None);
    }
}
