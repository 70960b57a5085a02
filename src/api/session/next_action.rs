//! What has to be done before the session can go on.

use super::open_object::OpenObject;
use super::record::record;

record! {
    /// What has to be done before the session can go on.
    pub struct NextAction {
        /// Which action; the page shows `collect_letter_of_medical_necessity`.
        pub r#type: Option<String>,
        /// Details of that action; the page shows an empty object.
        pub collect_letter_of_medical_necessity: Option<OpenObject>,
    }
}
