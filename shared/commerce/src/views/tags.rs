//! The tags of entries. An entry that names a tag is gone as soon as a change that wrote the tag
//! has been applied.

use uuid::Uuid;

use crate::parts::{of_one, of_pair};
use crate::status::OrderStatus;

/// The changes that make an answer wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of one order and of all that belongs to it.
    Order,
    /// Those of one payment session.
    Session,
    /// Those of one cart, and of others' carts under the same id.
    Checkout,
    /// Those of one user session. That it ends later is none.
    UserSession,
    /// Those of one row of the ledger: there are none.
    Transaction,
    /// Those of one product.
    Product,
    /// Those of the stock of one product's article.
    Stock,
    /// Those of the products of an organisation.
    Products,
    /// Those of one schema and of its products.
    Schema,
    /// Those of the schemas of an organisation.
    Schemas,
    /// Those of the names that a shop shows beside codes. They belong to no organisation.
    Lookups,
    /// Those of the revoked tokens of an organisation.
    Access,
    /// Those of the orders of one customer.
    Customer,
    /// Those of one customer itself.
    Profile,
    /// Those of the numbers of an organisation's orders: how many, how much, in which status. A
    /// change that moves none, as of a note, leaves them as they are.
    Counts,
    /// Those of the orders of an organisation. A query may narrow it to a customer's orders or to
    /// those of one status. An answer about all organisations depends on [`ALL_TAG`].
    Organization,
}

impl Scope {
    /// The tag of what `id` names in the organisation.
    pub fn tag(self, org: Uuid, id: Uuid) -> String {
        match self {
            Self::Order => order_tag(org, id),
            Self::Session => session_tag(org, id),
            Self::Checkout => of_pair("checkout", org, id),
            Self::UserSession => of_pair("user_session", org, id),
            Self::Transaction => of_pair("transaction", org, id),
            Self::Product => of_pair("product", org, id),
            Self::Stock => of_pair("stock", org, id),
            Self::Products => of_one("products", org),
            Self::Schema => of_pair("schema", org, id),
            Self::Schemas => of_one("schemas", org),
            Self::Lookups => LOOKUPS_TAG.to_owned(),
            Self::Access => access_tag(org),
            Self::Customer => customer_tag(org, id),
            Self::Profile => of_pair("customer_profile", org, id),
            Self::Counts => counts_tag(org),
            Self::Organization => organization_tag(org),
        }
    }
}

/// The tag of the numbers of orders of all organisations.
pub const ALL_TAG: &str = "all";

/// The tag of everything that belongs to an organisation. A change of many rows writes this one in
/// place of theirs.
pub fn tenant_tag(org: Uuid) -> String {
    of_one("tenant", org)
}

/// The tag of an organisation's revoked tokens.
pub fn access_tag(org: Uuid) -> String {
    of_one("access", org)
}

/// The tag of the names that a shop shows beside codes.
pub const LOOKUPS_TAG: &str = "lookups";

/// The tag of an order and its views.
pub fn order_tag(org: Uuid, id: Uuid) -> String {
    of_pair("order", org, id)
}

/// The tag of a payment session.
pub fn session_tag(org: Uuid, id: Uuid) -> String {
    of_pair("session", org, id)
}

/// The tag of what is drawn from all orders of an organisation.
pub fn organization_tag(org: Uuid) -> String {
    of_one("org", org)
}

/// The tag of an organisation's numbers of orders.
pub fn counts_tag(org: Uuid) -> String {
    of_one("counts", org)
}

/// The tag of what is drawn from the orders of one customer.
pub fn customer_tag(org: Uuid, customer: Uuid) -> String {
    of_pair("customer", org, customer)
}

/// The tag of what is drawn from the orders of one status.
pub fn status_tag(org: Uuid, status: OrderStatus) -> String {
    [&of_one("status", org), "/", status.as_str()].concat()
}
