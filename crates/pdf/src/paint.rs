//! Writing the file: pages are drawn, and every word is tagged with the part that it belongs to.

use std::num::NonZeroU16;

use akson_base::Problem;
use krilla::SerializeSettings;
use krilla::color::luma;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, TableHeaderScope, Tag, TagGroup, TagKind,
    TagTree,
};

use crate::document::{Document, Span};
use crate::faces::Faces;
use crate::layout::{Ink, MARGIN, Mark, PAGE, Pages, Part, WIDTH, lay_out};

/// Size of what stands at the head and the foot of a page.
const EDGE: f32 = 8.5;
/// Least space between what stands at the left and at the right there.
const GAP: f32 = 14.0;

/// The document as a file.
///
/// # Errors
/// PDF-001 when it is larger than a document may be; PDF-003, a fault, when what was made is not a valid
/// PDF/UA and PDF/A. Neither tells what stood in it.
pub fn write(document: &Document, faces: &Faces) -> Result<Vec<u8>, Problem> {
    document.check()?;
    let pages = lay_out(document, faces);
    let failed = || Problem::fault("PDF-003", "a document for paper could not be written");
    let mut file = krilla::Document::new_with(settings().ok_or_else(failed)?);
    let mut drawn: Vec<Vec<Identifier>> = vec![Vec::new(); pages.nodes.len()];
    let all = pages.pages.len();
    for (number, marks) in pages.pages.iter().enumerate() {
        let sheet = PageSettings::from_wh(PAGE.0, PAGE.1).ok_or_else(failed)?;
        let mut page = file.start_page_with(sheet);
        let mut surface = page.surface();
        let mut pen = Pen { surface: &mut surface, faces };
        pen.edges(document, number + 1, all);
        for mark in marks {
            pen.mark(mark, &mut drawn);
        }
        surface.finish();
        page.finish();
    }
    file.set_metadata(metadata(document));
    file.set_outline(outline(&pages));
    file.set_tag_tree(tags(document, &pages, &mut drawn));
    file.finish().map_err(|_| failed())
}

fn settings() -> Option<SerializeSettings> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .ok()?;
    Some(SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() })
}

fn metadata(document: &Document) -> Metadata {
    let made = document.made;
    let date = DateTime::new(made.year)
        .month(made.month)
        .day(made.day)
        .hour(made.hour)
        .minute(made.minute);
    Metadata::new()
        .title(document.title.clone())
        .language(document.language.clone())
        .creator("Akson".into())
        .creation_date(date)
}

fn outline(pages: &Pages) -> Outline {
    let mut outline = Outline::new();
    for (text, page, y) in &pages.outline {
        let place = krilla::destination::XyzDestination::new(*page, Point::from_xy(MARGIN, *y));
        outline.push_child(OutlineNode::new(text.clone(), place));
    }
    outline
}

fn tags(document: &Document, pages: &Pages, drawn: &mut [Vec<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some(document.language.clone()));
    for root in &pages.roots {
        if let Some(group) = group(pages, *root, drawn) {
            tree.push(group);
        }
    }
    tree
}

fn group(pages: &Pages, number: usize, drawn: &mut [Vec<Identifier>]) -> Option<TagGroup> {
    let node = pages.nodes.get(number)?;
    let level = |n: u16| NonZeroU16::MIN.saturating_add(n - 1);
    let kind: TagKind = match &node.part {
        Part::Title(text) => Tag::Hn(level(1), Some(text.clone())).into(),
        Part::Heading(text) => Tag::Hn(level(2), Some(text.clone())).into(),
        Part::Paragraph => Tag::P.into(),
        Part::Table => Tag::Table.into(),
        Part::Row => Tag::TR.into(),
        Part::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Part::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Part::Cell => Tag::TD.into(),
    };
    let mut group = TagGroup::new(kind);
    for identifier in drawn.get_mut(number).map(std::mem::take).unwrap_or_default() {
        group.push(identifier);
    }
    for within in &node.within {
        if let Some(part) = self::group(pages, *within, drawn) {
            group.push(part);
        }
    }
    Some(group)
}

/// Draws on one page.
struct Pen<'p, 's> {
    surface: &'p mut Surface<'s>,
    faces: &'p Faces,
}

impl Pen<'_, '_> {
    fn mark(&mut self, mark: &Mark, drawn: &mut [Vec<Identifier>]) {
        match mark {
            Mark::Words { x, y, size, ink, span, of } => {
                let tag = match of {
                    Some(_) => ContentTag::Other,
                    None => artifact(ArtifactType::PaginationOther),
                };
                let identifier = self.surface.start_tagged(tag);
                self.words(span, (*x, *y), *size, *ink);
                self.surface.end_tagged();
                if let Some(all) = of.and_then(|of| drawn.get_mut(of)) {
                    all.push(identifier);
                }
            }
            Mark::Nothing { of } => {
                let identifier = self.surface.start_tagged(ContentTag::Other);
                self.surface.end_tagged();
                if let Some(all) = drawn.get_mut(*of) {
                    all.push(identifier);
                }
            }
            Mark::Rule { x, y, width, thickness } => {
                self.area((*x, *y - thickness / 2.0), (*width, *thickness), 0x20);
            }
            Mark::Shade { x, y, width, height } => self.area((*x, *y), (*width, *height), 0xf0),
        }
    }

    fn words(&mut self, span: &Span, (x, y): (f32, f32), size: f32, ink: Ink) {
        if span.text.is_empty() {
            return;
        }
        self.surface.set_fill(Some(fill(match ink {
            Ink::Full => 0x00,
            Ink::Soft => 0x50,
        })));
        let glyphs = self.faces.glyphs(&span.text, span.is_bold);
        let font = self.faces.font(span.is_bold).clone();
        self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, font, &span.text, size, false);
    }

    fn area(&mut self, (x, y): (f32, f32), (width, height): (f32, f32), luma: u8) {
        let mut path = PathBuilder::new();
        let Some(area) = Rect::from_xywh(x, y, width, height) else { return };
        path.push_rect(area);
        let Some(path) = path.finish() else { return };
        self.surface.start_tagged(artifact(ArtifactType::Layout));
        self.surface.set_fill(Some(fill(luma)));
        self.surface.draw_path(&path);
        self.surface.end_tagged();
    }

    /// Whom it is about and what it is, above; when and by whom, and which page, below.
    fn edges(&mut self, document: &Document, number: usize, all: usize) {
        let page =
            document.page_of.replace("{n}", &number.to_string()).replace("{all}", &all.to_string());
        let (above, below) = (40.0, PAGE.1 - 34.0);
        let title = self.width(&document.title, false);
        let about = self.edge(&document.about, above, true, WIDTH, ArtifactType::Header);
        // Where both do not fit, whom it is about is what must be there.
        if about + title + GAP <= WIDTH {
            self.edge_right(&document.title, above, ArtifactType::Header);
        }
        self.area((MARGIN, above + 7.0), (WIDTH, 0.6), 0x20);
        self.area((MARGIN, below - 13.0), (WIDTH, 0.4), 0x20);
        let room = WIDTH - GAP - self.width(&page, false);
        self.edge(&document.written, below, false, room, ArtifactType::Footer);
        self.edge_right(&page, below, ArtifactType::PageNumber);
    }

    fn width(&self, text: &str, is_bold: bool) -> f32 {
        let text = self.faces.showable(text);
        text.chars().map(|c| self.faces.width(c, is_bold)).sum::<f32>() * EDGE
    }

    /// Something at the left, smaller when it would be wider than its room; answers how wide it is.
    fn edge(&mut self, text: &str, y: f32, is_bold: bool, room: f32, kind: ArtifactType) -> f32 {
        let width = self.width(text, is_bold);
        let size = EDGE * (room / width.max(1.0)).min(1.0);
        self.at_edge(text, (MARGIN, y), is_bold, size, kind);
        width.min(room)
    }

    fn edge_right(&mut self, text: &str, y: f32, kind: ArtifactType) {
        let x = PAGE.0 - MARGIN - self.width(text, false);
        self.at_edge(text, (x, y), false, EDGE, kind);
    }

    fn at_edge(
        &mut self,
        text: &str,
        at: (f32, f32),
        is_bold: bool,
        size: f32,
        kind: ArtifactType,
    ) {
        let text = self.faces.showable(text).replace('\n', " ");
        self.surface.start_tagged(artifact(kind));
        self.words(&Span { text, is_bold }, at, size, Ink::Soft);
        self.surface.end_tagged();
    }
}

fn artifact(kind: ArtifactType) -> ContentTag<'static> {
    ContentTag::Artifact(Artifact::with_kind(kind))
}

fn fill(grey: u8) -> Fill {
    Fill {
        paint: luma::Color::new(grey).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}
