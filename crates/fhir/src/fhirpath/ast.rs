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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Implies,
    Or,
    Xor,
    And,
    In,
    Contains,
    Equal,
    Equivalent,
    NotEqual,
    NotEquivalent,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Union,
    Add,
    Subtract,
    Concatenate,
    Multiply,
    Divide,
    Div,
    Mod,
}

impl Operator {
    /// How it is written.
    pub(crate) fn symbol(self) -> &'static str {
        match self {
            Operator::Implies => "implies",
            Operator::Or => "or",
            Operator::Xor => "xor",
            Operator::And => "and",
            Operator::In => "in",
            Operator::Contains => "contains",
            Operator::Equal => "=",
            Operator::Equivalent => "~",
            Operator::NotEqual => "!=",
            Operator::NotEquivalent => "!~",
            Operator::Less => "<",
            Operator::LessOrEqual => "<=",
            Operator::Greater => ">",
            Operator::GreaterOrEqual => ">=",
            Operator::Union => "|",
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Concatenate => "&",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Div => "div",
            Operator::Mod => "mod",
        }
    }
}
