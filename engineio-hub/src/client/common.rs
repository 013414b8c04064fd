//! What the bindings' clients have in common beyond a type: it stands in the documentation of
//! each of them, and is written here once.

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
                ::engineio_proto::ClientConfigBuilder,
            ) -> ::engineio_proto::ClientConfigBuilder,
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
        pub fn revision(self, revision: ::engineio_proto::RevisionChoice) -> Self {
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

/// Passes on what the hub's [`Client`](crate::client::Client) can do to a binding's
/// `struct Client(Session)`, which is that and a way to connect. For handles that wait
/// asynchronously.
#[macro_export]
macro_rules! client_handle {
    () => {
        impl ::core::ops::Deref for Client {
            type Target = $crate::client::Client;

            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }

        impl ::core::ops::DerefMut for Client {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }

        /// The server's messages.
        impl $crate::client::Stream for Client {
            type Item = ::engineio_proto::Message;

            fn poll_next(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Option<Self::Item>> {
                self.0.poll_recv(cx)
            }
        }

        /// Ready while the session takes messages; flushed when they have left.
        impl<M: Into<::engineio_proto::Outgoing>> $crate::client::Sink<M> for Client {
            type Error = ::engineio_proto::SendError;

            fn poll_ready(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Result<(), Self::Error>> {
                $crate::client::Sink::<M>::poll_ready(::core::pin::Pin::new(&mut self.0), cx)
            }

            fn start_send(
                mut self: ::core::pin::Pin<&mut Self>,
                message: M,
            ) -> Result<(), Self::Error> {
                $crate::client::Sink::start_send(::core::pin::Pin::new(&mut self.0), message)
            }

            fn poll_flush(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Result<(), Self::Error>> {
                $crate::client::Sink::<M>::poll_flush(::core::pin::Pin::new(&mut self.0), cx)
            }

            fn poll_close(
                mut self: ::core::pin::Pin<&mut Self>,
                cx: &mut ::core::task::Context<'_>,
            ) -> ::core::task::Poll<Result<(), Self::Error>> {
                $crate::client::Sink::<M>::poll_close(::core::pin::Pin::new(&mut self.0), cx)
            }
        }
    };
}
