//! What a branch of a middleware does to a request: protect it, ask for a role, let it pass.

use oxc_ast::ast::{
    Argument, BinaryExpression, BinaryOperator, CallExpression, ChainElement, Expression, ObjectPropertyKind, ReturnStatement,
    Statement, StaticMemberExpression,
};
use oxc_ast_visit::{Visit, walk};

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Whoever is not signed in does not get on.
    Protect,
    /// And more is asked: an inline table of `require`.
    Require(String),
    /// The request goes on.
    Pass,
    /// Nothing that concerns access.
    Nothing,
    /// Something else.
    Other,
}

/// Of an `if`: what stands in the branch, and a role that the condition looks at.
pub(super) fn of_branch(test: &Expression<'_>, branch: &Statement<'_>) -> Effect {
    let mut seen = Seen::default();
    seen.visit_expression(test);
    seen.visit_statement(branch);
    seen.effect()
}

/// Of an expression alone.
pub(super) fn of_expression(expression: &Expression<'_>) -> Effect {
    let mut seen = Seen::default();
    seen.visit_expression(expression);
    match seen.effect() {
        // An expression ends nothing.
        Effect::Pass => Effect::Nothing,
        effect => effect,
    }
}

/// `return`, `return NextResponse.next()`, and nothing in it.
pub(super) fn lets_pass(end: &ReturnStatement<'_>) -> bool {
    match end.argument.as_ref().map(Expression::get_inner_expression) {
        None => true,
        Some(Expression::CallExpression(call)) => call.callee_name() == Some("next") && call.arguments.is_empty(),
        Some(Expression::Identifier(name)) => name.name == "undefined",
        Some(_) => false,
    }
}

/// Whether somebody is signed in, as `auth()` says it.
pub(super) fn is_identity(expression: &Expression<'_>) -> bool {
    let known = ["userId", "sessionId", "isAuthenticated"];
    match expression.get_inner_expression() {
        Expression::Identifier(name) => known.contains(&name.name.as_str()),
        Expression::StaticMemberExpression(member) => known.contains(&member.property.name.as_str()),
        _ => false,
    }
}

/// `sessionClaims?.metadata?.role !== 'admin'`: what an admin's token says, as an inline table.
pub(super) fn comparison(expression: &Expression<'_>) -> Option<String> {
    let Expression::BinaryExpression(both) = expression.get_inner_expression() else { return None };
    of_comparison(both)
}

fn of_comparison(both: &BinaryExpression<'_>) -> Option<String> {
    if !matches!(both.operator, BinaryOperator::StrictInequality | BinaryOperator::Inequality) {
        return None;
    }
    let (member, value) = match (both.left.get_inner_expression(), both.right.get_inner_expression()) {
        (member, Expression::StringLiteral(value)) | (Expression::StringLiteral(value), member) => (member, value),
        _ => return None,
    };
    let mut path = Vec::new();
    claim_path(member, &mut path)?;
    let claim = path.join(".");
    Some(format!("{{ claim = {}, equals = {} }}", super::quoted(&claim), super::quoted(&value.value)))
}

/// The names behind `sessionClaims`.
fn claim_path(expression: &Expression<'_>, path: &mut Vec<String>) -> Option<()> {
    match expression.get_inner_expression() {
        Expression::Identifier(name) => (name.name == "sessionClaims" && !path.is_empty()).then_some(()),
        Expression::StaticMemberExpression(member) => of_member(member, path),
        Expression::ChainExpression(chain) => match &chain.expression {
            ChainElement::StaticMemberExpression(member) => of_member(member, path),
            _ => None,
        },
        _ => None,
    }
}

fn of_member(member: &StaticMemberExpression<'_>, path: &mut Vec<String>) -> Option<()> {
    let name = member.property.name.as_str();
    // `(await auth()).sessionClaims`
    if name == "sessionClaims" {
        return (!path.is_empty()).then_some(());
    }
    path.insert(0, name.to_owned());
    claim_path(&member.object, path)
}

/// What is found in a branch.
#[derive(Default)]
struct Seen {
    protects: Vec<Effect>,
    claims: Vec<String>,
    leads_away: bool,
    passes: bool,
    is_other: bool,
}

impl Seen {
    fn effect(&self) -> Effect {
        let leads_away = self.leads_away || self.protects.contains(&Effect::Protect);
        match (self.claims.as_slice(), self.protects.as_slice()) {
            _ if self.is_other => Effect::Other,
            ([claim], protects) if leads_away && protects.iter().all(|effect| *effect == Effect::Protect) => {
                Effect::Require(claim.clone())
            }
            ([], [effect]) => effect.clone(),
            ([], []) if self.leads_away => Effect::Protect,
            ([], []) if self.passes => Effect::Pass,
            ([], []) => Effect::Nothing,
            _ => Effect::Other,
        }
    }
}

impl<'a> Visit<'a> for Seen {
    fn visit_call_expression(&mut self, call: &CallExpression<'a>) {
        match call.callee_name() {
            Some("protect") => self.protects.push(protect(call)),
            Some("redirectToSignIn") => self.leads_away = true,
            // An answer of the middleware's own, of which only a refusal is the gate's.
            Some("redirect") => self.leads_away = true,
            Some("rewrite" | "json") => self.is_other = true,
            _ => {}
        }
        walk::walk_call_expression(self, call);
    }

    fn visit_binary_expression(&mut self, both: &BinaryExpression<'a>) {
        match of_comparison(both) {
            Some(claim) => self.claims.push(claim),
            None => walk::walk_binary_expression(self, both),
        }
    }

    fn visit_return_statement(&mut self, end: &ReturnStatement<'a>) {
        if lets_pass(end) {
            self.passes = true;
        }
        walk::walk_return_statement(self, end);
    }
}

/// `protect()`, or with a role or a permission.
fn protect(call: &CallExpression<'_>) -> Effect {
    let Some(argument) = call.arguments.first() else { return Effect::Protect };
    let Argument::ObjectExpression(asked) = argument else { return Effect::Other };
    let mut members = Vec::new();
    for property in &asked.properties {
        let ObjectPropertyKind::ObjectProperty(property) = property else { return Effect::Other };
        match (property.key.static_name().as_deref(), &property.value) {
            (Some(name @ ("role" | "permission" | "feature" | "plan")), Expression::StringLiteral(value)) => {
                // Clerk takes the names of an organization with and without its prefix.
                let is_bare = matches!(name, "role" | "permission") && !value.value.starts_with("org:");
                let value = if is_bare { format!("org:{}", value.value) } else { value.value.to_string() };
                members.push(format!("{name} = {}", super::quoted(&value)));
            }
            // Where to is the gate's setting, and no matter of access.
            (Some("unauthenticatedUrl" | "unauthorizedUrl"), _) => {}
            _ => return Effect::Other,
        }
    }
    if members.is_empty() { Effect::Protect } else { Effect::Require(format!("{{ {} }}", members.join(", "))) }
}
