//! `base64Binary`, which documents carry their bytes in.
//!
//! Standard: <https://hl7.org/fhir/R4/datatypes.html#base64Binary> (RFC 4648, whitespace allowed).

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};

/// What others send is taken with padding and without, and with bits at its end that mean nothing.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &ALPHABET,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes; `None` when the text is not base64. Both alphabets of RFC 4648 are read.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let bytes = text.bytes().filter(|byte| !byte.is_ascii_whitespace());
    let standard: Vec<u8> = bytes
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => other,
        })
        .collect();
    LENIENT.decode(standard).ok()
}

/// The bytes as base64, without line breaks.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (text, expected) in
            [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9v", "foo"), ("Zm9v\nYmFy", "foobar")]
        {
            assert_eq!(decode(text).as_deref(), Some(expected.as_bytes()), "{text}");
            assert_eq!(encode(expected.as_bytes()), text.replace('\n', ""));
        }
        for text in ["Z", "Zg=x", "Zm9v!", "===="] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
