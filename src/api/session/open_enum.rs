//! `open_enum!`: documented values as variants, and every other value kept as it is.

/// Declares an enum over strings whose list of values may grow at Flex's end.
macro_rules! open_enum {
    (
        $(#[$enum_doc:meta])*
        pub enum $Enum:ident {
            $(
                $(#[$variant_doc:meta])*
                $Variant:ident = $text:literal,
            )*
        }
    ) => {
        $(#[$enum_doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $Enum {
            $(
                $(#[$variant_doc])*
                $Variant,
            )*
            /// Any other value, as it came. Reading never puts a documented one here.
            Unknown(String),
        }

        impl $Enum {
            /// The value as Flex writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$Variant => $text,)*
                    Self::Unknown(text) => text,
                }
            }
        }

        impl From<&str> for $Enum {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$Variant,)*
                    _ => Self::Unknown(text.to_owned()),
                }
            }
        }

        impl ::std::fmt::Display for $Enum {
            fn fmt(&self, to: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                to.pad(self.as_str())
            }
        }

        impl ::serde::Serialize for $Enum {
            fn serialize<S: ::serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $Enum {
            fn deserialize<D: ::serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                struct Reader;

                impl ::serde::de::Visitor<'_> for Reader {
                    type Value = $Enum;

                    fn expecting(&self, to: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        to.write_str(concat!("a string (", stringify!($Enum), ")"))
                    }

                    fn visit_str<E: ::serde::de::Error>(self, text: &str) -> Result<$Enum, E> {
                        Ok(text.into())
                    }
                }

                from.deserialize_str(Reader)
            }
        }
    };
}

pub(super) use open_enum;
