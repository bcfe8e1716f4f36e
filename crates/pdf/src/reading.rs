//! The text of a PDF that came from outside, for searching in it.
//!
//! Nothing of such a file is trusted: how large it is, how much it unpacks to, how long reading takes and how
//! deep it nests is bounded, and whatever goes wrong leaves no text. What is not read here is never shown as
//! if it were searched: pictures of text (scans) have none. Not here: making PDF (`paint`).
//! Standard: ISO 32000-1 (PDF 1.7) 7.4 (filters), 9.10 (extraction of text content)

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use akson_base::limits::{PDF_READ_BYTES_MAX, PDF_UNPACKED_BYTES_MAX};
use hayro_interpret::font::GlyphRun;
use hayro_interpret::hayro_cmap::BfString;
use hayro_interpret::hayro_syntax::Pdf;
use hayro_interpret::kurbo::{Affine, BezPath, Point, Rect};
use hayro_interpret::{
    BlendMode, ClipPath, Context, Device, DrawMode, DrawProps, Image, ImageDrawProps,
    InterpreterCache, InterpreterSettings, SoftMask, interpret_page,
};

/// Pages of one file that are read.
const PAGES_MAX: usize = 500;
/// Characters of one file that are kept.
const CHARACTERS_MAX: usize = 1_000_000;
/// Stack of the thread that reads: the deepest nesting that the reader allows takes a few of these.
const STACK_BYTES: usize = 32 * 1024 * 1024;
/// Filters that may stand in a file. LZW is none of them: it unpacks without a bound, and nobody has written
/// it for decades. The short names are those of pictures in the text of a page.
const FILTERS: [&str; 15] = [
    "FlateDecode",
    "ASCIIHexDecode",
    "ASCII85Decode",
    "RunLengthDecode",
    "DCTDecode",
    "JPXDecode",
    "CCITTFaxDecode",
    "JBIG2Decode",
    "Fl",
    "AHx",
    "A85",
    "RL",
    "DCT",
    "CCF",
    "Crypt",
];

/// The text of a PDF, page after page; what was read of it when `time_max` is over. Nothing when it holds no
/// text, is larger than [`PDF_READ_BYTES_MAX`], unpacks to more than [`PDF_UNPACKED_BYTES_MAX`], or is no PDF
/// that can be read. It takes up to `time_max` of its own thread: not for where requests are answered.
pub fn text_of(pdf: &[u8], time_max: Duration) -> Option<String> {
    if pdf.len() > PDF_READ_BYTES_MAX || !pdf.starts_with(b"%PDF-") || !is_tame(pdf) {
        return None;
    }
    let kept = Arc::new(Mutex::new(String::new()));
    let (bytes, writes) = (pdf.to_vec(), Arc::clone(&kept));
    let until = Instant::now() + time_max;
    let reader = std::thread::Builder::new().stack_size(STACK_BYTES).spawn(move || {
        // What goes wrong in a strange file is no fault of ours; what was read until then is.
        drop(catch_unwind(AssertUnwindSafe(|| read(bytes, &writes, until))));
    });
    reader.ok()?.join().ok()?;
    let text = std::mem::take(&mut *kept.lock().unwrap_or_else(PoisonError::into_inner));
    Some(text).filter(|text| !text.trim().is_empty())
}

fn read(bytes: Vec<u8>, kept: &Mutex<String>, until: Instant) {
    let Ok(pdf) = Pdf::new(bytes) else { return };
    let cache = InterpreterCache::new();
    for page in pdf.pages().iter().take(PAGES_MAX) {
        let settings = InterpreterSettings::default();
        let unit = Rect::new(0.0, 0.0, 1.0, 1.0);
        let mut context = Context::new(Affine::IDENTITY, unit, &cache, pdf.xref(), settings);
        let mut listener = Listener { kept, until, last: None };
        interpret_page(page, &mut context, &mut listener);
        listener.say("\n");
    }
}

/// Why reading ended early: no failure, and nothing is said of it.
struct Enough;

/// Hears the letters that a page draws, and sees nothing else.
struct Listener<'k> {
    kept: &'k Mutex<String>,
    until: Instant,
    /// Where the last letter stands, how large and which it is.
    last: Option<(Point, f64, char)>,
}

impl Listener<'_> {
    fn say(&self, text: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_str(text);
        if kept.len() > CHARACTERS_MAX {
            drop(kept);
            resume_unwind(Box::new(Enough));
        }
    }

    fn in_time(&self) {
        if Instant::now() > self.until {
            resume_unwind(Box::new(Enough));
        }
    }

    /// A letter at a place: files put words beside and below each other without saying so.
    fn letter(&mut self, at: Point, size: f64, letter: &str) {
        let Some(first) = letter.chars().next() else { return };
        if let Some((before, large, last)) = self.last {
            let (right, down) = (at.x - before.x, (at.y - before.y).abs());
            let large = large.max(f64::EPSILON);
            if down > large * 0.5 || right < -large * 2.0 {
                self.say("\n");
            } else if right > large * (width(last) + 0.15) && !last.is_whitespace() {
                self.say(" ");
            }
        }
        self.say(letter);
        self.last = Some((at, size, letter.chars().last().unwrap_or(first)));
    }
}

/// How wide a letter is at most in common faces, of its size: a gap after it that is wider is a space.
fn width(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.35,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 0.45,
        'm' | 'w' | 'M' | 'W' | 'æ' | 'Æ' | '@' | '%' => 1.0,
        letter if letter.is_uppercase() => 0.8,
        _ => 0.62,
    }
}

impl Device<'_> for Listener<'_> {
    fn draw_glyph_run(&mut self, run: &GlyphRun<'_, '_>, props: DrawProps<'_>, _: &DrawMode) {
        self.in_time();
        for glyph in run.glyphs() {
            let Some(said) = glyph.as_unicode() else { continue };
            let place = props.transform * glyph.transform();
            let [_, _, c, d, _, _] = place.as_coeffs();
            // Outlines are drawn in thousandths of their size.
            let size = c.hypot(d) * 1000.0;
            match said {
                BfString::Char(letter) => {
                    let mut buffer = [0; 4];
                    self.letter(place * Point::ZERO, size, letter.encode_utf8(&mut buffer));
                }
                BfString::String(text) => self.letter(place * Point::ZERO, size, &text),
            }
        }
    }

    fn draw_path(&mut self, _: &BezPath, _: DrawProps<'_>, _: &DrawMode) {
        self.in_time();
    }

    fn push_clip_path(&mut self, _: &ClipPath) {
        self.in_time();
    }

    fn push_transparency_group(&mut self, _: f32, _: Option<SoftMask<'_>>, _: BlendMode) {
        self.in_time();
    }

    fn draw_image(&mut self, _: Image<'_, '_>, _: ImageDrawProps<'_>) {
        self.in_time();
    }

    fn pop_clip(&mut self) {}

    fn pop_transparency_group(&mut self) {}
}

/// Whether everything that is packed in a file unpacks to a bounded size. The reader itself unpacks without
/// one, so whatever could be a packed stream is unpacked here first, as far as the bound, and let go.
fn is_tame(pdf: &[u8]) -> bool {
    let mut left = PDF_UNPACKED_BYTES_MAX;
    // Encrypted streams cannot be looked into.
    !contains(pdf, b"/Encrypt")
        && !hides_letters(pdf)
        && filters_are_known(pdf)
        && starts(pdf, b"stream").all(|at| {
            let packed = pdf.get(at + b"stream".len()..).unwrap_or_default();
            let packed = packed.strip_prefix(b"\r").unwrap_or(packed);
            unpacks(packed.strip_prefix(b"\n").unwrap_or(packed), &mut left)
        })
}

fn starts<'p>(pdf: &'p [u8], word: &'p [u8]) -> impl Iterator<Item = usize> + use<'p> {
    let windows = pdf.windows(word.len()).enumerate();
    windows.filter(move |(_, window)| *window == word).map(|(at, _)| at)
}

fn contains(pdf: &[u8], word: &[u8]) -> bool {
    starts(pdf, word).next().is_some()
}

/// Whether a letter of a name is written as `#` and two digits: only who hides a name does.
fn hides_letters(pdf: &[u8]) -> bool {
    starts(pdf, b"#").any(|at| {
        let two = pdf.get(at + 1..at + 3).and_then(|two| std::str::from_utf8(two).ok());
        let letter = two.and_then(|two| u8::from_str_radix(two, 16).ok());
        let before = pdf.get(at.saturating_sub(64)..at).unwrap_or_default();
        let is_name_byte = |byte: &u8| !b" \t\r\n\x0c\0()<>[]{}/%".contains(byte);
        let name = before.iter().rev().find(|byte| !is_name_byte(byte));
        letter.is_some_and(|byte| byte.is_ascii_alphabetic()) && name == Some(&b'/')
    })
}

/// Whether each stream says in place how it is packed, in ways that are bounded, and at most once by deflate.
fn filters_are_known(pdf: &[u8]) -> bool {
    starts(pdf, b"/Filter").all(|at| {
        let rest = pdf.get(at + b"/Filter".len()..).unwrap_or_default();
        let rest = rest.trim_ascii_start();
        let names = match rest.split_first() {
            Some((b'[', list)) => list.split(|byte| *byte == b']').next().unwrap_or_default(),
            Some((b'/', name)) => {
                let end = name.iter().position(|byte| !byte.is_ascii_alphanumeric());
                rest.get(..end.unwrap_or(name.len()) + 1).unwrap_or_default()
            }
            Some(_) | None => return false,
        };
        let Ok(names) = std::str::from_utf8(names) else { return false };
        let names: Vec<&str> = names.split(['/', ' ', '\r', '\n', '\t']).collect();
        let names = names.iter().filter(|name| !name.is_empty());
        let is_flate = |name: &&&str| matches!(**name, "FlateDecode" | "Fl");
        let flates = names.clone().filter(is_flate).count();
        names.clone().all(|name| FILTERS.contains(name)) && flates <= 1 && names.count() <= 3
    })
}

/// Whether what may be packed here fits in what is left, and takes it off.
fn unpacks(packed: &[u8], left: &mut usize) -> bool {
    use std::io::Read;
    let mut buffer = [0; 16 * 1024];
    let zlib: Box<dyn Read> = match packed.first() {
        // RFC 1950 2.2: the method is in the low half of the first byte.
        Some(first) if first & 0x0f == 8 => Box::new(flate2::read::ZlibDecoder::new(packed)),
        Some(_) => Box::new(flate2::read::DeflateDecoder::new(packed)),
        None => return true,
    };
    let mut unpacking = zlib;
    // What is not packed like this ends with an error, at once or soon.
    while let Ok(bytes @ 1..) = unpacking.read(&mut buffer) {
        let Some(rest) = left.checked_sub(bytes) else { return false };
        *left = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: Duration = Duration::from_secs(5);

    fn deflated(bytes: &[u8]) -> Vec<u8> {
        use std::io::Write;
        let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packed.write_all(bytes).unwrap();
        packed.finish().unwrap()
    }

    /// A file with one page in Helvetica that is not embedded.
    fn file(filter: &str, content: &[u8]) -> Vec<u8> {
        let mut pdf = b"%PDF-1.4\n".to_vec();
        let mut places = Vec::new();
        let head = format!("<< /Length {} {filter} >>", content.len());
        let fonts = "<< /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica \
                     /Encoding /WinAnsiEncoding >> >> >>";
        let page = format!(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources {fonts} /Contents 4 0 R >>"
        );
        let objects = [
            "<< /Type /Catalog /Pages 2 0 R >>",
            "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            &page,
        ];
        for (number, object) in objects.iter().enumerate() {
            places.push(pdf.len());
            pdf.extend(format!("{} 0 obj\n{object}\nendobj\n", number + 1).bytes());
        }
        places.push(pdf.len());
        pdf.extend(format!("4 0 obj\n{head}\nstream\n").bytes());
        pdf.extend(content);
        pdf.extend(b"\nendstream\nendobj\n");
        let start = pdf.len();
        pdf.extend(b"xref\n0 5\n0000000000 65535 f \n");
        for place in places {
            pdf.extend(format!("{place:010} 00000 n \n").bytes());
        }
        pdf.extend(format!("trailer << /Size 5 /Root 1 0 R >>\nstartxref\n{start}\n%%EOF").bytes());
        pdf
    }

    const LETTER: &[u8] = b"BT /F1 12 Tf 72 700 Td (Epikrise etter innleggelse) Tj 0 -20 Td \
        (Pasienten har p\xe5vist) Tj 130 0 Td (hjertesvikt) Tj ET";

    #[test]
    fn words_stand_apart_as_they_are_placed() {
        let text = text_of(&file("", LETTER), TIME).unwrap();
        assert_eq!(text.trim(), "Epikrise etter innleggelse\nPasienten har påvist hjertesvikt");
        let packed = file("/Filter /FlateDecode", &deflated(LETTER));
        assert_eq!(text_of(&packed, TIME).unwrap(), text);
    }

    #[test]
    fn what_unpacks_without_a_bound_is_not_unpacked() {
        let bomb = deflated(&vec![b' '; PDF_UNPACKED_BYTES_MAX + 1]);
        assert!(bomb.len() < 1_000_000);
        for filter in [
            "/Filter /FlateDecode",
            "/Filter [/FlateDecode]",
            "/Filter [ /ASCII85Decode /FlateDecode /FlateDecode ]",
            "/Filter /LZWDecode",
            "/Filter 5 0 R",
            "/Filter /Fl#61teDecode",
            "/F#69lter /FlateDecode",
        ] {
            assert!(!is_tame(&file(filter, &bomb)), "{filter}");
        }
        assert!(!is_tame(&[b"/Encrypt 9 0 R ".as_slice(), &file("", LETTER)].concat()));
        assert!(is_tame(&file("/Filter /FlateDecode", &deflated(LETTER))));
        assert_eq!(text_of(&vec![b' '; PDF_READ_BYTES_MAX + 1], TIME), None);
    }

    #[test]
    fn nothing_is_read_beyond_the_time_and_what_was_read_is_kept() {
        let many = LETTER.repeat(50_000);
        let begin = Instant::now();
        let text = text_of(&file("", &many), Duration::from_millis(50));
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        assert!(text.is_none_or(|text| text.len() <= CHARACTERS_MAX + 4));
    }

    #[test]
    fn broken_files_have_no_text_and_hurt_nobody() {
        let whole = file("/Filter /FlateDecode", &deflated(LETTER));
        let deep = [b"%PDF-1.4\n1 0 obj\n".to_vec(), b"[".repeat(200_000)].concat();
        let circle =
            b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] >>\nendobj\n\
            trailer << /Root 1 0 R >>\nstartxref\n0\n%%EOF";
        for broken in [b"".as_slice(), b"%PDF-", b"<html>", &deep, circle] {
            assert_eq!(text_of(broken, TIME), None);
        }
        // Each end, and a byte of each place turned over: nothing stops, hangs or grows.
        for end in (0..whole.len()).step_by(7) {
            drop(text_of(whole.get(..end).unwrap(), TIME));
        }
        for at in (0..whole.len()).step_by(3) {
            let mut turned = whole.clone();
            *turned.get_mut(at).unwrap() ^= 0x55;
            drop(text_of(&turned, TIME));
        }
    }
}
