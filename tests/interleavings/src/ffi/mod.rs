#[path = "../../../../src/ffi/fork.rs"]
mod fork;
pub mod fork_model;
#[path = "../../../../src/ffi/handle.rs"]
mod handle;
pub mod handle_model;

/// What stands in for the guard: a panic ends the model.
mod guard {
    pub fn silence_own_panics() {}

    pub fn contained<T>(_: impl FnOnce() -> T, body: impl FnOnce() -> T) -> T {
        body()
    }
}

/// What stands in for the system: a model calls the handlers itself.
mod host {
    pub fn stay_loaded() {}

    pub fn call_at_forks(_: extern "C" fn(), _: extern "C" fn(), _: extern "C" fn()) -> bool {
        true
    }
}

mod object {
    pub struct ResultObject;

    impl ResultObject {
        pub fn renewed(&self) -> Self {
            Self
        }
    }
}

mod result {
    pub fn make_constants() {}
}
