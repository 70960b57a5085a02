use super::*;

const MOST_DEPTH: usize = 20;

fn read(text: &str) -> Result<(), Error> {
    let mut reader = Reader::new(text, MOST_DEPTH);
    reader.at = reader.checker().value(0, 0)?;
    reader.end()
}

/// What serde_json says of the same text when nobody asks for any of it.
fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[test]
fn whatever_is_changed_in_a_text_it_is_json_here_if_it_is_json_to_serde_json() {
    let text = concat!(
        "{\"a\":[1,-0.5e+10,0,1E-2],\"long text, so that runs of eight are met\":\"\\u00e9\\n\\\"",
        "\u{e9}\u{10348}\",\n\t\"t\":true,\"f\":false,\"n\":null,\"e\":{},\"l\":[],",
        "\"deep\":[[[{\"x\":[{}]}]]] }\r\n",
    );
    assert!(read(text).is_ok() && is_json(text));
    let others = b" \t\n\x0b\x1f\x7f\0\"\\/{}[]:,.+-019aeEufnt";
    let (mut good, mut bad) = (0, 0);
    let boundaries: Vec<usize> = (0..text.len()).filter(|at| text.is_char_boundary(*at)).collect();
    for window in boundaries.windows(2) {
        let (before, after) = (&text[..window[0]], &text[window[1]..]);
        let old = &text[window[0]..window[1]];
        let mut changed = vec![before.to_owned(), format!("{before}{after}")];
        for other in others {
            let other = char::from(*other);
            changed.push(format!("{before}{other}{after}"));
            changed.push(format!("{before}{other}{old}{after}"));
        }
        for changed in changed {
            let expected = is_json(&changed);
            assert_eq!(read(&changed).is_ok(), expected, "{changed:?}");
            *if expected { &mut good } else { &mut bad } += 1;
        }
    }
    assert!(good > 1_000 && bad > 1_000, "{good} good, {bad} bad");
}

#[test]
fn a_text_ends_at_the_same_byte_wherever_it_begins() {
    for length in 0..40 {
        for last in ["\"", "\\n\"", "\u{1}\"", "\u{80}\"", "\u{7f}\""] {
            let text = format!("\"{}{last}", "x".repeat(length));
            assert_eq!(read(&text).is_ok(), is_json(&text), "{text:?}");
        }
    }
}

#[test]
fn nesting_is_bounded() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(&nested(MOST_DEPTH)).is_ok());
    let error = read(&nested(MOST_DEPTH + 1)).unwrap_err().to_string();
    assert_eq!(error, "nested deeper than 20 at byte 20");
    assert!(read(&format!("[{}]", vec!["[]"; 500].join(","))).is_ok());
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Some3 {
    text: Option<String>,
    number: Option<i64>,
    list: Vec<bool>,
}

fn read_some(json: &str) -> Result<(Some3, RawJson), Error> {
    let read = |members: &mut Members<'_, '_>| {
        let (mut words, mut number, mut list) = (None, None, None);
        while let Some(key) = members.next_key()? {
            match &*key {
                "text" => members.once("text", &mut words, serde_json::from_str)?,
                "number" => members.once("number", &mut number, serde_json::from_str)?,
                "list" => members.once("list", &mut list, serde_json::from_str)?,
                _ => members.skip()?,
            }
        }
        let list = list.ok_or_else(|| Error::missing_field("list"))?;
        let text: Option<String> = words.flatten();
        Ok(Some3 { text, number: number.flatten(), list })
    };
    let (value, part) = Reader::new(json, MOST_DEPTH).object(read)?;
    Ok((value, RawJson::new(json.to_owned(), part)))
}

#[test]
fn an_object_is_read_into_what_is_asked_for_and_keeps_its_bytes() {
    let json =
        r#" { "unknown" : {"text":0} , "t\u0065xt" : "a\n" , "number" : null, "list":[true] } "#;
    let (value, raw) = read_some(json).unwrap();
    let expected = Some3 { text: Some("a\n".to_owned()), number: None, list: vec![true] };
    assert_eq!(value, expected);
    assert_eq!(raw.get(), json.trim());
    assert_eq!(serde_json::to_string(&raw).unwrap(), json.trim());
}

#[test]
fn a_key_given_twice_or_a_wrong_type_is_an_error_as_in_serde_json() {
    for json in [
        r#"{"list":[],"list":[]}"#,
        r#"{"list":[],"number":1.5}"#,
        r#"{"list":[],"number":"1"}"#,
        r#"{"list":[],"number":-0}"#,
        r#"{"list":{}}"#,
        r#"{"list":[],"\ud800":1}"#,
        r#"{}"#,
        r#"[]"#,
    ] {
        let read = read_some(json);
        assert!(read.is_err(), "{json}: {read:?}");
        assert!(serde_json::from_str::<Some3>(json).is_err() || json == "[]", "{json}");
    }
}
