//! The headers of a request that decide something.

/// The headers that the hub reads, as they were sent. Of those that should come once, the first,
/// unless told otherwise.
#[derive(Debug, Default)]
pub(crate) struct Fields<'r> {
    pub(crate) host: Option<&'r [u8]>,
    /// How many there are.
    pub(crate) hosts: usize,
    pub(crate) content_length: Option<&'r [u8]>,
    /// How many there are.
    pub(crate) content_lengths: usize,
    /// How many `Transfer-Encoding` there are.
    pub(crate) transfer_codings: usize,
    /// Whether one of them is anything but `chunked`.
    pub(crate) has_other_coding: bool,
    /// Whether the client closes its connection after the answer.
    pub(crate) closes: bool,
    /// Whether the client waits for a `100 Continue`.
    pub(crate) expects_continue: bool,
    /// Whether `Upgrade` names a WebSocket.
    names_websocket: bool,
    /// Whether `Connection` names `Upgrade`.
    names_upgrade: bool,
    pub(crate) websocket_version: Option<&'r [u8]>,
    pub(crate) websocket_key: Option<&'r [u8]>,
    pub(crate) websocket_protocol: Option<&'r [u8]>,
    /// All of them.
    pub(crate) websocket_extensions: Vec<&'r [u8]>,
    pub(crate) origin: Option<&'r [u8]>,
    pub(crate) content_type: Option<&'r [u8]>,
    pub(crate) accept_encoding: Option<&'r [u8]>,
    pub(crate) access_control_request_method: Option<&'r [u8]>,
    pub(crate) access_control_request_headers: Option<&'r [u8]>,
    pub(crate) forwarded_host: Option<&'r [u8]>,
    /// The last one, which the nearest proxy has written.
    pub(crate) forwarded_for: Option<&'r [u8]>,
    /// Whether another node has passed the request on.
    pub(crate) has_hopped: bool,
}

impl<'r> Fields<'r> {
    /// Notes one header of the request. Call it for each, in order.
    pub(crate) fn note(&mut self, name: &str, value: &'r [u8]) {
        let is = |known: &str| name.eq_ignore_ascii_case(known);
        if is("host") {
            self.hosts = self.hosts.saturating_add(1);
            self.host.get_or_insert(value);
        } else if is("content-length") {
            self.content_lengths = self.content_lengths.saturating_add(1);
            self.content_length.get_or_insert(value);
        } else if is("transfer-encoding") {
            self.transfer_codings = self.transfer_codings.saturating_add(1);
            self.has_other_coding |= !value.eq_ignore_ascii_case(b"chunked");
        } else if is("connection") {
            for entry in entries(value) {
                self.closes |= entry.eq_ignore_ascii_case(b"close");
                self.names_upgrade |= entry.eq_ignore_ascii_case(b"upgrade");
            }
        } else if is("upgrade") {
            self.names_websocket |=
                entries(value).any(|entry| entry.eq_ignore_ascii_case(b"websocket"));
        } else if is("expect") {
            self.expects_continue |=
                entries(value).any(|entry| entry.eq_ignore_ascii_case(b"100-continue"));
        } else if is("sec-websocket-version") {
            self.websocket_version.get_or_insert(value);
        } else if is("sec-websocket-key") {
            self.websocket_key.get_or_insert(value);
        } else if is("sec-websocket-protocol") {
            self.websocket_protocol.get_or_insert(value);
        } else if is("sec-websocket-extensions") {
            self.websocket_extensions.push(value);
        } else if is("origin") {
            self.origin.get_or_insert(value);
        } else if is("content-type") {
            self.content_type.get_or_insert(value);
        } else if is("accept-encoding") {
            self.accept_encoding.get_or_insert(value);
        } else if is("access-control-request-method") {
            self.access_control_request_method.get_or_insert(value);
        } else if is("access-control-request-headers") {
            self.access_control_request_headers.get_or_insert(value);
        } else if is("x-forwarded-host") {
            self.forwarded_host.get_or_insert(value);
        } else if is("x-forwarded-for") {
            self.forwarded_for = Some(value);
        } else if is(HOP) {
            self.has_hopped = true;
        }
    }

    /// Whether a request of HTTP/1 asks for a WebSocket.
    pub(crate) const fn ask_for_websocket(&self) -> bool {
        self.names_websocket && self.names_upgrade
    }
}

/// The value of a header, if it is ASCII. No value of a header has control characters.
pub(crate) fn text(value: &[u8]) -> Option<&str> {
    if value.is_ascii() { str::from_utf8(value).ok() } else { None }
}

/// The entries of a list. One that isn't text has none.
fn entries(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    let list = text(list).unwrap_or_default().as_bytes();
    list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

/// Marks a request that one node has passed on to another, with the tag of the first.
pub(crate) const HOP: &str = "engineio-hop";
