//! The parts of the standard library that threads and processes meet in. tests/interleavings puts
//! its own in their place, and so runs what uses this module in every order of its threads.

pub(crate) use once_cell::sync::Lazy;
pub(crate) use std::sync::{Arc, PoisonError, TryLockError, Weak, atomic};
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard, RwLock, RwLockReadGuard, RwLockWriteGuard};
pub(crate) use std::{process, thread_local};
