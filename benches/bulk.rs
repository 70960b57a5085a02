//! Prints how fast bulk runs are, and what they take: `cargo bench --bench bulk`. A quiet machine;
//! about three minutes. Servers and runs have processes of their own.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::num::NonZeroU32;
use std::ops::ControlFlow;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use flex_sandbox::{CreateParams, RateLimit, Sandbox};
use flexcancel::{Abort, BulkOptions, Client, Config, Outcome, Status};
use rustix::time::{ClockId, clock_gettime};
use serde_json::json;

const KEY: &str = "fsk_test_hunter2";
/// How long the servers take for each response.
const LATENCY: Duration = Duration::from_millis(50);

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|it| it != "--bench").collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["stub", latency_ms] => stub(Duration::from_millis(number(latency_ms))),
        ["sandbox", sessions, rate] => {
            sandbox(number(sessions), u32::try_from(number(rate)).unwrap())
        }
        ["many", url, sessions] => print_usage(url, number(sessions), true),
        ["plain", url, sessions] => print_usage(url, number(sessions), false),
        _ => report(),
    }
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn report() {
    concurrent();
    paced();
    limited();
    usage();
    aborted();
}

/// The most that 64 calls at a time can reach.
fn concurrent() {
    let server = Server::start(&["stub", &LATENCY.as_millis().to_string()]);
    let (sessions, concurrency) = (10_000, 64);
    let options = json!({ "concurrency": concurrency });
    let (time, _) = timed(&client(&server.url), ids(sessions), &options);
    let ideal = LATENCY * (sessions / concurrency) as u32;
    let ratio = time.as_secs_f64() / ideal.as_secs_f64();
    println!(
        "{sessions} at {concurrency} at a time, {LATENCY:?} each: {time:.2?}, {ratio:.3} of the ideal"
    );
}

fn paced() {
    let server = Server::start(&["stub", &LATENCY.as_millis().to_string()]);
    let options = json!({ "concurrency": 128, "rate_per_second": 1_000 });
    let (time, status) = timed(&client(&server.url), ids(10_000), &options);
    let limited = status.bulk.unwrap().rate_limited_responses;
    println!("10000 at 1000/s: {time:.2?}, {limited} responses were a 429");
}

/// The server allows 100 a second, and the client knows nothing of it.
fn limited() {
    let (sessions, rate) = (4_000, 100);
    let server = Server::start(&["sandbox", &sessions.to_string(), &rate.to_string()]);
    let ids = server.ids.clone();
    let (time, status) = timed(&client(&server.url), ids, &json!({ "concurrency": 64 }));
    let counts = status.bulk.unwrap();
    // The first second's worth is there at once.
    let ideal = (sessions - rate) as f64 / rate as f64;
    let share = 100.0 * counts.rate_limited_responses as f64
        / (counts.rate_limited_responses + sessions) as f64;
    println!(
        "{sessions}, 100/s allowed and nothing configured: {time:.1?}, {:.3} of the ideal; \
         {share:.1} % of the responses were a 429; {} canceled",
        time.as_secs_f64() / ideal,
        counts.canceled
    );
}

/// Memory and CPU, each in a process of its own.
fn usage() {
    let (quick, slow) = (Server::start(&["stub", "0"]), Server::start(&["stub", "50"]));
    let run = |arguments: &[&str]| {
        let output = Command::new(env::current_exe().unwrap()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<f64> = text.split_whitespace().map(|it| it.parse().unwrap()).collect();
        (numbers[0], numbers[1])
    };
    let (few_kib, _) = run(&["many", &quick.url, "10000"]);
    let (many_kib, _) = run(&["many", &quick.url, "1000000"]);
    let (_, bulk_us) = run(&["many", &slow.url, "10000"]);
    let (_, plain_us) = run(&["plain", &slow.url, "400"]);
    println!(
        "memory at most: {few_kib} KiB for 10000, {many_kib} KiB for 1000000 ({:+.1} %)",
        100.0 * (many_kib / few_kib - 1.0)
    );
    println!(
        "CPU of a cancel, {LATENCY:?} each: {bulk_us:.1} µs in a run, {plain_us:.1} µs alone ({:.2} of it)",
        bulk_us / plain_us
    );
}

/// How long after the last call in flight an aborted run comes back.
fn aborted() {
    let server = Server::start(&["stub", &LATENCY.as_millis().to_string()]);
    let client = client(&server.url);
    let mut late: Vec<Duration> = (0..20)
        .map(|round| {
            let abort = Abort::new();
            thread::scope(|scope| {
                let run = scope.spawn(|| {
                    let options = BulkOptions::from_json(r#"{"concurrency":64}"#).unwrap();
                    let ids = ids(100_000);
                    client.cancel_many(ids, &options, Some(&abort), |_| ControlFlow::Continue(()));
                    Instant::now()
                });
                thread::sleep(Duration::from_millis(100 + 7 * round));
                let triggered = Instant::now();
                abort.trigger();
                run.join().unwrap().saturating_duration_since(triggered)
            })
        })
        .collect();
    late.sort_unstable();
    println!("an aborted run of 64 at a time is back after {:.1?} to {:.1?}", late[0], late[19]);
}

fn client(url: &str) -> Client {
    let config = json!({ "api_key": KEY, "base_url": url }).to_string();
    Client::new(&Config::from_json(&config).unwrap()).unwrap()
}

fn ids(count: u64) -> Vec<String> {
    (0..count).map(|number| format!("fcs_{number:026}")).collect()
}

fn timed(client: &Client, ids: Vec<String>, options: &serde_json::Value) -> (Duration, Status) {
    let options = BulkOptions::from_json(&options.to_string()).unwrap();
    let started = Instant::now();
    let status = client.cancel_many(ids, &options, None, |report| {
        assert_ne!(report.outcome, Outcome::Unknown, "{}", report.message);
        ControlFlow::Continue(())
    });
    (started.elapsed(), status)
}

/// Prints the most memory in KiB, and the CPU of one cancel in µs.
fn print_usage(url: &str, sessions: u64, in_a_run: bool) {
    let client = client(url);
    let ids = (0..sessions).map(|number| format!("fcs_{number:026}"));
    if in_a_run {
        client.cancel_many(ids, &BulkOptions::default(), None, |report| {
            assert_eq!(report.outcome, Outcome::Canceled, "{}", report.message);
            ControlFlow::Continue(())
        });
    } else {
        for id in ids {
            client.cancel(&id, &Default::default(), None);
        }
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib = peak.trim().trim_end_matches(" kB");
    let cpu = clock_gettime(ClockId::ProcessCPUTime);
    let micros = cpu.tv_sec as f64 * 1e6 + cpu.tv_nsec as f64 / 1e3;
    println!("{kib} {}", micros / sessions as f64);
}

/// A server in a process of its own; it ends with this object.
struct Server {
    child: Child,
    url: String,
    ids: Vec<String>,
}

impl Server {
    fn start(arguments: &[&str]) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let url = lines.next().expect("a URL");
        let ids = lines.take_while(|line| !line.is_empty()).collect();
        Self { child, url, ids }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Confirms every cancel after the latency.
fn stub(latency: Duration) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("http://{}\n", listener.local_addr().unwrap());
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        thread::spawn(move || confirm(stream, latency));
    }
}

/// Until the client closes the connection.
fn confirm(mut stream: TcpStream, latency: Duration) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut buffer = [0; 4096];
    loop {
        let length = stream.read(&mut buffer).ok().filter(|length| *length > 0)?;
        let request = str::from_utf8(&buffer[..length]).ok()?;
        let id = request.split("/sessions/").nth(1)?.split('/').next()?;
        let body = json!({ "checkout_session": {
            "checkout_session_id": id, "status": "canceled", "test_mode": true,
            "payment_intent": { "status": "canceled", "amount_capturable": 0, "amount_received": 0 },
        } })
        .to_string();
        thread::sleep(latency);
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len());
        stream.write_all(format!("{head}{body}").as_bytes()).ok()?;
    }
}

/// A sandbox with that many sessions that hold money.
fn sandbox(sessions: u64, rate: u32) {
    let rate_limit =
        NonZeroU32::new(rate).map(|per_second| RateLimit { per_second, silent: false });
    let options =
        flex_sandbox::Options { rate_limit, latency: LATENCY, ..flex_sandbox::Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    println!("{}", sandbox.url());
    for _ in 0..sessions {
        let id = sandbox.create(&CreateParams::default());
        sandbox.pay(&id).unwrap();
        println!("{id}");
    }
    println!();
    loop {
        thread::park();
    }
}
