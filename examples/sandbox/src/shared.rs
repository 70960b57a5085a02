//! What all threads of a sandbox share: the model, the faults, the requests that arrived.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

use rustls::ServerConfig;

use crate::addressee::Addressee;
use crate::admin::{self, Desk, Outage};
use crate::answer::{Answer, Scripted, Then};
use crate::api::{ApiRequest, ApiResponse};
use crate::clock::Clock;
use crate::connection::{self, Script, Socket, Stream};
use crate::corrupt::{self, Instead, Right};
use crate::counts::Counts;
use crate::error::{ErrorShape, Refusal};
use crate::exchange::Exchanges;
use crate::fault::{Fault, How, Operation};
use crate::http::Request;
use crate::injection::{Injection, Pending};
use crate::keys::Keys;
use crate::model::{Model, Settings};
use crate::options::Options;
use crate::page;
use crate::pause::End;
use crate::port::Port;
use crate::rate_limit::{Allowance, Bucket};
use crate::record::RequestRecord;
use crate::response::Response;
use crate::server::RECORDS_KEPT;

pub(crate) struct Shared {
    pub(crate) port: Port,
    pub(crate) end: End,
    keys: Keys,
    tls: Option<Arc<ServerConfig>>,
    pub(crate) clock: Clock,
    /// What each response of Flex's API is delayed by.
    latency: Duration,
    /// Whether responses carry a `Date`.
    dated: bool,
    state: Mutex<State>,
}

pub(crate) struct State {
    model: Model,
    rate_limit: Option<Bucket>,
    pub(crate) counts: Counts,
    pub(crate) script: VecDeque<Scripted>,
    pub(crate) faults: Pending,
    /// The idempotency keys whose stored response is a 500.
    failed_keys: BTreeSet<String>,
    pub(crate) records: VecDeque<RequestRecord>,
    pub(crate) exchanges: Exchanges,
    numbered: u64,
    pub(crate) accepted: u64,
    /// The open connections.
    sockets: BTreeMap<u64, Socket>,
    pub(crate) threads: Vec<JoinHandle<()>>,
}

impl Shared {
    pub(crate) fn new(options: &Options, port: Port, tls: Option<Arc<ServerConfig>>) -> Self {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let model = Model::new(Settings {
            dialect: options.dialect,
            error_shape: options.error_shape,
            late: options.late,
            lag: options.lag,
            seed: options.seed,
            epoch_s: since_epoch.unwrap_or_default().as_secs(),
        });
        Shared {
            port,
            end: End::default(),
            keys: options.keys.clone(),
            tls,
            clock: Clock::new(options.frozen),
            latency: options.latency,
            dated: options.dated,
            state: Mutex::new(State {
                model,
                rate_limit: options.rate_limit.map(Bucket::full),
                counts: Counts::default(),
                script: VecDeque::new(),
                faults: Pending::default(),
                failed_keys: BTreeSet::new(),
                records: VecDeque::new(),
                exchanges: Exchanges::default(),
                numbered: 0,
                accepted: 0,
                sockets: BTreeMap::new(),
                threads: Vec::new(),
            }),
        }
    }

    /// A connection's thread that panicked must not take the truth with it.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn model<T>(&self, work: impl FnOnce(&mut Model) -> T) -> T {
        let mut state = self.state();
        state.model.advance(self.clock.now());
        work(&mut state.model)
    }

    /// Closes every open connection but one.
    pub(crate) fn close_connections(&self, spared: Option<u64>) {
        let state = self.state();
        let others = state.sockets.iter().filter(|(number, _)| Some(**number) != spared);
        others.for_each(|(_, socket)| socket.shut_down());
    }

    fn respond(&self, connection: u64, request: &Request) -> Answer {
        let (path, query) = split_target(&request.target);
        if let Some(file) = page::find(&request.method, path) {
            return answer_to(request, &file, None);
        }
        if path.starts_with(admin::PREFIX) {
            return self.respond_to_admin(connection, request, path);
        }
        let mut state = self.state();
        state.numbered += 1;
        let number = state.numbered;
        let record = RequestRecord::new(number, connection, request, &self.keys);
        let mode = record.mode;
        if state.records.len() >= RECORDS_KEPT {
            state.records.pop_front();
        }
        state.exchanges.arrived(&record, self.clock.now());
        state.records.push_back(record);

        let api = ApiRequest {
            number,
            method: &request.method,
            path,
            query,
            mode,
            idempotency_key: request.header("idempotency-key"),
            body: &request.body,
        };
        let answer = if path.starts_with("/v1/") {
            let mut answer = self.respond_to_api(&mut state, request, &api);
            answer.plan.delay = answer.plan.delay.saturating_add(self.latency);
            answer
        } else {
            let response = state.model.handle(&api, self.clock.now());
            public_answer(request, number, &response)
        };
        state.exchanges.answered(&answer);
        answer
    }

    fn respond_to_api(&self, state: &mut State, request: &Request, api: &ApiRequest<'_>) -> Answer {
        let now = self.clock.now();
        let allowance = state.rate_limit.as_mut().map(|bucket| bucket.take(now));
        let headers = allowance.map(Allowance::headers).unwrap_or_default();
        if allowance.is_some_and(|allowance| !allowance.granted) {
            state.counts.rate_limited += 1;
            let response = state.model.refuse(&Refusal::RATE_LIMITED);
            return public_answer(request, api.number, &response.with_headers(headers));
        }
        state.counts.add(api.method, api.path);
        if let Some(Scripted { answer, apply, then }) = state.script.pop_front() {
            state.exchanges.befallen("scripted");
            if apply {
                state.model.handle(api, now);
            }
            return Answer::new(answer, then);
        }
        if api.idempotency_key.is_some_and(|key| state.failed_keys.contains(key)) {
            state.exchanges.befallen(Fault::Replayed500.name());
            let response = corrupt::internal_error().with_headers(headers);
            return public_answer(request, api.number, &response);
        }
        let operation = Operation::of(api.method, api.path);
        match state.faults.for_answer(operation) {
            Some(injection) => self.corrupt(state, &injection, request, api, headers),
            None => {
                let response = state.model.handle(api, now).with_headers(headers);
                public_answer(request, api.number, &response)
            }
        }
    }

    fn corrupt(
        &self,
        state: &mut State,
        injection: &Injection,
        request: &Request,
        api: &ApiRequest<'_>,
        headers: Vec<(&'static str, String)>,
    ) -> Answer {
        let Injection { fault, apply, .. } = injection;
        state.exchanges.befallen(fault.name());
        let now = self.clock.now();
        let response = match corrupt::instead(fault) {
            _ if *apply && matches!(fault, Fault::Cached { .. }) => {
                state.model.handle_cached(api, now)
            }
            _ if *apply => state.model.handle(api, now),
            Instead::AsItIs => {
                let path = api.path.strip_suffix("/cancel").unwrap_or(api.path);
                state.model.handle(&ApiRequest { method: "GET", path, ..*api }, now)
            }
            Instead::Unavailable => corrupt::unavailable(),
        };
        if *fault == Fault::Replayed500 {
            state.failed_keys.extend(api.idempotency_key.map(str::to_owned));
            let response = corrupt::internal_error().with_headers(headers);
            return public_answer(request, api.number, &response);
        }
        let then = if request.keep_alive { Then::KeepOpen } else { Then::Close };
        let (response, request_id) = (response.with_headers(headers), request_id(api.number));
        corrupt::corrupted(fault, Right { response, request_id, then })
    }

    fn respond_to_admin(&self, connection: u64, request: &Request, path: &str) -> Answer {
        let mut state = self.state();
        let State { model, records, exchanges, counts, faults, .. } = &mut *state;
        model.advance(self.clock.now());
        let mut desk = Desk { model, records, exchanges, counts, faults, outage: None };
        let (status, body) = admin::handle(&mut desk, request, path);
        let outage = desk.outage;
        // Not under the lock, which the port's own thread may be waiting for.
        drop(state);
        match outage {
            Some(Outage::Begins(time)) => {
                self.port.close(time);
                self.close_connections(Some(connection));
            }
            Some(Outage::Ends) => self.port.open(),
            None => {}
        }
        answer_to(request, &ApiResponse::new(status, "application/json", body), None)
    }

    /// Gives a connection its thread. If there is no thread to be had, the connection is closed.
    pub(crate) fn open(self: &Arc<Self>, socket: TcpStream) {
        let socket = Socket::new(socket);
        let mut state = self.state();
        state.threads.retain(|thread| !thread.is_finished());
        state.accepted += 1;
        let number = state.accepted;
        let may_fail = state.faults.has_for_connection();
        let served = {
            let (shared, socket) = (Arc::clone(self), socket.clone());
            move || {
                let _closing = Closing { number, shared: &shared };
                shared.serve(number, socket, may_fail);
            }
        };
        let name = format!("flex-sandbox-{number}");
        if let Ok(thread) = thread::Builder::new().name(name).spawn(served) {
            state.sockets.insert(number, socket);
            state.threads.push(thread);
        }
    }

    /// Serves a connection. If a fault of connections was to come when it was accepted, the fault
    /// waits for the first bytes: what asks the sandbox itself is spared, and uses up none. With
    /// TLS that can be told only of plain HTTP, in which the sandbox's own routes are served too.
    fn serve(&self, number: u64, mut socket: Socket, may_fail: bool) {
        let mut tls = self.tls.as_ref();
        if may_fail || tls.is_some() {
            match socket.addressee(tls.is_some()) {
                Ok(Some(Addressee::Sandbox)) => tls = None,
                Ok(Some(Addressee::Flex)) if may_fail => {
                    // Not under the lock, for the fault may last.
                    let fault = self.state().faults.for_connection();
                    if let Some(fault) = fault {
                        return socket.corrupt(&fault);
                    }
                }
                Ok(_) => {}
                Err(_) => return,
            }
        }
        let is_plain_beside_tls = tls.is_none() && self.tls.is_some();
        if let Ok(stream) = Stream::new(socket, tls) {
            let mut conversation = Conversation { number, shared: self, is_plain_beside_tls };
            connection::serve(stream, &self.end, &mut conversation);
        }
    }
}

/// One connection's part of what is shared.
struct Conversation<'a> {
    number: u64,
    shared: &'a Shared,
    /// Whether only the sandbox's own routes are served, since Flex's are with TLS.
    is_plain_beside_tls: bool,
}

impl Script for Conversation<'_> {
    fn cut(&mut self) -> Option<(usize, How)> {
        self.shared.state().faults.for_request()
    }

    fn respond(&mut self, request: &Request) -> Answer {
        if self.is_plain_beside_tls && !is_for_sandbox(request) {
            return self.malformed("Flex's routes are served with https only.");
        }
        let answer = self.shared.respond(self.number, request);
        if self.shared.dated { answer } else { answer.without_date() }
    }

    fn malformed(&mut self, why: &'static str) -> Answer {
        let refusal = Refusal::bad_request(why);
        let (content_type, body) = ErrorShape::Code.render(&refusal);
        let response = Response {
            status: refusal.status,
            content_type,
            request_id: None,
            headers: &[],
            keep_alive: false,
            body: &body,
        };
        Answer::new(response.to_bytes(), Then::Close)
    }
}

fn request_id(number: u64) -> String {
    format!("req_{number}")
}

fn public_answer(request: &Request, number: u64, response: &ApiResponse) -> Answer {
    let id = Some(request_id(number));
    answer_to(request, response, id)
}

fn answer_to(request: &Request, response: &ApiResponse, request_id: Option<String>) -> Answer {
    let ApiResponse { status, content_type, headers, body, .. } = response;
    // The response to a HEAD has no body, so its connection ends where a body would begin.
    let is_head = request.method == "HEAD";
    let keep_alive = request.keep_alive && !is_head;
    let body = if is_head { &[] } else { body.as_slice() };
    let status = *status;
    let response = Response { status, content_type, request_id, headers, keep_alive, body };
    Answer::new(response.to_bytes(), if keep_alive { Then::KeepOpen } else { Then::Close })
}

/// Whether a request is for the sandbox's own routes or its page.
fn is_for_sandbox(request: &Request) -> bool {
    let (path, _) = split_target(&request.target);
    path.starts_with(admin::PREFIX) || page::find(&request.method, path).is_some()
}

/// The path and the query of a request's target, which may be a whole URL if the client takes
/// the sandbox for a proxy.
fn split_target(target: &str) -> (&str, &str) {
    let rest = target.strip_prefix("http://").or_else(|| target.strip_prefix("https://"));
    let local = rest.map_or(target, |rest| rest.find('/').map_or("/", |start| &rest[start..]));
    local.split_once('?').unwrap_or((local, ""))
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
