//! The caller of a request, and what it may do. Default deny: what no rule here allows is refused.

use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use crate::error::Error;
use crate::text::text_forms;

/// The scope that lets an operator read the headers and bodies of events: they hold personal data.
pub const SCOPE_BODY: &str = "webhooks:body";
/// The scope that lets a service revoke tokens, and see which are.
pub const SCOPE_REVOKE: &str = "access:revoke";
/// The scope that lets a caller set unit prices of a new order.
pub const SCOPE_PRICE: &str = "orders:price";

/// The kind of a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// A program of the organisation.
    Service,
    /// A customer of the organisation: sees and changes only what is theirs.
    Customer,
    /// Staff: as a service, plus what reaches beyond the organisation or can't be undone.
    Operator,
}

text_forms!(Role);

/// A verified caller. It is made in one place (`jwt::verify`), by configuration if authentication
/// is switched off, or of a guest's token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The organisation that everything it sees belongs to.
    pub organization: Uuid,
    /// Its kind.
    pub role: Role,
    /// The customer it is; always there for [`Role::Customer`].
    pub customer: Option<Uuid>,
    /// Extras that were granted, such as [`SCOPE_PRICE`].
    pub scopes: Vec<String>,
    /// The issuer's name for it: the principal of idempotency keys.
    pub subject: String,
    /// The token's own name (`jti`), if it has one.
    pub token_id: Option<String>,
    /// The unix second in which the token was issued (`iat`); 0 if it doesn't say.
    pub issued_at: i64,
    /// The first unix second at which the token no longer counts.
    pub expires_at: i64,
    /// The first unix second at which the token counts, leeway included, if it names one.
    pub not_before: Option<i64>,
}

impl Caller {
    /// The holder of a guest's token, who is a customer without an account.
    pub fn guest(organization: Uuid, customer: Uuid) -> Self {
        Self {
            organization,
            role: Role::Customer,
            customer: Some(customer),
            scopes: Vec::new(),
            subject: "guest".to_owned(),
            token_id: None,
            issued_at: 0,
            expires_at: i64::MAX,
            not_before: None,
        }
    }

    /// The customer whose things are all that this caller may touch; `None` = everything of the
    /// organisation.
    ///
    /// A customer's token without a customer is never verified. A caller that is made by hand like
    /// that is refused here, too.
    pub fn restriction(&self) -> Result<Option<Uuid>, Error> {
        match (self.role, self.customer) {
            (Role::Service | Role::Operator, _) => Ok(None),
            (Role::Customer, Some(customer)) => Ok(Some(customer)),
            (Role::Customer, None) => Err(Error::forbidden("a customer's token must name the customer")),
        }
    }

    /// Whether something of `owner` (a customer's id) may be shown to this caller.
    pub fn may_see(&self, owner: Option<&str>) -> bool {
        match self.restriction() {
            Ok(None) => true,
            Ok(Some(customer)) => owner.is_some_and(|owner| Uuid::try_parse(owner) == Ok(customer)),
            Err(_) => false,
        }
    }

    /// Whose idempotency keys are meant: the same key of another caller is another key.
    pub fn principal(&self) -> String {
        let customer = self.customer.map(|customer| customer.to_string()).unwrap_or_default();
        format!("{}:{customer}:{}", self.role.as_str(), self.subject)
    }

    /// Whether a scope was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|granted| granted == scope)
    }

    /// Refuses customers: `what` is for staff and programs only.
    pub fn require_staff(&self, what: &str) -> Result<(), Error> {
        match self.role {
            Role::Service | Role::Operator => Ok(()),
            Role::Customer => Err(Error::forbidden(format!("{what} needs the role service or operator"))),
        }
    }

    /// Refuses everyone but operators.
    pub fn require_operator(&self, what: &str) -> Result<(), Error> {
        match self.role {
            Role::Operator => Ok(()),
            Role::Service | Role::Customer => Err(Error::forbidden(format!("{what} needs the role operator"))),
        }
    }

    /// Refuses callers that may not revoke the tokens of others: customers, and services without
    /// the scope.
    pub fn require_revoker(&self) -> Result<(), Error> {
        match self.role {
            Role::Operator => Ok(()),
            Role::Service if self.has_scope(SCOPE_REVOKE) => Ok(()),
            Role::Service | Role::Customer => Err(Error::forbidden(format!(
                "revoking tokens needs the role operator, or a service's scope {SCOPE_REVOKE}"
            ))),
        }
    }

    /// The organisation that statistics are drawn from: `asked` is the query's `organizationId`,
    /// `None` = all organisations.
    ///
    /// An operator may ask for any organisation, or for all by naming none. A service has its own,
    /// named or not; another's is not there for it. A customer has none.
    pub fn stats_organization(&self, asked: Option<Uuid>) -> Result<Option<Uuid>, Error> {
        self.organization_of("statistics", asked)
    }

    /// The organisation whose feed of changes is read; as [`Self::stats_organization`].
    pub fn feed_organization(&self, asked: Option<Uuid>) -> Result<Option<Uuid>, Error> {
        self.organization_of("the feed of changes", asked)
    }

    fn organization_of(&self, what: &str, asked: Option<Uuid>) -> Result<Option<Uuid>, Error> {
        self.require_staff(what)?;
        match (self.role, asked) {
            (Role::Operator, asked) => Ok(asked),
            (_, None) => Ok(Some(self.organization)),
            (_, Some(asked)) if asked == self.organization => Ok(Some(asked)),
            (_, Some(_)) => Err(Error::not_found("organization")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORG: Uuid = Uuid::from_u128(1);
    const OTHER: Uuid = Uuid::from_u128(2);
    const ME: Uuid = Uuid::from_u128(3);

    fn caller(role: Role, customer: Option<Uuid>) -> Caller {
        Caller {
            organization: ORG,
            role,
            customer,
            scopes: vec![],
            subject: "s".into(),
            token_id: None,
            issued_at: 0,
            expires_at: i64::MAX,
            not_before: None,
        }
    }

    #[test]
    fn a_customer_sees_only_its_own_and_never_what_has_no_owner() {
        let me = caller(Role::Customer, Some(ME));
        let table = [
            (Some(ME.to_string()), true),
            (Some(ME.to_string().to_uppercase()), true),
            (Some(OTHER.to_string()), false),
            (Some(String::new()), false),
            (None, false),
        ];
        for (owner, seen) in table {
            assert_eq!(me.may_see(owner.as_deref()), seen, "{owner:?}");
        }
    }

    #[test]
    fn a_customer_without_a_customer_sees_nothing() {
        let nobody = caller(Role::Customer, None);
        assert!(!nobody.may_see(Some(&ME.to_string())));
        assert!(matches!(nobody.restriction(), Err(Error::Forbidden { .. })));
    }

    #[test]
    fn a_staff_token_that_names_a_customer_is_not_restricted_by_it() {
        for role in [Role::Service, Role::Operator] {
            assert_eq!(caller(role, Some(ME)).restriction(), Ok(None));
            assert!(caller(role, Some(ME)).may_see(Some(&OTHER.to_string())));
        }
    }

    #[test]
    fn statistics_follow_the_role() {
        let table = [
            (Role::Operator, None, Ok(None)),
            (Role::Operator, Some(ORG), Ok(Some(ORG))),
            (Role::Operator, Some(OTHER), Ok(Some(OTHER))),
            (Role::Service, None, Ok(Some(ORG))),
            (Role::Service, Some(ORG), Ok(Some(ORG))),
            (Role::Service, Some(OTHER), Err(Error::not_found("organization"))),
        ];
        for (role, asked, expected) in table {
            assert_eq!(caller(role, None).stats_organization(asked), expected, "{role:?} {asked:?}");
        }
        for asked in [None, Some(ORG), Some(OTHER)] {
            let refused = caller(Role::Customer, Some(ME)).stats_organization(asked);
            assert!(matches!(refused, Err(Error::Forbidden { .. })), "{asked:?}");
        }
    }
}
