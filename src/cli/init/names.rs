//! What names mean in a file: Clerk's functions by their own names, by other ones, or as members of a namespace; and what the file
//! exports.
//!
//! Only what is imported from Clerk is Clerk's: a function of the same name from elsewhere may do anything.

use std::collections::{BTreeMap, BTreeSet};

use oxc_ast::ast::{
    Argument, BindingIdentifier, BindingPatternKind, CallExpression, Declaration, Expression, ImportDeclaration,
    ImportDeclarationSpecifier, Program, Statement, VariableDeclarator,
};
use oxc_ast_visit::Visit;
use oxc_span::Span;

/// The names of a file.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Here, and at Clerk.
    functions: BTreeMap<String, String>,
    /// What holds all of Clerk's functions.
    namespaces: BTreeSet<String>,
}

impl Names {
    /// Reads the imports of a file, and what it takes by `require`.
    pub(super) fn read(program: &Program<'_>) -> Self {
        let mut names = Self::default();
        for statement in &program.body {
            match statement {
                Statement::ImportDeclaration(import) if is_of_clerk(&import.source.value) => names.import(import),
                Statement::VariableDeclaration(declaration) => {
                    declaration.declarations.iter().for_each(|variable| names.require(variable));
                }
                _ => {}
            }
        }
        names
    }

    fn import(&mut self, import: &ImportDeclaration<'_>) {
        for specifier in import.specifiers.iter().flatten() {
            let local = specifier.local().name.to_string();
            match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(one) => {
                    self.functions.insert(local, one.imported.name().to_string());
                }
                // A default import of a CommonJS module is all of it.
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(_)
                | ImportDeclarationSpecifier::ImportDefaultSpecifier(_) => {
                    self.namespaces.insert(local);
                }
            }
        }
    }

    /// `const { clerkMiddleware: cm } = require('@clerk/nextjs/server')`, or `const clerk = …`.
    fn require(&mut self, variable: &VariableDeclarator<'_>) {
        let Some(Expression::CallExpression(call)) = &variable.init else { return };
        let Some(Argument::StringLiteral(module)) = call.arguments.first() else { return };
        if !call.callee.is_specific_id("require") || !is_of_clerk(&module.value) {
            return;
        }
        match &variable.id.kind {
            BindingPatternKind::BindingIdentifier(all) => {
                self.namespaces.insert(all.name.to_string());
            }
            BindingPatternKind::ObjectPattern(some) => {
                for property in &some.properties {
                    let local = property.value.get_binding_identifier().map(|local| local.name.to_string());
                    if let (Some(name), Some(local)) = (property.key.static_name(), local) {
                        self.functions.insert(local, name.into_owned());
                    }
                }
            }
            _ => {}
        }
    }

    /// Clerk's own name of the function that is called; `None`: it is not Clerk's.
    pub(super) fn of_call<'n>(&'n self, call: &'n CallExpression<'_>) -> Option<&'n str> {
        match call.callee.get_inner_expression() {
            Expression::Identifier(name) => self.functions.get(name.name.as_str()).map(String::as_str),
            Expression::StaticMemberExpression(member) => match member.object.get_inner_expression() {
                Expression::Identifier(all) if self.namespaces.contains(all.name.as_str()) => Some(member.property.name.as_str()),
                _ => None,
            },
            _ => None,
        }
    }
}

fn is_of_clerk(module: &str) -> bool {
    module.starts_with("@clerk/")
}

/// What the file hands to Next.js: the default export, or one of the names that Next.js looks for.
pub(super) fn exported<'p, 'a>(program: &'p Program<'a>) -> Option<&'p CallExpression<'a>> {
    const ENTRIES: [&str; 3] = ["default", "middleware", "proxy"];
    let mut calls = BTreeMap::new();
    let mut entry = None;
    for statement in &program.body {
        let declared = match statement {
            Statement::VariableDeclaration(declaration) => Some(declaration),
            Statement::ExportNamedDeclaration(export) => match &export.declaration {
                Some(Declaration::VariableDeclaration(declaration)) => Some(declaration),
                _ => None,
            },
            _ => None,
        };
        for variable in declared.iter().flat_map(|declaration| &declaration.declarations) {
            let name = variable.id.get_binding_identifier().map(|name| name.name.as_str());
            if let (Some(name), Some(Expression::CallExpression(call))) = (name, variable.init.as_ref()) {
                calls.insert(name, &**call);
            }
        }
        match statement {
            Statement::ExportDefaultDeclaration(export) => {
                match export.declaration.as_expression().map(Expression::get_inner_expression) {
                    Some(Expression::CallExpression(call)) => return Some(call),
                    Some(Expression::Identifier(name)) => entry = Some(name.name.as_str()),
                    _ => return None,
                }
            }
            Statement::ExportNamedDeclaration(export) => {
                let named = export.specifiers.iter().find(|one| ENTRIES.contains(&one.exported.name().as_str()));
                let declared = declared.iter().flat_map(|declaration| &declaration.declarations);
                let mut declared = declared.filter_map(|variable| Some(variable.id.get_binding_identifier()?.name.as_str()));
                let name = named.map(|one| one.local.name()).map(|name| name.as_str());
                entry = entry.or(name).or_else(|| declared.find(|name| ENTRIES.contains(name)));
            }
            _ => {}
        }
    }
    calls.get(entry?).copied()
}

/// Looks for names of matchers that something else has, inside the middleware.
pub(super) struct Shadows {
    names: Vec<String>,
    found: Vec<(String, Span)>,
}

impl Shadows {
    /// Those of these names that mean something else in the call's arguments, with the place.
    pub(super) fn of<'n>(names: impl Iterator<Item = &'n String>, call: &CallExpression<'_>) -> Vec<(String, Span)> {
        let mut shadows = Self { names: names.cloned().collect(), found: Vec::new() };
        shadows.visit_call_expression(call);
        shadows.found
    }
}

impl<'a> Visit<'a> for Shadows {
    fn visit_binding_identifier(&mut self, identifier: &BindingIdentifier<'a>) {
        if self.names.iter().any(|name| name == identifier.name.as_str()) {
            self.found.push((identifier.name.to_string(), identifier.span));
        }
    }
}
