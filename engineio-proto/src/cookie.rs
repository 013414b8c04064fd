//! The cookie that carries the session identifier.

use alloc::format;
use alloc::string::String;
use core::fmt::Write as _;
use core::time::Duration;

use bytestring::ByteString;

use crate::config_error::ConfigError;
use crate::http::is_token;
use crate::sid::Sid;

/// A cookie with the session identifier, set by the answer to a handshake.
///
/// The server never reads it. A load balancer can, to find the server in a table or by the
/// [tag](crate::NodeTag) in front; to hash its value is no use, since the handshake had none. By
/// default `Path=/; HttpOnly; SameSite=Lax`, like the reference server's.
#[derive(Clone, Debug)]
pub struct Cookie {
    name: ByteString,
    path: Option<ByteString>,
    domain: Option<ByteString>,
    max_age: Option<Duration>,
    http_only: bool,
    secure: bool,
    same_site: SameSite,
}

/// When a browser sends the cookie along with a request from another site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the cookie standard has these three")]
pub enum SameSite {
    /// Never.
    Strict,
    /// When the user follows a link.
    Lax,
    /// Always; browsers then demand [`Cookie::secure`].
    None,
}

impl Cookie {
    /// A cookie of this name; the reference server calls its own `io`.
    pub fn new(name: impl Into<ByteString>) -> Self {
        Self {
            name: name.into(),
            path: Some(ByteString::from_static("/")),
            domain: None,
            max_age: None,
            http_only: true,
            secure: false,
            same_site: SameSite::Lax,
        }
    }

    /// The path below which it is sent.
    #[must_use]
    pub fn path(mut self, path: impl Into<ByteString>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// Leaves it to the browser below which path it is sent: that of the handshake's request.
    #[must_use]
    pub fn no_path(mut self) -> Self {
        self.path = None;
        self
    }

    /// The domain to whose hosts it is sent; without one, this host only.
    #[must_use]
    pub fn domain(mut self, domain: impl Into<ByteString>) -> Self {
        self.domain = Some(domain.into());
        self
    }

    /// How long it lasts, in whole seconds; without it, as long as the browser runs.
    #[must_use]
    pub const fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// Whether it is hidden from scripts.
    #[must_use]
    pub const fn http_only(mut self, http_only: bool) -> Self {
        self.http_only = http_only;
        self
    }

    /// Whether it is sent over TLS only.
    #[must_use]
    pub const fn secure(mut self, secure: bool) -> Self {
        self.secure = secure;
        self
    }

    /// When it is sent along with a request from another site.
    #[must_use]
    pub const fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Refuses what would break out of the header.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let value = |byte: u8| (0x20..0x7f).contains(&byte) && byte != b';';
        let legal = is_token(&self.name)
            && [&self.path, &self.domain].into_iter().flatten().all(|it| it.bytes().all(value));
        if legal { Ok(()) } else { Err(ConfigError::Cookie) }
    }

    /// The value of `Set-Cookie`.
    pub(crate) fn header(&self, sid: &Sid) -> String {
        let mut header = format!("{}={}", self.name, sid.as_str());
        if let Some(max_age) = self.max_age {
            let _ = write!(header, "; Max-Age={}", max_age.as_secs());
        }
        for (attribute, value) in [("Domain", &self.domain), ("Path", &self.path)] {
            if let Some(value) = value {
                let _ = write!(header, "; {attribute}={value}");
            }
        }
        if self.http_only {
            header.push_str("; HttpOnly");
        }
        if self.secure {
            header.push_str("; Secure");
        }
        header.push_str(match self.same_site {
            SameSite::Strict => "; SameSite=Strict",
            SameSite::Lax => "; SameSite=Lax",
            SameSite::None => "; SameSite=None",
        });
        header
    }
}
