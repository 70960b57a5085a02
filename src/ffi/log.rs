//! The log callback of a client.

use std::ffi::{CString, c_char, c_void};
use std::sync::Arc;

use super::arguments;
use super::client::flexcancel_client;
use super::guard::guarded;
use crate::outcome::Code;
use crate::report::{Event, Observer};

/// Receives one event of a client.
///
/// `user_data` is what was given with the callback; `level` is 2 (warn), 3 (info) or 4 (debug);
/// `event_json` is a JSON object of `len` bytes, NUL-terminated, valid only until the callback
/// returns: `event` is `attempt`, `result` or `warm_up`, the other fields are named as in docs/RESULT.md. No
/// event ever holds an API key.
///
/// It runs on the thread that makes the call, before that call returns, and no lock is held: it
/// may use any function of this library, also on the same client. It must not throw or longjmp.
#[allow(non_camel_case_types)]
pub type flexcancel_log_callback = Option<
    unsafe extern "C" fn(user_data: *mut c_void, level: i32, event_json: *const c_char, len: usize),
>;

/// Has the callback told of every later event of this client, in place of the one before; a NULL
/// callback ends that.
///
/// Ownership: none changes hands. `user_data` must live until this client is freed and every
/// outbox that was opened with it is closed, or until it has another callback; and until every
/// call that began before that has returned: a call in flight keeps the callback it began with.
/// NULL: `user_data` may be NULL. Threads: any; the callback may run on several threads at once if
/// calls do. Errors: returns FLEXCANCEL_CODE_OK, or FLEXCANCEL_CODE_INVALID_HANDLE for a client
/// that is NULL or otherwise invalid.
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
