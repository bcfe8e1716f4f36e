//! The reader never panics, whatever comes in, and what it accepts it writes back.

use akson_fhir::{bundle, json};
use proptest::prelude::*;

const SEEDS: &[&str] = &[
    r##"{"resourceType":"Patient","id":"p1","meta":{"versionId":"1","lastUpdated":"2024-01-01T00:00:00Z"},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p class='a'>x &amp; y</p></div>"},"contained":[{"resourceType":"Organization","id":"o","name":"O"}],"active":true,"name":[{"use":"official","family":"Å","given":["a",null],"_given":[null,{"extension":[{"url":"u","valueCode":"x"}]}]}],"birthDate":"1980-02-29","_birthDate":{"extension":[{"url":"http://x","valueDateTime":"1980-02-29T10:00:00+01:00"}]},"managingOrganization":{"reference":"#o"}}"##,
    r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"1-8","display":"\u00e5\ud83d\ude00"}]},"valueQuantity":{"value":-1.10e-3,"comparator":"<","unit":"mg"},"component":[{"code":{"text":"c"},"valueRange":{"low":{"value":0}}}]}"#,
    r#"{"resourceType":"Bundle","type":"transaction","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a"}},{"request":{"method":"GET","url":"Patient?x=y"}}]}"#,
];

/// Pieces that turn one kind of JSON into another.
const PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "1e400",
    "\\u",
    "\\ud800",
    "\u{0}",
    "{}",
    "[]",
    "\"\"",
    "_",
    "[[[[[[",
    "\"resourceType\":\"Patient\",",
    "\"_id\":{},",
    "<",
    "&",
    "😀",
    " ",
];

fn check(bytes: &[u8]) {
    let _ = bundle::split(bytes).map(|parts| parts.entries.len());
    let _ = json::parse_stored(bytes).map(|resource| {
        let mut out = Vec::new();
        json::write(&resource, &mut out);
        resource.nodes().map(|node| node.location().len()).sum::<usize>()
    });
    match json::parse(bytes) {
        Ok(resource) => {
            let mut out = Vec::new();
            json::write(&resource, &mut out);
            let again = json::parse(&out).expect("what we write we accept");
            let mut twice = Vec::new();
            json::write(&again, &mut twice);
            assert_eq!(out, twice);
        }
        Err(issues) => assert!(!issues.is_empty()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn mutated_resources_do_not_panic(
        seed in 0..SEEDS.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), 0usize..12, 0..PIECES.len()), 1..5),
    ) {
        let mut bytes = SEEDS[seed].as_bytes().to_vec();
        for (place, length, piece) in changes {
            let start = place.index(bytes.len());
            let end = (start + length).min(bytes.len());
            bytes.splice(start..end, PIECES[piece].bytes());
        }
        check(&bytes);
    }

    #[test]
    fn any_bytes_do_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        check(&bytes);
    }
}
