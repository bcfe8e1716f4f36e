//! JSON with line breaks and indentation (`_pretty=true`), every digit and escape as it was.

/// Re-indents well-formed JSON by two blanks per level.
pub(crate) fn pretty(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth = 0;
    let mut in_string = false;
    let mut escaped = false;
    let mut bytes = json.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = byte == b'\\' && !escaped;
            continue;
        }
        match byte {
            b' ' | b'\n' | b'\r' | b'\t' => {}
            b'{' | b'[' => {
                while bytes.next_if(u8::is_ascii_whitespace).is_some() {}
                out.push(byte);
                if let Some(end) = bytes.next_if(|next| matches!(next, b'}' | b']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    line(&mut out, depth);
                }
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => {
                in_string = byte == b'"';
                out.push(byte);
            }
        }
    }
    out.push(b'\n');
    out
}

fn line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + depth * 2, b' ');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_escapes_and_empty_things_stay() {
        let json = br#"{"a":[1.10,{"b":"x\"{,:\\"}],"c":{},"d":[ ],"e":"\\"}"#;
        let expected = "{\n  \"a\": [\n    1.10,\n    {\n      \"b\": \"x\\\"{,:\\\\\"\n    }\n  ],\
                        \n  \"c\": {},\n  \"d\": [],\n  \"e\": \"\\\\\"\n}\n";
        assert_eq!(String::from_utf8(pretty(json)).unwrap(), expected);
    }
}
