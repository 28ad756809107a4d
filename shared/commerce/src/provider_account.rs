//! Accounts at payment providers: whose they are, and whether new payments go to them. The requests
//! that say so, decoded.

use uuid::Uuid;

use crate::error::Error;
use crate::fields::{Fields, Mistakes, flag, line, one_of, uuid};
use crate::json;
use crate::params::Params;
use crate::provider::Provider;
use crate::query::{after_wanted, parse_uuid, take_limit, take_provider, uuid_wanted};

/// The longest name of an account, in characters.
const MAX_ACCOUNT: usize = 128;

/// `POST /provider-accounts`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProviderAccount {
    /// The provider.
    pub provider: Provider,
    /// PayPal's merchant id, Stripe's account id.
    pub account: String,
    /// The organisation whose it is.
    pub organization: Uuid,
}

impl NewProviderAccount {
    /// Decodes a body.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every field that is wrong.
    pub fn decode(body: &[u8]) -> Result<Self, Error> {
        let mut mistakes = Mistakes::default();
        let fields = Fields::of("", json::parse(body)?, &["provider", "account", "organizationId"], &mut mistakes);
        let account = fields.and_then(|mut fields| {
            let provider = fields
                .required("provider", one_of(Provider::parse, || format!("must be one of {}", Provider::names())));
            let account = fields.required("account", |json| account_name(&line(1, MAX_ACCOUNT)(json)?));
            let organization = fields.required("organizationId", uuid);
            Some(Self { provider: provider?, account: account?, organization: organization? })
        });
        mistakes.finish(account)
    }
}

/// The name of an account, or none, as the table `provider_accounts` takes it.
///
/// # Errors
/// What it must be.
pub fn account_name(text: &str) -> Result<String, String> {
    let all = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let fits = all && text.len() <= MAX_ACCOUNT;
    fits.then(|| text.to_owned()).ok_or_else(|| format!("must be at most {MAX_ACCOUNT} letters, digits, _ and -"))
}

/// `PATCH /provider-accounts/:id`: whether new payments may go to it.
///
/// # Errors
/// [`Error::Invalid`] naming every field that is wrong.
pub fn decode_active(body: &[u8]) -> Result<bool, Error> {
    let mut mistakes = Mistakes::default();
    let fields = Fields::of("", json::parse(body)?, &["active"], &mut mistakes);
    let active = fields.and_then(|mut fields| fields.required("active", flag));
    mistakes.finish(active)
}

/// `GET /provider-accounts`: which ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAccountsQuery {
    /// Only this organisation's.
    pub organization: Option<Uuid>,
    /// Only at this provider.
    pub provider: Option<Provider>,
    /// At most so many.
    pub limit: u32,
    /// The last account of the page before.
    pub after: Option<Uuid>,
}

impl ProviderAccountsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["organizationId", "provider", "limit", "after"])?;
        let organization = params.take("organizationId", uuid_wanted, parse_uuid);
        let provider = take_provider(&mut params);
        let after = params.take("after", after_wanted, parse_uuid);
        let limit = take_limit(&mut params);
        params.finish(Self { organization, provider, limit, after })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::refused_fields as fields;
    use serde_json::json;

    #[test]
    fn an_account_names_its_provider_and_its_organization() {
        let id = Uuid::from_u128(7);
        let body = json!({"provider": "stripe", "account": "acct_1", "organizationId": id});
        let read = NewProviderAccount::decode(body.to_string().as_bytes()).unwrap();
        let wanted = NewProviderAccount { provider: Provider::Stripe, account: "acct_1".into(), organization: id };
        assert_eq!(read, wanted);
        for (name, value) in [
            ("provider", json!("other")),
            ("account", json!("acct 1")),
            ("account", json!("")),
            ("organizationId", json!("me")),
            ("secret", json!("x")),
        ] {
            let mut body = body.clone();
            body[name] = value;
            assert_eq!(fields(NewProviderAccount::decode(body.to_string().as_bytes())), [name], "{body}");
        }
    }

    #[test]
    fn an_account_is_open_or_closed_and_nothing_else_of_it_changes() {
        assert_eq!(decode_active(br#"{"active":false}"#), Ok(false));
        for (text, field) in
            [("{}", "active"), (r#"{"active":null}"#, "active"), (r#"{"active":true,"account":"x"}"#, "account")]
        {
            assert_eq!(fields(decode_active(text.as_bytes())), [field], "{text}");
        }
    }

    #[test]
    fn accounts_are_listed_by_organization_and_provider() {
        let id = Uuid::from_u128(3);
        let query = ProviderAccountsQuery::parse(Some(&format!("organizationId={id}&provider=paypal"))).unwrap();
        assert_eq!((query.organization, query.provider, query.after), (Some(id), Some(Provider::PayPal), None));
        for wrong in ["organizationId=x", "provider=other", "limit=0", "after=x", "page=1"] {
            assert!(ProviderAccountsQuery::parse(Some(wrong)).is_err(), "{wrong}");
        }
    }
}
