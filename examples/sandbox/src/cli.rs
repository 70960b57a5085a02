//! The command line.

use std::ffi::OsString;
use std::fmt::Display;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use flex_sandbox::{Mode, Options, RateLimit};
use lexopt::{Arg, Error, Parser};

pub(crate) const HELP: &str = include_str!("help.txt");

/// What the command line asks for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Version,
    Serve(Box<Serve>),
}

#[derive(Debug, Default)]
pub(crate) struct Serve {
    pub(crate) options: Options,
    pub(crate) ca_out: Option<PathBuf>,
    rate_limit: Option<NonZeroU32>,
    rate_limit_silent: bool,
}

/// Reads the arguments after the program's name. The error names the option at fault and what
/// was expected of it, and never repeats a key.
pub(crate) fn parse(
    arguments: impl IntoIterator<Item = OsString> + 'static,
) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments);
    let mut serve = Serve::default();
    let mut shown = None;
    while let Some(argument) = parser.next().map_err(explained)? {
        match argument {
            Arg::Short('h') | Arg::Long("help") => shown = Some(Command::Help),
            Arg::Short('V') | Arg::Long("version") => shown = Some(Command::Version),
            Arg::Long(name) => {
                let name = format!("--{name}");
                option(&mut serve, &name, &mut parser)?;
            }
            other => return Err(explained(other.unexpected())),
        }
    }
    if let Some(shown) = shown {
        return Ok(shown);
    }
    match (serve.options.tls, &serve.ca_out) {
        (true, None) => {
            return Err("--tls: expected --ca-out FILE beside it, for clients to trust".into());
        }
        (false, Some(_)) => return Err("--ca-out: expected --tls beside it".into()),
        _ => {}
    }
    let silent = serve.rate_limit_silent;
    if silent && serve.rate_limit.is_none() {
        return Err("--rate-limit-silent: expected --rate-limit N beside it".into());
    }
    serve.options.rate_limit = serve.rate_limit.map(|per_second| RateLimit { per_second, silent });
    Ok(Command::Serve(Box::new(serve)))
}

fn option(serve: &mut Serve, name: &str, parser: &mut Parser) -> Result<(), String> {
    let options = &mut serve.options;
    let mut value = |what: &str| value(parser, name, what);
    match name {
        "--tls" => options.tls = true,
        "--listen" => options.listen = number(name, "an IP address", value)?,
        "--port" => options.port = number(name, "a port, 0 to 65535", value)?,
        "--late-ms" => options.late = milliseconds(name, value)?,
        "--lag-ms" => options.lag = milliseconds(name, value)?,
        "--latency-ms" => options.latency = milliseconds(name, value)?,
        "--rate-limit" => {
            serve.rate_limit = Some(number(name, "requests per second, 1 to 4294967295", value)?);
        }
        "--rate-limit-silent" => serve.rate_limit_silent = true,
        "--dialect" => options.dialect = named(name, &text(value("NAME=VALUE,…")?))?,
        "--error-shape" => options.error_shape = named(name, &text(value("a shape")?))?,
        "--ca-out" => serve.ca_out = Some(PathBuf::from(value("a file name")?)),
        "--test-key" | "--live-key" => {
            let mode = if name == "--test-key" { Mode::Test } else { Mode::Live };
            options.keys = std::mem::take(&mut options.keys).with(mode, text(value("a key")?));
        }
        _ => return Err(explained(Error::UnexpectedOption(name.to_owned()))),
    }
    Ok(())
}

/// An error in this program's own form. What was given is not repeated: it might be a key.
fn explained(error: Error) -> String {
    match error {
        Error::UnexpectedOption(name) => format!("{name}: no such option"),
        Error::UnexpectedValue { option, .. } => format!("{option}: expected no value"),
        _ => "expected options, not an argument that stands alone".to_owned(),
    }
}

fn value(parser: &mut Parser, name: &str, what: &str) -> Result<OsString, String> {
    let given = parser.value().ok().filter(|value| !value.is_empty());
    given.ok_or_else(|| format!("{name}: expected {what}"))
}

fn text(value: OsString) -> String {
    value.to_string_lossy().into_owned()
}

fn milliseconds(
    name: &str,
    value: impl FnOnce(&str) -> Result<OsString, String>,
) -> Result<Duration, String> {
    let ms: u32 = number(name, "milliseconds, 0 to 4294967295", value)?;
    Ok(Duration::from_millis(u64::from(ms)))
}

fn number<T: FromStr>(
    name: &str,
    what: &str,
    value: impl FnOnce(&str) -> Result<OsString, String>,
) -> Result<T, String> {
    let given = text(value(what)?);
    given.parse().map_err(|_| format!("{name}: expected {what}, not `{given}`"))
}

fn named<T: FromStr<Err: Display>>(name: &str, given: &str) -> Result<T, String> {
    given.parse().map_err(|error| format!("{name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::net::Ipv6Addr;

    use flex_sandbox::{Effects, ErrorShape};

    fn parsed(line: &str) -> Result<Command, String> {
        parse(line.split_whitespace().map(OsString::from).collect::<Vec<_>>())
    }

    fn error(line: &str) -> String {
        parsed(line).unwrap_err()
    }

    #[test]
    fn every_option_arrives() {
        let line = "--listen ::1 --port 8080 --tls --ca-out=ca.pem --dialect effects=late --late-ms 7 \
                    --lag-ms 9 --latency-ms 11 --rate-limit 13 --rate-limit-silent \
                    --error-shape html --test-key a --live-key b";
        let Ok(Command::Serve(serve)) = parsed(line) else { panic!("refused") };
        assert_eq!(serve.options.listen, Ipv6Addr::LOCALHOST);
        assert_eq!(serve.options.port, 8080);
        assert!(serve.options.tls);
        assert_eq!(serve.ca_out, Some(PathBuf::from("ca.pem")));
        assert_eq!(serve.options.dialect.effects, Effects::Late);
        assert_eq!(serve.options.late, Duration::from_millis(7));
        assert_eq!(serve.options.lag, Duration::from_millis(9));
        assert_eq!(serve.options.latency, Duration::from_millis(11));
        let per_second = NonZeroU32::new(13).unwrap();
        assert_eq!(serve.options.rate_limit, Some(RateLimit { per_second, silent: true }));
        assert_eq!(serve.options.error_shape, ErrorShape::Html);
        assert_eq!(format!("{:?}", serve.options.keys), "Keys(2 named)");
        assert!(matches!(parsed("--port 1 --help"), Ok(Command::Help)));
        assert!(matches!(parsed("-V"), Ok(Command::Version)));
    }

    #[test]
    fn what_is_wrong_is_named_with_what_was_expected() {
        assert_eq!(error("--port"), "--port: expected a port, 0 to 65535");
        assert_eq!(error("--port 70000"), "--port: expected a port, 0 to 65535, not `70000`");
        assert_eq!(error("--dialect key=x"), "--dialect: key: expected honoured, ignored, not `x`");
        let address = "--listen: expected an IP address, not `localhost`";
        assert_eq!(error("--listen localhost"), address);
        assert!(error("--error-shape x").starts_with("--error-shape: error shape: expected code,"));
        assert_eq!(error("--colour red"), "--colour: no such option");
        assert_eq!(error("--help=yes"), "--help: expected no value");
        assert!(error("--tls").starts_with("--tls: expected --ca-out"));
        assert_eq!(error("--ca-out x"), "--ca-out: expected --tls beside it");
        assert_eq!(error("--test-key"), "--test-key: expected a key");
        let rates = "--rate-limit: expected requests per second, 1 to 4294967295";
        assert_eq!(error("--rate-limit"), rates);
        for rate in ["0", "-1", "2.5", "4294967296", "many"] {
            assert_eq!(error(&format!("--rate-limit {rate}")), format!("{rates}, not `{rate}`"));
        }
        let beside = "--rate-limit-silent: expected --rate-limit N beside it";
        assert_eq!(error("--rate-limit-silent"), beside);
        assert_eq!(error("--rate-limit-silent=1"), "--rate-limit-silent: expected no value");
        let milliseconds = "--latency-ms: expected milliseconds, 0 to 4294967295, not `1s`";
        assert_eq!(error("--latency-ms 1s"), milliseconds);
    }

    #[test]
    fn a_key_out_of_place_is_not_repeated() {
        assert!(!error("fsk_test_secret").contains("secret"));
    }

    #[test]
    fn the_help_names_every_choice() {
        use flex_sandbox::{Dialect, Fault};
        for (axis, values) in Dialect::AXES {
            let (_, rest) = HELP.split_once(&format!(" {axis}=")).expect(axis);
            // A list that is continued on the next line ends with a bar.
            let joined = rest.split_inclusive('\n').scan(true, |open, line| {
                let was_open = *open;
                *open = line.trim_end().ends_with('|');
                was_open.then(|| line.trim())
            });
            let joined: String = joined.collect();
            let listed: BTreeSet<&str> = joined.split('|').collect();
            let values: BTreeSet<&str> = values.iter().copied().collect();
            assert_eq!(listed, values, "{axis}");
        }
        let names = ErrorShape::NAMES.iter().chain(Fault::NAMES).copied();
        for name in names {
            assert!(HELP.contains(name), "{name}");
        }
    }
}
