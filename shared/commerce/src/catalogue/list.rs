//! Lists of products: which ones, in which order, from where on.

use strum::{EnumString, VariantArray, VariantNames};
use uuid::Uuid;

use super::product::ProductStatus;
use crate::error::Error;
use crate::params::Params;
use crate::query::{
    DEFAULT_LIMIT, Direction, MAX_SEARCH, Page, Place, parse_uuid, take_page, take_stretch, uuid_wanted,
};
use crate::text::text_forms;
use crate::time::Moment;

/// The last row that can be reached by counting pages; beyond it a list is read by `after`.
const MAX_COUNTED: i32 = 10_000;
/// The longest place, in characters.
const MAX_PLACE: usize = 300;

/// The field that a list is sorted by. Ties are broken by the id, so that pages never overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, VariantArray, VariantNames)]
#[strum(serialize_all = "camelCase")]
pub enum ProductSort {
    /// When the product was made.
    #[default]
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
    /// Its name.
    Name,
    /// Its article.
    Sku,
    /// Its price, as a number, whatever the currency.
    Price,
}

text_forms!(ProductSort);

/// A place in a sorted list: the last product that a page has shown, or looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductPlace {
    /// What the product is sorted by, as a text.
    pub value: String,
    /// Its id.
    pub id: Uuid,
}

impl ProductPlace {
    /// Reads the `next` of an earlier page of a list that is sorted so.
    fn parse(text: &str, sort: ProductSort) -> Option<Self> {
        let (value, id) = text.rsplit_once('_')?;
        let value = match sort {
            ProductSort::CreatedAt | ProductSort::UpdatedAt => Moment::parse(value)?.to_rfc3339(),
            ProductSort::Price if !is_price(value) => return None,
            _ => value.to_owned(),
        };
        Some(Self { value, id: parse_uuid(id)? })
    }
}

fn is_price(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str, most| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(whole, 12) && digits(fraction, 3)
}

/// The query of `GET /products`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProductsQuery {
    /// The page, if no place is given.
    pub page: Page,
    /// The place where the last page ended.
    pub after: Option<ProductPlace>,
    /// Beginnings of words of the name or the SKU, in small letters, sorted, a blank between them.
    pub search: Option<String>,
    /// Only products of this schema.
    pub schema: Option<Uuid>,
    /// Only products of this status.
    pub status: Option<ProductStatus>,
    /// The field to sort by.
    pub sort: ProductSort,
    /// The way to sort.
    pub direction: Direction,
}

impl ProductsQuery {
    /// Reads a raw query string.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        const NAMES: [&str; 8] = ["page", "limit", "after", "search", "schemaId", "status", "sort", "order"];
        let mut params = Params::parse(raw, &NAMES)?;
        let sort = params.take("sort", || format!("must be one of {}", ProductSort::names()), ProductSort::parse);
        let sort = sort.unwrap_or_default();
        let page = take_page(&mut params);
        let place = |text: &str| {
            Some(text).filter(|text| text.chars().count() <= MAX_PLACE).and_then(|text| ProductPlace::parse(text, sort))
        };
        let query = Self {
            page,
            after: params.take("after", || "must be the next of an earlier page in the same order".to_owned(), place),
            search: params.take(
                "search",
                || format!("must be 1 to {MAX_SEARCH} characters with a letter or a digit, and no control character"),
                parse_words,
            ),
            schema: params.take("schemaId", uuid_wanted, parse_uuid),
            status: params.take(
                "status",
                || format!("must be one of {}", ProductStatus::names()),
                ProductStatus::parse,
            ),
            sort,
            direction: params.take("order", || "must be asc or desc".to_owned(), Direction::parse).unwrap_or_default(),
        };
        let query = params.finish(query)?;
        if query.after.is_some() && query.page.number > 1 {
            return Err(Error::invalid("page", "can't be given beside after, which says where the page begins"));
        }
        if query.page.offset() + query.page.limit() > MAX_COUNTED {
            let detail =
                format!("must end before row {MAX_COUNTED}; read on by after, which costs the same at any depth");
            return Err(Error::invalid("page", detail));
        }
        Ok(query)
    }
}

/// The words of a search, so that every way to ask for the same is one entry.
fn parse_words(text: &str) -> Option<String> {
    let fits = (1..=MAX_SEARCH).contains(&text.chars().count()) && !text.chars().any(char::is_control);
    let mut words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.sort_unstable();
    words.dedup();
    (fits && text.chars().any(char::is_alphanumeric)).then(|| words.join(" "))
}

/// A part of a list that is sorted by time and has no other order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// At most so many.
    pub limit: u32,
    /// The place at which the last one ended.
    pub after: Option<Place>,
}

impl Stretch {
    /// Reads a raw query string: `?limit&after`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming every parameter that is wrong.
    pub fn parse(raw: Option<&str>) -> Result<Self, Error> {
        let mut params = Params::parse(raw, &["limit", "after"])?;
        let (limit, after) = take_stretch(&mut params);
        params.finish(Self { limit, after })
    }

    /// Whether it is the first one of the usual length.
    pub fn is_first(&self) -> bool {
        self.limit == DEFAULT_LIMIT && self.after.is_none()
    }
}
