//! What clients send that others wrote, where it differs from the JavaScript client's.

use peer::{Peer, session};

use crate::suite::{POLLING, echo};

/// As `Base64.encode(.., Base64.DEFAULT)` of Android has it: 76 characters a line.
const LINES: &str = "bAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4\nOTo7\n";

/// The same as this side writes it.
const LINE: &str = "bAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7";

#[tokio::test]
async fn base64_in_lines_is_a_message_between_others() {
    let (_, address) = echo(crate::suite::config()).await;
    let (mut peer, target) = session(address).await;
    let posted = peer.post(&target, &format!("4one\u{1e}{LINES}\u{1e}4two")).await.expect(200);
    assert_eq!(posted.text(), "ok");
    let polled = peer.get(&target).await.expect(200);
    assert_eq!(polled.text(), format!("4one\u{1e}{LINE}\u{1e}4two"));
}

#[tokio::test]
async fn base64_in_lines_of_revision_3_has_the_breaks_in_its_length() {
    let (_, address) = echo(crate::suite::config()).await;
    let mut peer = Peer::connect(address).await;
    let target = POLLING.replace("EIO=4", "EIO=3") + "&b64=1";
    let open = peer.get(&target).await.expect(200);
    let (_, open) = open.text().split_once(':').expect("a length");
    let target = format!("{target}&sid={}", peer::open(open));
    let lines = LINES.replacen('b', "b4", 1).replace('\n', "\r\n");
    let line = LINE.replacen('b', "b4", 1);
    let posted = peer.post(&target, &format!("{}:{lines}2:4a", lines.len())).await.expect(200);
    assert_eq!(posted.text(), "ok");
    assert_eq!(peer.get(&target).await.expect(200).text(), format!("{}:{line}2:4a", line.len()));
}
