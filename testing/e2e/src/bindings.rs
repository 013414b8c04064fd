//! The bindings under test. Each module has the same names, so that one set of tests serves all.

/// Makes the module of a binding: its API, and a server inside a test.
macro_rules! binding {
    ($module:ident, $binding:ident, $documentation:literal) => {
        #[doc = $documentation]
        pub mod $module {
            use crate::binding::Binding;
            use crate::server::needs_own_server;
            use crate::within;
            use tokio::task::JoinHandle;

            pub use bindings::$module::*;

            /// The binding of this module.
            pub const BINDING: Binding = Binding::$binding;

            /// A server inside the test, for what only the application behind it can see or do.
            /// Dropping it ends it at once.
            #[derive(Debug)]
            pub struct Local {
                server: Server,
                authority: String,
                serving: JoinHandle<()>,
            }

            impl Local {
                /// Starts a server on a free port. `None`, with a printed line, if the suite is
                /// pointed at a running server.
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

                /// The URL for a client.
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

/// Makes the module of a cluster of tokio's servers, with the same names.
macro_rules! cluster {
    ($module:ident, $binding:ident, $route:ident, $documentation:literal) => {
        #[doc = $documentation]
        pub mod $module {
            use crate::binding::Binding;
            use crate::cluster::ThreeNodes;
            use crate::router::Route;
            use crate::server::needs_own_server;
            use crate::within;

            pub use bindings::tokio::*;

            /// The binding of this module.
            pub const BINDING: Binding = Binding::$binding;

            /// A cluster inside the test. Dropping it ends it at once.
            #[derive(Debug)]
            pub struct Local(ThreeNodes);

            impl Local {
                /// Starts a cluster on free ports. `None`, with a printed line, if the suite is
                /// pointed at a running server.
                pub async fn start(config: ServerConfigBuilder) -> Option<Self> {
                    if !needs_own_server() {
                        return None;
                    }
                    let listen = "127.0.0.1:0".parse().expect("an address");
                    Some(Self(ThreeNodes::start(listen, config, Route::$route).await))
                }

                /// All its servers.
                #[must_use]
                pub const fn server(&self) -> &ThreeNodes {
                    &self.0
                }

                /// The URL for a client.
                #[must_use]
                pub fn url(&self) -> String {
                    format!("http://{}", self.0.address())
                }

                /// The session of the next client.
                pub async fn accept(&self) -> Socket {
                    within("a client", self.0.accept()).await.expect("a server that is open")
                }
            }
        }
    };
}

cluster!(
    per_connection,
    ClusterPerConnection,
    Connection,
    "Three nodes of `engineio-tokio`, one picked for each connection."
);
cluster!(
    per_request,
    ClusterPerRequest,
    Request,
    "Three nodes of `engineio-tokio`, one picked for each request."
);

binding!(tokio, Tokio, "`engineio-tokio`.");
binding!(actix, Actix, "`engineio-actix`.");
binding!(async_std, AsyncStd, "`engineio-async-std`, on async-std or on smol.");
binding!(sync, Sync, "`engineio-sync`.");
