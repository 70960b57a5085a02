//! A model served over HTTP on loopback: one thread per connection.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use rustls::ServerConfig;

use crate::admin::{self, Desk};
use crate::answer::{Answer, Scripted, Then};
use crate::api::{ApiRequest, ApiResponse};
use crate::connection::{self, Socket, Stream};
use crate::error::{ErrorShape, Refusal};
use crate::http::Request;
use crate::keys::{Keys, Mode};
use crate::model::{Model, Settings};
use crate::options::Options;
use crate::record::RequestRecord;
use crate::response::Response;
use crate::session::CreateParams;
use crate::tls::Authority;
use crate::truth::Truth;

/// How many requests are remembered; the oldest are forgotten first.
pub const RECORDS_KEPT: usize = 10_000;

/// A Flex on loopback. Dropping it closes its port and all its connections.
///
/// All methods may be called from any thread, at any time.
pub struct Sandbox {
    shared: Arc<Shared>,
    address: SocketAddr,
    ca_pem: Option<String>,
    /// The listening socket as a stream, for the sake of `shutdown`, which wakes `accept`.
    wake: TcpStream,
    acceptor: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts to serve; requests are answered as soon as this returns.
    pub fn start(options: Options) -> io::Result<Sandbox> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port))?;
        let address = listener.local_addr()?;
        let wake = TcpStream::from(OwnedFd::from(listener.try_clone()?));
        let authority = if options.tls { Some(Authority::new()?) } else { None };
        let tls =
            authority.as_ref().map(|it| it.server_config(&options.certificate)).transpose()?;
        let shared = Arc::new(Shared::new(&options, tls));
        let acceptor = thread::Builder::new().name("flex-sandbox".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        })?;
        let ca_pem = authority.map(|it| it.ca_pem().to_owned());
        Ok(Sandbox { shared, address, ca_pem, wake, acceptor: Some(acceptor) })
    }

    /// Its base URL: `http://127.0.0.1:PORT`, or `https://…` with TLS.
    pub fn url(&self) -> String {
        let scheme = if self.ca_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.address)
    }

    /// Its port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The certificate of its throw-away authority, in PEM; none without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Creates a session in test mode and returns its id.
    pub fn create(&self, params: &CreateParams) -> String {
        self.create_in(Mode::Test, params)
    }

    /// Creates a session in a mode and returns its id.
    pub fn create_in(&self, mode: Mode, params: &CreateParams) -> String {
        self.shared.model(|model| model.create(mode, params.clone(), model.now()))
    }

    /// [`Model::pay`].
    pub fn pay(&self, id: &str) -> Result<(), Refusal> {
        self.shared.model(|model| model.pay(id, model.now()))
    }

    /// [`Model::capture`].
    pub fn capture(&self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        self.shared.model(|model| model.capture(id, amount, model.now()))
    }

    /// [`Model::refund`].
    pub fn refund(&self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        self.shared.model(|model| model.refund(id, amount, model.now()))
    }

    /// [`Model::reauth`].
    pub fn reauth(&self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        self.shared.model(|model| model.reauth(id, amount, model.now()))
    }

    /// [`Model::expire`].
    pub fn expire(&self, id: &str) -> Result<(), Refusal> {
        self.shared.model(|model| model.expire(id, model.now()))
    }

    /// What really happened to a session up to now; none if there is no such session.
    pub fn truth(&self, id: &str) -> Option<Truth> {
        self.shared.model(|model| model.truth(id))
    }

    /// The requests that arrived, in order, those to `/__sandbox/` and those that could not be
    /// read excepted; the last [`RECORDS_KEPT`] of them.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.state().records.iter().cloned().collect()
    }

    /// Forgets the requests that arrived. Their numbers are not used again.
    pub fn clear_requests(&self) {
        self.shared.state().records.clear();
    }

    /// How many connections were accepted since the start.
    pub fn connections(&self) -> usize {
        usize::try_from(self.shared.state().accepted).unwrap_or(usize::MAX)
    }

    /// Closes every connection that is open now, as a server does with idle ones.
    pub fn close_connections(&self) {
        self.shared.state().sockets.values().for_each(Socket::shut_down);
    }

    /// Gives the next request to `/v1/…` that has no such answer yet this one, word for word.
    pub fn script(&self, scripted: Scripted) {
        self.shared.state().script.push_back(scripted);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Where shutting down a listener does not wake `accept`, a connection does; where it
        // does, nobody listens any more and the connection is refused.
        let _ = self.wake.shutdown(Shutdown::Both);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(acceptor) = self.acceptor.take() {
            // A thread that panicked has said so; there is nothing to do about it here.
            let _ = acceptor.join();
        }
        let threads = {
            let mut state = self.shared.state();
            state.sockets.values().for_each(Socket::shut_down);
            std::mem::take(&mut state.threads)
        };
        for thread in threads {
            let _ = thread.join();
        }
    }
}

/// What all threads share.
struct Shared {
    keys: Keys,
    tls: Option<Arc<ServerConfig>>,
    started: Instant,
    stopping: AtomicBool,
    state: Mutex<State>,
}

struct State {
    model: Model,
    script: VecDeque<Scripted>,
    records: VecDeque<RequestRecord>,
    numbered: u64,
    accepted: u64,
    /// The open connections.
    sockets: BTreeMap<u64, Socket>,
    threads: Vec<JoinHandle<()>>,
}

impl Shared {
    fn new(options: &Options, tls: Option<Arc<ServerConfig>>) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let model = Model::new(Settings {
            dialect: options.dialect,
            error_shape: options.error_shape,
            late: options.late,
            seed: options.seed,
            epoch_s: since_epoch.unwrap_or_default().as_secs(),
        });
        Shared {
            keys: options.keys.clone(),
            tls,
            started: Instant::now(),
            stopping: AtomicBool::new(false),
            state: Mutex::new(State {
                model,
                script: VecDeque::new(),
                records: VecDeque::new(),
                numbered: 0,
                accepted: 0,
                sockets: BTreeMap::new(),
                threads: Vec::new(),
            }),
        }
    }

    /// A connection's thread that panicked must not take the truth with it.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn model<T>(&self, work: impl FnOnce(&mut Model) -> T) -> T {
        let mut state = self.state();
        state.model.advance(self.started.elapsed());
        work(&mut state.model)
    }

    fn respond(&self, connection: u64, request: &Request) -> Answer {
        let (path, query) = split_target(&request.target);
        if path.starts_with(admin::PREFIX) {
            return self.respond_to_admin(request, path);
        }
        let mut state = self.state();
        state.numbered += 1;
        let number = state.numbered;
        let record = RequestRecord::new(number, connection, request, &self.keys);
        let mode = record.mode;
        if state.records.len() >= RECORDS_KEPT {
            state.records.pop_front();
        }
        state.records.push_back(record);

        let scripted = path.starts_with("/v1/").then(|| state.script.pop_front()).flatten();
        let api = ApiRequest {
            number,
            method: &request.method,
            path,
            query,
            mode,
            idempotency_key: request.header("idempotency-key"),
            body: &request.body,
        };
        let now = self.started.elapsed();
        match scripted {
            Some(Scripted { answer, apply, then }) => {
                if apply {
                    state.model.handle(&api, now);
                }
                Answer::new(answer, then)
            }
            None => public_answer(request, number, &state.model.handle(&api, now)),
        }
    }

    fn respond_to_admin(&self, request: &Request, path: &str) -> Answer {
        let mut state = self.state();
        let State { model, records, .. } = &mut *state;
        model.advance(self.started.elapsed());
        let mut desk = Desk { model, records };
        let (status, body) = admin::handle(&mut desk, &request.method, path, &request.body);
        answer_to(request, status, "application/json", None, &body)
    }
}

fn public_answer(request: &Request, number: u64, response: &ApiResponse) -> Answer {
    let id = Some(format!("req_{number}"));
    answer_to(request, response.status, response.content_type, id, &response.body)
}

fn answer_to(
    request: &Request,
    status: u16,
    content_type: &str,
    request_id: Option<String>,
    body: &[u8],
) -> Answer {
    // The answer to a HEAD has no body, so its connection ends where a body would begin.
    let is_head = request.method == "HEAD";
    let keep_alive = request.keep_alive && !is_head;
    let body = if is_head { &[] } else { body };
    let response = Response { status, content_type, request_id, keep_alive, body };
    Answer::new(response.to_bytes(), if keep_alive { Then::KeepOpen } else { Then::Close })
}

fn malformed(why: &'static str) -> Answer {
    let refusal = Refusal::bad_request(why);
    let (content_type, body) = ErrorShape::Code.render(&refusal);
    let response = Response {
        status: refusal.status,
        content_type,
        request_id: None,
        keep_alive: false,
        body: &body,
    };
    Answer::new(response.to_bytes(), Then::Close)
}

/// The path and the query of a request's target, which may be a whole URL if the client takes
/// the sandbox for a proxy.
fn split_target(target: &str) -> (&str, &str) {
    let rest = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
    let local = rest.map_or(target, |rest| rest.find('/').map_or("/", |start| &rest[start..]));
    local.split_once('?').unwrap_or((local, ""))
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    loop {
        let accepted = listener.accept();
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        match accepted {
            Ok((socket, _)) => open(Socket::new(socket), shared),
            // Mostly a lack of descriptors, which only time can mend.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// Gives a connection its thread. If there is no thread to be had, the connection is closed.
fn open(socket: Socket, shared: &Arc<Shared>) {
    let mut state = shared.state();
    state.threads.retain(|thread| !thread.is_finished());
    state.accepted += 1;
    let number = state.accepted;
    let served = {
        let (shared, socket) = (Arc::clone(shared), socket.clone());
        move || {
            let _closing = Closing { number, shared: &shared };
            if let Ok(stream) = Stream::new(socket, shared.tls.as_ref()) {
                let respond = |request: &Request| shared.respond(number, request);
                connection::serve(stream, respond, malformed);
            }
        }
    };
    let name = format!("flex-sandbox-{number}");
    if let Ok(thread) = thread::Builder::new().name(name).spawn(served) {
        state.sockets.insert(number, socket);
        state.threads.push(thread);
    }
}

/// Takes a connection off the list when its thread ends, however it ends.
struct Closing<'a> {
    number: u64,
    shared: &'a Shared,
}

impl Drop for Closing<'_> {
    fn drop(&mut self) {
        self.shared.state().sockets.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_path_and_a_query_or_a_whole_url() {
        assert_eq!(split_target("/v1/x"), ("/v1/x", ""));
        assert_eq!(split_target("/v1/x?a=b?c"), ("/v1/x", "a=b?c"));
        assert_eq!(split_target("http://h:1/v1/x?a"), ("/v1/x", "a"));
        assert_eq!(split_target("https://h"), ("/", ""));
    }
}
