use std::fmt;

/// A name that is none of those a setting knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    pub(crate) setting: String,
    pub(crate) given: String,
    pub(crate) expected: String,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: expected {}, not `{}`", self.setting, self.expected, self.given)
    }
}

impl std::error::Error for UnknownName {}

/// Defines an enum whose variants have names for people, and reads and writes it by these.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        $name:ident as $setting:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every variant.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name of every variant.
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The name of the variant, as the command line and `FromStr` take it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = crate::named_enum::UnknownName;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = Self::ALL.iter().copied().find(|variant| variant.name() == text);
                found.ok_or_else(|| crate::named_enum::UnknownName {
                    setting: $setting.to_owned(),
                    given: text.to_owned(),
                    expected: Self::NAMES.join(", "),
                })
            }
        }
    };
}

pub(crate) use named_enum;
