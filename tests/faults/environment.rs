//! Fault 105 of docs/FAULTS.md, which needs an environment of its own, and so a process of its own:
//! this test program, started again for one test.

use std::process::Command;

use flexcancel::{Code, Outcome};

use crate::case::Told;
use crate::harness::{World, client, options};
use crate::servers::OneAnswer;

const CHILD: &str = "FLEXCANCEL_FAULTS_CHILD";
const TEST: &str = "the_proxy_variables_of_the_environment_are_not_read_unless_asked_for";

/// With the variables set, a cancel goes to its host; asked for, to the proxy.
pub fn check() {
    if std::env::var_os(CHILD).is_some() {
        return child();
    }
    let proxy = OneAnswer::start(b"HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n".to_vec());
    let url = format!("http://127.0.0.1:{}", proxy.port);
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", TEST]).env(CHILD, "1");
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "HTTP_PROXY", "http_proxy"] {
        command.env(name, &url);
    }
    command.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(proxy.asked(), 1, "only the call that asked for it");
}

fn child() {
    let told = World::held(true).cancel("", 1_000);
    assert_eq!(told.report.unwrap().outcome, Outcome::Canceled);
    assert_eq!(told.complaints, [""; 0]);
    let mut options = options(1_000);
    options.max_attempts = Some(1);
    // The proxy refuses, so the host may be any.
    let asked = client("https://flex.invalid", None, r#","proxy":"env""#);
    let report = asked.retrieve("fcs_1", &options, None);
    assert_eq!(report.code, Code::Connect, "{}", report.message);
}

/// The same, as a case of the matrix.
pub fn run() -> Told {
    check();
    World::held(true).cancel(r#","proxy":"none""#, 1_000)
}
