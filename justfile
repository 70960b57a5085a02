# Short names for the project's commands. `just --list` shows them.

# The tests that need only Rust and a C compiler.
test:
    cargo test

# All tests; installs the tools that they need.
test-all:
    tests/run

# Formats, lints, documentation warnings.
lint:
    .ci/lint

# Renews include/flexcancel.h after a change in src/ffi.
header:
    FLEXCANCEL_UPDATE=1 cargo test --test header

# Compares with what users would use instead; needs a machine that does nothing else.
bench:
    benches/compare/run

# The documentation site, in target/site/html; checks its links.
docs:
    docs/site/build --check

# Everything that is shipped, into dist/.
release:
    packaging/release

# The release library, held to its limits.
check-library:
    .ci/check-library

# The locks and the fork handlers in every order of their threads.
interleavings:
    tests/interleavings/run

# Runs every fuzz target for so many seconds.
fuzz seconds="60":
    fuzz/run {{seconds}}
