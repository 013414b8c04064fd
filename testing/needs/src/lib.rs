//! `#[needs(..)]`, for tests that need more of a machine than Rust.

use machine::{LEFT_OUT, Program};
use proc_macro2::{TokenStream, TokenTree};
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
pub fn needs(
    names: proc_macro::TokenStream,
    test: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    let left_out = env::var(LEFT_OUT).ok();
    let before = match reason(names.into(), &test.clone().into(), left_out.as_deref()) {
        Ok(None) => return test,
        Ok(Some(reason)) => parsed(&format!("#[ignore = {reason:?}]")),
        Err(problem) => parsed(&format!("compile_error!({problem:?});")),
    };
    [before.into(), test].into_iter().collect()
}

/// Why this test is ignored, if it is. `left_out` are the names of the programs to do without.
fn reason(
    names: TokenStream,
    test: &TokenStream,
    left_out: Option<&str>,
) -> Result<Option<String>, String> {
    let left_out = left_out.ok_or(
        "`needs` works in packages with a build script that calls `machine::tell_cargo()`",
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
    let is_fn = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "fn");
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
pub fn say_what_was_left_out(_nothing: proc_macro::TokenStream) -> proc_macro::TokenStream {
    let left_out = machine::left_out();
    if !left_out.is_empty() {
        eprintln!("\nTests were left out (\"ignored\") that need what this machine lacks:");
        for program in left_out {
            eprintln!("  {:<8} {}: {}", program.name, program.what, program.remedy);
        }
        eprintln!("With ENGINEIO_E2E_REQUIRE=all they fail instead. All others have run.");
    }
    proc_macro::TokenStream::new()
}

#[cfg(test)]
mod tests {
    use super::{is_test, parsed, reason};

    const TEST: &str = "#[test] fn page_shows_the_upgrade() {}";

    fn reason_of(names: &str, left_out: &str) -> Option<String> {
        reason(parsed(names), &parsed(TEST), Some(left_out)).expect("no problem")
    }

    #[test]
    fn test_runs_where_nothing_that_it_needs_is_left_out() {
        assert_eq!(reason_of("node, redis", ""), None);
        assert_eq!(reason_of("node, redis", "python,browser"), None);
    }

    #[test]
    fn reason_says_of_each_program_left_out_what_is_needed_and_where_it_is() {
        let one = reason_of("node, redis", "redis,ps").expect("a reason");
        assert!(one.starts_with("needs redis-server 6 or newer: https://redis.io"), "{one}");
        let both = reason_of("node, redis", "node,python,redis").expect("a reason");
        assert!(both.starts_with("needs Node.js 20 or newer"), "{both}");
        assert!(both.ends_with(&format!("; {one}")), "{both}");
    }

    #[test]
    fn unknown_program_is_a_problem() {
        let problem = reason(parsed("chromium"), &parsed(TEST), Some("")).expect_err("a problem");
        assert!(problem.contains("has no program `chromium`"), "{problem}");
    }

    #[test]
    fn package_without_the_build_script_is_a_problem() {
        let problem = reason(parsed("node"), &parsed(TEST), None).expect_err("a problem");
        assert!(problem.contains("machine::tell_cargo()"), "{problem}");
    }

    #[test]
    fn attribute_below_the_one_that_makes_a_test_is_a_problem() {
        let problem = reason(parsed("node"), &parsed("fn page() {}"), Some(""));
        assert_eq!(
            problem.expect_err("a problem"),
            "`needs` comes before the attribute that makes a test"
        );
    }

    #[test]
    fn test_is_what_an_attribute_says_whose_path_ends_with_test() {
        for (item, expected) in [
            ("#[test] fn page() {}", true),
            ("#[tokio::test] async fn page() {}", true),
            ("#[tokio::test(flavor = \"multi_thread\")] async fn page() {}", true),
            ("/// A page.\n#[test]\npub fn page() {}", true),
            ("#[must_use] fn page() {}", false),
            ("fn test(test: u8) { #[test] fn page() {} }", false),
        ] {
            assert_eq!(is_test(&parsed(item)), expected, "{item}");
        }
    }
}
