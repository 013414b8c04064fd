//! Groups that span the nodes of a cluster.
//!
//! A node subscribes to a group while it has members of it. It sends to them first, and then
//! publishes the message for the other nodes.

use std::sync::{Arc, PoisonError, Weak};

use bytes::Bytes;
use engineio_proto::Outgoing;

use super::{LocalGroup, lock};
use crate::cluster::parcel::Parcel;
use crate::cluster::publisher::{EVERYONE, Publisher, subject_of};
use crate::cluster::sequence::Seen;
use crate::cluster::{Bus, BusLoss, Deliver, Subscription};
use crate::data::Data;
use crate::server::core::Core;
use crate::server::many::ForMany;
use crate::server::session::ServerSession;
use crate::server::sessions::Sessions;
use crate::sync::Mutex;

impl<D: Data> Core<ServerSession<D>> {
    /// Begins to publish to a bus, and to hear what goes to the sessions of all nodes. Only the first
    /// bus counts.
    pub(crate) fn take_bus(self: &Arc<Self>, bus: impl Bus) {
        if self.bus.set(Publisher::new(bus)).is_err() {
            self.observer.misused("a server has one bus: the second one has no effect");
        }
        let Some(publisher) = self.bus.get() else { return };
        let everyone = publisher.subscribe(
            EVERYONE,
            self.receiver(|core, outgoing| Sessions::new(core).broadcast(outgoing)),
        );
        *self.everyone.lock().unwrap_or_else(PoisonError::into_inner) = Some(everyone);
    }

    /// Publishes to the sessions of all other nodes.
    pub(crate) fn publish_to_everyone(&self, outgoing: &Outgoing) {
        self.publish(outgoing, || Some(EVERYONE.to_owned()));
    }

    fn publish(&self, outgoing: &Outgoing, subject: impl FnOnce() -> Option<String>) {
        let Some(publisher) = self.bus.get() else { return };
        let Some(subject) = subject() else { return };
        publisher.publish(subject, outgoing, |why| self.bus_lost(&BusLoss::Unsent(why)));
    }

    /// Takes the messages of other nodes, and of processes that aren't nodes.
    fn receiver(
        self: &Arc<Self>,
        take: impl Fn(Arc<Self>, Outgoing) + Send + Sync + 'static,
    ) -> Deliver {
        let (core, seen) = (Arc::downgrade(self), Mutex::new(Seen::default()));
        Box::new(move |payload: Bytes| {
            let Some(core) = core.upgrade() else { return };
            let Some(parcel) = Parcel::read(payload) else {
                return core.bus_lost(&BusLoss::Illegal);
            };
            if let Some((node, number)) = &parcel.origin {
                if core.bus.get().is_some_and(|own| own.node() == node) {
                    return;
                }
                let count = lock(&seen).note(node, *number);
                if count > 0 {
                    core.bus_lost(&BusLoss::Missed { node, count });
                }
            }
            take(core, parcel.outgoing);
        })
    }
}

impl<D: Data> LocalGroup<ServerSession<D>> {
    /// Sends to the members on this node.
    pub(super) fn send(&self, for_many: &ForMany, filter: impl Fn(&ServerSession<D>) -> bool) {
        let members = self.members();
        let members = members.iter().filter(|session| filter(session));
        members.for_each(|session| for_many.send_or_overflow(session));
    }

    /// Publishes to the members on other nodes.
    pub(super) fn publish(&self, core: &Core<ServerSession<D>>, outgoing: &Outgoing) {
        core.publish(outgoing, || subject_of(&self.name));
    }

    /// Subscribes if there are members, and ends the subscription if there are none. Whoever is at
    /// it looks again afterwards.
    pub(super) fn follow(self: &Arc<Self>, core: &Arc<Core<ServerSession<D>>>) {
        let Some(publisher) = core.bus.get() else { return };
        loop {
            let mut members = lock(&self.members);
            let is_wanted = !members.all.is_empty();
            if members.is_following || is_wanted == members.subscription.is_some() {
                return;
            }
            members.is_following = true;
            let outdated = members.subscription.take();
            drop(members);
            drop(outdated);
            let subscription = is_wanted.then(|| self.subscribe(core, publisher)).flatten();
            let has_failed = is_wanted && subscription.is_none();
            let mut members = lock(&self.members);
            members.subscription = subscription;
            members.is_following = false;
            if has_failed {
                return;
            }
        }
    }

    fn subscribe(
        self: &Arc<Self>,
        core: &Arc<Core<ServerSession<D>>>,
        publisher: &Publisher,
    ) -> Option<Subscription> {
        let Some(subject) = subject_of(&self.name) else {
            core.observer.misused("the name of a group is too long to span nodes: 512 bytes");
            return None;
        };
        let group: Weak<Self> = Arc::downgrade(self);
        let deliver = core.receiver(move |core, outgoing| {
            if let Some(group) = group.upgrade() {
                group.send(&ForMany::new(&core.config, outgoing), |_| true);
            }
        });
        Some(publisher.subscribe(&subject, deliver))
    }
}
