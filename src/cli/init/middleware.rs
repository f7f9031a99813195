//! A Next.js `middleware.ts` or `proxy.ts` that uses `createRouteMatcher`, as lists and rules of a policy.
//!
//! Read are the matchers with literal patterns, under whatever name Clerk's functions were imported, and in the function that
//! `clerkMiddleware` gets the statements that say what a match
//! asks for: `protect`, a redirect to sign in, a comparison of a claim, or to let it pass. Whatever else stands there is named with
//! its place and not carried over: a policy that is stricter than the middleware is noticed, one that is laxer is not.

use std::{collections::BTreeMap, ops::Range, path::Path};

use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, Declaration, Expression, LogicalOperator, ObjectExpression, ObjectPropertyKind, Program, Statement,
    UnaryOperator, VariableDeclaration, VariableDeclarationKind,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan, SourceType, Span};

use super::{
    effect::{self, Effect},
    names::{Names, Shadows, exported},
};
use crate::cli::{
    read_text,
    source::{Fault, Place, SourceFile},
};

/// What became of a middleware.
#[derive(Debug, Default)]
pub(super) struct Imported {
    pub public: Vec<String>,
    pub protected: Vec<String>,
    /// Patterns, and what they require: an inline table.
    pub rules: Vec<(Vec<String>, String)>,
    pub sign_in_url: Option<String>,
    pub sign_up_url: Option<String>,
    /// What was not carried over, with its place.
    pub left: Vec<(Place, String)>,
    /// What is different here and needs no work.
    pub notes: Vec<String>,
}

/// Reads a middleware.
pub(super) fn read(path: &Path) -> Result<Imported, Fault> {
    let source = read_text(path)?;
    let kind = SourceType::from_path(path)
        .map_err(|_| Fault::new(format!("`{}` is no JavaScript or TypeScript by its name", source.name)))?;
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &source.text, kind).parse();
    if let Some(error) = parsed.errors.first() {
        let label = error.labels.as_ref().and_then(|labels| labels.first());
        let span = label.map_or(0..0, |label| label.offset()..label.offset() + label.len());
        return Err(Fault::new(format!("`{}` cannot be parsed: {}", source.name, error.message)).at(source.place(&span)));
    }
    let mut reader = Reader {
        source: &source,
        names: Names::read(&parsed.program),
        imported: Imported::default(),
        matchers: BTreeMap::new(),
        closes: false,
        opens: false,
    };
    reader.program(&parsed.program);
    Ok(reader.finish())
}

/// A variable that holds a matcher.
struct Matcher {
    patterns: Vec<String>,
    span: Span,
    is_used: bool,
}

struct Reader<'s> {
    source: &'s SourceFile,
    names: Names,
    imported: Imported,
    matchers: BTreeMap<String, Matcher>,
    /// Whether what no matcher names is protected.
    closes: bool,
    /// Whether what no matcher names is let through before that.
    opens: bool,
}

/// What a condition says about the path.
struct Condition {
    /// The matchers, and whether they must not match.
    matchers: Vec<(String, bool)>,
}

impl Reader<'_> {
    fn leave(&mut self, span: Span, what: impl Into<String>) {
        let span: Range<usize> = span.start as usize..span.end as usize;
        self.imported.left.push((self.source.place(&span), what.into()));
    }

    fn program(&mut self, program: &Program<'_>) {
        for statement in &program.body {
            match statement {
                Statement::VariableDeclaration(declaration) => self.variables(declaration),
                Statement::ExportNamedDeclaration(export) => {
                    if let Some(Declaration::VariableDeclaration(declaration)) = &export.declaration {
                        self.variables(declaration);
                    }
                }
                _ => {}
            }
        }
        match exported(program).filter(|call| self.names.of_call(call) == Some("clerkMiddleware")) {
            Some(call) => self.middleware(call),
            None => {
                let what = "there is no `export default clerkMiddleware(…)` of Clerk's, so no matcher is put to use";
                self.leave(Span::new(0, 0), what);
            }
        }
    }

    fn variables(&mut self, declaration: &VariableDeclaration<'_>) {
        for variable in &declaration.declarations {
            let Some(name) = variable.id.get_binding_identifier().map(|name| name.name.to_string()) else { continue };
            match variable.init.as_ref().map(Expression::get_inner_expression) {
                Some(Expression::CallExpression(call)) if self.names.of_call(call) == Some("createRouteMatcher") => {
                    if declaration.kind != VariableDeclarationKind::Const {
                        self.leave(variable.span, "a matcher that is no `const` may be another one when it is asked");
                        continue;
                    }
                    let patterns = self.patterns(call);
                    self.matchers.insert(name, Matcher { patterns, span: variable.span, is_used: false });
                }
                Some(Expression::CallExpression(call)) if call.callee_name() == Some("createRouteMatcher") => {
                    self.leave(
                        variable.span,
                        "this `createRouteMatcher` is not imported from Clerk, so what it matches is not known",
                    );
                }
                Some(_) if name == "config" => {
                    let note = "`config.matcher` is not carried over: the gate is asked for every request of its route";
                    self.imported.notes.push(note.to_owned());
                }
                _ => {}
            }
        }
    }

    fn patterns(&mut self, call: &CallExpression<'_>) -> Vec<String> {
        let mut patterns = Vec::new();
        let argument = call.arguments.first().and_then(Argument::as_expression).map(Expression::get_inner_expression);
        match argument {
            Some(Expression::ArrayExpression(list)) => {
                for element in &list.elements {
                    match element.as_expression().and_then(written_out) {
                        Some(pattern) => patterns.push(pattern),
                        None => {
                            self.leave(element.span(), "only patterns that are written out are read, and no regular expressions");
                        }
                    }
                }
            }
            Some(one) if written_out(one).is_some() => patterns.extend(written_out(one)),
            _ => self.leave(call.span, "a matcher that is no list of patterns is not read"),
        }
        patterns
    }

    fn middleware(&mut self, call: &CallExpression<'_>) {
        for (name, span) in Shadows::of(self.matchers.keys(), call) {
            self.matchers.remove(&name);
            self.leave(span, "this name is that of a matcher and means something else here");
        }
        for argument in &call.arguments {
            let body = match argument {
                Argument::ArrowFunctionExpression(function) => Some(&function.body),
                Argument::FunctionExpression(function) => function.body.as_ref(),
                Argument::ObjectExpression(options) => {
                    self.options(options);
                    continue;
                }
                other => {
                    self.leave(other.span(), "what is not written here in `clerkMiddleware(…)` is not read");
                    continue;
                }
            };
            for statement in body.iter().flat_map(|body| &body.statements) {
                self.statement(statement);
            }
        }
    }

    fn options(&mut self, options: &ObjectExpression<'_>) {
        for property in &options.properties {
            let ObjectPropertyKind::ObjectProperty(property) = property else { continue };
            let text = if let Expression::StringLiteral(text) = &property.value { Some(text.value.to_string()) } else { None };
            match (property.key.static_name().as_deref(), text) {
                (Some("signInUrl"), Some(url)) => self.imported.sign_in_url = Some(url),
                (Some("signUpUrl"), Some(url)) => self.imported.sign_up_url = Some(url),
                _ => self.leave(property.span, "this option is not carried over; see docs/settings.md"),
            }
        }
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        match statement {
            Statement::IfStatement(branch) => {
                let effect = effect::of_branch(&branch.test, &branch.consequent);
                let is_plain = branch.alternate.is_none();
                match self.condition(&branch.test) {
                    Some(condition) if is_plain => self.apply(branch.span, &condition, &effect),
                    _ => self.leave(branch.span, "this condition is not understood"),
                }
            }
            Statement::ExpressionStatement(expression) => self.expression(&expression.expression, expression.span),
            // Looking at who asks decides nothing yet.
            Statement::VariableDeclaration(_) => {}
            Statement::ReturnStatement(end) => {
                if !effect::lets_pass(end) {
                    self.leave(end.span, "an answer that the middleware makes itself is not carried over");
                }
            }
            other => self.leave(other.span(), "this statement is not understood"),
        }
    }

    fn expression(&mut self, expression: &Expression<'_>, span: Span) {
        let mut expression = expression.get_inner_expression();
        while let Expression::AwaitExpression(inner) = expression {
            expression = inner.argument.get_inner_expression();
        }
        match expression {
            Expression::LogicalExpression(both) if both.operator != LogicalOperator::Coalesce => {
                let effect = effect::of_expression(&both.right);
                let condition = self.condition(&both.left).map(|condition| match both.operator {
                    LogicalOperator::Or => {
                        Condition { matchers: condition.matchers.into_iter().map(|(name, not)| (name, !not)).collect() }
                    }
                    _ => condition,
                });
                match condition {
                    Some(condition) => self.apply(span, &condition, &effect),
                    None => self.leave(span, "this condition is not understood"),
                }
            }
            other => match effect::of_expression(other) {
                Effect::Protect => self.closes = true,
                Effect::Nothing => {}
                _ => self.leave(span, "what is asked of every path is not carried over; write it as a rule"),
            },
        }
    }

    fn apply(&mut self, span: Span, condition: &Condition, effect: &Effect) {
        let names: Vec<&str> = condition.matchers.iter().map(|(name, _)| name.as_str()).collect();
        for name in &names {
            if let Some(matcher) = self.matchers.get_mut(*name) {
                matcher.is_used = true;
            }
        }
        let matched = |reader: &Self| -> Vec<String> {
            names.iter().filter_map(|name| reader.matchers.get(*name)).flat_map(|matcher| matcher.patterns.clone()).collect()
        };
        let are_negated = condition.matchers.iter().all(|(_, not)| *not);
        let are_plain = condition.matchers.iter().all(|(_, not)| !*not);
        match effect {
            Effect::Protect if names.is_empty() => self.closes = true,
            Effect::Protect if are_negated => {
                let patterns = matched(self);
                self.imported.public.extend(patterns);
                self.closes = true;
            }
            Effect::Protect if are_plain => {
                let patterns = matched(self);
                self.imported.protected.extend(patterns);
            }
            Effect::Require(table) if are_plain && !names.is_empty() => {
                let patterns = matched(self);
                self.imported.rules.push((patterns, table.clone()));
            }
            // What passes here after everything has been protected passes for users only.
            Effect::Pass if are_plain && !names.is_empty() && self.closes => {}
            Effect::Pass if are_plain && !names.is_empty() => {
                let patterns = matched(self);
                self.imported.public.extend(patterns);
            }
            Effect::Pass if are_negated && !names.is_empty() => {
                let patterns = matched(self);
                self.imported.protected.extend(patterns);
                self.opens = true;
            }
            _ => self.leave(span, "what happens here is not understood"),
        }
    }

    /// Matchers, joined by `&&` where they are negated and by `||` where they are not; beside them whether somebody is signed in.
    fn condition(&self, test: &Expression<'_>) -> Option<Condition> {
        let mut matchers = Vec::new();
        self.collect(test.get_inner_expression(), false, &mut matchers).then_some(Condition { matchers })
    }

    fn collect(&self, test: &Expression<'_>, not: bool, found: &mut Vec<(String, bool)>) -> bool {
        match test.get_inner_expression() {
            Expression::CallExpression(call) => match call.callee_name() {
                Some(name) if self.matchers.contains_key(name) && matches!(call.callee, Expression::Identifier(_)) => {
                    found.push((name.to_owned(), not));
                    true
                }
                _ => false,
            },
            Expression::UnaryExpression(unary) if unary.operator == UnaryOperator::LogicalNot => {
                // `!userId` beside a matcher: `protect` asks the same.
                (effect::is_identity(&unary.argument) && !not) || self.collect(&unary.argument, !not, found)
            }
            Expression::LogicalExpression(both) => {
                let from = found.len();
                let is_read = self.collect(&both.left, not, found);
                let between = found.len();
                let is_read = is_read && self.collect(&both.right, not, found);
                // `!(a || b)` is `!a && !b`.
                let is_and = (both.operator == LogicalOperator::And) != not;
                let are_negated = found[from..].iter().all(|(_, not)| *not);
                let are_plain = found[from..].iter().all(|(_, not)| !*not);
                let is_one = found.len() - from <= 1;
                // Who asks narrows a condition down beside a matcher; instead of one it would widen it.
                let names_both = between > from && found.len() > between;
                is_read && if is_and { are_negated || is_one } else { are_plain && names_both }
            }
            // A role is looked at beside the matcher: the effect says which.
            other => !not && effect::comparison(other).is_some(),
        }
    }

    fn finish(mut self) -> Imported {
        let unused: Vec<Span> = self.matchers.values().filter(|matcher| !matcher.is_used).map(|matcher| matcher.span).collect();
        for span in unused {
            self.leave(span, "no condition that is understood here asks this matcher");
        }
        if self.imported.rules.len() > 1 {
            let what = "of several rules that match the first decides here, where the middleware asks them all: check rules that overlap";
            self.imported.left.push((Place::file(self.source.name.clone()), what.to_owned()));
        }
        if self.opens || !self.closes {
            let what =
                "the middleware lets paths through that no matcher names; here they are protected: name those that are public";
            self.imported.notes.push(what.to_owned());
        }
        self.imported
    }
}

/// A text that stands there, in quotes or in backticks.
fn written_out(expression: &Expression<'_>) -> Option<String> {
    match expression.get_inner_expression() {
        Expression::StringLiteral(text) => Some(text.value.to_string()),
        Expression::TemplateLiteral(text) => text.single_quasi().map(|text| text.to_string()),
        _ => None,
    }
}
