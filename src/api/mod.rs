//! Flex's API, without sending anything: builds requests, reads responses. Pure.

pub(crate) mod facts;
mod headers;
mod lenient_object;
mod operation;
mod provider_error;
mod request;
mod response;
pub mod session;
mod session_id;

pub use self::operation::Operation;
pub use self::provider_error::ProviderError;
pub use self::request::Request;
pub(crate) use self::request::Requests;
pub use self::response::Response;
pub(crate) use self::response::{MAX_BODY_BYTES, Reply, read};
pub(crate) use self::session_id::{MAX_SESSION_ID_BYTES, SessionId};
