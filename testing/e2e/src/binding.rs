//! The binding that a test is about.

/// A binding of this project, known by its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `engineio-tokio`.
    Tokio,
    /// `engineio-actix`.
    Actix,
    /// `engineio-sync`.
    Sync,
    /// `engineio-async-std`, on async-std or smol, whichever this crate is built with.
    AsyncStd,
    /// A cluster of three servers of `engineio-tokio`, of which a balancer picks one for each
    /// connection.
    ClusterPerConnection,
    /// The same, where it picks one for each request.
    ClusterPerRequest,
}

impl Binding {
    /// Each that is a crate of its own.
    pub const ALL: [Self; 4] = [Self::Tokio, Self::Actix, Self::Sync, Self::AsyncStd];

    /// The binding whose examples are its clients.
    #[must_use]
    pub const fn of_clients(self) -> Self {
        match self {
            Self::Actix | Self::ClusterPerConnection | Self::ClusterPerRequest => Self::Tokio,
            Self::Tokio | Self::Sync | Self::AsyncStd => self,
        }
    }

    /// The package that an example is in.
    pub(crate) fn package(self, example: &str) -> &'static str {
        match self {
            Self::Tokio => "engineio-tokio",
            Self::ClusterPerConnection | Self::ClusterPerRequest => "e2e",
            Self::Actix | Self::Sync | Self::AsyncStd if example == "chat" => "examples",
            Self::Actix => "engineio-actix",
            Self::Sync => "engineio-sync",
            Self::AsyncStd => "engineio-async-std",
        }
    }

    /// The features that an example is built with, if not the default ones.
    pub(crate) fn features(self, example: &str) -> Option<&'static str> {
        let is_smol = self == Self::AsyncStd && FEATURE == "smol";
        is_smol.then_some(if example == "chat" { "smol" } else { "smol,client,tls" })
    }

    /// The name of an example. All examples are built into one folder, so those of the bindings
    /// other than tokio's have distinct names.
    pub(crate) fn example(self, name: &str) -> String {
        match self {
            Self::Tokio => name.to_owned(),
            Self::Actix => format!("actix-{name}"),
            Self::ClusterPerConnection | Self::ClusterPerRequest => format!("cluster-{name}"),
            Self::Sync => format!("sync-{name}"),
            Self::AsyncStd => format!("{}-{name}", FEATURE),
        }
    }
}

/// The feature that selects the runtime of `engineio-async-std`.
const FEATURE: &str = if cfg!(feature = "async-std") { "async-std" } else { "smol" };
