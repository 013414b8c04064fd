//! How a configuration is written down: [`ServerConfig`](crate::ServerConfig) and
//! [`ClientConfig`](crate::ClientConfig) alike.

/// Writes each setting once and makes of it a field of the configuration, a default, a getter,
/// and a setter of its builder.
macro_rules! settings {
    (
        $(#[doc = $doc:literal])+
        $config:ident, $builder:ident
        copied { $($(#[doc = $copied_doc:literal])+ $copied:ident: $copied_type:ty = $copied_default:expr;)+ }
        shared { $($(#[doc = $shared_doc:literal])+ $shared:ident: $shared_type:ty = $shared_default:expr;)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub struct $config {
            $($copied: $copied_type,)+
            $($shared: $shared_type,)+
        }

        impl Default for $config {
            fn default() -> Self {
                Self { $($copied: $copied_default,)+ $($shared: $shared_default,)+ }
            }
        }

        impl $config {
            $($(#[doc = $copied_doc])+ pub const fn $copied(&self) -> $copied_type { self.$copied })+
            $($(#[doc = $shared_doc])+ pub const fn $shared(&self) -> &$shared_type { &self.$shared })+
        }

        impl $builder {
            $(
                $(#[doc = $copied_doc])+
                #[must_use]
                pub const fn $copied(mut self, $copied: $copied_type) -> Self {
                    self.0.$copied = $copied;
                    self
                }
            )+
            $(
                $(#[doc = $shared_doc])+
                #[must_use]
                pub fn $shared(mut self, $shared: $shared_type) -> Self {
                    self.0.$shared = $shared;
                    self
                }
            )+
        }
    };
}

pub(crate) use settings;
