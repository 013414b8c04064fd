//! Packets to bytes and back, in both revisions and every form.
