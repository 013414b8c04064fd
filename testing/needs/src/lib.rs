//! `#[needs(..)]`, for tests that need more of a machine than Rust.

use machine::{LEFT_OUT, Program};
use proc_macro::{TokenStream, TokenTree};
use std::env;

/// Ignores a test on machines that lack one of the programs it names.
///
/// ```text
/// #[needs(node, browser)]
/// #[tokio::test]
/// async fn page_shows_the_upgrade() { .. }
/// ```
///
/// The names are those of the crate `machine`. The build script of the test's package decides what
/// is missing, so it has to call `machine::tell_cargo`.
#[proc_macro_attribute]
pub fn needs(names: TokenStream, test: TokenStream) -> TokenStream {
    match reason(names, &test) {
        Ok(None) => test,
        Ok(Some(reason)) => {
            [parsed(&format!("#[ignore = {reason:?}]")), test].into_iter().collect()
        }
        Err(problem) => {
            [parsed(&format!("compile_error!({problem:?});")), test].into_iter().collect()
        }
    }
}

/// Why this test is ignored, if it is.
fn reason(names: TokenStream, test: &TokenStream) -> Result<Option<String>, String> {
    let left_out = env::var(LEFT_OUT).map_err(
        |_| "`needs` works in packages with a build script that calls `machine::tell_cargo()`",
    )?;
    if !is_test(test) {
        return Err("`needs` comes before the attribute that makes a test".to_owned());
    }
    let mut reasons = Vec::new();
    for name in names.into_iter().filter_map(name) {
        let program = Program::named(&name)
            .ok_or_else(|| format!("`testing/machine/src/programs.rs` has no program `{name}`"))?;
        if left_out.split(',').any(|it| it == name) {
            reasons.push(format!("needs {}: {}", program.what, program.remedy));
        }
    }
    Ok((!reasons.is_empty()).then(|| reasons.join("; ")))
}

/// Whether an attribute follows that makes a test: `test`, or a path that ends with it. Below it, this
/// attribute would come too late.
fn is_test(item: &TokenStream) -> bool {
    let is_fn =
        |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word.to_string() == "fn");
    let before = item.clone().into_iter().take_while(|token| !is_fn(token));
    let attributes = before.filter_map(|token| match token {
        TokenTree::Group(group) => Some(group.stream()),
        _ => None,
    });
    attributes.flatten().filter_map(name).any(|name| name == "test")
}

fn name(token: TokenTree) -> Option<String> {
    match token {
        TokenTree::Ident(name) => Some(name.to_string()),
        _ => None,
    }
}

fn parsed(code: &str) -> TokenStream {
    code.parse().expect("code of this crate")
}

/// Prints which tests are left out on this machine, and what brings them back. Expands to nothing.
#[proc_macro]
pub fn say_what_was_left_out(_nothing: TokenStream) -> TokenStream {
    let left_out = machine::left_out();
    if !left_out.is_empty() {
        eprintln!("\nTests were left out (\"ignored\") that need what this machine lacks:");
        for program in left_out {
            eprintln!("  {:<8} {}: {}", program.name, program.what, program.remedy);
        }
        eprintln!("With ENGINEIO_E2E_REQUIRE=all they fail instead. All others have run.");
    }
    TokenStream::new()
}
