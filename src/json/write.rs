//! Writes JSON objects field by field, byte for byte as serde_json does; texts are copied in
//! runs, because few have anything to escape.

use super::scan::plain_end;

/// An object under way.
pub(crate) struct ObjectWriter<'a> {
    json: &'a mut Vec<u8>,
    is_empty: bool,
}

impl<'a> ObjectWriter<'a> {
    pub(crate) fn begin(json: &'a mut Vec<u8>) -> Self {
        json.push(b'{');
        Self { json, is_empty: true }
    }

    /// Writes a field's name. Its value must follow, which is JSON.
    #[inline(always)]
    pub(crate) fn field(&mut self, name: &'static str) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_empty) {
            self.json.push(b',');
        }
        self.json.push(b'"');
        self.json.extend_from_slice(name.as_bytes());
        self.json.extend_from_slice(b"\":");
        self.json
    }

    #[inline(always)]
    pub(crate) fn raw(&mut self, name: &'static str, json: &str) -> &mut Self {
        self.field(name).extend_from_slice(json.as_bytes());
        self
    }

    #[inline(always)]
    pub(crate) fn text(&mut self, name: &'static str, text: &str) -> &mut Self {
        write_text(self.field(name), text);
        self
    }

    /// A text in which there is nothing to escape, such as a word of ours.
    #[inline(always)]
    pub(crate) fn word(&mut self, name: &'static str, word: &'static str) -> &mut Self {
        debug_assert_eq!(plain_end(word.as_bytes(), 0), word.len(), "{word}");
        let json = self.field(name);
        json.push(b'"');
        json.extend_from_slice(word.as_bytes());
        json.push(b'"');
        self
    }

    pub(crate) fn optional_text(&mut self, name: &'static str, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(name, text),
            None => self.raw(name, "null"),
        }
    }

    pub(crate) fn number(&mut self, name: &'static str, number: u64) -> &mut Self {
        write_number(self.field(name), number);
        self
    }

    pub(crate) fn optional_number(&mut self, name: &'static str, number: Option<u64>) -> &mut Self {
        match number {
            Some(number) => self.number(name, number),
            None => self.raw(name, "null"),
        }
    }

    pub(crate) fn end(self) {
        self.json.push(b'}');
    }
}

fn write_number(json: &mut Vec<u8>, number: u64) {
    let (mut digits, mut rest) = ([b'0'; 20], number);
    let mut at = digits.len();
    while rest > 0 || at == digits.len() {
        at -= 1;
        digits[at] += (rest % 10) as u8;
        rest /= 10;
    }
    json.extend_from_slice(&digits[at..]);
}

fn write_text(json: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut at = 0;
    json.push(b'"');
    loop {
        let end = plain_end(bytes, at);
        json.extend_from_slice(&bytes[at..end]);
        let Some(special) = bytes.get(end) else { break };
        write_escape(json, *special);
        at = end + 1;
    }
    json.push(b'"');
}

#[cold]
fn write_escape(json: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let digit = |nibble: u8| b"0123456789abcdef"[usize::from(nibble)];
            json.extend_from_slice(b"\\u00");
            json.extend_from_slice(&[digit(byte >> 4), digit(byte & 0xf)]);
            return;
        }
    };
    json.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_written_as_serde_json_writes_them() {
        let every: String = (0..0x180).filter_map(char::from_u32).collect();
        let backwards: String = every.chars().rev().collect();
        for text in ["", "a", "\"", "a longer text, of several blocks\\", &every, &backwards] {
            let mut json = Vec::new();
            write_text(&mut json, text);
            assert_eq!(json, serde_json::to_vec(text).unwrap(), "{text:?}");
        }
        for number in [0, 1, 9, 10, 99, 100, 12_345, u64::MAX] {
            let mut json = Vec::new();
            write_number(&mut json, number);
            assert_eq!(json, number.to_string().as_bytes());
        }
    }
}
