//! The cached views: one row for each kind of answer that is kept, and everything about it in that
//! row.
//!
//! The order of the rows is the order in which views are counted: a new one goes to the end. Views
//! are counted under their names, so a name is never changed or reused. Keys are without the
//! namespace's prefix.
//!
//! Reading order: the table, [`Entry`] (the key of one answer of a view), [`tags`] (the changes
//! that make an answer wrong), [`invalidation`] (what an operator may have made anew), [`message`]
//! (what messages may).

mod entry;
pub mod invalidation;
pub mod message;
pub mod tags;

pub use entry::Entry;
pub use tags::Scope;

/// One kind of answer that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct View {
    number: usize,
    /// The name that it is counted under.
    pub name: &'static str,
    /// One answer of it, for the table of settings.
    pub about: &'static str,
    /// The first part of its keys.
    pub key: &'static str,
    /// The last part of its keys; empty if they have none.
    pub key_end: &'static str,
    /// The changes that make an answer wrong.
    pub scope: Scope,
    /// The setting that says how long it is kept.
    pub ttl: &'static str,
    /// The default of that setting, in seconds; empty: as `cache_ttl_seconds`.
    pub default_ttl: &'static str,
    /// Whether an old answer is better than none while Postgres is away. Never if money is decided
    /// by it.
    pub stale_if_error: bool,
    /// The SQL function that answers it.
    pub statement: &'static str,
    /// The SQL function that answers it for many ids at once, with the same bytes for each; empty:
    /// nothing asks for many.
    pub bulk: &'static str,
    /// The thing that isn't there when nothing is found.
    pub noun: &'static str,
}

impl View {
    /// What a row doesn't say.
    const PLAIN: Self = {
        let none = "";
        Self {
            number: 0,
            name: none,
            about: none,
            key: none,
            key_end: none,
            scope: Scope::Order,
            ttl: none,
            default_ttl: none,
            stale_if_error: false,
            statement: none,
            bulk: none,
            noun: none,
        }
    };

    /// Its place in [`VIEWS`] and in [`NAMES`].
    pub const fn number(&self) -> usize {
        self.number
    }
}

/// Makes the table, and a name for each of its rows.
macro_rules! views {
    ($($(#[$doc:meta])+ $handle:ident = { $($field:ident: $value:expr,)+ })+) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        enum Number { $($handle,)+ }

        /// The rows of [`VIEWS`], for constants.
        #[allow(clippy::needless_update, reason = "some rows say everything")]
        pub const ROWS: [View; [$(Number::$handle),+].len()] =
            [$(View { number: Number::$handle as usize, $($field: $value,)+ ..View::PLAIN },)+];

        /// Every view, in the order in which they are counted.
        pub static VIEWS: [View; ROWS.len()] = ROWS;

        $($(#[$doc])+ pub static $handle: &View = &VIEWS[Number::$handle as usize];)+
    };
}

views! {
    /// One order.
    ORDER = {
        name: "order",
        about: "an order",
        key: "order",
        scope: Scope::Order,
        ttl: "ttl_order",
        default_ttl: "",
        stale_if_error: true,
        statement: "order_get",
        bulk: "order_read_many",
        noun: "order",
    }
    /// A page of orders. Depends on the narrowest set that holds every order of any page of its
    /// query.
    ORDERS_LIST = {
        name: "orders_list",
        about: "a page of orders",
        key: "orders:list",
        scope: Scope::Organization,
        ttl: "ttl_orders_list",
        default_ttl: "",
        stale_if_error: true,
        statement: "order_list",
        noun: "list of orders",
    }
    /// Statistics of one organisation, or of all.
    ORDER_STATS = {
        name: "order_stats",
        about: "statistics",
        key: "order:stats",
        scope: Scope::Counts,
        ttl: "ttl_order_stats",
        default_ttl: "",
        stale_if_error: true,
        statement: "order_stats",
        noun: "statistics",
    }
    /// The summary of an order.
    ORDER_SUMMARY = {
        name: "order_summary",
        about: "a summary of an order",
        key: "order-summaries",
        scope: Scope::Order,
        ttl: "ttl_order_summary",
        default_ttl: "900",
        stale_if_error: true,
        statement: "order_summary",
        bulk: "order_summaries",
        noun: "order",
    }
    /// A page of a customer's orders, newest first.
    ORDER_HISTORY = {
        name: "order_history",
        about: "a page of a customer's orders",
        key: "order-history",
        scope: Scope::Customer,
        ttl: "ttl_order_history",
        default_ttl: "3600",
        stale_if_error: true,
        statement: "order_history",
        noun: "customer",
    }
    /// The sums that were paid for an order.
    PAYMENT_STATUS = {
        name: "payment_status",
        about: "what was paid for an order",
        key: "payment-status",
        scope: Scope::Order,
        ttl: "ttl_payment_status",
        default_ttl: "300",
        stale_if_error: false,
        statement: "order_payment_status",
        noun: "order",
    }
    /// The parcels of an order.
    ORDER_TRACKING = {
        name: "order_tracking",
        about: "where an order's parcels are",
        key: "order-tracking",
        scope: Scope::Order,
        ttl: "ttl_order_tracking",
        default_ttl: "1800",
        stale_if_error: true,
        statement: "order_tracking",
        bulk: "order_trackings",
        noun: "order",
    }
    /// The invoice of an order; an order may stand without one.
    INVOICE_DATA = {
        name: "invoice_data",
        about: "an invoice",
        key: "invoice-data",
        scope: Scope::Order,
        ttl: "ttl_invoice_data",
        default_ttl: "21600",
        stale_if_error: true,
        statement: "order_invoice",
        noun: "invoice",
    }
    /// The line of one order in a bulk read.
    ORDER_STATUS = {
        name: "order_status",
        about: "a line of a bulk read",
        key: "order-status",
        scope: Scope::Order,
        ttl: "ttl_payment_status",
        default_ttl: "300",
        stale_if_error: false,
        statement: "order_statuses",
        bulk: "order_statuses",
        noun: "order",
    }
    /// A payment session. It is kept at most as long as it is open, whatever the setting says.
    PAYMENT_SESSION = {
        name: "payment_session",
        about: "a payment session",
        key: "order-payment:session",
        scope: Scope::Session,
        ttl: "ttl_payment_session",
        default_ttl: "1800",
        stale_if_error: false,
        statement: "session_get",
        noun: "payment session",
    }
    /// A row of the ledger. It never changes.
    TRANSACTION = {
        name: "transaction",
        about: "a row of the ledger",
        key: "transaction",
        scope: Scope::Transaction,
        ttl: "ttl_transaction",
        default_ttl: "3600",
        stale_if_error: true,
        statement: "transaction_get",
        noun: "transaction",
    }
    /// One product.
    PRODUCT = {
        name: "product",
        about: "a product, and its details",
        key: "product",
        scope: Scope::Product,
        ttl: "ttl_product",
        default_ttl: "600",
        stale_if_error: true,
        statement: "product_get",
        noun: "product",
    }
    /// The stock of a product's article.
    PRODUCT_STOCK = {
        name: "product_stock",
        about: "the stock of a product",
        key: "product-stock",
        scope: Scope::Stock,
        ttl: "ttl_product",
        default_ttl: "600",
        stale_if_error: true,
        statement: "stock_get",
        noun: "product",
    }
    /// What a list doesn't show of a product.
    PRODUCT_DETAILS = {
        name: "product_details",
        about: "a product, and its details",
        key: "product",
        key_end: "details",
        scope: Scope::Product,
        ttl: "ttl_product",
        default_ttl: "600",
        stale_if_error: true,
        statement: "product_details",
        noun: "product",
    }
    /// A page of an organisation's products.
    PRODUCTS_LIST = {
        name: "products_list",
        about: "a page of products",
        key: "products:org",
        scope: Scope::Products,
        ttl: "ttl_products_list",
        default_ttl: "300",
        stale_if_error: true,
        statement: "product_list",
        noun: "list of products",
    }
    /// A stretch of the products that an organisation sells.
    ORGANIZATION_PRODUCTS = {
        name: "organization_products",
        about: "what an organisation sells",
        key: "org",
        key_end: "products",
        scope: Scope::Products,
        ttl: "ttl_organization_products",
        default_ttl: "900",
        stale_if_error: true,
        statement: "organization_products",
        noun: "organization",
    }
    /// One schema.
    SCHEMA = {
        name: "schema",
        about: "a schema, and lists of schemas",
        key: "schema",
        scope: Scope::Schema,
        ttl: "ttl_schema",
        default_ttl: "1200",
        stale_if_error: true,
        statement: "schema_get",
        noun: "schema",
    }
    /// A stretch of the products of a schema that are sold.
    SCHEMA_PRODUCTS = {
        name: "schema_products",
        about: "products of a schema",
        key: "schema",
        key_end: "products",
        scope: Scope::Schema,
        ttl: "ttl_schema_products",
        default_ttl: "1200",
        stale_if_error: true,
        statement: "schema_products",
        noun: "schema",
    }
    /// A stretch of an organisation's schemas.
    SCHEMAS_LIST = {
        name: "schemas_list",
        about: "a schema, and lists of schemas",
        key: "org",
        key_end: "schemas",
        scope: Scope::Schemas,
        ttl: "ttl_schema",
        default_ttl: "1200",
        stale_if_error: true,
        statement: "schema_list",
        noun: "list of schemas",
    }
    /// The currencies in use, with their names.
    CURRENCIES = {
        name: "currencies",
        about: "names of currencies and countries",
        key: "lookup:currencies",
        scope: Scope::Lookups,
        ttl: "ttl_lookup",
        default_ttl: "7200",
        stale_if_error: true,
        statement: "lookup_currencies",
        noun: "list of currencies",
    }
    /// The countries, with their names.
    COUNTRIES = {
        name: "countries",
        about: "names of currencies and countries",
        key: "lookup:countries",
        scope: Scope::Lookups,
        ttl: "ttl_lookup",
        default_ttl: "7200",
        stale_if_error: true,
        statement: "lookup_countries",
        noun: "list of countries",
    }
    /// A customer. Its orders change without it.
    CUSTOMER = {
        name: "customer",
        about: "a customer",
        key: "customer",
        scope: Scope::Profile,
        ttl: "ttl_customer",
        default_ttl: "900",
        stale_if_error: true,
        statement: "customer_get",
        noun: "customer",
    }
    /// The revoked tokens of an organisation. An old list is better than none while Postgres is
    /// away; `revocation_unknown` says whether it is good enough.
    REVOKED_TOKENS = {
        name: "revoked_tokens",
        about: "revoked tokens",
        key: "access",
        scope: Scope::Access,
        ttl: "ttl_access",
        default_ttl: "3600",
        stale_if_error: true,
        statement: "access_revoked",
        noun: "list of revoked tokens",
    }
    /// Whether one token is revoked, for organisations with very many revocations.
    REVOKED_TOKEN = {
        name: "revoked_token",
        about: "revoked tokens",
        key: "access-token",
        scope: Scope::Access,
        ttl: "ttl_access",
        default_ttl: "3600",
        stale_if_error: true,
        statement: "access_token",
        noun: "token",
    }
    /// A caller's cart. It is kept no longer than the cart itself, whatever the setting says.
    CHECKOUT = {
        name: "checkout_session",
        about: "a cart",
        key: "checkout:session",
        scope: Scope::Checkout,
        ttl: "ttl_checkout_session",
        default_ttl: "1800",
        stale_if_error: false,
        statement: "checkout_get",
        noun: "checkout session",
    }
    /// What a shop keeps of one of its users between two requests. Its row lets a copy count for a
    /// minute at most: then the session's end is put off.
    USER_SESSION = {
        name: "user_session",
        about: "a user session, and how long one stays after its last use",
        key: "session",
        scope: Scope::UserSession,
        ttl: "ttl_session",
        default_ttl: "3600",
        stale_if_error: false,
        statement: "user_session_get",
        noun: "user session",
    }
}

/// The names of all views in the order of [`VIEWS`]: what they are counted under.
pub const NAMES: [&str; ROWS.len()] = {
    let mut names = [""; ROWS.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = ROWS[at].name;
        at += 1;
    }
    names
};

#[cfg(test)]
mod tests;
