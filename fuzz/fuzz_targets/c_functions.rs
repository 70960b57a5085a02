//! The C functions, called in any order with any arguments. No crash, no panic inside.
#![no_main]

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use arbitrary::Arbitrary;
use flexcancel::Code;
use flexcancel::ffi::*;
use libfuzzer_sys::fuzz_target;

/// One of the handles that were made before, or a number that is none.
#[derive(Arbitrary, Debug)]
enum Handle {
    Made(u8),
    Number(usize),
}

#[derive(Arbitrary, Debug)]
enum Text {
    Null,
    Usual,
    Any(Vec<u8>),
}

#[derive(Arbitrary, Debug)]
enum Action {
    ClientNew(Text),
    ClientFree(Handle),
    SetLog(Handle, bool),
    Cancel(Handle, Text, Text, Handle),
    Retrieve(Handle, Text, Text, Handle),
    WarmUp(Handle, Text, Handle),
    AbortNew,
    AbortTrigger(Handle),
    AbortFree(Handle),
    Read(Handle),
    ResultFree(Handle),
    OutboxOpen(Handle, Text),
    OutboxCancel(Handle, Text, Text, Handle),
    OutboxEnqueue(Handle, Text, Text),
    OutboxFlush(Handle, Text, Handle),
    OutboxList(Handle, Text),
    OutboxAcknowledge(Handle, i64),
    OutboxStats(Handle),
    OutboxFree(Handle),
    Names(i32),
}

/// Nobody listens there, and the deadline is short.
const CONFIG: &CStr =
    c"{\"api_key\":\"fsk_test_1\",\"base_url\":\"http://127.0.0.1:1\",\"timeout_ms\":2}";

unsafe extern "C" fn on_event(_: *mut libc::c_void, _: i32, event: *const c_char, length: usize) {
    // SAFETY: the library passes a text of this length.
    let event = unsafe { CStr::from_ptr(event) };
    assert_eq!(event.to_bytes().len(), length);
}

struct Program {
    made: Vec<usize>,
    texts: Vec<CString>,
}

impl Program {
    fn handle<T>(&self, handle: &Handle) -> *mut T {
        let number = match handle {
            Handle::Made(index) if self.made.is_empty() => usize::from(*index),
            Handle::Made(index) => self.made[usize::from(*index) % self.made.len()],
            Handle::Number(number) => *number,
        };
        ptr::without_provenance_mut(number)
    }

    fn text(&mut self, text: &Text, usual: &CStr) -> *const c_char {
        let text = match text {
            Text::Null => return ptr::null(),
            Text::Usual => usual.to_owned(),
            Text::Any(bytes) => {
                let bytes: Vec<u8> = bytes.iter().copied().filter(|byte| *byte != 0).collect();
                // A path of the input's own would write anywhere.
                if bytes.windows(4).any(|it| it == b"path" || it == b"file" || it == b"http") {
                    return ptr::null();
                }
                CString::new(bytes).expect("no NUL is left")
            }
        };
        self.texts.push(text);
        self.texts.last().expect("just pushed").as_ptr()
    }

    fn keep<T>(&mut self, handle: *mut T) {
        self.made.push(handle.addr());
    }

    fn take(&mut self, result: *mut flexcancel_result) {
        assert!(!result.is_null());
        let code = flexcancel_result_code(result);
        assert_ne!(code, Code::Internal.number(), "a panic inside");
        self.keep(result);
    }

    fn run(&mut self, action: &Action, path: &CStr) {
        let id = c"fcs_1";
        // SAFETY: each text is NULL or NUL-terminated and lives in `texts`; any value is allowed
        // as a handle.
        unsafe {
            match action {
                Action::ClientNew(config) => {
                    let (config, mut error) = (self.text(config, CONFIG), ptr::null_mut());
                    let client = flexcancel_client_new(config, &raw mut error);
                    assert_eq!(client.is_null(), !error.is_null());
                    self.keep(client);
                    self.keep(error);
                }
                Action::ClientFree(client) => flexcancel_client_free(self.handle(client)),
                Action::SetLog(client, is_on) => {
                    let callback: flexcancel_log_callback =
                        if *is_on { Some(on_event) } else { None };
                    let client = self.handle(client);
                    flexcancel_client_set_log(client, callback, ptr::null_mut());
                }
                Action::Cancel(client, session, options, abort) => {
                    let (session, options) = (self.text(session, id), self.text(options, c"{}"));
                    let (client, abort) = (self.handle(client), self.handle(abort));
                    self.take(flexcancel_client_cancel(client, session, options, abort));
                }
                Action::Retrieve(client, session, options, abort) => {
                    let (session, options) = (self.text(session, id), self.text(options, c"{}"));
                    let (client, abort) = (self.handle(client), self.handle(abort));
                    self.take(flexcancel_client_retrieve(client, session, options, abort));
                }
                Action::WarmUp(client, options, abort) => {
                    let options = self.text(options, c"{}");
                    let (client, abort) = (self.handle(client), self.handle(abort));
                    self.take(flexcancel_client_warm_up(client, options, abort));
                }
                Action::AbortNew => self.keep(flexcancel_abort_new()),
                Action::AbortTrigger(abort) => flexcancel_abort_trigger(self.handle(abort)),
                Action::AbortFree(abort) => flexcancel_abort_free(self.handle(abort)),
                Action::Read(result) => self.read(self.handle(result)),
                Action::ResultFree(result) => flexcancel_result_free(self.handle(result)),
                Action::OutboxOpen(client, options) => {
                    let (options, mut error) = (self.text(options, path), ptr::null_mut());
                    let client = self.handle(client);
                    let outbox = flexcancel_outbox_open(client, options, &raw mut error);
                    assert_eq!(outbox.is_null(), !error.is_null());
                    self.keep(outbox);
                    self.keep(error);
                }
                Action::OutboxCancel(outbox, session, options, abort) => {
                    let (session, options) = (self.text(session, id), self.text(options, c"{}"));
                    let (outbox, abort) = (self.handle(outbox), self.handle(abort));
                    self.take(flexcancel_outbox_cancel(outbox, session, options, abort));
                }
                Action::OutboxEnqueue(outbox, session, options) => {
                    let (session, options) = (self.text(session, id), self.text(options, c"{}"));
                    let outbox = self.handle(outbox);
                    self.take(flexcancel_outbox_enqueue(outbox, session, options));
                }
                Action::OutboxFlush(outbox, options, abort) => {
                    let options = self.text(options, c"{\"timeout_ms\":5}");
                    let (outbox, abort) = (self.handle(outbox), self.handle(abort));
                    self.take(flexcancel_outbox_flush(outbox, options, abort));
                }
                Action::OutboxList(outbox, filter) => {
                    let filter = self.text(filter, c"{}");
                    let outbox = self.handle(outbox);
                    self.take(flexcancel_outbox_list(outbox, filter));
                }
                Action::OutboxAcknowledge(outbox, entry) => {
                    let outbox = self.handle(outbox);
                    self.take(flexcancel_outbox_acknowledge(outbox, *entry));
                }
                Action::OutboxStats(outbox) => {
                    let outbox = self.handle(outbox);
                    self.take(flexcancel_outbox_stats(outbox));
                }
                Action::OutboxFree(outbox) => flexcancel_outbox_free(self.handle(outbox)),
                Action::Names(number) => {
                    for name in [
                        flexcancel_code_name(*number),
                        flexcancel_outcome_name(*number),
                        flexcancel_hold_name(*number),
                    ] {
                        assert!(name.is_null() || !CStr::from_ptr(name).is_empty());
                    }
                }
            }
        }
    }

    fn read(&self, result: *mut flexcancel_result) {
        // SAFETY: any value is allowed as a handle; the texts are read before anything is freed.
        unsafe {
            flexcancel_result_outcome(result);
            flexcancel_result_hold(result);
            let mut length = 0;
            let json = CStr::from_ptr(flexcancel_result_json(result, &raw mut length));
            assert_eq!(json.to_bytes().len(), length);
            serde_json::from_slice::<serde_json::Value>(json.to_bytes()).expect("JSON");
            for text in [
                flexcancel_result_message(result),
                flexcancel_result_advice(result),
                flexcancel_result_session_id(result),
                flexcancel_result_idempotency_key(result),
                flexcancel_result_checkout_session(result),
                flexcancel_result_repeat(result),
            ] {
                assert!(text.is_null() || CStr::from_ptr(text).to_str().is_ok());
            }
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        for handle in std::mem::take(&mut self.made) {
            let handle = &Handle::Number(handle);
            // Freeing a handle of another type, or one that was freed, has no effect.
            flexcancel_client_free(self.handle(handle));
            flexcancel_outbox_free(self.handle(handle));
            flexcancel_abort_free(self.handle(handle));
            flexcancel_result_free(self.handle(handle));
        }
    }
}

fuzz_target!(|actions: Vec<Action>| {
    let path = flexcancel_fuzz::directory("c_functions").join("outbox.db");
    let json = serde_json::json!({ "path": path }).to_string();
    let json = CString::new(json).expect("no NUL");
    let mut program = Program { made: Vec::new(), texts: Vec::new() };
    for action in actions.iter().take(24) {
        program.run(action, &json);
    }
});
