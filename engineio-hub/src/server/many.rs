//! What several sessions get.

use std::sync::Arc;

use engineio_proto::{Attachment, Message, Outgoing, SendError, ServerCloseReason, ServerConfig};

use super::session::{Overflow, ServerSession};
use crate::data::Data;
use crate::websocket::deflate::SharedForm;

/// What several sessions get: those that compress it do so once.
pub(crate) struct ForMany {
    pub(crate) outgoing: Outgoing,
    /// For each of its messages. None at all where nothing is compressed.
    forms: Vec<Option<Attachment>>,
}

impl ForMany {
    pub(crate) fn new(config: &ServerConfig, outgoing: Outgoing) -> Self {
        let form = |message: &Message| {
            // The type stands before it.
            let is_long = message.len() >= config.websocket_compression_threshold().max(1) - 1;
            is_long.then(|| Arc::new(SharedForm::of(message)) as Attachment)
        };
        let may_compress = config.websocket_compression();
        let forms = if may_compress { outgoing.messages() } else { &[] }.iter().map(form).collect();
        Self { outgoing, forms }
    }

    /// Sends it to one of them, which may not have room for it.
    pub(crate) fn send_or_overflow<D: Data>(&self, session: &Arc<ServerSession<D>>) {
        session.quick_turn(|turn| {
            let before = turn.session.accepted();
            let sent = turn.session.send(self.outgoing.clone());
            if !self.forms.is_empty()
                && let Ok(last) = sent
            {
                for (position, form) in (before + 1..=last).zip(&self.forms) {
                    form.iter().for_each(|form| turn.session.attach(position, Arc::clone(form)));
                }
            }
            if matches!(sent, Err(SendError::Full(_))) && turn.state.overflow == Overflow::Close {
                turn.session.abort(turn.now, ServerCloseReason::Overloaded);
            }
        });
    }
}
