//! Programs that a variable of the environment names.

use super::{ALL, Program, env};

/// The variable for programs that must be here: the tests that need them run, and fail where one is
/// missing.
pub(super) const REQUIRE: &str = "ENGINEIO_E2E_REQUIRE";

/// The variable for programs to do without: the tests that need them are ignored where they are
/// here, too.
pub(super) const WITHOUT: &str = "ENGINEIO_E2E_WITHOUT";

/// Names of programs with commas between them, or `all`.
pub(super) struct Named(Vec<String>);

impl Named {
    /// What this variable names.
    ///
    /// # Panics
    ///
    /// When no test needs a program of such a name.
    pub(super) fn by(variable: &str) -> Self {
        let value = env::var(variable).unwrap_or_default();
        Self::parse(&value).unwrap_or_else(|problem| panic!("{variable} {problem}"))
    }

    fn parse(value: &str) -> Result<Self, String> {
        let names = value.split(',').map(str::trim).filter(|name| !name.is_empty());
        let names: Vec<_> = names.map(str::to_owned).collect();
        match names.iter().find(|it| *it != "all" && Program::named(it).is_none()) {
            Some(unknown) => {
                let known: Vec<_> = ALL.iter().map(|program| program.name).collect();
                let known = known.join(", ");
                Err(format!("names {unknown:?}: it takes `all`, or some of {known}"))
            }
            None => Ok(Self(names)),
        }
    }

    pub(super) fn has(&self, program: &Program) -> bool {
        self.0.iter().any(|name| name == "all" || name == program.name)
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL, Named};

    fn names_in(value: &str) -> Vec<&'static str> {
        let named = Named::parse(value).unwrap_or_else(|problem| panic!("{problem}"));
        ALL.iter().filter(|program| named.has(program)).map(|program| program.name).collect()
    }

    #[test]
    fn names_stand_between_commas_with_or_without_spaces() {
        assert_eq!(names_in("node"), ["node"]);
        assert_eq!(names_in(" redis, ,node,"), ["node", "redis"]);
    }

    #[test]
    fn variable_without_a_value_names_nothing() {
        assert!(names_in("").is_empty() && names_in(" ").is_empty());
    }

    #[test]
    fn all_names_every_program_also_beside_others() {
        assert_eq!(names_in("all"), ALL.map(|program| program.name));
        assert_eq!(names_in("node,all"), ALL.map(|program| program.name));
    }

    #[test]
    fn unknown_name_is_an_error_that_lists_the_known_ones() {
        let problem = Named::parse("node,chromium").err().expect("an error");
        assert!(problem.starts_with("names \"chromium\": it takes `all`, or some of node, python"));
    }
}
