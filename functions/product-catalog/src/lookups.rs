//! What a shop looks up: names beside codes. They decide nothing, so an instance keeps them for a
//! while by itself.

use commerce::error::Error;
use commerce::money::Currency;
use commerce::views::{self, View};
use edge::{Call, Param, Reply, params};

/// `GET /lookups/currencies`: the currencies in use, with names and digits.
///
/// # Errors
/// The error that Postgres gave.
pub async fn currencies(call: Call<'_>) -> Result<Reply, Error> {
    let mut codes: Vec<String> = Currency::codes().map(str::to_owned).collect();
    codes.sort_unstable();
    look_up(call, views::CURRENCIES, params![codes]).await
}

/// `GET /lookups/countries`: the countries of ISO 3166-1, with names.
///
/// # Errors
/// The error that Postgres gave.
pub async fn countries(call: Call<'_>) -> Result<Reply, Error> {
    look_up(call, views::COUNTRIES, params![]).await
}

async fn look_up(call: Call<'_>, view: &'static View, params: Vec<Param>) -> Result<Reply, Error> {
    call.no_query()?;
    let answer = edge::read_near(call, view.entry_of_all(), params).await?;
    call.give(answer, view.noun)
}
