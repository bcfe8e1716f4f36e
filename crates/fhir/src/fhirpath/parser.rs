//! Tokens into a syntax tree, by precedence climbing.
//!
//! Function names, their number of arguments and type names are checked here, once, so that
//! evaluating needs no look-up.
//! Standard: <http://hl7.org/fhirpath/N1/#operator-precedence>, <http://hl7.org/fhirpath/N1/#grammar>

use super::ast::{Call, Expr, ExprKind, Logic, Math, Name, Operator, Order};
use super::decimal::Decimal;
use super::error::SyntaxError;
use super::functions::{self, Arguments};
use super::lexer::{Spanned, Token, tokens};
use super::names::Names;
use super::types::TypeSpecifier;
use super::units::CalendarUnit;
use super::value::{Quantity, Unit, Value};

/// Deepest syntax tree: every `.` and operator is a level.
pub(crate) const EXPRESSION_DEPTH_MAX: u16 = 200;

/// How tightly `is` and `as` bind; see [`binary`].
const TYPE_PRECEDENCE: u8 = 8;
const UNARY_PRECEDENCE: u8 = 11;

/// Reads a whole expression.
pub(crate) fn parse(source: &str) -> Result<Expr, SyntaxError> {
    let mut parser = Parser { tokens: tokens(source)?, at: 0, nesting: 0 };
    let expr = parser.expression(0)?;
    let next = parser.peek();
    if *next == Token::End {
        return Ok(expr);
    }
    let message = format!("Unexpected {}: the expression is complete before it.", describe(next));
    Err(SyntaxError::new(message, parser.start()))
}

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    nesting: u16,
}

fn describe(token: &Token) -> String {
    match token {
        Token::Word(word) | Token::Delimited(word) => format!("\"{word}\""),
        Token::Text(_) => "a text".to_owned(),
        Token::Number(digits) => format!("the number {digits}"),
        Token::Date(_) | Token::DateTime(_) | Token::Time(_) => "a date or time".to_owned(),
        Token::Dollar(word) => format!("\"${word}\""),
        Token::Symbol(symbol) => format!("\"{symbol}\""),
        Token::End => "the end of the expression".to_owned(),
    }
}

/// Precedence and operator of a symbol or word between two operands.
fn binary(token: &Token) -> Option<(u8, Operator)> {
    let text: &str = match token {
        Token::Word(word) => word,
        Token::Symbol(symbol) => symbol,
        Token::Delimited(_)
        | Token::Text(_)
        | Token::Number(_)
        | Token::Date(_)
        | Token::DateTime(_)
        | Token::Time(_)
        | Token::Dollar(_)
        | Token::End => return None,
    };
    Some(match text {
        "implies" => (1, Operator::Logic(Logic::Implies)),
        "or" => (2, Operator::Logic(Logic::Or)),
        "xor" => (2, Operator::Logic(Logic::Xor)),
        "and" => (3, Operator::Logic(Logic::And)),
        "in" => (4, Operator::In),
        "contains" => (4, Operator::Contains),
        "=" => (5, Operator::Equal),
        "~" => (5, Operator::Equivalent),
        "!=" => (5, Operator::NotEqual),
        "!~" => (5, Operator::NotEquivalent),
        "<" => (6, Operator::Order(Order::Less)),
        "<=" => (6, Operator::Order(Order::LessOrEqual)),
        ">" => (6, Operator::Order(Order::Greater)),
        ">=" => (6, Operator::Order(Order::GreaterOrEqual)),
        "|" => (7, Operator::Union),
        "+" => (9, Operator::Math(Math::Add)),
        "-" => (9, Operator::Math(Math::Subtract)),
        "&" => (9, Operator::Concatenate),
        "*" => (10, Operator::Math(Math::Multiply)),
        "/" => (10, Operator::Math(Math::Divide)),
        "div" => (10, Operator::Math(Math::Div)),
        "mod" => (10, Operator::Math(Math::Mod)),
        _ => return None,
    })
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).map_or(&Token::End, |spanned| &spanned.token)
    }

    fn start(&self) -> u32 {
        self.tokens.get(self.at).or(self.tokens.last()).map_or(0, |spanned| spanned.start)
    }

    /// End of the token before this one.
    fn end(&self) -> u32 {
        self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).map_or(0, |spanned| spanned.end)
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn symbol(&mut self, symbol: &'static str) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), SyntaxError> {
        if self.symbol(symbol) {
            return Ok(());
        }
        let message = format!("\"{symbol}\" is missing before {}.", describe(self.peek()));
        Err(SyntaxError::new(message, self.start()))
    }

    /// Closes a node, with its level in the tree.
    fn node(&self, kind: ExprKind, start: u32, below: u16) -> Result<Expr, SyntaxError> {
        if below >= EXPRESSION_DEPTH_MAX {
            let message = format!("The expression has more than {EXPRESSION_DEPTH_MAX} levels.");
            return Err(SyntaxError::new(message, start));
        }
        Ok(Expr { kind, start, end: self.end(), depth: below + 1 })
    }

    fn expression(&mut self, least: u8) -> Result<Expr, SyntaxError> {
        self.nesting += 1;
        if self.nesting > EXPRESSION_DEPTH_MAX {
            let message = format!("The expression has more than {EXPRESSION_DEPTH_MAX} levels.");
            return Err(SyntaxError::new(message, self.start()));
        }
        let mut left = self.unary()?;
        loop {
            if let Token::Word(word) = self.peek()
                && matches!(&**word, "is" | "as")
                && TYPE_PRECEDENCE > least
            {
                let is = &**word == "is";
                self.at += 1;
                let type_ = self.type_specifier()?;
                let (start, depth) = (left.start, left.depth);
                let operand = Box::new(left);
                let kind = if is {
                    ExprKind::Is { operand, type_ }
                } else {
                    ExprKind::As { operand, type_ }
                };
                left = self.node(kind, start, depth)?;
                continue;
            }
            let Some((precedence, operator)) = binary(self.peek()) else { break };
            if precedence <= least {
                break;
            }
            self.at += 1;
            let right = self.expression(precedence)?;
            let (start, depth) = (left.start, left.depth.max(right.depth));
            let kind = ExprKind::Binary { operator, left: Box::new(left), right: Box::new(right) };
            left = self.node(kind, start, depth)?;
        }
        self.nesting -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expr, SyntaxError> {
        let start = self.start();
        let negate = *self.peek() == Token::Symbol("-");
        if !negate && *self.peek() != Token::Symbol("+") {
            let term = self.term()?;
            return self.postfix(term);
        }
        self.at += 1;
        let operand = self.expression(UNARY_PRECEDENCE)?;
        let depth = operand.depth;
        let operand = Box::new(operand);
        let kind = if negate { ExprKind::Negate(operand) } else { ExprKind::Plus(operand) };
        self.node(kind, start, depth)
    }

    fn postfix(&mut self, mut base: Expr) -> Result<Expr, SyntaxError> {
        loop {
            let start = base.start;
            if self.symbol(".") {
                base = self.after_point(base, start)?;
            } else if self.symbol("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                let depth = base.depth.max(index.depth);
                let kind = ExprKind::At { base: Box::new(base), index: Box::new(index) };
                base = self.node(kind, start, depth)?;
            } else {
                return Ok(base);
            }
        }
    }

    fn after_point(&mut self, base: Expr, start: u32) -> Result<Expr, SyntaxError> {
        let at = self.start();
        let delimited = matches!(self.peek(), Token::Delimited(_));
        let name = self.identifier()?;
        if !delimited && self.symbol("(") {
            return self.call(&name, at, Some(base), start);
        }
        let depth = base.depth;
        let kind = ExprKind::Member { base: Box::new(base), name: named(name) };
        self.node(kind, start, depth)
    }

    fn call(
        &mut self,
        name: &str,
        at: u32,
        base: Option<Expr>,
        start: u32,
    ) -> Result<Expr, SyntaxError> {
        let Some(function) = functions::find(name) else {
            return Err(SyntaxError::new(functions::unknown(name), at));
        };
        let mut arguments = Vec::new();
        let mut type_argument = None;
        if function.arguments == Arguments::Type {
            type_argument = Some(self.type_specifier()?);
            self.expect(")")?;
        } else if !self.symbol(")") {
            loop {
                arguments.push(self.expression(0)?);
                if !self.symbol(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        if let Some(message) = function.wrong_count(arguments.len()) {
            return Err(SyntaxError::new(message, at));
        }
        let deepest = arguments.iter().chain(&base).map(|expr| expr.depth).max().unwrap_or(0);
        let call = Call { function, arguments: arguments.into(), type_argument };
        self.node(ExprKind::Call { base: base.map(Box::new), call }, start, deepest)
    }

    fn type_specifier(&mut self) -> Result<TypeSpecifier, SyntaxError> {
        let at = self.start();
        let mut name = self.identifier()?;
        let mut namespace = None;
        if self.symbol(".") {
            namespace = Some(name);
            name = self.identifier()?;
        }
        TypeSpecifier::find(namespace.as_deref(), &name).ok_or_else(|| {
            let message = format!("There is no type \"{name}\" in FHIR R4 or FHIRPath.");
            SyntaxError::new(message, at)
        })
    }

    fn identifier(&mut self) -> Result<Box<str>, SyntaxError> {
        let next = self.peek();
        if let Token::Word(name) | Token::Delimited(name) = next {
            let name = name.clone();
            self.at += 1;
            return Ok(name);
        }
        let message = format!("A name is expected, not {}.", describe(next));
        Err(SyntaxError::new(message, self.start()))
    }

    fn term(&mut self) -> Result<Expr, SyntaxError> {
        let start = self.start();
        let kind = match self.take() {
            Token::Symbol("(") => {
                let mut inner = self.expression(0)?;
                self.expect(")")?;
                inner.start = start;
                inner.end = self.end();
                return Ok(inner);
            }
            Token::Symbol("{") => {
                self.expect("}")?;
                ExprKind::Empty
            }
            Token::Symbol("%") => {
                let (Token::Word(name) | Token::Delimited(name) | Token::Text(name)) = self.take()
                else {
                    return Err(SyntaxError::new("A name must follow %.", start));
                };
                ExprKind::Variable(name)
            }
            Token::Dollar(word) => match &*word {
                "this" => ExprKind::This,
                "index" => ExprKind::Index,
                "total" => ExprKind::Total,
                _ => return Err(SyntaxError::new("Only $this, $index and $total exist.", start)),
            },
            Token::Text(text) => ExprKind::Literal(Value::String(String::from(text).into())),
            Token::Date(moment) => ExprKind::Literal(Value::Date(moment)),
            Token::DateTime(moment) => ExprKind::Literal(Value::DateTime(moment)),
            Token::Time(moment) => ExprKind::Literal(Value::Time(moment)),
            Token::Number(digits) => ExprKind::Literal(self.number(&digits, start)?),
            Token::Delimited(name) => ExprKind::Start(named(name)),
            Token::Word(word) => return self.word(word, start),
            other @ (Token::Symbol(_) | Token::End) => {
                let message = format!("A value or a path is expected, not {}.", describe(&other));
                return Err(SyntaxError::new(message, start));
            }
        };
        self.node(kind, start, 0)
    }

    fn word(&mut self, word: Box<str>, start: u32) -> Result<Expr, SyntaxError> {
        if self.symbol("(") {
            return self.call(&word, start, None, start);
        }
        let kind = match &*word {
            "true" => ExprKind::Literal(Value::Boolean(true)),
            "false" => ExprKind::Literal(Value::Boolean(false)),
            "and" | "or" | "xor" | "implies" | "div" | "mod" => {
                let message = format!("A value or a path is expected before \"{word}\".");
                return Err(SyntaxError::new(message, start));
            }
            _ => ExprKind::Start(named(word)),
        };
        self.node(kind, start, 0)
    }

    /// A number, or a quantity when a unit follows.
    fn number(&mut self, digits: &str, start: u32) -> Result<Value<'static>, SyntaxError> {
        let too_long = || SyntaxError::new("The number has too many digits.", start);
        let unit = match self.peek() {
            Token::Text(unit) => Some(Unit::Ucum(String::from(unit.clone()).into())),
            Token::Word(word) => CalendarUnit::named(word).map(Unit::Calendar),
            Token::Delimited(_)
            | Token::Number(_)
            | Token::Date(_)
            | Token::DateTime(_)
            | Token::Time(_)
            | Token::Dollar(_)
            | Token::Symbol(_)
            | Token::End => None,
        };
        if let Some(unit) = unit {
            self.at += 1;
            let value = Decimal::parse(digits).ok_or_else(too_long)?;
            return Ok(Value::Quantity(Box::new(Quantity { value, unit })));
        }
        if digits.contains('.') {
            return Decimal::parse(digits).map(Value::Decimal).ok_or_else(too_long);
        }
        digits.parse().map(Value::Integer).map_err(|_| too_long())
    }
}

fn named(text: Box<str>) -> Name {
    let number = Names::r4().number(&text);
    Name { text, number }
}
