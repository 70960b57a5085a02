//! The queues of a bulk run: each job ends once, and no thread waits for ever.

use loom::thread;

use super::queues::Queues;
use crate::Model;
use crate::sync::Arc;

pub const MODELS: &[Model] = &[
    Model::new("each job of a bulk run ends once", each_job_ends_once).bounded(2),
    Model::new("a bulk run that closes ends its threads", a_run_that_closes_ends_its_threads),
];

type Jobs = Arc<Queues<u32, u32>>;

fn worker(queues: &Jobs) -> thread::JoinHandle<()> {
    let queues = Arc::clone(queues);
    thread::spawn(move || {
        while let Some(job) = queues.next() {
            queues.end(job);
        }
    })
}

fn each_job_ends_once() {
    let queues: Jobs = Arc::new(Queues::new());
    let threads = [worker(&queues), worker(&queues)];
    queues.add(1);
    queues.add(2);
    let mut ended = queues.ended();
    while ended.len() < 2 {
        ended.extend(queues.ended());
    }
    ended.sort_unstable();
    assert_eq!(ended, [1, 2]);
    queues.close();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn a_run_that_closes_ends_its_threads() {
    let queues: Jobs = Arc::new(Queues::new());
    let threads = [worker(&queues), worker(&queues)];
    queues.add(1);
    queues.close();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(queues.next().is_none(), "what no thread has begun is dropped");
}
