//! Connections that died while they were idle, and nobody was told: a router forgot them.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use flex_sandbox::{CreateParams, Hold, Sandbox};
use flexcancel::{Client, Code, Config, Operation, Options, Outcome, Phase};
use serde_json::json;

const IDLE: usize = 4;

/// What happens to a connection at the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum News {
    Accepted,
    /// A request came over a connection that carries nothing more.
    Swallowed,
    /// The client closed it.
    Closed,
}

/// Something on the way to the sandbox that carries nothing more over its first connections.
struct Router {
    url: String,
    news: Receiver<News>,
    accepted: Arc<AtomicUsize>,
    /// The number of the first connection that still carries.
    first_alive: Arc<AtomicUsize>,
}

impl Router {
    fn start(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (told, news) = mpsc::channel();
        let router = Self { url, news, accepted: Arc::default(), first_alive: Arc::default() };
        let (accepted, first_alive) =
            (Arc::clone(&router.accepted), Arc::clone(&router.first_alive));
        thread::spawn(move || {
            for client in listener.incoming() {
                let number = accepted.fetch_add(1, Ordering::SeqCst);
                let client = client.unwrap();
                let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
                // Nobody listens once the test is over.
                let _ = told.send(News::Accepted);
                let (to, from) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                let (told, alive) = (told.clone(), Arc::clone(&first_alive));
                thread::spawn(move || {
                    let swallowed = || {
                        let _ = told.send(News::Swallowed);
                    };
                    let _ = carry(from, to, number, &alive, swallowed);
                    let _ = told.send(News::Closed);
                });
                let alive = Arc::clone(&first_alive);
                thread::spawn(move || carry(server, client, number, &alive, || {}));
            }
        });
        router
    }

    fn forget_all(&self) {
        self.first_alive.store(self.accepted(), Ordering::SeqCst);
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    fn next(&self) -> News {
        self.news.recv_timeout(Duration::from_secs(30)).expect("news of a connection")
    }
}

fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    number: usize,
    first_alive: &AtomicUsize,
    swallowed: impl Fn(),
) -> io::Result<()> {
    let mut bytes = [0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        if number >= first_alive.load(Ordering::SeqCst) {
            to.write_all(&bytes[..count])?;
        } else {
            swallowed();
        }
    }
}

fn client(router: &Router) -> Client {
    let config =
        json!({ "api_key": "fsk_test_hunter2", "base_url": router.url, "timeout_ms": 2_000 });
    Client::new(&Config::from_json(&config.to_string()).unwrap()).unwrap()
}

fn held(sandbox: &Sandbox) -> String {
    let id = sandbox.create(&CreateParams::default());
    sandbox.pay(&id).unwrap();
    id
}

#[test]
fn connections_that_died_silently_cost_one_round_trip_and_not_one_each() {
    let sandbox = Sandbox::start(flex_sandbox::Options::default()).unwrap();
    let id = held(&sandbox);
    let router = Router::start(sandbox.port());
    let client = client(&router);
    for _ in 0..IDLE {
        client.warm_up(&Options::default(), None).unwrap();
        assert_eq!(router.next(), News::Accepted);
    }
    router.forget_all();

    let report = client.cancel(&id, &Options::default(), None);
    let said = (report.outcome, report.code);
    assert_eq!(said, (Outcome::Canceled, Code::Ok), "{}", report.to_json().unwrap());
    let attempts: Vec<_> = report.attempts.iter().map(|it| (it.operation, it.phase)).collect();
    let expected = [
        (Operation::Cancel, Phase::Waiting),
        (Operation::Retrieve, Phase::Complete),
        (Operation::Cancel, Phase::Complete),
    ];
    assert_eq!(attempts, expected);
    assert_eq!(router.accepted(), IDLE + 1, "one new connection");
    // Each connection's news come by a thread of its own, in any order.
    let mut news: Vec<News> = (0..IDLE + 2).map(|_| router.next()).collect();
    news.sort();
    let mut expected = vec![News::Accepted, News::Swallowed];
    expected.extend([News::Closed; IDLE]);
    assert_eq!(news, expected, "the dead ones are closed");
    assert_eq!(sandbox.ground_truth(&id).unwrap().hold, Hold::Released);
}

#[test]
fn after_a_loss_a_call_opens_a_connection_of_its_own() {
    let sandbox = Sandbox::start(flex_sandbox::Options::default()).unwrap();
    let (first, second) = (held(&sandbox), held(&sandbox));
    let router = Router::start(sandbox.port());
    let client = client(&router);
    client.warm_up(&Options::default(), None).unwrap();
    assert_eq!(router.next(), News::Accepted);
    router.forget_all();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| client.cancel(&first, &Options::default(), None));
        // It takes the one connection that there is, and waits in vain.
        assert_eq!(router.next(), News::Swallowed);
        let other = client.cancel(&second, &Options::default(), None);
        assert_eq!(other.outcome, Outcome::Canceled);
        router.forget_all();
        let report = waiting.join().unwrap();
        assert_eq!(report.outcome, Outcome::Canceled, "{}", report.to_json().unwrap());
        let phases: Vec<Phase> = report.attempts.iter().map(|it| it.phase).collect();
        assert_eq!(phases, [Phase::Waiting, Phase::Complete, Phase::Complete]);
    });
    assert_eq!(router.accepted(), 3);
}
