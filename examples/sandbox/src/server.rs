//! A model served over HTTP on loopback: one thread per connection.

use std::io;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::answer::Scripted;
use crate::counts::Counts;
use crate::error::Refusal;
use crate::fault::Fault;
use crate::ground_truth::GroundTruth;
use crate::injection::Injection;
use crate::keys::Mode;
use crate::model::Canceler;
use crate::options::Options;
use crate::port::Port;
use crate::record::RequestRecord;
use crate::session::CreateParams;
use crate::shared::Shared;
use crate::tls::Authority;

/// How many requests are remembered; the oldest are forgotten first.
pub const RECORDS_KEPT: usize = 10_000;

/// A Flex on loopback, unless [`Options::listen`] says otherwise. Dropping it closes its port and all its connections.
///
/// All methods may be called from any thread, at any time.
pub struct Sandbox {
    shared: Arc<Shared>,
    ca_pem: Option<String>,
    acceptor: Option<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts to serve; requests are answered as soon as this returns.
    pub fn start(options: Options) -> io::Result<Sandbox> {
        let (port, listener) = Port::bind(options.listen, options.port)?;
        let authority = if options.tls { Some(Authority::new()?) } else { None };
        let tls =
            authority.as_ref().map(|it| it.server_config(&options.certificate)).transpose()?;
        let shared = Arc::new(Shared::new(&options, port, tls));
        let acceptor = thread::Builder::new().name("flex-sandbox".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || shared.port.accept(listener, |socket| shared.open(socket))
        })?;
        let ca_pem = authority.map(|it| it.ca_pem().to_owned());
        Ok(Sandbox { shared, ca_pem, acceptor: Some(acceptor) })
    }

    /// Its base URL: `http://127.0.0.1:PORT`, or `https://…` with TLS; with the address that it
    /// listens on.
    pub fn url(&self) -> String {
        let scheme = if self.ca_pem.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.shared.port.address)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.shared.port.address.port()
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

    /// [`crate::Model::pay`].
    pub fn pay(&self, id: &str) -> Result<(), Refusal> {
        self.shared.model(|model| model.pay(id, model.now()))
    }

    /// [`crate::Model::capture`].
    pub fn capture(&self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        self.shared.model(|model| model.capture(id, amount, model.now()))
    }

    /// [`crate::Model::refund`].
    pub fn refund(&self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        self.shared.model(|model| model.refund(id, amount, model.now()))
    }

    /// [`crate::Model::reauth`].
    pub fn reauth(&self, id: &str, amount: Option<u64>) -> Result<(), Refusal> {
        self.shared.model(|model| model.reauth(id, amount, model.now()))
    }

    /// [`crate::Model::expire`].
    pub fn expire(&self, id: &str) -> Result<(), Refusal> {
        self.shared.model(|model| model.expire(id, model.now()))
    }

    /// [`crate::Model::cancel`], by somebody who is no client of this sandbox.
    pub fn cancel(&self, id: &str) -> Result<(), Refusal> {
        self.shared.model(|model| model.cancel(id, Canceler::default(), model.now()))
    }

    /// What really happened to a session up to now; none if there is no such session.
    pub fn ground_truth(&self, id: &str) -> Option<GroundTruth> {
        self.shared.model(|model| model.ground_truth(id))
    }

    /// The requests that arrived, in order, those to `/__sandbox/` and those that could not be
    /// read excepted; the last [`RECORDS_KEPT`] of them.
    pub fn requests(&self) -> Vec<RequestRecord> {
        self.shared.state().records.iter().cloned().collect()
    }

    /// Forgets the requests that arrived. Their numbers are not used again.
    pub fn clear_requests(&self) {
        let mut state = self.shared.state();
        state.records.clear();
        state.exchanges.clear();
    }

    /// How many requests to `/v1/…` were served and how many the rate limit refused, since the
    /// start or [`Sandbox::clear_counts`].
    pub fn counts(&self) -> Counts {
        self.shared.state().counts
    }

    /// Counts from zero again.
    pub fn clear_counts(&self) {
        self.shared.state().counts = Counts::default();
    }

    /// Moves the sandbox's time forward: for the rate limit, late effects, lag, and the expiry of
    /// sessions and idempotency keys.
    pub fn advance(&self, time: Duration) {
        self.shared.clock.advance(time);
    }

    /// How many connections were accepted since the start.
    pub fn connections(&self) -> usize {
        usize::try_from(self.shared.state().accepted).unwrap_or(usize::MAX)
    }

    /// Closes every connection that is open now, as a server does with idle ones.
    pub fn close_connections(&self) {
        self.shared.close_connections(None);
    }

    /// Gives the next request to `/v1/…` that has no such response yet this one, word for word.
    pub fn script(&self, scripted: Scripted) {
        self.shared.state().script.push_back(scripted);
    }

    /// Has a fault befall the next requests or connections, see [`Fault`] and [`Injection::of`].
    pub fn inject(&self, fault: Fault, times: u32) {
        self.inject_as(Injection::of(fault).times(times));
    }

    /// [`Sandbox::inject`], with all there is to say about it. Faults come in the order in which
    /// they were injected, after the scripted answers.
    pub fn inject_as(&self, injection: Injection) {
        self.shared.state().faults.push(injection);
    }

    /// The faults still to come.
    pub fn faults(&self) -> Vec<Injection> {
        self.shared.state().faults.list()
    }

    /// Forgets the faults still to come.
    pub fn clear_faults(&self) {
        self.shared.state().faults.clear();
    }

    /// Closes the port and every connection; connections are refused until the time is over.
    pub fn outage(&self, time: Duration) {
        self.go_down(Some(time));
    }

    /// Closes the port and every connection until [`Sandbox::open_port`].
    pub fn close_port(&self) {
        self.go_down(None);
    }

    /// Opens the port again. Connections are accepted when this returns.
    pub fn open_port(&self) {
        self.shared.port.open();
    }

    /// Closes the port and waits until every client has left. Afterwards nothing more happens
    /// that was asked for before, late effects excepted: the truth is whole.
    pub fn see_out(&self) {
        self.shared.port.close(None);
        let threads = std::mem::take(&mut self.shared.state().threads);
        for thread in threads {
            let _ = thread.join();
        }
    }

    fn go_down(&self, time: Option<Duration>) {
        self.shared.port.close(time);
        self.shared.close_connections(None);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.shared.end.come();
        self.shared.port.end();
        if let Some(acceptor) = self.acceptor.take() {
            // A thread that panicked has said so; there is nothing to do about it here.
            let _ = acceptor.join();
        }
        self.shared.close_connections(None);
        let threads = std::mem::take(&mut self.shared.state().threads);
        for thread in threads {
            let _ = thread.join();
        }
    }
}
