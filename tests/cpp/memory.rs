//! Memory stays flat over many calls.

use flex_sandbox::Hold;

use super::{ground_truth, held, start};
use crate::native::{Program, Scratch, Under, said};

/// More than what a cache or a buffer may still take in 90,000 calls, and less than one byte each.
const MARGIN_BYTES: u64 = 64 * 1024;

#[test]
fn given_a_hundred_thousand_calls_from_c_and_from_cpp_when_measured_then_memory_is_flat() {
    let scratch = Scratch::new("cpp_many");
    let of_c = scratch.compile_test("many");
    for under in Under::each() {
        assert_flat(&of_c, under);
    }
    let of_cpp = scratch.compile_cpp("tests/cpp/many.cpp");
    for under in Under::each() {
        assert_flat(&of_cpp, under);
    }
}

fn assert_flat(program: &Program, under: Under) {
    let sandbox = start();
    let (kept, canceled) = (held(&sandbox), held(&sandbox));
    let output = program
        .command(under)
        .env("FLEXCANCEL_TEST_COUNT", under.count(100_000, 400).to_string())
        .args([sandbox.url(), kept.clone(), canceled.clone()])
        .output()
        .expect("the program runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<u64> = text.split_whitespace().filter_map(|it| it.parse().ok()).collect();
    let [first, last] = numbers[..] else { panic!("{}", said(&output)) };
    assert!(output.status.success() && output.stderr.is_empty(), "{}", said(&output));
    println!("{}: {first} bytes, then {last}", program.path().display());
    assert!(last <= first + MARGIN_BYTES, "{first} bytes have become {last}");
    assert_eq!(ground_truth(&sandbox, &kept), (Hold::Held, 0));
    assert_eq!(ground_truth(&sandbox, &canceled), (Hold::Released, 1));
}
