//! The two faces that documents are set in: regular and bold, with the widths of their glyphs.

use akson_base::Problem;
use krilla::Data;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider};
use unicode_normalization::UnicodeNormalization;

/// What stands for a character that the face does not have, the first that it has itself.
const STAND_INS: [char; 2] = ['\u{25a1}', '?'];

/// Both faces.
pub struct Faces {
    regular: Face,
    bold: Face,
}

/// One face.
struct Face {
    font: Font,
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    units: f32,
    stand_in: char,
}

impl Faces {
    /// Of two TrueType files.
    ///
    /// # Errors
    /// PDF-002 when a file is not a font with Latin letters.
    pub fn new(regular: &'static [u8], bold: &'static [u8]) -> Result<Self, Problem> {
        Ok(Self { regular: Face::new(regular)?, bold: Face::new(bold)? })
    }

    fn face(&self, is_bold: bool) -> &Face {
        if is_bold { &self.bold } else { &self.regular }
    }

    /// The font of the file.
    pub(crate) fn font(&self, is_bold: bool) -> &Font {
        &self.face(is_bold).font
    }

    /// A text as the faces can show it: composed, without control characters, and with a stand-in for
    /// what they do not have.
    pub(crate) fn showable(&self, text: &str) -> String {
        let shown = |c: char| match c {
            '\n' => c,
            '\t' => ' ',
            c if self.regular.has(c) && self.bold.has(c) => c,
            _ => self.regular.stand_in,
        };
        let kept = |c: &char| !c.is_control() || matches!(c, '\n' | '\t');
        text.nfc().filter(kept).map(shown).collect()
    }

    /// Width of a character in ems.
    pub(crate) fn width(&self, c: char, is_bold: bool) -> f32 {
        self.face(is_bold).advance(c)
    }

    /// A text as glyphs.
    pub(crate) fn glyphs(&self, text: &str, is_bold: bool) -> Vec<KrillaGlyph> {
        let face = self.face(is_bold);
        let glyph = |(at, c): (usize, char)| {
            let id = GlyphId::new(face.glyph(c).to_u32());
            KrillaGlyph::new(id, face.advance(c), 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
        };
        text.char_indices().map(glyph).collect()
    }
}

impl Face {
    fn new(bytes: &'static [u8]) -> Result<Self, Problem> {
        let unusable = || Problem::fault("PDF-002", "a face for documents is not a usable font");
        let font = Font::new(Data::from(bytes), 0).ok_or_else(unusable)?;
        let parsed = FontRef::new(bytes).map_err(|_| unusable())?;
        let charmap = parsed.charmap();
        let metrics = parsed.glyph_metrics(Size::unscaled(), LocationRef::default());
        let stand_in = STAND_INS.into_iter().find(|c| charmap.map(*c).is_some());
        let stand_in = stand_in.ok_or_else(unusable)?;
        let units = font.units_per_em();
        Ok(Self { font, charmap, metrics, units, stand_in })
    }

    fn has(&self, c: char) -> bool {
        self.charmap.map(c).is_some_and(|glyph| glyph.to_u32() != 0)
    }

    fn glyph(&self, c: char) -> skrifa::GlyphId {
        self.charmap.map(c).unwrap_or_default()
    }

    fn advance(&self, c: char) -> f32 {
        self.metrics.advance_width(self.glyph(c)).unwrap_or_default() / self.units
    }
}
