//! Follows the lines that a page has a reader type.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::{env, fs};

use crate::native::{ROOT, Scratch, cargo, library, run_tool, said};

/// A page whose lines are followed.
struct Followed {
    page: &'static str,
    /// Its blocks for a shell that are followed, by their number; all if there is none here.
    blocks: &'static [usize],
    /// What a reader puts in place of the page's words.
    words: &'static [(&'static str, &'static str)],
    /// What a reader does around a line in which this stands; `@` is the line.
    around: &'static [(&'static str, &'static str)],
    /// What is there before.
    before: &'static str,
    /// What is true after.
    after: &'static str,
}

const PAGE: Followed =
    Followed { page: "", blocks: &[], words: &[], around: &[], before: "", after: "" };

const RELEASED: &str = "released \"$SESSION_ID\"";

/// Presses `v`, and `q` when the till has said what became of it.
const KEYS: &str = "coproc TILL { @; }; printf v >&\"${TILL[1]}\"; \
     while read -r said <&\"${TILL[0]}\"; do echo \"$said\"; \
     case $said in 'VOIDED: '*) printf q >&\"${TILL[1]}\"; break;; esac; done; wait \"$TILL_PID\"";

/// Waits for the first line of a program that goes on.
const SERVES: &str = "exec {serves}< <(@ 2>&1); read -r -u \"$serves\" said; echo \"$said\"";

/// The outcome `unknown`; the blocks before it are the till's, in each language.
const UNKNOWN: Followed = Followed {
    page: "docs/TESTING.md",
    around: &[
        (
            "target/cancel $ID",
            "@ || [ $? = 3 ]; grep 'VOID PENDING' target/result.txt; \
             grep -c '\"outcome\":\"unknown\"' target/result.txt; released \"$ID\"",
        ),
        ("target/outbox void", "@ | grep VOIDED"),
    ],
    after: "released \"$ID\" | grep '\"cancels_received\":1,'; \
            curl -s \"$FLEX_BASE_URL/__sandbox/faults\" | grep '\"faults\":\\[\\]'",
    ..PAGE
};

const FOLLOWED: &[Followed] = &[
    Followed { blocks: &[1, 4, 5, 6], ..UNKNOWN },
    Followed { blocks: &[2, 4, 5, 6], ..UNKNOWN },
    Followed { blocks: &[3, 4, 5, 6], ..UNKNOWN },
    Followed { page: "docs/site/start/c.md", after: RELEASED, ..PAGE },
    Followed { page: "docs/site/start/cpp.md", after: RELEASED, ..PAGE },
    Followed { page: "docs/site/start/go.md", before: "cd examples/go", after: RELEASED, ..PAGE },
    Followed { page: "docs/site/start/python.md", after: RELEASED, ..PAGE },
    Followed { page: "examples/plugin/README.md", after: RELEASED, ..PAGE },
    Followed {
        page: "examples/void_button/README.md",
        around: &[("target/void_button \"", KEYS)],
        after: RELEASED,
        ..PAGE
    },
    Followed {
        page: "bindings/python/examples/kiosk/README.md",
        around: &[("kiosk.py", "echo \"$SESSION_ID\" | @")],
        after: RELEASED,
        ..PAGE
    },
    Followed {
        page: "examples/go/backoffice/README.md",
        words: &[("127.0.0.1:8090", "$BACKOFFICE_ADDR"), ("voids.db &", "\"$HERE\"/voids.db")],
        around: &[("go run ./", SERVES)],
        before: "HERE=$PWD; export BACKOFFICE_ADDR=127.0.0.1:$PORT",
        after: RELEASED,
        ..PAGE
    },
    Followed {
        page: "examples/sandbox/python/README.md",
        after: "curl -s \"$FLEX_BASE_URL/\" | grep '<html'",
        ..PAGE
    },
    Followed {
        page: "docs/GUIDE.md",
        after: "held >before.txt; curl -s $FLEX_BASE_URL/__sandbox/counts | grep '\"cancel\":0'",
        ..PAGE
    },
    Followed {
        page: "docs/BULK.md",
        words: &[("ID…", "$(held) $(held)")],
        around: &[
            ("night.jsonl", "@; for id in $(cat ids.txt); do released \"$id\"; done"),
            ("results.csv", "@; grep -q canceled results.csv"),
        ],
        before: "held >ids.txt; held >>ids.txt; (echo session; held) >day.csv",
        ..PAGE
    },
    Followed {
        page: "docs/COMMAND_LINE.md",
        blocks: &[0, 1, 2, 3],
        words: &[
            ("cancel ID --repeat JSON", "cancel $ID --repeat \"$REPEAT\""),
            ("ID…", "$(held)"),
            ("retrieve ID", "retrieve $ID"),
            ("TEXT", "'sold after all'"),
            ("ack FILE ENTRY…", "ack FILE $(entry refused)"),
            ("withdraw FILE ENTRY…", "withdraw FILE $(entry pending)"),
            ("SESSION", "$ID"),
            ("FILE", "till.db"),
        ],
        around: &[
            ("outbox enqueue", "@ || [ $? = 3 ]"),
            ("outbox flush", "@ || [ $? = 2 ]"),
            ("retrieve", "@ || [ $? = 2 ]"),
            ("outbox watch", "timeout --preserve-status --signal=INT 2 @ || [ $? = 130 ]"),
            ("outbox list", "@ | tee worklist.txt; grep -q refused worklist.txt"),
            ("outbox withdraw", "flexcancel outbox enqueue till.db $(held) || [ $? = 3 ]; @"),
        ],
        before: "ID=$(held); held >ids.txt; (echo session; held) >day.csv; \
                 flexcancel cancel --outbox till.db $(captured) || [ $? = 1 ]; \
                 REPEAT='{\"idempotency_key\":\"k-1\",\"in_doubt\":true,\"asked_at_ms\":'$(date +%s999)'}'",
        after: "released \"$ID\"",
    },
    Followed {
        page: "bindings/python/README.md",
        blocks: &[1],
        words: &[("ID…", "$(held)"), ("CODE", "timeout")],
        ..PAGE
    },
    Followed {
        page: "docs/INSTALL.md",
        blocks: &[12],
        words: &[("cargo build --release", "export HOME=$PWD/home FLEXCANCEL_BUNDLE=\"$LIBRARY\"")],
        around: &[(
            "pip install",
            "@; cd home; ID=$(held); flexcancel cancel \"$ID\"; released \"$ID\"",
        )],
        ..PAGE
    },
    Followed {
        page: "docs/OUTBOX.md",
        words: &[("/var/lib/till", "."), ("/backup", "backup")],
        before: "mkdir backup; flexcancel outbox enqueue outbox.db $(held) || [ $? = 3 ]",
        after: "flexcancel outbox stats backup/outbox.db | grep '1 pending'",
        ..PAGE
    },
    Followed {
        page: "docs/FLEET.md",
        words: &[
            ("fsk_test_…", "fsk_test_1"),
            ("go build", "go build -o \"$OLDPWD\""),
            ("./flexcancel-fleet", "\"$HERE\"/flexcancel-fleet"),
            ("till.db", "\"$HERE\"/till.db"),
            ("ids.csv", "\"$HERE\"/ids.csv"),
        ],
        around: &[
            ("fleet enqueue", "@ || [ $? = 3 ]"),
            ("fleet status", "@ || [ $? = 3 ]"),
            ("fleet run", SERVES),
            ("fleet forward", "@ >\"$HERE\"/forward.txt 2>&1 &"),
        ],
        before: "HERE=$PWD; held >ids.csv; export FLEET_LISTEN=127.0.0.1:$PORT FLEET_DIR=$PWD/fleet-data \
                 FLEET_NATS=nats://127.0.0.1:$PORT",
        after: "for _ in $(seq 3000); do if released \"$(cat \"$HERE\"/ids.csv)\"; then exit 0; fi; done; exit 1",
        ..PAGE
    },
];

pub fn is_followed(page: &str, block: usize) -> bool {
    let mut followed = FOLLOWED.iter().filter(|it| it.page == page);
    followed.any(|it| it.blocks.is_empty() || it.blocks.contains(&block))
}

const BEFORE: &str = r#"
set -euo pipefail
# What goes on ends with the script.
trap 'trap "" TERM; kill 0' EXIT
held() { curl -s -d '{"paid":true}' "$FLEX_BASE_URL/__sandbox/sessions" | cut -d'"' -f4; }
captured() { local id; id=$(held); curl -s -X POST "$FLEX_BASE_URL/__sandbox/sessions/$id/capture" >capture.txt; echo "$id"; }
released() { curl -s "$FLEX_BASE_URL/__sandbox/sessions/$1" | grep '"hold":"released"'; }
entry() { flexcancel outbox list --json till.db | grep "\"$1\"" | sed -n 1p | sed 's/.*"id": *\([0-9]*\).*/\1/'; }
set -x
"#;

/// A sandbox that is a program of its own, as a reader starts it.
struct Sandbox(Child, String);

impl Sandbox {
    fn start(program: &Path, options: &str) -> Self {
        let options = options.replace("--port 8080", "--port 0");
        let mut command = Command::new(program);
        command.args(options.split_whitespace()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the sandbox starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its first line");
        let url = line.trim().strip_prefix("listening on ").expect("its address").to_owned();
        Self(child, url)
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The sandbox's program. All of the workspace is built, so that its library is the one there is.
static SANDBOX: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target directory");
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--target-dir"]).arg(target);
    let built = run_tool(&mut cargo, "cargo");
    assert!(built.status.success(), "{}", said(&built));
    target.join("debug/flex-sandbox")
});

/// A directory in which the paths of a page mean what they say, with the library installed.
pub fn directory(name: &str) -> Scratch {
    let scratch = Scratch::new(&format!("follow_{name}"));
    for link in ["bindings", "examples"] {
        symlink(Path::new(ROOT).join(link), scratch.path(link)).expect("a link");
    }
    for made in ["target", "bin", "home"] {
        fs::create_dir_all(scratch.path(made)).expect("a directory");
    }
    // pkg-config finds the library of this build.
    scratch.go(".");
    let python = |arguments: &str| {
        format!(
            "#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH={ROOT}/bindings/python/src \
             FLEXCANCEL_LIBRARY={} exec python3 {arguments} \"$@\"\n",
            library().display()
        )
    };
    for (program, text) in [("python", python("")), ("flexcancel", python("-m flexcancel"))] {
        let path = scratch.write(&format!("bin/{program}"), &text);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a program");
    }
    scratch
}

/// A line without its comment, with the reader's own words; nothing of a comment alone.
fn line(it: &Followed, line: &str) -> Option<String> {
    let mut line = line.split("  #").next().unwrap_or_default().trim_end().to_owned();
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    for (word, instead) in it.words {
        line = line.replace(word, instead);
    }
    line = line.replace("FLEX_API_KEY=… ", "").replace("SESSION_ID", "\"$SESSION_ID\"");
    if line.starts_with("curl -d '{\"paid\":true}'") {
        line = format!("SESSION_ID=$({line} | cut -d'\"' -f4)");
    }
    for (word, around) in it.around {
        if line.contains(word) {
            line = around.replace('@', &line);
        }
    }
    Some(line)
}

fn follow(it: &Followed) {
    let name: String = it.page.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    let scratch = directory(&name);
    let blocks = super::blocks(it.page);
    let blocks = blocks.iter().filter(|block| block.language == "sh").enumerate();
    let mut lines: Vec<String> = Vec::new();
    for (number, block) in blocks {
        if it.blocks.is_empty() || it.blocks.contains(&number) {
            lines.extend(block.text.lines().filter_map(|text| line(it, text)));
        }
    }
    // One sandbox for each line that starts one, and for what follows.
    let mut parts: Vec<(String, Vec<String>)> = vec![(String::new(), Vec::new())];
    for line in lines {
        let line = line.replace("cargo run -p flex-sandbox --", "flex-sandbox");
        match line.strip_prefix("flex-sandbox ") {
            Some(options) => parts.push((options.trim_end_matches('&').to_owned(), Vec::new())),
            None => parts.last_mut().expect("there is one").1.push(line),
        }
    }
    let last = parts.len() - 1;
    let mut was_before = false;
    for (number, (options, lines)) in parts.into_iter().enumerate() {
        let mut script = Vec::new();
        if !lines.is_empty() && !was_before {
            script.push(it.before.to_owned());
            was_before = true;
        }
        script.extend(lines);
        if number == last {
            script.push(it.after.to_owned());
        }
        run(it.page, &scratch, &options, &script.join("\n"));
    }
}

/// Runs lines for a shell against a sandbox with these options.
pub fn run(page: &str, scratch: &Scratch, options: &str, lines: &str) {
    let sandbox = Sandbox::start(&SANDBOX, options);
    let script = [BEFORE, lines].join("\n").replace("http://127.0.0.1:8080", &sandbox.1);
    let with_library = scratch.go(".");
    // None of those that the system takes for outgoing connections.
    let mut ports = (20_000..32_000).cycle().skip(std::process::id() as usize % 12_000);
    let port = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    let path = env::var("PATH").expect("a path");
    let mut command = Command::new("bash");
    command.args(["-c", &script]).process_group(0).current_dir(scratch.path(""));
    command.envs(with_library.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{}:{path}", scratch.path("bin").display()));
    command.env("LD_LIBRARY_PATH", scratch.path(""));
    command.env("FLEX_BASE_URL", &sandbox.1).env("FLEX_API_KEY", "fsk_test_hunter2");
    command.env("LIBRARY", library()).env("PORT", port.expect("a port").to_string());
    let output = run_tool(&mut command, "bash");
    assert!(output.status.success(), "{page}:\n{}", said(&output));
}

#[test]
fn the_lines_of_each_page_do_what_it_says() {
    let changed = || {
        let mut git = Command::new("git");
        run_tool(git.current_dir(ROOT).args(["status", "--porcelain"]), "git").stdout
    };
    let before = changed();
    FOLLOWED.iter().for_each(follow);
    assert_eq!(changed(), before, "nothing is left in the tree");
}
