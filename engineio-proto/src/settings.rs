//! The macro that defines a configuration: [`ServerConfig`](crate::ServerConfig) and
//! [`ClientConfig`](crate::ClientConfig) alike.

/// Turns each setting into a field of the configuration, a default, a getter, and a setter of
/// its builder. The setter takes the setting's type, or with `=> T` whatever
/// converts into `T`.
macro_rules! settings {
    (
        $(#[doc = $doc:literal])+
        $config:ident, $builder:ident
        copied { $($(#[doc = $copied_doc:literal])+ $copied:ident: $copied_type:ty = $copied_default:expr $(=> $copied_into:ty)?;)+ }
        shared { $($(#[doc = $shared_doc:literal])+ $shared:ident: $shared_type:ty = $shared_default:expr $(=> $shared_into:ty)?;)+ }
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
            $(settings! { @const_setter [$(#[doc = $copied_doc])+] $copied: $copied_type $(=> $copied_into)? })+
            $(settings! { @setter [$(#[doc = $shared_doc])+] $shared: $shared_type $(=> $shared_into)? })+
        }
    };
    (@const_setter [$(#[doc = $doc:literal])+] $name:ident: $type:ty) => {
        $(#[doc = $doc])+
        #[must_use]
        pub const fn $name(mut self, $name: $type) -> Self {
            self.0.$name = $name;
            self
        }
    };
    (@setter [$(#[doc = $doc:literal])+] $name:ident: $type:ty) => {
        $(#[doc = $doc])+
        #[must_use]
        pub fn $name(mut self, $name: $type) -> Self {
            self.0.$name = $name;
            self
        }
    };
    (@const_setter [$(#[doc = $doc:literal])+] $name:ident: $type:ty => $into:ty) => {
        settings! { @setter [$(#[doc = $doc])+] $name: $type => $into }
    };
    (@setter [$(#[doc = $doc:literal])+] $name:ident: $type:ty => $into:ty) => {
        $(#[doc = $doc])+
        #[must_use]
        pub fn $name(mut self, $name: impl Into<$into>) -> Self {
            let value: $into = $name.into();
            self.0.$name = value.into();
            self
        }
    };
}

pub(crate) use settings;
