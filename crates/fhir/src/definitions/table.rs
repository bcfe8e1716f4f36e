//! The form in which the definitions are kept: a flat binary table, compressed with zstd.
//!
//! `cargo xtask gen` fills [`Table`] and writes it with [`Table::to_bytes`]; the library reads it
//! with [`Table::from_bytes`] and links it (`link`). Numbers are LEB128, texts and lists carry their
//! length first; nothing is stored that can be derived (paths, children, resource numbers).
//! Not here: where the facts come from (`xtask/src/gen`).

use super::SearchKind;

/// The whole table. References between its parts are positions in its lists.
#[derive(Debug, Default, PartialEq)]
pub struct Table {
    /// Ordered by name.
    pub types: Vec<TypeRow>,
    /// Ordered by url.
    pub code_sets: Vec<CodeSetRow>,
    /// Ordered by url.
    pub search_parameters: Vec<SearchParameterRow>,
    /// Ordered by code.
    pub compartments: Vec<CompartmentRow>,
    /// Ordered by url.
    pub operations: Vec<OperationRow>,
}

/// A type with its elements.
#[derive(Debug, Default, PartialEq)]
pub struct TypeRow {
    /// `Patient`.
    pub name: String,
    /// 0 primitive, 1 complex, 2 resource.
    pub kind: u16,
    /// Position of the type it specialises.
    pub base: Option<u16>,
    /// No instance may be of exactly this type.
    pub is_abstract: bool,
    /// The root first, then parents before children, as in the snapshot.
    pub elements: Vec<ElementRow>,
}

/// An element.
#[derive(Debug, Default, PartialEq)]
pub struct ElementRow {
    /// 0 for the root.
    pub depth: u16,
    /// Last step of the path without `[x]`.
    pub name: String,
    /// Smallest count.
    pub min: u32,
    /// Largest count, `None` for `*`.
    pub max: Option<u32>,
    /// The path ends in `[x]`.
    pub is_choice: bool,
    /// In the summary.
    pub is_summary: bool,
    /// Changes the meaning of what holds it.
    pub is_modifier: bool,
    /// Positions of its types (those of the element it points to, for a content reference).
    pub types: Vec<u16>,
    /// Content reference: position of the element among all elements of all types.
    pub content: Option<u16>,
    /// Required binding: position of the code set.
    pub required_codes: Option<u16>,
    /// Positions of the target types of a reference or canonical; empty for any.
    pub targets: Vec<u16>,
}

/// An enumerated value set.
#[derive(Debug, Default, PartialEq)]
pub struct CodeSetRow {
    /// Canonical url without version.
    pub url: String,
    /// Code systems that the codes come from.
    pub systems: Vec<String>,
    /// `(position in systems, code)`, ordered by code and then system.
    pub codes: Vec<(u16, String)>,
}

/// A search parameter.
#[derive(Debug, Default, PartialEq)]
pub struct SearchParameterRow {
    /// Canonical url.
    pub url: String,
    /// As in the URL.
    pub code: String,
    /// Position in [`SEARCH_KINDS`].
    pub kind: u16,
    /// Positions of the types it applies to.
    pub base: Vec<u16>,
    /// FHIRPath.
    pub expression: String,
    /// Positions of the target types.
    pub targets: Vec<u16>,
    /// `(definition url, expression)`.
    pub components: Vec<(String, String)>,
}

/// A compartment.
#[derive(Debug, Default, PartialEq)]
pub struct CompartmentRow {
    /// `Patient`.
    pub code: String,
    /// `(position of the type, parameter codes)`.
    pub members: Vec<(u16, Vec<String>)>,
}

/// An operation.
#[derive(Debug, Default, PartialEq)]
pub struct OperationRow {
    /// Canonical url.
    pub url: String,
    /// Without `$`.
    pub code: String,
    /// Invoked on the whole system.
    pub system: bool,
    /// Invoked on a type.
    pub on_type: bool,
    /// Invoked on an instance.
    pub instance: bool,
    /// Changes content (POST only).
    pub affects_state: bool,
    /// Positions of the resource types.
    pub resources: Vec<u16>,
}

/// The order in which search kinds are numbered in the table, with the standard's words.
pub const SEARCH_KINDS: [(&str, SearchKind); 9] = [
    ("number", SearchKind::Number),
    ("date", SearchKind::Date),
    ("string", SearchKind::String),
    ("token", SearchKind::Token),
    ("reference", SearchKind::Reference),
    ("composite", SearchKind::Composite),
    ("quantity", SearchKind::Quantity),
    ("uri", SearchKind::Uri),
    ("special", SearchKind::Special),
];

impl Table {
    /// The table as bytes, not yet compressed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.put(&mut out);
        out
    }

    /// Reads what [`Table::to_bytes`] wrote; `None` when the bytes are not a whole table.
    pub fn from_bytes(mut bytes: &[u8]) -> Option<Self> {
        let table = Self::get(&mut bytes)?;
        bytes.is_empty().then_some(table)
    }
}

/// How a value is written and read back.
trait Wire: Sized {
    fn put(&self, out: &mut Vec<u8>);
    fn get(bytes: &mut &[u8]) -> Option<Self>;
}

impl Wire for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        let mut value = 0u32;
        for shift in (0..32).step_by(7) {
            let (byte, rest) = bytes.split_first()?;
            *bytes = rest;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }
}

impl Wire for u16 {
    fn put(&self, out: &mut Vec<u8>) {
        u32::from(*self).put(out);
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        u16::try_from(u32::get(bytes)?).ok()
    }
}

impl Wire for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        Some(u32::get(bytes)? == 1)
    }
}

impl Wire for String {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        out.extend_from_slice(self.as_bytes());
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        let length = u32::get(bytes)? as usize;
        let (text, rest) = bytes.split_at_checked(length)?;
        *bytes = rest;
        std::str::from_utf8(text).ok().map(String::from)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        if bool::get(bytes)? { Some(Some(T::get(bytes)?)) } else { Some(None) }
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u32).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        let length = u32::get(bytes)?;
        (0..length).map(|_| T::get(bytes)).collect()
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn get(bytes: &mut &[u8]) -> Option<Self> {
        Some((A::get(bytes)?, B::get(bytes)?))
    }
}

macro_rules! rows {
    ($($row:ident { $($field:ident),* })*) => {$(
        impl Wire for $row {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$field.put(out);)*
            }

            fn get(bytes: &mut &[u8]) -> Option<Self> {
                Some(Self { $($field: Wire::get(bytes)?),* })
            }
        }
    )*};
}

rows! {
    Table { types, code_sets, search_parameters, compartments, operations }
    TypeRow { name, kind, base, is_abstract, elements }
    ElementRow {
        depth, name, min, max, is_choice, is_summary, is_modifier, types, content, required_codes,
        targets
    }
    CodeSetRow { url, systems, codes }
    SearchParameterRow { url, code, kind, base, expression, targets, components }
    CompartmentRow { code, members }
    OperationRow { url, code, system, on_type, instance, affects_state, resources }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_cut_bytes_are_refused() {
        let element = ElementRow { name: "code".into(), max: Some(300), ..ElementRow::default() };
        let table = Table {
            types: vec![TypeRow {
                name: "Patient".into(),
                elements: vec![element],
                ..TypeRow::default()
            }],
            ..Table::default()
        };
        let bytes = table.to_bytes();
        assert_eq!(Table::from_bytes(&bytes), Some(table));
        for end in 0..bytes.len() {
            assert_eq!(Table::from_bytes(&bytes[..end]), None);
        }
    }
}
