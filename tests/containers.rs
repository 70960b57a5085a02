//! The container files. No container is built here; what they copy, name and run is looked up.

mod native;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use native::{Scratch, run_tool};

const SANDBOX: &str = include_str!("../packaging/containers/sandbox.Containerfile");
const FLEET: &str = include_str!("../bindings/go/fleet/deploy/Containerfile");
const FILES: [(&str, &str); 2] = [("sandbox", SANDBOX), ("fleet", FLEET)];

/// The instructions of a file, each in one line.
fn instructions(file: &str) -> Vec<(String, String)> {
    let lines = file.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = joined.lines().map(words);
    parts.map(|line| line.split_once(' ').map(|(a, b)| (a.into(), b.into())).unwrap()).collect()
}

fn all<'a>(instructions: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    instructions.iter().filter(|(it, _)| it == name).map(|(_, rest)| rest.as_str()).collect()
}

/// What is copied out of the checkout.
fn copied(instructions: &[(String, String)]) -> Vec<&str> {
    let own = all(instructions, "COPY").into_iter().filter(|rest| !rest.starts_with("--from="));
    own.flat_map(|rest| rest.rsplit_once(' ').unwrap().0.split(' ')).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The value that follows a key at the beginning of a line.
fn stated<'a>(text: &'a str, key: &str) -> &'a str {
    let line = text.lines().find_map(|line| line.strip_prefix(key));
    line.unwrap_or_else(|| panic!("{key}")).trim_matches('"')
}

#[test]
fn each_path_that_is_copied_is_in_the_checkout_and_each_stage_is_there() {
    for (name, file) in FILES {
        let instructions = instructions(file);
        let paths = copied(&instructions);
        assert!(!paths.is_empty(), "{name}");
        for path in paths {
            assert!(root().join(path).exists(), "{name}: {path}");
        }
        let stages = all(&instructions, "FROM");
        for from in all(&instructions, "COPY").iter().filter_map(|it| it.strip_prefix("--from=")) {
            let stage = format!(" AS {}", from.split(' ').next().unwrap());
            assert!(stages.iter().any(|it| it.ends_with(&stage)), "{name}: {from}");
        }
    }
}

#[test]
fn cargo_takes_what_is_copied_for_the_whole_workspace() {
    for (name, file) in FILES {
        let instructions = instructions(file);
        let scratch = Scratch::new(&format!("containers-{name}"));
        for path in copied(&instructions).iter().filter(|path| !path.contains('/')) {
            symlink(root().join(path), scratch.path(path)).unwrap();
        }
        // Looks for the files of every target before it finds that there is no such program. (`cargo
        // metadata` does not look for those of tests and benches.)
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args([
            "build",
            "--package",
            "flex-sandbox",
            "--bin",
            "none",
            "--locked",
            "--offline",
        ]);
        cargo.arg("--manifest-path").arg(scratch.path("Cargo.toml"));
        let said = native::said(&run_tool(&mut cargo, "cargo"));
        assert!(said.contains("no bin target named `none`"), "{name}: {said}");
    }
}

#[test]
fn the_images_have_the_versions_that_the_manifests_state() {
    let rust = stated(include_str!("../Cargo.toml"), "rust-version = ");
    let go = stated(include_str!("../bindings/go/fleet/go.mod"), "go ");
    let go = go.rsplit_once('.').unwrap().0;
    for (name, file) in FILES {
        for image in all(&instructions(file), "FROM") {
            let image = image.split(' ').next().unwrap().strip_prefix("docker.io/library/");
            let expected = [
                format!("rust:{rust}-slim-trixie"),
                format!("golang:{go}-trixie"),
                "debian:trixie-slim".to_owned(),
            ];
            assert!(expected.iter().any(|it| Some(it.as_str()) == image), "{name}: {image:?}");
        }
    }
}

#[test]
fn what_is_run_is_there() {
    let runs = |file| all(&instructions(file), "RUN").join("\n");
    assert!(runs(SANDBOX).contains("--package flex-sandbox --bin flex-sandbox"));
    let manifest = include_str!("../examples/sandbox/Cargo.toml");
    assert!(manifest.contains("name = \"flex-sandbox\"\npath = \"src/main.rs\""));
    let help = include_str!("../examples/sandbox/src/help.txt");
    for option in ["--listen", "--port"] {
        assert!(SANDBOX.contains(&format!("\"{option}\"")), "{option}");
        assert!(help.contains(&format!("\n  {option} ")), "{option}");
    }
    let port = stated(SANDBOX, "EXPOSE ");
    assert!(SANDBOX.contains(&format!("\"--port\", \"{port}\"]")), "{port}");

    assert!(runs(FLEET).contains("packaging/install --prefix /opt/flexcancel"));
    assert!(fs::metadata(root().join("packaging/install")).unwrap().is_file());
    let fleet = instructions(FLEET);
    let [_, directory] = all(&fleet, "WORKDIR")[..] else { panic!("two") };
    let program = root().join(directory.strip_prefix("/build/").unwrap());
    assert!(runs(FLEET).contains("./cmd/flexcancel-fleet"));
    assert!(program.join("cmd/flexcancel-fleet/main.go").exists(), "{}", program.display());
    let abi = stated(include_str!("../include/flexcancel.h"), "#define FLEXCANCEL_ABI_VERSION ");
    assert!(FLEET.contains(&format!("/opt/flexcancel/lib/libflexcancel.so.{abi} ")), "{abi}");
}

#[test]
fn what_is_served_runs_as_nobody_and_the_data_is_on_a_volume() {
    for (name, file) in FILES {
        let instructions = instructions(file);
        let last = instructions.iter().rposition(|(it, _)| it == "FROM").unwrap();
        let (user, _) = all(&instructions[last..], "USER")[0].split_once(':').unwrap();
        assert!(user.parse::<u32>().unwrap() > 0, "{name}");
        let after = instructions.iter().skip_while(|(it, _)| it != "USER");
        assert!(after.skip(1).all(|(it, _)| !matches!(it.as_str(), "RUN" | "COPY" | "USER")));
    }
    let fleet = instructions(FLEET);
    let volume = all(&fleet, "VOLUME")[0];
    assert!(all(&fleet, "CMD")[0].contains(&format!("\"--dir\", \"{volume}\"")), "{volume}");
    assert!(all(&fleet, "RUN").iter().any(|run| run.ends_with(&format!("-g 65532 {volume}"))));
}

#[test]
fn no_key_is_in_an_image_and_no_build_directory_is_sent_to_the_builder() {
    for (name, file) in FILES {
        assert!(!file.contains("fsk_"), "{name}");
        assert!(all(&instructions(file), "ENV").iter().all(|it| !it.contains("KEY")), "{name}");
    }
    let ignored = include_str!("../.dockerignore");
    assert_eq!(ignored, ".git\n**/target\n");
}
