use std::fs;

use flex_sandbox::Authority;

use super::*;

fn pem() -> String {
    Authority::new().unwrap().ca_pem().replace("\r\n", "\n")
}

fn read_count(text: impl AsRef<[u8]>) -> Result<usize, String> {
    roots_of_pem(text.as_ref()).map(|roots| roots.len())
}

#[test]
fn every_certificate_of_a_file_is_read_however_it_was_put_together() {
    let (a, b) = (pem(), pem());
    let x509 = b.replace(" CERTIFICATE", " X509 CERTIFICATE");
    let indented: String = b.lines().map(|line| format!("  {line} \n")).collect();
    let (a_line, b_line) = (a.trim_end(), b.trim_end());
    for (name, text) in [
        ("plain", format!("{a}{b}")),
        ("a byte-order mark", format!("\u{FEFF}{a}{b}")),
        ("X509", format!("{a}{x509}")),
        ("a byte-order mark and X509", format!("\u{FEFF}{x509}{a}")),
        ("indented", format!("{a}{indented}")),
        ("without a line break between", format!("{a_line}{b_line}")),
        ("line breaks of DOS", format!("{a}{b}").replace('\n', "\r\n")),
        ("line breaks of old Macs", format!("{a}{b}").replace('\n', "\r")),
        ("text around", format!("subject=CN\n{a}# the other certificate\n{b}the end")),
        ("a commented one", format!("{a}{b}#-----BEGIN CERTIFICATE-----\n#AAAA\n")),
    ] {
        assert_eq!(read_count(&text), Ok(2), "{name}");
    }
    let latin_1 = [b"# caff\xe8\n", a.as_bytes(), b.as_bytes()].concat();
    assert_eq!(read_count(latin_1), Ok(2));
}

#[test]
fn a_certificate_that_cannot_be_read_is_named_and_never_left_out() {
    let (a, b) = (pem(), pem());
    let relabeled = |label: &str| format!("{a}{}", b.replace("CERTIFICATE", label));
    let utf_16: Vec<u8> =
        format!("\u{FEFF}{a}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (text, expected) in [
        (relabeled("TRUSTED CERTIFICATE"), "certificate 2 is a TRUSTED CERTIFICATE of OpenSSL"),
        (relabeled("CERTIFICATE REQUEST"), "certificate 2 does not begin with -----BEGIN"),
        (relabeled("certificate"), "certificate 2 does not begin with -----BEGIN"),
        (format!("{a}{}", b.replace("-----", "----")), "certificate 2 does not begin with"),
        (format!("{a}{}", b.replacen("-----BEGIN", "——BEGIN", 1)), "certificate 2 does not begin"),
        (format!("{a}{}", b.replace("-----END CERTIFICATE-----", "")), "certificate 2 has no END"),
        (format!("{}{b}", a.replace("-----END CERTIFICATE-----", "")), "certificate"),
        (
            format!("{a}-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----"),
            "certificate 2 is",
        ),
        (
            format!("{a}-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----"),
            "certificate 2",
        ),
        ("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----".into(), "no certificate"),
        (String::new(), "found no certificate"),
        ("0\u{1}".into(), "found DER"),
    ] {
        let problem = read_count(&text).unwrap_err();
        assert!(problem.contains(expected), "{expected}: {problem}");
    }
    assert!(read_count(utf_16).unwrap_err().contains("found UTF-16"));
}

#[test]
fn a_store_that_is_there_and_cannot_be_read_is_named_with_the_reason() {
    let directory = std::env::temp_dir().join(format!("flexcancel-roots-{}", std::process::id()));
    fs::create_dir_all(&directory).unwrap();
    let good = directory.join("good.pem");
    let empty = directory.join("empty.pem");
    fs::write(&good, pem()).unwrap();
    fs::write(&empty, "").unwrap();
    let (good, empty) = (good.to_str().unwrap(), empty.to_str().unwrap());
    let unreadable = directory.to_str().unwrap();
    let roots = |stores: &[&str]| system::first_usable(stores).map(|roots| roots.len());
    assert_eq!(roots(&["/nonexistent/a", unreadable, empty, good]), Ok(1));
    let problem = roots(&["/nonexistent/a", unreadable]).unwrap_err();
    assert_eq!(problem, format!("cannot read the trust store {unreadable}: not a regular file"));
    let problem = roots(&[empty]).unwrap_err();
    assert_eq!(problem, format!("the trust store {empty} has no usable certificate"));
    let problem = roots(&["/nonexistent/a", "/nonexistent/b"]).unwrap_err();
    assert!(problem.starts_with("found no trust store; install ca-certificates"), "{problem}");
    assert!(problem.ends_with("/nonexistent/a, /nonexistent/b"), "{problem}");
    fs::remove_dir_all(&directory).unwrap();
}
