//! The bindings under test. Each module here has the same names, so that one body of tests serves
//! them all.

/// A binding of this project, known by its examples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// `engineio-tokio`.
    Tokio,
    /// `engineio-sync`.
    Sync,
    /// `engineio-async-std`, on async-std or on smol: on what this crate is built with.
    AsyncStd,
}

impl Binding {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Tokio, Self::Sync, Self::AsyncStd];

    /// The package that an example is in.
    pub(crate) fn package(self, example: &str) -> &'static str {
        match self {
            Self::Tokio => "engineio-tokio",
            Self::Sync | Self::AsyncStd if example == "chat" => "examples",
            Self::Sync => "engineio-sync",
            Self::AsyncStd => "engineio-async-std",
        }
    }

    /// Whether an example is built with other features than the default ones.
    pub(crate) fn features(self, example: &str) -> Option<&'static str> {
        let is_smol = self == Self::AsyncStd && FEATURE == "smol";
        is_smol.then_some(if example == "chat" { "smol" } else { "smol,client,tls" })
    }

    /// What an example is called. All examples are built into one folder, so those of the other
    /// bindings than tokio's have names of their own.
    pub(crate) fn example(self, name: &str) -> String {
        match self {
            Self::Tokio => name.to_owned(),
            Self::Sync => format!("sync-{name}"),
            Self::AsyncStd => format!("{}-{name}", FEATURE),
        }
    }
}

/// The feature that says what runs the tasks of `engineio-async-std`.
const FEATURE: &str = if cfg!(feature = "async-std") { "async-std" } else { "smol" };

/// A module for a binding: its API, and a server inside a test.
macro_rules! binding {
    ($module:ident, $binding:ident, $documentation:literal) => {
        #[doc = $documentation]
        pub mod $module {
            use super::Binding;
            use crate::server::needs_own_server;
            use crate::within;
            use tokio::task::JoinHandle;

            pub use bindings::$module::*;

            /// Which one this is.
            pub const BINDING: Binding = Binding::$binding;

            /// A server inside the test: for what only the application behind it can see or do.
            /// Dropping it ends it at once.
            #[derive(Debug)]
            pub struct Local {
                server: Server,
                authority: String,
                serving: JoinHandle<()>,
            }

            impl Local {
                /// Starts a server on a free port. `None`, and a line that says so, where the suite
                /// is pointed at a server that runs already.
                pub async fn start(config: ServerConfigBuilder) -> Option<Self> {
                    if !needs_own_server() {
                        return None;
                    }
                    let config = config.build().expect("a configuration that makes sense");
                    let server = Server::new(config);
                    let (address, serving) = serve(&server).await;
                    let serving = tokio::spawn(async {
                        serving.await.expect("no panic").expect("a listener that works");
                    });
                    Some(Self { server, authority: address.to_string(), serving })
                }

                /// The application's handle.
                #[must_use]
                pub const fn server(&self) -> &Server {
                    &self.server
                }

                /// What a client connects to.
                #[must_use]
                pub fn url(&self) -> String {
                    format!("http://{}", self.authority)
                }

                /// The session of the next client.
                pub async fn accept(&self) -> Socket {
                    within("a client", self.server.accept()).await.expect("a server that is open")
                }
            }

            impl Drop for Local {
                fn drop(&mut self) {
                    self.serving.abort();
                }
            }
        }
    };
}

binding!(tokio, Tokio, "`engineio-tokio`.");
binding!(async_std, AsyncStd, "`engineio-async-std`, on async-std or on smol.");
binding!(sync, Sync, "`engineio-sync`.");
