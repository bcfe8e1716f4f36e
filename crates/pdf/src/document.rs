//! What stands in a document, without any thought of pages.

use akson_base::limits::{PDF_ROWS_MAX, PDF_TEXT_BYTES_MAX};
use akson_base::{Kind, Problem};

/// A document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// What it is: in the file's properties, and at the right of every page's head.
    pub title: String,
    /// Whom it is about: at the left of every page's head.
    pub about: String,
    /// When it was written and by whom: at the foot of every page.
    pub written: String,
    /// Words for the number of a page, with `{n}` and `{all}` in them.
    pub page_of: String,
    /// Language of the text (BCP 47): `nb`.
    pub language: String,
    /// When it was made.
    pub made: Moment,
    /// What stands there.
    pub blocks: Vec<Block>,
}

/// A moment in local time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Year.
    pub year: u16,
    /// Month, from 1.
    pub month: u8,
    /// Day, from 1.
    pub day: u8,
    /// Hour.
    pub hour: u8,
    /// Minute.
    pub minute: u8,
}

/// One piece of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    /// What the document is; once, at the beginning.
    Title(String),
    /// Heading of what follows.
    Heading(String),
    /// A paragraph; lines of it are kept.
    Text(Text),
    /// A paragraph of lesser weight.
    Note(Text),
    /// What must not be overlooked, a line each.
    Alert(Vec<Text>),
    /// Labels with what they are for this one.
    Facts(Vec<(String, Text)>),
    /// A table.
    Table(Table),
    /// A line to sign on, with words before it.
    Signature(String),
}

/// A table, whose head stands on each page that it goes over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The columns.
    pub columns: Vec<Column>,
    /// The rows, each with a cell for every column; the first one names the row.
    pub rows: Vec<Vec<Text>>,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its heading.
    pub label: String,
    /// Its part of the width, among those of the others.
    pub share: u16,
}

impl Column {
    /// A column.
    pub fn new(label: impl Into<String>, share: u16) -> Self {
        Self { label: label.into(), share }
    }
}

/// Some text, parts of it bold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub Vec<Span>);

/// A part of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The words.
    pub text: String,
    /// Whether they are bold.
    pub is_bold: bool,
}

impl Text {
    /// The text with this behind it.
    #[must_use]
    pub fn then(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span { text: text.into(), is_bold: false });
        self
    }

    /// The text with this behind it in bold.
    #[must_use]
    pub fn then_bold(mut self, text: impl Into<String>) -> Self {
        self.0.push(Span { text: text.into(), is_bold: true });
        self
    }

    /// Bold text.
    pub fn bold(text: impl Into<String>) -> Self {
        Self::default().then_bold(text)
    }

    /// The words alone.
    pub fn plain(&self) -> String {
        self.0.iter().map(|span| span.text.as_str()).collect()
    }

    /// Whether nothing stands there.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|span| span.text.is_empty())
    }

    pub(crate) fn all_bold(&self) -> Self {
        Self(self.0.iter().map(|span| Span { text: span.text.clone(), is_bold: true }).collect())
    }

    fn bytes(&self) -> usize {
        self.0.iter().map(|span| span.text.len()).sum()
    }
}

impl<T: Into<String>> From<T> for Text {
    fn from(text: T) -> Self {
        Self::default().then(text)
    }
}

impl Document {
    /// Refuses what is larger than a document may be: it is never cut.
    pub(crate) fn check(&self) -> Result<(), Problem> {
        let (mut rows, mut bytes) = (0, 0);
        for block in &self.blocks {
            match block {
                Block::Title(text) | Block::Heading(text) | Block::Signature(text) => {
                    bytes += text.len();
                }
                Block::Text(text) | Block::Note(text) => bytes += text.bytes(),
                Block::Alert(lines) => bytes += lines.iter().map(Text::bytes).sum::<usize>(),
                Block::Facts(facts) => {
                    rows += facts.len();
                    let of = |(label, text): &(String, Text)| label.len() + text.bytes();
                    bytes += facts.iter().map(of).sum::<usize>();
                }
                Block::Table(table) => {
                    rows += table.rows.len();
                    bytes += table.rows.iter().flatten().map(Text::bytes).sum::<usize>();
                }
            }
        }
        if rows <= PDF_ROWS_MAX && bytes <= PDF_TEXT_BYTES_MAX {
            return Ok(());
        }
        let text = format!(
            "A document for paper has at most {PDF_ROWS_MAX} rows and {PDF_TEXT_BYTES_MAX} bytes of \
             text. Choose a shorter list."
        );
        Err(Problem::new(Kind::TooLarge, "PDF-001", text))
    }
}
