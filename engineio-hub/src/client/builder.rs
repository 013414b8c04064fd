//! What is set for a client, in every binding.

/// The methods of a binding's builder of a client that set something, for its `impl` block: one
/// list for all bindings, which stands in the documentation of each.
///
/// The builder is a `struct ClientBuilder(Settings)`, with [`Settings`](crate::client::Settings)
/// inside; its crate depends on `engineio-proto`, re-exports `ClientConfigBuilder`, and has a
/// feature `tls` that turns on the hub's.
#[macro_export]
macro_rules! client_settings {
    () => {
        /// Changes the settings of the session: time-outs, limits, everything that
        /// [`ClientConfigBuilder`](crate::ClientConfigBuilder) has.
        pub fn config(
            mut self,
            change: impl FnOnce(
                ::engineio_proto::client::ConfigBuilder,
            ) -> ::engineio_proto::client::ConfigBuilder,
        ) -> Self {
            self.0.config = change(self.0.config);
            self
        }

        /// The path that the server serves, in the place of the URL's. Default `/engine.io/`.
        pub fn path(self, path: &str) -> Self {
            self.config(|config| config.path(path.into()))
        }

        /// Adds a parameter to the query of every request.
        pub fn query(self, name: &str, value: &str) -> Self {
            self.config(|config| config.query_pair(name, value))
        }

        /// The transports to use, the one to begin with first. Default polling, then WebSocket.
        pub fn transports(self, transports: impl Into<Vec<::engineio_proto::Transport>>) -> Self {
            self.config(|config| config.transports(transports.into()))
        }

        /// Which revision of the protocol to speak. Default 4.
        pub fn revision(self, revision: ::engineio_proto::client::RevisionChoice) -> Self {
            self.config(|config| config.revision(revision))
        }

        /// Adds a header to every request, also to those for a WebSocket.
        pub fn header(mut self, name: &str, value: &str) -> Self {
            self.0.headers.push((name.to_owned(), value.to_owned()));
            self
        }

        /// Goes through this HTTP proxy, by `CONNECT`: `http://user:password@proxy:8080`.
        pub fn proxy(mut self, url: &str) -> Self {
            self.0.proxy = Some(url.to_owned());
            self
        }

        /// Trusts these certificates, too: one or more in PEM.
        #[cfg(feature = "tls")]
        pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
            self.0.tls.roots.push(pem.into());
            self
        }

        /// Shows the server this certificate: its chain and its key, both in PEM.
        #[cfg(feature = "tls")]
        pub fn client_certificate(
            mut self,
            chain: impl Into<Vec<u8>>,
            key: impl Into<Vec<u8>>,
        ) -> Self {
            self.0.tls.own = Some((chain.into(), key.into()));
            self
        }

        /// Accepts whatever certificate the server shows: anyone on the way can pretend to be it.
        /// For tests.
        #[cfg(feature = "tls")]
        pub const fn danger_accept_any_certificate(mut self) -> Self {
            self.0.tls.accepts_any = true;
            self
        }
    };
}
