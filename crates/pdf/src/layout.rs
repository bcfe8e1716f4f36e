//! From blocks to pages: where each line stands, and what it is part of.
//!
//! Pure. Lengths are points (1/72 inch), y from the top of the page. Not here: drawing (`paint`).

use crate::document::{Block, Column, Document, Span, Table, Text};
use crate::faces::Faces;
use crate::lines::{Line, lines};

/// A4.
pub(crate) const PAGE: (f32, f32) = (595.276, 841.89);
/// Left and right margin.
pub(crate) const MARGIN: f32 = 48.0;
/// Where content begins and ends.
const TOP: f32 = 76.0;
const BOTTOM: f32 = PAGE.1 - 62.0;
/// Width of content.
pub(crate) const WIDTH: f32 = PAGE.0 - 2.0 * MARGIN;
/// Sizes of type.
const TITLE: f32 = 19.0;
const HEADING: f32 = 13.0;
const BODY: f32 = 10.5;
const CELL: f32 = 9.5;
const SMALL: f32 = 8.5;
/// Height of a line, of its size.
const LEADING: f32 = 1.32;
/// From the top of a line to its base line, of its size.
const ASCENT: f32 = 1.0;
/// Space in cells.
const PAD: f32 = 4.0;
/// What rounding may take.
const SLACK: f32 = 0.01;
/// What must fit below a heading.
const KEPT_WITH_HEADING: f32 = 58.0;

/// How strong something is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Full,
    Soft,
}

/// What is part of the structure that screen readers follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Title(String),
    Heading(String),
    Paragraph,
    Table,
    Row,
    ColumnHead,
    RowHead,
    Cell,
}

/// A part and those within it, by their numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    pub(crate) part: Part,
    pub(crate) within: Vec<usize>,
}

/// Something to draw.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Mark {
    /// Words; `of` is the number of their part, nothing for what only repeats.
    Words {
        x: f32,
        y: f32,
        size: f32,
        ink: Ink,
        span: Span,
        of: Option<usize>,
    },
    /// A part without words.
    Nothing {
        of: usize,
    },
    Rule {
        x: f32,
        y: f32,
        width: f32,
        thickness: f32,
    },
    Shade {
        x: f32,
        y: f32,
        width: f32,
        height: f32,
    },
}

/// A document on pages.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages {
    pub(crate) pages: Vec<Vec<Mark>>,
    pub(crate) nodes: Vec<Node>,
    /// Numbers of the parts that are within no other.
    pub(crate) roots: Vec<usize>,
    /// Headings with their page and height on it.
    pub(crate) outline: Vec<(String, usize, f32)>,
}

/// Lays out a document.
pub(crate) fn lay_out(document: &Document, faces: &Faces) -> Pages {
    let mut layout = Layout { faces, made: Pages::default(), y: TOP };
    layout.made.pages.push(Vec::new());
    for block in &document.blocks {
        layout.block(block);
    }
    layout.made
}

struct Layout<'f> {
    faces: &'f Faces,
    made: Pages,
    y: f32,
}

impl Layout<'_> {
    fn block(&mut self, block: &Block) {
        match block {
            Block::Title(text) => {
                let of = self.root(Part::Title(text.clone()));
                self.mark_outline(text);
                self.paragraph(&Text::bold(text), TITLE, Ink::Full, of);
                self.y += 4.0;
            }
            Block::Heading(text) => {
                self.y += 12.0;
                self.room(KEPT_WITH_HEADING);
                let of = self.root(Part::Heading(text.clone()));
                self.mark_outline(text);
                self.paragraph(&Text::bold(text), HEADING, Ink::Full, of);
                self.y += 3.0;
            }
            Block::Text(text) => {
                let of = self.root(Part::Paragraph);
                self.paragraph(text, BODY, Ink::Full, of);
                self.y += 5.0;
            }
            Block::Note(text) => {
                let of = self.root(Part::Paragraph);
                self.paragraph(text, SMALL, Ink::Soft, of);
                self.y += 4.0;
            }
            Block::Alert(alerts) => self.alerts(alerts),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(table) => self.table(table),
            Block::Signature(words) => self.signature(words),
        }
    }

    fn part(&mut self, part: Part) -> usize {
        self.made.nodes.push(Node { part, within: Vec::new() });
        self.made.nodes.len() - 1
    }

    fn root(&mut self, part: Part) -> usize {
        let number = self.part(part);
        self.made.roots.push(number);
        number
    }

    fn child(&mut self, of: usize, part: Part) -> usize {
        let number = self.part(part);
        if let Some(node) = self.made.nodes.get_mut(of) {
            node.within.push(number);
        }
        number
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.made.pages.last_mut() {
            page.push(mark);
        }
    }

    fn mark_outline(&mut self, text: &str) {
        let page = self.made.pages.len() - 1;
        self.made.outline.push((text.to_owned(), page, self.y));
    }

    fn new_page(&mut self) {
        self.made.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Goes to the next page unless there is so much room.
    fn room(&mut self, height: f32) {
        if self.y + height > BOTTOM && self.y > TOP {
            self.new_page();
        }
    }

    fn set(&self, text: &Text, size: f32, width: f32) -> Vec<Line> {
        let shown = Text(
            text.0
                .iter()
                .map(|span| Span { text: self.faces.showable(&span.text), is_bold: span.is_bold })
                .collect(),
        );
        lines(&shown, width, &|c, is_bold| self.faces.width(c, is_bold) * size)
    }

    fn line(&mut self, line: &Line, (x, y): (f32, f32), size: f32, ink: Ink, of: Option<usize>) {
        let mut x = x;
        for span in &line.0 {
            let advance: f32 =
                span.text.chars().map(|c| self.faces.width(c, span.is_bold)).sum::<f32>() * size;
            let y = y + size * ASCENT;
            self.mark(Mark::Words { x, y, size, ink, span: span.clone(), of });
            x += advance;
        }
    }

    fn paragraph(&mut self, text: &Text, size: f32, ink: Ink, of: usize) {
        for line in self.set(text, size, WIDTH) {
            self.room(size * LEADING);
            self.line(&line, (MARGIN, self.y), size, ink, Some(of));
            self.y += size * LEADING;
        }
    }

    /// Lines on a ground of their own, with a bar at the left.
    fn alerts(&mut self, alerts: &[Text]) {
        let inner = WIDTH - 18.0;
        let all: Vec<Vec<Line>> = alerts.iter().map(|text| self.set(text, BODY, inner)).collect();
        let count: usize = all.iter().map(Vec::len).sum();
        let height = count as f32 * BODY * LEADING + 2.0 * PAD;
        self.y += 3.0;
        self.room(height);
        // What is higher than a page goes without its ground.
        if self.y + height <= BOTTOM {
            self.mark(Mark::Shade { x: MARGIN, y: self.y, width: WIDTH, height });
            self.mark(Mark::Rule {
                x: MARGIN,
                y: self.y + height / 2.0,
                width: 4.0,
                thickness: height,
            });
        }
        self.y += PAD;
        for text in &all {
            let of = self.root(Part::Paragraph);
            for line in text {
                self.room(BODY * LEADING);
                self.line(line, (MARGIN + 12.0, self.y), BODY, Ink::Full, Some(of));
                self.y += BODY * LEADING;
            }
        }
        self.y += PAD + 4.0;
    }

    /// Labels and values as a table without a head and lines.
    fn facts(&mut self, facts: &[(String, Text)]) {
        let rows = facts.iter().map(|(label, text)| vec![Text::from(label), text.clone()]);
        let table = self.root(Part::Table);
        let widths = [WIDTH * 0.28, WIDTH * 0.72];
        for row in rows {
            let of = self.child(table, Part::Row);
            self.row(&row, &widths, of, None);
        }
        self.y += 4.0;
    }

    fn table(&mut self, table: &Table) {
        let shares: f32 = table.columns.iter().map(|column| f32::from(column.share)).sum();
        let widths: Vec<f32> = table
            .columns
            .iter()
            .map(|column| WIDTH * f32::from(column.share) / shares.max(1.0))
            .collect();
        let root = self.root(Part::Table);
        let head = self.child(root, Part::Row);
        let of: Vec<usize> =
            table.columns.iter().map(|_| self.child(head, Part::ColumnHead)).collect();
        let height = self.head_height(&table.columns, &widths);
        self.room(height + 2.0 * CELL * LEADING + 2.0 * PAD);
        self.head(&table.columns, &widths, Some(&of));
        for row in &table.rows {
            let of = self.child(root, Part::Row);
            self.row(row, &widths, of, Some((&table.columns, height)));
        }
        self.y += 6.0;
    }

    fn head_height(&self, columns: &[Column], widths: &[f32]) -> f32 {
        let heights = columns.iter().zip(widths).map(|(column, width)| {
            self.set(&Text::bold(&column.label), SMALL, width - 2.0 * PAD).len()
        });
        heights.max().unwrap_or(1) as f32 * SMALL * LEADING + PAD
    }

    /// The head of a table; with its parts the first time, and without them where it is repeated.
    fn head(&mut self, columns: &[Column], widths: &[f32], of: Option<&[usize]>) {
        let height = self.head_height(columns, widths);
        let mut x = MARGIN;
        for (at, (column, width)) in columns.iter().zip(widths).enumerate() {
            let of = of.and_then(|all| all.get(at)).copied();
            let set = self.set(&Text::bold(&column.label), SMALL, width - 2.0 * PAD);
            for (number, line) in set.iter().enumerate() {
                let y = self.y + number as f32 * SMALL * LEADING;
                self.line(line, (x + PAD, y), SMALL, Ink::Soft, of);
            }
            x += width;
        }
        self.y += height;
        self.mark(Mark::Rule { x: MARGIN, y: self.y, width: WIDTH, thickness: 1.0 });
    }

    /// One row, on several pages when it must. `head` is drawn again on each new page.
    fn row(&mut self, cells: &[Text], widths: &[f32], of: usize, head: Option<(&[Column], f32)>) {
        let bold_first = cells.iter().enumerate().map(|(at, text)| match at {
            0 => text.all_bold(),
            _ => text.clone(),
        });
        let set: Vec<Vec<Line>> = bold_first
            .zip(widths)
            .map(|(text, width)| self.set(&text, CELL, width - 2.0 * PAD))
            .collect();
        let parts: Vec<usize> = (0..set.len())
            .map(|at| self.child(of, if at == 0 { Part::RowHead } else { Part::Cell }))
            .collect();
        let leading = CELL * LEADING;
        let count = set.iter().map(Vec::len).max().unwrap_or(1);
        let whole = BOTTOM - TOP - head.map_or(0.0, |(_, height)| height) - 2.0 * PAD;
        let (mut done, mut left, mut is_fresh) = (0, count, false);
        while left > 0 {
            let needed = left as f32 * leading + 2.0 * PAD;
            let room = ((BOTTOM - self.y - 2.0 * PAD) / leading).floor().max(0.0) as usize;
            let is_split = left as f32 * leading > whole;
            let now = if self.y + needed <= BOTTOM + SLACK {
                left
            } else if is_split || is_fresh {
                room.max(usize::from(is_fresh)).min(left)
            } else {
                0
            };
            if now > 0 {
                self.some_lines(&set, widths, &parts, (done, now));
                self.y += now as f32 * leading + 2.0 * PAD;
                self.mark(Mark::Rule { x: MARGIN, y: self.y, width: WIDTH, thickness: 0.4 });
                (done, left) = (done + now, left - now);
            }
            if left > 0 {
                self.new_page();
                // Whatever does not fit on a page of its own is set as far as it goes.
                is_fresh = true;
                if let Some((columns, _)) = head {
                    self.head(columns, widths, None);
                }
            }
        }
    }

    /// Lines of a row's cells, `count` from `first` on.
    fn some_lines(
        &mut self,
        set: &[Vec<Line>],
        widths: &[f32],
        parts: &[usize],
        (first, count): (usize, usize),
    ) {
        let mut x = MARGIN;
        for ((cell, width), of) in set.iter().zip(widths).zip(parts) {
            let is_empty = cell.iter().all(|line| line.0.is_empty());
            if first == 0 && is_empty {
                self.mark(Mark::Nothing { of: *of });
            }
            for (number, line) in cell.iter().skip(first).take(count).enumerate() {
                let y = self.y + PAD + number as f32 * CELL * LEADING;
                self.line(line, (x + PAD, y), CELL, Ink::Full, Some(*of));
            }
            x += width;
        }
    }

    fn signature(&mut self, words: &str) {
        self.y += 44.0;
        self.room(24.0);
        self.mark(Mark::Rule { x: MARGIN, y: self.y, width: WIDTH * 0.45, thickness: 0.8 });
        self.y += 3.0;
        let of = self.root(Part::Paragraph);
        self.paragraph(&Text::from(words), SMALL, Ink::Soft, of);
    }
}
