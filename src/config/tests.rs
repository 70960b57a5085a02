use super::*;

const KEY: &str = r#""api_key":"fsk_test_hunter2""#;

fn parse(fields: &str) -> Result<Config, Error> {
    let comma = if fields.is_empty() { "" } else { "," };
    Config::from_json(&format!("{{{KEY}{comma}{fields}}}"))
}

/// A file of its own for each test that needs one; removed with the value.
struct File(PathBuf);

impl File {
    fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let name = format!("flexcancel-config-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn json(&self) -> String {
        serde_json::json!({ "api_key_file": self.0 }).to_string()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn what_is_not_given_has_its_default() {
    let config = parse("").unwrap();
    assert_eq!(config.base_url.prefix, "https://api.withflex.com");
    assert_eq!((config.base_url.host.as_str(), config.base_url.port), ("api.withflex.com", 443));
    assert_eq!(config.timeout, Duration::from_secs(15));
    assert_eq!(config.connect_timeout, Duration::from_secs(5));
    assert_eq!((config.connect_attempts, config.max_attempts), (8, 4));
    assert_eq!(config.max_idle, Duration::from_secs(5));
    assert_eq!(config.dns_ttl, Duration::from_secs(30));
    assert_eq!(config.trust, Trust::System);
    assert!(matches!(config.proxy, Proxy::None));
    assert_eq!(config.user_agent, None);
}

#[test]
fn each_field_that_cannot_be_used_is_named_with_what_was_expected() {
    for (fields, expected) in [
        (r#""timeout":1"#, "timeout: unknown; expected one of: api_key, api_key_env,"),
        (r#""timeout_ms":0"#, "timeout_ms: expected a whole number from 1 to 600000, found 0"),
        (r#""timeout_ms":-1"#, "timeout_ms: expected a whole number from 1 to 600000, found -1"),
        (r#""timeout_ms":1e99"#, "timeout_ms: expected a whole number from 1 to 600000"),
        (r#""connect_timeout_ms":"5""#, "connect_timeout_ms: expected a whole number"),
        (r#""connect_attempts":0"#, "connect_attempts: expected a whole number from 1 to 100"),
        (r#""connect_attempts":101"#, "connect_attempts: expected a whole number from 1 to 100"),
        (r#""max_attempts":11"#, "max_attempts: expected a whole number from 1 to 10, found 11"),
        (r#""max_idle_ms":600001"#, "max_idle_ms: expected a whole number from 0 to 600000"),
        (r#""dns_ttl_ms":3600001"#, "dns_ttl_ms: expected a whole number from 0 to 3600000"),
        (r#""mode":"prod""#, r#"mode: expected one of: "test", "live""#),
        (r#""mode":"live""#, r#"mode: expected "test", because the API key is a test key"#),
        (r#""trust":"all""#, r#"trust: expected one of: "system", "bundled""#),
        (r#""trust":"system","ca_file":"x""#, "ca_file: expected without trust"),
        (r#""ca_file":"""#, "ca_file: expected 1 to 2048 bytes, found 0"),
        (r#""proxy":"https://p:1""#, "proxy: expected \"none\", \"env\" or http://"),
        (r#""proxy":"socks5://p:1""#, "proxy: expected \"none\", \"env\" or http://"),
        (r#""proxy":"http://hunter2:p#w@h:1""#, "proxy: expected \"none\", \"env\" or http://"),
        (r#""proxy":"http://h:65536""#, "proxy: expected \"none\", \"env\" or http://"),
        (r#""user_agent":"a\nb""#, "user_agent: expected visible ASCII characters and blanks"),
        (r#""user_agent":"caffè""#, "user_agent: expected visible ASCII characters and blanks"),
        (r#""api_key_env":"X""#, "api_key: expected exactly one of api_key, api_key_env,"),
        (r#""api_key":"x""#, "api_key: expected once, found more than once"),
    ] {
        let problem = parse(fields).map(|_| "accepted").unwrap_err().to_string();
        assert!(problem.starts_with(expected), "{fields}: {problem}");
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}

#[test]
fn plain_http_is_for_loopback_and_a_base_url_is_no_more_than_a_base() {
    for (url, prefix, host, port) in [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1", 8080),
        ("http://127.9.9.9", "http://127.9.9.9", "127.9.9.9", 80),
        ("http://[::1]:9/", "http://[::1]:9", "::1", 9),
        ("http://localhost:1/flex/", "http://localhost:1/flex", "localhost", 1),
        ("https://flex.test", "https://flex.test", "flex.test", 443),
        ("https://10.0.0.1:8443/a/b", "https://10.0.0.1:8443/a/b", "10.0.0.1", 8443),
    ] {
        let base = BaseUrl::parse(url).unwrap();
        assert_eq!((base.prefix.as_str(), base.host.as_str(), base.port), (prefix, host, port));
        assert_eq!(base.https, url.starts_with("https"));
    }
    for url in [
        "http://api.withflex.com",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://localhost.evil.test",
        "http://127.0.0.1.evil.test",
        "ftp://127.0.0.1",
        "https://user:pass@flex.test",
        "https://user@flex.test",
        "https://user:1/word@flex.test",
        "https://user/word@flex.test",
        "https://flex.test?x=1",
        "https://flex.test#x",
        "https://flex.test:",
        "https://flex.test:0",
        "https://flex.test:99999",
        "https://",
        "flex.test",
        "/v1",
        "https://flex.test/v1",
        "https://flex.test/v1/",
        "https://flex test",
        "",
    ] {
        let problem = BaseUrl::parse(url).map(|base| base.prefix);
        assert_eq!(problem.unwrap_err().field.as_deref(), Some("base_url"), "{url}");
    }
}

#[test]
fn an_api_key_is_visible_ascii_without_blanks() {
    let long = "k".repeat(MAX_API_KEY_BYTES + 1);
    for key in ["", " ", "a b", "a\\r\\nX-Evil: 1", "a\\u0000", "schlüssel", "a\\t", &long] {
        let problem = Config::from_json(&format!(r#"{{"api_key":"{key}"}}"#));
        let problem = problem.map(|_| "accepted").unwrap_err().to_string();
        assert_eq!(problem, "api_key: expected 1 to 512 visible ASCII characters without blanks");
    }
    for odd in ["sk_live_1", "x", "k\\\"k", "fsk_"] {
        assert!(Config::from_json(&format!(r#"{{"api_key":"{odd}"}}"#)).is_ok(), "{odd}");
    }
}

#[test]
fn the_keys_prefix_tells_the_mode_where_it_has_one() {
    for (key, given, mode) in [
        ("fsk_test_1", "", Some(Mode::Test)),
        ("fsk_1", "", Some(Mode::Live)),
        ("fsk_testing", "", Some(Mode::Live)),
        ("other", "", None),
        ("other", r#","mode":"test""#, Some(Mode::Test)),
        ("fsk_1", r#","mode":"live""#, Some(Mode::Live)),
    ] {
        let config = Config::from_json(&format!(r#"{{"api_key":"{key}"{given}}}"#)).unwrap();
        assert_eq!(config.mode, mode, "{key} {given}");
    }
    let contradiction = Config::from_json(r#"{"api_key":"fsk_1","mode":"test"}"#).unwrap_err();
    assert_eq!(contradiction.field.as_deref(), Some("mode"));
}

#[test]
fn a_key_file_may_end_with_one_line_break() {
    for (name, content) in [
        ("plain", "fsk_test_1"),
        ("unix", "fsk_test_1\n"),
        ("dos", "fsk_test_1\r\n"),
        ("mark", "\u{feff}fsk_test_1\r\n"),
    ] {
        let file = File::new(name, content);
        let config = Config::from_json(&file.json()).unwrap();
        assert_eq!(config.api_key.expose(), "fsk_test_1");
    }
    let long = "k".repeat(10_000);
    for (name, content) in [("two", "a\n\n"), ("blank", " a"), ("empty", ""), ("long", &long)] {
        let file = File::new(name, content);
        let problem = Config::from_json(&file.json()).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("api_key_file"), "{name}");
    }
    for path in ["/nonexistent/key", "/dev/zero", "/"] {
        let json = serde_json::json!({ "api_key_file": path }).to_string();
        let problem = Config::from_json(&json).unwrap_err();
        assert_eq!(problem.field.as_deref(), Some("api_key_file"), "{path}: {problem}");
    }
}

#[test]
fn a_key_file_in_another_encoding_is_told_so() {
    let wide = |mark: &[u8], key: &str, bytes: fn(u16) -> [u8; 2]| -> Vec<u8> {
        mark.iter().copied().chain(key.encode_utf16().flat_map(bytes)).collect()
    };
    for (name, content, said) in [
        (
            "le",
            wide(b"\xff\xfe", "fsk_test_hunter2", u16::to_le_bytes),
            "it is UTF-16; save it as UTF-8",
        ),
        (
            "be",
            wide(b"\xfe\xff", "fsk_test_hunter2", u16::to_be_bytes),
            "it is UTF-16; save it as UTF-8",
        ),
        ("bare", wide(b"", "fsk_test_hunter2", u16::to_le_bytes), "it is UTF-16; save it as UTF-8"),
        ("latin", b"fsk_test_\xe4".to_vec(), "it is not UTF-8"),
    ] {
        let file = File::new(name, content);
        let problem = Config::from_json(&file.json()).unwrap_err().to_string();
        assert_eq!(problem, format!("api_key_file: expected a readable file: {said}"), "{name}");
    }
}

#[test]
fn a_variable_that_is_not_set_is_a_clear_error() {
    let expected = "api_key_env: expected the name of a variable that is set";
    for (name, why) in [
        ("FLEXCANCEL_TEST_NO_SUCH_VARIABLE", "; FLEXCANCEL_TEST_NO_SUCH_VARIABLE is not set"),
        // It may be the key itself.
        ("fsk_test_hunter2", "; this one is not set"),
        ("", ""),
        ("A=B", ""),
    ] {
        let json = serde_json::json!({ "api_key_env": name }).to_string();
        let problem = Config::from_json(&json).unwrap_err();
        assert_eq!(problem.to_string(), format!("{expected}{why}"));
    }
}

#[test]
fn a_key_that_was_also_put_elsewhere_is_refused_and_not_repeated() {
    for (field, text) in [
        ("base_url", "https://till.example/fsk_test_hunter2"),
        ("base_url", "https://fsk_test_hunter2.example"),
        ("ca_file", "/etc/fsk_test_hunter2.pem"),
        ("proxy", "http://fsk_test_hunter2:3128"),
        ("user_agent", "till fsk_test_hunter2"),
    ] {
        let error = parse(&format!(r#""{field}":"{text}""#)).unwrap_err();
        assert_eq!(error.to_string(), format!("{field}: expected a text without the API key"));
    }
    assert!(parse(r#""proxy":"http://user:fsk_test_hunter2@proxy:3128""#).is_ok());
    // A short key may be a part of any word.
    assert!(Config::from_json(r#"{"api_key":"till","user_agent":"till 7"}"#).is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let config = parse(r#""proxy":"http://user:hunter3@proxy.test:3128""#).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hunter"), "{shown}");
}
