//! Values between Postgres and WIT. The same types as in Spin, except that ranges and intervals are
//! not supported.

use crate::bindings::postgres::{Column, DbDataType, DbValue, ParameterValue};
use anyhow::{Context as _, Result, bail};
use bytes::BytesMut;
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};
use rust_decimal::Decimal;
use std::error::Error;
use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

type Parameter = Box<dyn ToSql + Send + Sync>;

/// The columns of a row.
pub fn columns(row: &Row) -> Vec<Column> {
    let column = |column: &tokio_postgres::Column| Column {
        name: column.name().to_owned(),
        data_type: data_type(column.type_()),
    };
    row.columns().iter().map(column).collect()
}

/// The values of a row.
///
/// # Errors
/// A value that doesn't fit. TIMESTAMPTZ never does, as in Spin: it has to be cast in SQL.
pub fn row(row: &Row) -> Result<Vec<DbValue>> {
    (0..row.len()).map(|index| value(row, index)).collect()
}

fn data_type(ty: &Type) -> DbDataType {
    match *ty {
        Type::BOOL => DbDataType::Boolean,
        Type::BYTEA => DbDataType::Binary,
        Type::FLOAT4 => DbDataType::Floating32,
        Type::FLOAT8 => DbDataType::Floating64,
        Type::INT2 => DbDataType::Int16,
        Type::INT4 => DbDataType::Int32,
        Type::INT8 => DbDataType::Int64,
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => DbDataType::Str,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => DbDataType::Datetime,
        Type::DATE => DbDataType::Date,
        Type::TIME => DbDataType::Time,
        Type::UUID => DbDataType::Uuid,
        Type::JSONB => DbDataType::Jsonb,
        Type::NUMERIC => DbDataType::Decimal,
        Type::INT4_ARRAY => DbDataType::ArrayInt32,
        Type::INT8_ARRAY => DbDataType::ArrayInt64,
        Type::NUMERIC_ARRAY => DbDataType::ArrayDecimal,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => DbDataType::ArrayStr,
        _ => DbDataType::Other(ty.name().to_owned()),
    }
}

fn value(row: &Row, index: usize) -> Result<DbValue> {
    fn get<'a, T: FromSql<'a>>(row: &'a Row, index: usize, convert: impl FnOnce(T) -> DbValue) -> Result<DbValue> {
        Ok(row.try_get::<_, Option<T>>(index)?.map_or(DbValue::DbNull, convert))
    }
    match *row.columns()[index].type_() {
        Type::BOOL => get(row, index, DbValue::Boolean),
        Type::BYTEA => get(row, index, DbValue::Binary),
        Type::FLOAT4 => get(row, index, DbValue::Floating32),
        Type::FLOAT8 => get(row, index, DbValue::Floating64),
        Type::INT2 => get(row, index, DbValue::Int16),
        Type::INT4 => get(row, index, DbValue::Int32),
        Type::INT8 => get(row, index, DbValue::Int64),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR => get(row, index, DbValue::Str),
        Type::TIMESTAMP | Type::TIMESTAMPTZ => get(row, index, |at: NaiveDateTime| {
            let ((year, month, day), (hour, minute, second, nano)) = (date(at.date()), time(at.time()));
            DbValue::Datetime((year, month, day, hour, minute, second, nano))
        }),
        Type::DATE => get(row, index, |day| DbValue::Date(date(day))),
        Type::TIME => get(row, index, |at| DbValue::Time(time(at))),
        Type::UUID => get(row, index, |id: uuid::Uuid| DbValue::Uuid(id.to_string())),
        Type::JSONB => get(row, index, |json: serde_json::Value| DbValue::Jsonb(json.to_string().into_bytes())),
        Type::NUMERIC => get(row, index, |number: Decimal| DbValue::Decimal(number.to_string())),
        Type::INT4_ARRAY => get(row, index, DbValue::ArrayInt32),
        Type::INT8_ARRAY => get(row, index, DbValue::ArrayInt64),
        Type::NUMERIC_ARRAY => get(row, index, |numbers: Vec<Option<Decimal>>| {
            DbValue::ArrayDecimal(numbers.into_iter().map(|number| number.map(|n| n.to_string())).collect())
        }),
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY | Type::BPCHAR_ARRAY => get(row, index, DbValue::ArrayStr),
        _ => get(row, index, |Raw(bytes)| DbValue::Unsupported(bytes)),
    }
}

/// A guest's parameters as the driver takes them.
///
/// # Errors
/// A text that doesn't fit its type, or a type that this host doesn't have.
pub fn to_parameters(values: Vec<ParameterValue>) -> Result<Vec<Parameter>> {
    values.into_iter().map(to_parameter).collect()
}

fn to_parameter(value: ParameterValue) -> Result<Parameter> {
    Ok(match value {
        ParameterValue::Boolean(v) => Box::new(v),
        ParameterValue::Int8(v) => Box::new(v),
        ParameterValue::Int16(v) => Box::new(v),
        ParameterValue::Int32(v) => Box::new(v),
        ParameterValue::Int64(v) => Box::new(v),
        ParameterValue::Floating32(v) => Box::new(v),
        ParameterValue::Floating64(v) => Box::new(v),
        ParameterValue::Str(v) => Box::new(v),
        ParameterValue::Binary(v) => Box::new(v),
        ParameterValue::Date(v) => Box::new(to_date(v)?),
        ParameterValue::Time(v) => Box::new(to_time(v)?),
        ParameterValue::Datetime((year, month, day, hour, minute, second, nano)) => {
            Box::new(NaiveDateTime::new(to_date((year, month, day))?, to_time((hour, minute, second, nano))?))
        }
        ParameterValue::Timestamp(v) => Box::new(DateTime::from_timestamp(v, 0).context("invalid epoch timestamp")?),
        ParameterValue::Uuid(v) => Box::new(uuid::Uuid::parse_str(&v).with_context(|| format!("invalid UUID {v}"))?),
        ParameterValue::Jsonb(v) => Box::new(serde_json::from_slice::<serde_json::Value>(&v).context("invalid JSON")?),
        ParameterValue::Decimal(v) => Box::new(to_decimal(&v)?),
        ParameterValue::ArrayInt32(v) => Box::new(v),
        ParameterValue::ArrayInt64(v) => Box::new(v),
        ParameterValue::ArrayDecimal(v) => {
            Box::new(v.iter().map(|n| n.as_deref().map(to_decimal).transpose()).collect::<Result<Vec<_>>>()?)
        }
        ParameterValue::ArrayStr(v) => Box::new(v),
        ParameterValue::DbNull => Box::new(Null),
        ParameterValue::RangeInt32(_)
        | ParameterValue::RangeInt64(_)
        | ParameterValue::RangeDecimal(_)
        | ParameterValue::Interval(_) => bail!("ranges and intervals are not supported by this host"),
    })
}

fn to_decimal(text: &str) -> Result<Decimal> {
    Decimal::from_str_exact(text).with_context(|| format!("invalid decimal {text}"))
}

fn date(day: NaiveDate) -> (i32, u8, u8) {
    (day.year(), day.month() as u8, day.day() as u8)
}

fn time(at: NaiveTime) -> (u8, u8, u8, u32) {
    (at.hour() as u8, at.minute() as u8, at.second() as u8, at.nanosecond())
}

fn to_date((year, month, day): (i32, u8, u8)) -> Result<NaiveDate> {
    NaiveDate::from_ymd_opt(year, month.into(), day.into()).context("invalid date")
}

fn to_time((hour, minute, second, nano): (u8, u8, u8, u32)) -> Result<NaiveTime> {
    NaiveTime::from_hms_nano_opt(hour.into(), minute.into(), second.into(), nano).context("invalid time")
}

/// A value of a type that WIT has no case for.
struct Raw(Vec<u8>);

impl FromSql<'_> for Raw {
    fn from_sql(_: &Type, bytes: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(bytes.to_vec()))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// NULL of any type that the statement expects.
#[derive(Debug)]
struct Null;

impl ToSql for Null {
    fn to_sql(&self, _: &Type, _: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        Ok(IsNull::Yes)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
