//! Query strings: decoded with errors that name the parameter, and made canonical for the key of
//! the entry.

use std::ops::RangeInclusive;

use std::borrow::Cow;

use sha2::{Digest, Sha256};
use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use crate::error::{Error, FieldError};
use crate::hex;
use crate::money::Currency;
use crate::params::Params;
use crate::parts::{decimal, id_text};
use crate::provider::Provider;
use crate::status::{OrderStatus, PaymentStatus};
use crate::text::text_forms;
use crate::time::Moment;

mod span;

pub use span::Span;

/// The longest page.
pub const MAX_LIMIT: u32 = 100;
/// The page length if none is asked for.
pub const DEFAULT_LIMIT: u32 = 20;
/// The last page that can be asked for; with [`MAX_LIMIT`] the offset still fits into four bytes.
pub const MAX_PAGE: u32 = 1_000_000;
/// The longest order number, or beginning of one, that can be searched for, in characters.
pub const MAX_SEARCH: usize = 64;
/// How long the text may be that staff searches orders by, in characters.
pub const SOUGHT: RangeInclusive<usize> = 3..=100;

/// The field that a list is sorted by. Ties are broken by the id, so that pages never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "camelCase")]
pub enum Sort {
    /// When the order was placed.
    #[default]
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
    /// Its total, as a number, whatever the currency.
    TotalAmount,
    /// Its number.
    OrderNumber,
    /// Its status.
    Status,
}

/// The way that a list is sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Direction {
    /// Smallest first.
    Asc,
    /// Largest or newest first.
    #[default]
    Desc,
}

text_forms!(Sort, Direction);

impl Sort {
    /// Whether a text is a place in a list that is sorted so: `<value>_<id>`.
    fn fits(self, cursor: &str) -> bool {
        let Some((value, id)) = cursor.rsplit_once('_') else { return false };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let is_value = match self {
            Self::CreatedAt | Self::UpdatedAt => Moment::parse(value).is_some(),
            Self::TotalAmount => {
                let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
                value.len() <= 20 && is_number(whole) && is_number(fraction)
            }
            Self::OrderNumber => parse_search(value).is_some(),
            Self::Status => value
                .split_once('_')
                .is_some_and(|(status, time)| OrderStatus::parse(status).is_some() && Moment::parse(time).is_some()),
        };
        is_value && parse_uuid(id).is_some()
    }
}

/// One page of something, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// The page, from 1 to [`MAX_PAGE`].
    pub number: u32,
    /// The length of a page, from 1 to [`MAX_LIMIT`].
    pub size: u32,
}

impl Default for Page {
    fn default() -> Self {
        Self { number: 1, size: DEFAULT_LIMIT }
    }
}

impl Page {
    /// The number of rows before it. It fits into four bytes by the bounds of its parts.
    pub fn offset(self) -> i32 {
        let before = u64::from(self.number.saturating_sub(1)) * u64::from(self.size);
        i32::try_from(before).unwrap_or(i32::MAX)
    }

    /// The most rows that it has.
    pub fn limit(self) -> i32 {
        i32::try_from(self.size).unwrap_or(i32::MAX)
    }

    /// `?page&size`, as the history has them.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["page", "size"])?;
        let page = Self {
            number: take_number(&mut params, "page", MAX_PAGE, 1),
            size: take_number(&mut params, "size", MAX_LIMIT, DEFAULT_LIMIT),
        };
        params.finish(page)
    }
}

/// A place in a list that is sorted by time and id: the last row that a page has shown, or looked
/// at. The next page begins after it, so it costs the same at any depth, and no row is shown twice
/// while others are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The row's time.
    pub at: Moment,
    /// The row's id.
    pub id: Uuid,
}

impl Place {
    /// Reads the `next` of an earlier page, `<RFC 3339>_<UUID>`.
    pub fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('_')?;
        Some(Self { at: Moment::parse(at)?, id: parse_uuid(id)? })
    }

    /// The text that [`Self::parse`] reads.
    pub fn text(&self) -> String {
        [&*self.at.to_rfc3339(), "_", &id_text(self.id)].concat()
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

/// `limit` and `after`, as lists have them whose pages begin where the last one ended.
pub(crate) fn take_stretch(params: &mut Params) -> (u32, Option<Place>) {
    take_stretch_of(params, MAX_LIMIT, DEFAULT_LIMIT)
}

/// As [`take_stretch`], with another largest and another usual `limit`.
pub(crate) fn take_stretch_of(params: &mut Params, max: u32, default: u32) -> (u32, Option<Place>) {
    let after = params.take("after", after_wanted, Place::parse);
    (take_number(params, "limit", max, default), after)
}

/// `limit`, as lists have it whose pages begin where the last one ended.
pub(crate) fn take_limit(params: &mut Params) -> u32 {
    take_number(params, "limit", MAX_LIMIT, DEFAULT_LIMIT)
}

/// `from` and `to`, as lists have them that begin and end at a moment. [`in_order`] judges both.
pub(crate) fn take_period(params: &mut Params) -> (Option<Moment>, Option<Moment>) {
    (params.take("from", moment_wanted, parse_moment), params.take("to", moment_wanted, parse_moment))
}

/// `provider`, any of them.
pub(crate) fn take_provider(params: &mut Params) -> Option<Provider> {
    params.take("provider", || format!("must be one of {}", Provider::names()), Provider::parse)
}

/// The query of `GET /orders`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ListQuery {
    /// The page.
    pub page: Page,
    /// Only orders of this status.
    pub status: Option<OrderStatus>,
    /// Only orders with this payment status.
    pub payment_status: Option<PaymentStatus>,
    /// Only orders in this currency.
    pub currency: Option<Currency>,
    /// Only orders of this customer.
    pub customer: Option<Uuid>,
    /// Only orders placed at or after this moment.
    pub created_from: Option<Moment>,
    /// Only orders placed before this moment.
    pub created_to: Option<Moment>,
    /// Only orders whose number begins so.
    pub search: Option<String>,
    /// The field to sort by.
    pub sort: Sort,
    /// The way to sort.
    pub direction: Direction,
    /// The `next` of an earlier page of the same list: this one begins there.
    pub cursor: Option<String>,
}

impl ListQuery {
    /// Reads a raw query string. Unknown and repeated parameters are refused, so that a typing
    /// mistake isn't a wider list.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        const NAMES: [&str; 12] = [
            "page",
            "limit",
            "status",
            "paymentStatus",
            "currency",
            "customerId",
            "createdFrom",
            "createdTo",
            "search",
            "sort",
            "order",
            "cursor",
        ];
        let mut params = Params::parse(raw, &NAMES)?;
        let page = take_page(&mut params);
        let query = Self {
            page,
            status: params.take("status", || format!("must be one of {}", OrderStatus::names()), OrderStatus::parse),
            payment_status: params.take(
                "paymentStatus",
                || format!("must be one of {}", PaymentStatus::names()),
                PaymentStatus::parse,
            ),
            currency: params.take("currency", || "must be an ISO 4217 code in capitals".to_owned(), Currency::parse),
            customer: params.take("customerId", uuid_wanted, parse_uuid),
            created_from: params.take("createdFrom", moment_wanted, parse_moment),
            created_to: params.take("createdTo", moment_wanted, parse_moment),
            search: params.take(
                "search",
                || format!("must be 1 to {MAX_SEARCH} characters, none of them a control character"),
                parse_search,
            ),
            sort: params.take("sort", || format!("must be one of {}", Sort::names()), Sort::parse).unwrap_or_default(),
            direction: params.take("order", || "must be asc or desc".to_owned(), Direction::parse).unwrap_or_default(),
            cursor: params.take("cursor", cursor_wanted, |text| Some(text.to_owned())),
        };
        let mut query = params.finish(query)?;
        query.begins_where_it_may()?;
        in_order(query.created_from, query.created_to, ("createdFrom", "createdTo"))?;
        // Order numbers are in capitals; a search finds them either way and is one entry either
        // way.
        query.search = query.search.map(|search| search.to_ascii_uppercase());
        Ok(query)
    }

    /// Refuses a cursor of another list, and a number beside a cursor.
    fn begins_where_it_may(&self) -> Result<(), Error> {
        match &self.cursor {
            Some(cursor) if !self.sort.fits(cursor) => Err(Error::invalid("cursor", cursor_wanted())),
            Some(_) if self.page.number > 1 => Err(Error::invalid("page", "must be absent beside a cursor")),
            _ => Ok(()),
        }
    }

    /// Keeps the list to one customer if the caller may see no other. Another customer's list isn't
    /// there for them.
    pub fn restrict_to(&mut self, restriction: Option<Uuid>) -> Result<(), Error> {
        match (restriction, self.customer) {
            (None, _) => Ok(()),
            (Some(own), Some(asked)) if own != asked => Err(Error::not_found("customer")),
            (Some(own), _) => {
                self.customer = Some(own);
                Ok(())
            }
        }
    }

    /// The same text for every way to ask for the same: sorted by name, defaults dropped.
    fn canonical(&self) -> String {
        let defaults = Self::default();
        let mut parts: Vec<(&str, Cow<'_, str>)> = Vec::new();
        let mut put = |name, value: Option<Cow<'static, str>>| {
            if let Some(value) = value {
                parts.push((name, value));
            }
        };
        put("createdFrom", self.created_from.map(|moment| moment.to_rfc3339().into()));
        put("createdTo", self.created_to.map(|moment| moment.to_rfc3339().into()));
        put("cursor", self.cursor.clone().map(Cow::from));
        put("currency", self.currency.map(|currency| currency.as_str().to_owned().into()));
        put("customerId", self.customer.map(|customer| id_text(customer).into()));
        put("limit", (self.page.size != defaults.page.size).then(|| decimal(self.page.size).into()));
        put("order", (self.direction != defaults.direction).then(|| self.direction.as_str().into()));
        put("page", (self.page.number != defaults.page.number).then(|| decimal(self.page.number).into()));
        put("paymentStatus", self.payment_status.map(|status| status.as_str().into()));
        put("search", self.search.clone().map(Cow::from));
        put("sort", (self.sort != defaults.sort).then(|| self.sort.as_str().into()));
        put("status", self.status.map(|status| status.as_str().into()));
        // No value holds a line feed (control characters are refused), so no two queries have the
        // same text.
        parts.iter().flat_map(|(name, value)| [name, "=", value, "\n"]).collect()
    }

    /// SHA-256 of the canonical text, in hexadecimal: the part of the key that stands for the
    /// filters.
    pub fn fingerprint(&self) -> String {
        hex::encode(&Sha256::digest(self.canonical()))
    }
}

/// `?organizationId`, as the statistics have it.
pub fn parse_stats(raw: Option<&str>) -> Result<Option<Uuid>, Error> {
    let mut params = Params::parse(raw, &["organizationId"])?;
    let organization = params.take("organizationId", uuid_wanted, parse_uuid);
    params.finish(organization)
}

/// `?hard`, as a deletion has it: `true` or `false`.
pub fn parse_hard(raw: Option<&str>) -> Result<bool, Error> {
    let mut params = Params::parse(raw, &["hard"])?;
    let hard = params.take("hard", || "must be true or false".to_owned(), |text| text.parse::<bool>().ok());
    params.finish(hard.unwrap_or(false))
}

/// `?limit`, as routes have it that do one bounded step: from 1 to `max`.
pub fn parse_step(raw: Option<&str>, max: u32) -> Result<u32, Error> {
    let mut params = Params::parse(raw, &["limit"])?;
    let limit = take_number(&mut params, "limit", max, max);
    params.finish(limit)
}

/// `?limit&after`, as lists have it that can't be narrowed: how many, and the place where the last
/// page ended.
pub fn parse_stretch(raw: Option<&str>) -> Result<(u32, Option<Place>), Error> {
    let mut params = Params::parse(raw, &["limit", "after"])?;
    let stretch = take_stretch(&mut params);
    params.finish(stretch)
}

/// `?q`, as staff's search of orders has it: as long as [`SOUGHT`] says, without control
/// characters.
pub fn parse_sought(raw: Option<&str>) -> Result<String, Error> {
    let mut params = Params::parse(raw, &["q"])?;
    let wanted =
        || format!("must be {} to {} characters, none of them a control character", SOUGHT.start(), SOUGHT.end());
    let sought = params.take("q", wanted, |text| {
        let fits = SOUGHT.contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then(|| text.to_owned())
    });
    params.finish(sought)?.ok_or_else(|| Error::invalid("q", "is missing"))
}

/// For routes without parameters: refuses any.
pub fn parse_none(raw: Option<&str>) -> Result<(), Error> {
    Params::parse(raw, &[])?.finish(())
}

/// An id as it stands in a path.
pub fn parse_id(field: &str, text: &str) -> Result<Uuid, Error> {
    parse_uuid(text).ok_or_else(|| Error::invalid(field, uuid_wanted()))
}

/// A UUID in its usual form, 36 characters; the other forms (braces, urn, without dashes) would be
/// second names for one thing.
pub(crate) fn parse_uuid(text: &str) -> Option<Uuid> {
    if text.len() == 36 { Uuid::try_parse(text).ok() } else { None }
}

/// What `after` must be.
pub fn after_wanted() -> String {
    "must be the next of an earlier page".to_owned()
}

fn cursor_wanted() -> String {
    "must be the next of an earlier page of the same list".to_owned()
}

pub(crate) fn uuid_wanted() -> String {
    "must be a UUID such as 0190d6a0-7b1c-7c3e-9f00-1234567890ab".to_owned()
}

pub(crate) fn moment_wanted() -> String {
    "must be a date or an RFC 3339 time such as 2026-01-31T12:00:00Z (write + as %2B)".to_owned()
}

/// A moment from a query, in which an unescaped `+` of the offset has become a blank.
pub(crate) fn parse_moment(text: &str) -> Option<Moment> {
    match text.len().checked_sub(6).map(|at| text.split_at_checked(at)) {
        Some(Some((time, offset))) if time.len() > 10 && offset.starts_with(' ') => {
            Moment::parse(&format!("{time}+{}", offset.trim_start()))
        }
        _ => Moment::parse(text),
    }
}

/// Refuses a period that ends before it begins; `names` are those of its two parameters.
pub(crate) fn in_order(from: Option<Moment>, to: Option<Moment>, names: (&str, &str)) -> Result<(), Error> {
    match (from, to) {
        (Some(from), Some(to)) if to < from => {
            Err(Error::Invalid(vec![FieldError::new(names.1, format!("must not be before {}", names.0))]))
        }
        _ => Ok(()),
    }
}

fn parse_search(text: &str) -> Option<String> {
    let fits = (1..=MAX_SEARCH).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    fits.then(|| text.to_owned())
}

/// `page` and `limit`, as lists have them.
pub(crate) fn take_page(params: &mut Params) -> Page {
    Page {
        number: take_number(params, "page", MAX_PAGE, 1),
        size: take_number(params, "limit", MAX_LIMIT, DEFAULT_LIMIT),
    }
}

/// A number from 1 to `max` in plain digits.
pub(crate) fn take_number(params: &mut Params, name: &'static str, max: u32, default: u32) -> u32 {
    let parse = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| digits && (1..=max).contains(number))
    };
    params.take(name, || format!("must be a whole number from 1 to {max}"), parse).unwrap_or(default)
}

#[cfg(test)]
mod tests;
