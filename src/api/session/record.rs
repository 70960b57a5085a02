//! `record!`: a struct of optional fields that keeps what it does not know.
//!
//! Writing is derived; reading is not, for two reasons. serde's derived reader says "expected i64"
//! without saying in which field, and its `flatten` passes unknown values through a buffer that
//! cannot hold every number a build of serde_json may be configured to keep.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Error, MapAccess};

/// A field's name as it stands in the JSON; borrowed from the text where it has no escapes.
#[derive(Deserialize)]
pub(super) struct Key<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// The name in the JSON of a Rust field, whose own name may have to be written `r#type`.
pub(super) fn json_name(rust_name: &'static str) -> &'static str {
    rust_name.strip_prefix("r#").unwrap_or(rust_name)
}

/// Reads the value of the documented field `name` into `slot`, which is `None` until it was seen.
pub(super) fn read_field<'de, T, A>(
    name: &'static str,
    slot: &mut Option<T>,
    map: &mut A,
) -> Result<(), A::Error>
where
    T: Deserialize<'de>,
    A: MapAccess<'de>,
{
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value().map_err(|error| within(name, &error))?);
    Ok(())
}

/// The same error with the path to it in front, as in "`tax_rate.amount`: invalid type: …".
///
/// No message of serde's starts with a backtick, so one that does has a path already.
fn within<E: Error>(name: &str, error: &E) -> E {
    let text = error.to_string();
    match text.strip_prefix('`') {
        Some(path_and_reason) => E::custom(format_args!("`{name}.{path_and_reason}")),
        None => E::custom(format_args!("`{name}`: {text}")),
    }
}

/// Declares a record: the struct as written, plus `other` for the fields it does not name.
macro_rules! record {
    (
        $(#[$record_doc:meta])*
        pub struct $Record:ident {
            $(
                $(#[$field_doc:meta])*
                pub $field:ident: Option<$Value:ty>,
            )*
        }
    ) => {
        $(#[$record_doc])*
        #[derive(Clone, Debug, Default, PartialEq, ::serde::Serialize)]
        #[non_exhaustive]
        pub struct $Record {
            $(
                $(#[$field_doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $field: Option<$Value>,
            )*
            /// Fields that are not documented, as they came.
            #[serde(flatten)]
            pub other: ::serde_json::Map<String, ::serde_json::Value>,
        }

        impl<'de> ::serde::Deserialize<'de> for $Record {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Reader;

                impl<'de> ::serde::de::Visitor<'de> for Reader {
                    type Value = $Record;

                    fn expecting(&self, to: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        to.write_str(concat!("an object (", stringify!($Record), ")"))
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(
                        self,
                        mut map: A,
                    ) -> Result<$Record, A::Error> {
                        use $crate::api::session::record;

                        let mut other = ::serde_json::Map::new();
                        $(let mut $field: Option<Option<$Value>> = None;)*
                        while let Some(record::Key(key)) = map.next_key()? {
                            $(
                                let name = record::json_name(stringify!($field));
                                if key == name {
                                    record::read_field(name, &mut $field, &mut map)?;
                                    continue;
                                }
                            )*
                            let value = map.next_value()?;
                            other.insert(key.into_owned(), value);
                        }
                        Ok($Record { $($field: $field.flatten(),)* other })
                    }
                }

                from.deserialize_map(Reader)
            }
        }
    };
}

pub(super) use record;
