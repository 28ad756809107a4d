//! A typed value as bytes, and back.

use crate::protocol::entry::Value;

/// Why a value cannot be turned into bytes, or bytes into a value. The sentence names places, never
/// values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentError(pub String);

impl std::fmt::Display for ContentError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ContentError {}

/// A type that can be kept. [`Value`] is kept as it is: bytes in, bytes out, nothing parsed. `Json`
/// (feature `json`) keeps every type that serde knows.
pub trait Content: Sized {
    /// The bytes to keep, with entity tag and owner if it has any.
    ///
    /// # Errors
    /// The value cannot be written: then it is not kept.
    fn to_value(&self) -> Result<Value, ContentError>;

    /// The inverse of [`Self::to_value`].
    ///
    /// # Errors
    /// The bytes are of another shape, such as an older program's: then the entry is dropped and
    /// loaded again.
    fn from_value(value: Value) -> Result<Self, ContentError>;
}

impl Content for Value {
    fn to_value(&self) -> Result<Value, ContentError> {
        Ok(self.clone())
    }

    fn from_value(value: Value) -> Result<Self, ContentError> {
        Ok(value)
    }
}

/// A value kept as JSON. It is parsed at each read: for bytes that are sent on as they are, keep
/// [`Value`] instead.
#[cfg(feature = "json")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Json<T>(pub T);

#[cfg(feature = "json")]
impl<T: serde::Serialize + serde::de::DeserializeOwned> Content for Json<T> {
    fn to_value(&self) -> Result<Value, ContentError> {
        // serde_json quotes values in its sentences, so this one says the place only.
        let payload = serde_json::to_vec(&self.0).map_err(|_| ContentError("can't be written as JSON".to_owned()))?;
        Ok(Value::of_bytes(payload))
    }

    fn from_value(value: Value) -> Result<Self, ContentError> {
        serde_json::from_slice(&value.payload).map(Self).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            ContentError(format!("is not the JSON of this type (line {line}, column {column})"))
        })
    }
}

#[cfg(all(test, feature = "json"))]
mod tests {
    use super::*;

    #[test]
    fn written_json_comes_back_and_another_shape_is_an_error_without_its_content() {
        let value = Json(vec![1, 2]).to_value().unwrap();
        assert_eq!(value.payload, b"[1,2]");
        assert_eq!(Json::from_value(value), Ok(Json(vec![1, 2])));
        let secret = Value { payload: br#"["secret"]"#.to_vec(), etag: String::new(), owner: None };
        let error = Json::<Vec<u8>>::from_value(secret.clone()).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
        assert_eq!(Value::from_value(secret.clone()), Ok(secret));
    }
}
