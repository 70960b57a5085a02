//! The log callback of a client.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::arguments;
use super::client::flexcancel_client;
use super::guard::guarded;
use crate::outcome::Code;
use crate::report::{Event, Observer};

/// Receives one log event of a client.
///
/// `user_data`: the pointer that was passed to flexcancel_client_set_log. `level`: 2 (warn), 3
/// (info) or 4 (debug). `event_json`: a JSON object, NUL-terminated, valid until the callback
/// returns. `len`: its length in bytes, without the NUL. The field `event` is `attempt`, `result`
/// or `warm_up`; docs/RESULT.md describes the other fields. No event contains an API key or the
/// session. `message` may repeat the provider's words, which may name a person.
///
/// The callback runs on the thread that makes the call, before the call returns. The library holds
/// no lock while the callback runs, so the callback may call any function of this library, even on
/// the same client. It must not throw an exception or call longjmp.
#[allow(non_camel_case_types)]
pub type flexcancel_log_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, level: i32, event_json: *const c_char, len: usize),
>;

/// Sets the client's log callback, replacing any previous one. NULL disables logging.
///
/// Ownership: not transferred. `user_data` must stay valid until another callback is set, or until
/// the client and every outbox that was opened with this client are freed. In both cases it must
/// also stay valid until every call that started earlier has returned, because a call in flight
/// keeps the callback that it started with. NULL: `user_data` may be NULL. Threads: thread-safe;
/// concurrent calls may run the callback concurrently. Errors: returns FLEXCANCEL_CODE_OK, or
/// FLEXCANCEL_CODE_INVALID_HANDLE for an invalid client.
///
/// # Safety
/// `callback` may be called from any thread that uses the client, with `user_data`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn flexcancel_client_set_log(
    client: *mut flexcancel_client,
    callback: flexcancel_log_callback,
    user_data: *mut c_void,
) -> i32 {
    guarded(
        || Code::Internal.number(),
        || {
            let Ok(client) = arguments::client(client.addr()) else {
                return Code::InvalidHandle.number();
            };
            let data = UserData(user_data);
            client.set_observer(callback.map(|callback| -> Observer {
                Arc::new(move |event: &Event<'_>| {
                    // JSON holds no NUL, and an event is always writable as JSON.
                    let json = serde_json::to_string(event).ok();
                    let Some(json) = json.and_then(|json| CString::new(json).ok()) else { return };
                    let (level, length) = (event.level() as i32, json.count_bytes());
                    // SAFETY: the host vouches that the callback may be called with this data
                    // from this thread; the text outlives the call.
                    unsafe { callback(data.get(), level, json.as_ptr(), length) };
                })
            }));
            Code::Ok.number()
        },
    )
}

/// The host's pointer, which this library only carries.
struct UserData(*mut c_void);

// SAFETY: the pointer is never followed here; the host vouches for its use from other threads.
unsafe impl Send for UserData {}
// SAFETY: as for Send.
unsafe impl Sync for UserData {}

impl UserData {
    fn get(&self) -> *mut c_void {
        self.0
    }
}
