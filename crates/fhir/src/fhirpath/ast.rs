//! The syntax tree of a FHIRPath expression, with names and functions already resolved.

use super::functions::Function;
use super::names::NameId;
use super::types::TypeSpecifier;
use super::value::Value;

/// One expression and where it stood in the source (byte offsets).
#[derive(Debug)]
pub(crate) struct Expr {
    pub(crate) kind: ExprKind,
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Levels below and including this one; bounded by the parser, so that recursion is.
    pub(crate) depth: u16,
}

#[derive(Debug)]
pub(crate) enum ExprKind {
    /// `{}`.
    Empty,
    Literal(Value<'static>),
    This,
    Index,
    Total,
    /// `%resource`, `` %`vs-x` ``: the name without the sign.
    Variable(Box<str>),
    /// An identifier that begins a path: the focus' own type, else its child.
    Start(Name),
    /// `base.name`.
    Member {
        base: Box<Expr>,
        name: Name,
    },
    /// `base.function(…)`; without a base the focus is the input.
    Call {
        base: Option<Box<Expr>>,
        call: Call,
    },
    /// `base[index]`.
    At {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    Negate(Box<Expr>),
    /// Unary plus: the operand must be a number.
    Plus(Box<Expr>),
    Binary {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Is {
        operand: Box<Expr>,
        type_: TypeSpecifier,
    },
    As {
        operand: Box<Expr>,
        type_: TypeSpecifier,
    },
}

/// An identifier.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: Box<str>,
    pub(crate) number: NameId,
}

/// A function with its arguments.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) function: &'static Function,
    pub(crate) arguments: Box<[Expr]>,
    /// The argument of `is`, `as` and `ofType`.
    pub(crate) type_argument: Option<TypeSpecifier>,
}

/// What stands between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Logic(Logic),
    In,
    Contains,
    Equal,
    Equivalent,
    NotEqual,
    NotEquivalent,
    Order(Order),
    Union,
    Concatenate,
    Math(Math),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Logic {
    Implies,
    Or,
    Xor,
    And,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Math {
    Add,
    Subtract,
    Multiply,
    Divide,
    Div,
    Mod,
}

impl Math {
    /// How it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Math::Add => "+",
            Math::Subtract => "-",
            Math::Multiply => "*",
            Math::Divide => "/",
            Math::Div => "div",
            Math::Mod => "mod",
        }
    }
}
