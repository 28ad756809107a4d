//! Parts of keys and tags as text. Without the formatter, which is dear in WebAssembly: every hit
//! makes some.

use uuid::Uuid;

/// An id, as keys and tags have it.
pub(crate) fn id_text(id: Uuid) -> String {
    id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
}

/// A number in decimal digits.
pub(crate) fn decimal(number: u32) -> String {
    itoa::Buffer::new().format(number).to_owned()
}

/// `name:id`.
pub(crate) fn of_one(name: &str, id: Uuid) -> String {
    [name, ":", id.hyphenated().encode_lower(&mut Uuid::encode_buffer())].concat()
}

/// `name:owner/id`, as [`KeyBuilder::pair`](cache_logic::key::KeyBuilder::pair) would have it:
/// UUIDs need no escaping.
pub(crate) fn of_pair(name: &str, owner: Uuid, id: Uuid) -> String {
    let (mut owner_text, mut id_text) = (Uuid::encode_buffer(), Uuid::encode_buffer());
    let (owner, id) = (owner.hyphenated().encode_lower(&mut owner_text), id.hyphenated().encode_lower(&mut id_text));
    [name, ":", owner, "/", id].concat()
}
