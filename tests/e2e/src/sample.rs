use tokio_postgres::Client;

/// Rows of the seed: an order with everything, and its surroundings.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The organisation of the token.
    pub org: String,
    /// Another organisation.
    pub other_org: String,
    /// The customer of `order`.
    pub customer: String,
    /// Another customer of the same organisation.
    pub other_customer: String,
    /// A live order with a payment, a shipment and an invoice.
    pub order: String,
    /// A live order of `other_org`.
    pub foreign_order: String,
    /// A customer of `other_org`.
    pub foreign_customer: String,
    /// A product's sku.
    pub sku: String,
    /// The currency in which `sku` is sold.
    pub currency: String,
    /// The product of `sku` and `currency`.
    pub product: String,
    /// A schema that products of `org` have.
    pub schema: String,
    /// A schema of `other_org`.
    pub foreign_schema: String,
    /// A product of `other_org`.
    pub foreign_product: String,
}

impl Sample {
    /// Finds them in the database, in `org` if the token names it.
    pub(crate) async fn find(database: &Client, org: Option<&str>) -> Sample {
        let one = async |what: &str, query: &str, org: Option<&str>| -> Vec<String> {
            let row = database
                .query_opt(&format!("/* e2e: */ {query}"), &[&org])
                .await
                .unwrap_or_else(|e| panic!("{query}: {e}"));
            let row = row.unwrap_or_else(|| panic!("the seed holds no {what}"));
            (0..row.len()).map(|column| row.get(column)).collect()
        };
        let order = one(
            "order with a payment, a shipment and an invoice",
            "SELECT o.organization_id::text, o.customer_id::text, o.id::text FROM orders o
             WHERE o.deleted_at IS NULL AND ($1::text IS NULL OR o.organization_id::text = $1)
               AND EXISTS (SELECT FROM payments p WHERE p.order_id = o.id)
               AND EXISTS (SELECT FROM shipments s WHERE s.order_id = o.id)
               AND EXISTS (SELECT FROM invoices i WHERE i.order_id = o.id)
             ORDER BY o.organization_id, o.id LIMIT 1",
            org,
        )
        .await;
        let [org, customer, order] = order.try_into().expect("three columns");
        let foreign = one(
            "order of another organisation",
            "SELECT organization_id::text, customer_id::text, id::text FROM orders
             WHERE deleted_at IS NULL AND organization_id::text <> $1 ORDER BY id LIMIT 1",
            Some(&org),
        )
        .await;
        let [other_org, foreign_customer, foreign_order] = foreign.try_into().expect("three columns");
        let other = one(
            "second customer",
            &format!("SELECT id::text FROM customers WHERE organization_id::text = $1 AND id <> '{customer}' ORDER BY id LIMIT 1"),
            Some(&org),
        )
        .await;
        let product = one(
            "product",
            "SELECT sku, currency::text, id::text FROM products WHERE organization_id::text = $1 ORDER BY sku LIMIT 1",
            Some(&org),
        )
        .await;
        let schema_of = "SELECT id::text FROM product_schemas WHERE organization_id::text = $1 ORDER BY name LIMIT 1";
        let [schema] = one("schema", schema_of, Some(&org)).await.try_into().expect("one column");
        let [foreign_schema] = one("foreign schema", schema_of, Some(&other_org)).await.try_into().expect("one column");
        let foreign_product = one(
            "product of the other organisation",
            "SELECT id::text FROM products WHERE organization_id::text = $1 ORDER BY sku LIMIT 1",
            Some(&other_org),
        )
        .await;
        let [other_customer] = other.try_into().expect("one column");
        let [sku, currency, product] = product.try_into().expect("three columns");
        let [foreign_product] = foreign_product.try_into().expect("one column");
        Sample {
            org,
            other_org,
            customer,
            other_customer,
            order,
            foreign_order,
            foreign_customer,
            sku,
            currency,
            product,
            schema,
            foreign_schema,
            foreign_product,
        }
    }
}
