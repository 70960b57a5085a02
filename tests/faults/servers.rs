//! What is no Flex: servers that do one thing.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};

/// Says the same to everyone that says anything, and then hangs up.
pub struct OneAnswer {
    pub port: u16,
    asked: Arc<AtomicUsize>,
    listener: TcpListener,
    thread: Option<JoinHandle<()>>,
}

impl OneAnswer {
    pub fn start(answer: Vec<u8>) -> OneAnswer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(AtomicUsize::new(0));
        let (accepting, counted) = (listener.try_clone().unwrap(), Arc::clone(&asked));
        let thread = std::thread::spawn(move || {
            while let Ok((mut stream, _)) = accepting.accept() {
                counted.fetch_add(1, Ordering::SeqCst);
                // Whoever hangs up first is not told the rest.
                let _ = stream.read(&mut [0; 4096]);
                let _ = stream.write_all(&answer);
                let _ = stream.shutdown(Shutdown::Write);
                while matches!(stream.read(&mut [0; 4096]), Ok(read) if read > 0) {}
            }
        });
        OneAnswer { port, asked, listener, thread: Some(thread) }
    }

    /// How many connections were made to it.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for OneAnswer {
    fn drop(&mut self) {
        let wake = TcpStream::from(OwnedFd::from(self.listener.try_clone().unwrap()));
        wake.shutdown(Shutdown::Both).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// A listener whose queue is full: whoever connects now waits.
pub struct FullQueue {
    pub port: u16,
    _listener: OwnedFd,
    _queued: Vec<TcpStream>,
}

impl FullQueue {
    pub fn start() -> FullQueue {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        listen(&listener, 0).unwrap();
        let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
        let patience = std::time::Duration::from_millis(200);
        let queued = std::iter::from_fn(|| TcpStream::connect_timeout(&address, patience).ok());
        FullQueue { port: address.port(), _queued: queued.collect(), _listener: listener }
    }
}

/// Passes one connection on to a port of 127.0.0.1 and counts the bytes.
pub struct Relay {
    pub port: u16,
    thread: JoinHandle<(usize, usize)>,
}

impl Relay {
    pub fn start(to: u16) -> Relay {
        Relay::on(Ipv4Addr::LOCALHOST.into(), to)
    }

    /// The same at an address of one's choice.
    pub fn on(address: IpAddr, to: u16) -> Relay {
        let listener = TcpListener::bind((address, 0)).expect("the address is there");
        let port = listener.local_addr().unwrap().port();
        let thread = std::thread::spawn(move || {
            let (client, _) = listener.accept().unwrap();
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, to)).unwrap();
            let back = (server.try_clone().unwrap(), client.try_clone().unwrap());
            let answers = std::thread::spawn(move || pass(back.0, back.1));
            (pass(client, server), answers.join().unwrap())
        });
        Relay { port, thread }
    }

    /// How many bytes went there and back, once the client has left.
    pub fn lengths(self) -> (usize, usize) {
        self.thread.join().unwrap()
    }
}

fn pass(mut from: TcpStream, mut to: TcpStream) -> usize {
    let passed = std::io::copy(&mut from, &mut to).unwrap();
    // It fails only where the other side has left already.
    let _ = to.shutdown(Shutdown::Write);
    usize::try_from(passed).unwrap()
}
