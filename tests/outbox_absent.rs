//! A library without the outbox has the same functions, says so, and has no SQLite in it; one with
//! the outbox has both.

mod native;

use std::ffi::CStr;
use std::process::Command;
use std::ptr::null_mut;

use flexcancel::ffi::{
    FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE, FLEXCANCEL_OUTCOME_UNKNOWN, flexcancel_client_free,
    flexcancel_client_new, flexcancel_outbox_free, flexcancel_outbox_open, flexcancel_result_code,
    flexcancel_result_free, flexcancel_result_outcome,
};
use native::{Scratch, library, run_tool};

/// A client over loopback; nothing is sent.
const CONFIG: &CStr = c"{\"api_key\":\"fsk_test_1\",\"base_url\":\"http://127.0.0.1:1\"}";

#[test]
fn given_either_build_when_an_outbox_is_opened_then_it_is_there_or_it_says_why_not() {
    let scratch = Scratch::new("absent");
    let path = scratch.path("outbox.db");
    let options = format!("{{\"path\":\"{}\"}}\0", path.display());
    let options = CStr::from_bytes_with_nul(options.as_bytes()).unwrap();
    let mut error = null_mut();
    let client = unsafe { flexcancel_client_new(CONFIG.as_ptr(), null_mut()) };
    let outbox = unsafe { flexcancel_outbox_open(client, options.as_ptr(), &mut error) };
    if cfg!(feature = "outbox") {
        assert!(!outbox.is_null() && error.is_null());
        flexcancel_outbox_free(outbox);
    } else {
        assert!(outbox.is_null() && !path.exists());
        // Another build may have kept cancels in the file.
        assert_eq!(flexcancel_result_outcome(error), FLEXCANCEL_OUTCOME_UNKNOWN);
        assert_eq!(flexcancel_result_code(error), FLEXCANCEL_CODE_OUTBOX_UNAVAILABLE);
        flexcancel_result_free(error);
    }
    flexcancel_client_free(client);
}

#[test]
fn given_either_build_when_the_library_is_searched_then_sqlite_is_in_it_or_not() {
    let output = run_tool(Command::new("nm").arg(library()), "binutils");
    assert!(output.status.success());
    let has_sqlite = String::from_utf8_lossy(&output.stdout).contains("sqlite3_");
    assert_eq!(has_sqlite, cfg!(feature = "outbox"));
}
