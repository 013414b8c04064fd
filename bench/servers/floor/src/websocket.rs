//! Frames that go back from the memory that they were read to.

use std::cell::RefCell;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use server_options::TO_ALL;
use tokio::net::TcpStream;
use tokio::time::{Instant, interval_at};

use crate::http::{NOOP, open_packet};
use crate::sessions::Sessions;

/// Serves a WebSocket, until its client has left.
pub(crate) async fn serve(
    sessions: &Sessions,
    upgraded: Upgraded,
    sid: Option<u64>,
) -> io::Result<()> {
    let parts = upgraded.downcast::<TokioIo<TcpStream>>().map_err(|_| ErrorKind::Other)?;
    let stream = Arc::new(parts.io.into_inner());
    if sid.is_none() {
        write(&stream, &text(open_packet(sessions.open()).as_bytes())).await?;
    }
    all().push(Arc::clone(&stream));
    let served = echo(sessions, &stream, parts.read_buf.to_vec(), sid).await;
    // The socket closes when its last owner drops it.
    all().retain(|other| !Arc::ptr_eq(other, &stream));
    served
}

async fn echo(
    sessions: &Sessions,
    stream: &TcpStream,
    mut rest: Vec<u8>,
    sid: Option<u64>,
) -> io::Result<()> {
    let mut pings = interval_at(Instant::now() + sessions.pings, sessions.pings);
    // Where no ping is due while the load lasts, looking at the time would only cost.
    let has_pings = sessions.pings < Duration::from_secs(60);
    loop {
        tokio::select! {
            ready = stream.readable() => ready?,
            _ = pings.tick(), if has_pings => {
                write(stream, &text(b"2")).await?;
                continue;
            }
        }
        let step = READ.with_borrow_mut(|buffer| read(stream, buffer, &mut rest));
        match step {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
            Ok(Step::Nothing) => {}
            Ok(Step::End) => return Ok(()),
            Ok(Step::Write(left)) => write(stream, &left).await?,
            Ok(Step::Probe) => {
                write(stream, &text(b"3probe")).await?;
                if let Some(session) = sid.and_then(|sid| sessions.get(sid)) {
                    session.put(Bytes::from_static(NOOP));
                }
            }
        }
    }
}

/// What is to be done after a read.
enum Step {
    Nothing,
    End,
    /// What couldn't be written at once.
    Write(Vec<u8>),
    Probe,
}

/// Reads once, and answers all that is complete.
fn read(stream: &TcpStream, buffer: &mut [u8], rest: &mut Vec<u8>) -> io::Result<Step> {
    // Most messages come whole. The others are put together in memory of their own.
    if rest.is_empty() {
        let count = stream.try_read(buffer)?;
        let came = buffer.get_mut(..count).unwrap_or_default();
        if came.is_empty() {
            return Ok(Step::End);
        }
        let (step, used) = answer(stream, came)?;
        rest.extend_from_slice(came.get(used..).unwrap_or_default());
        return Ok(step);
    }
    let missing = header(rest).map_or(0, |it| (it.start + it.length).saturating_sub(rest.len()));
    if missing == 0 {
        let count = stream.try_read(buffer)?;
        rest.extend_from_slice(buffer.get(..count).unwrap_or_default());
        return Ok(if count == 0 { Step::End } else { Step::Nothing });
    }
    rest.reserve_exact(missing);
    let mut count = stream.try_read_buf(rest)?;
    if count == 0 {
        return Ok(Step::End);
    }
    while count < missing {
        match stream.try_read_buf(rest) {
            Ok(0) => return Ok(Step::End),
            Ok(more) => count += more,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(Step::Nothing),
            Err(error) => return Err(error),
        }
    }
    let (step, used) = answer(stream, rest)?;
    rest.drain(..used);
    if rest.is_empty() {
        *rest = Vec::new();
    }
    Ok(step)
}

/// Turns complete frames to those that go back, in place, and writes them.
fn answer(stream: &TcpStream, came: &mut [u8]) -> io::Result<(Step, usize)> {
    let (mut used, mut first, mut end) = (0, None, 0);
    let mut step = Step::Nothing;
    while let Some(header) = header(came.get(used..).unwrap_or_default()) {
        let (start, mask) = (used + header.start, header.mask);
        let Some(payload) = came.get_mut(start..start + header.length) else { break };
        unmask(payload, mask);
        let is_to_all = payload.get(1).is_some_and(|byte| char::from(*byte) == TO_ALL);
        match &*payload {
            b"2probe" => step = Step::Probe,
            b"5" | b"3" | b"2" => {}
            payload if is_to_all => {
                let frame = text(payload);
                for other in &*all() {
                    let _ = other.try_write(&frame);
                }
            }
            _ => {
                // A server's header is the client's without a mask, which leaves room before it.
                let first = *first.get_or_insert(used + MASK);
                let head = header.start - MASK;
                let from = if end == 0 { first } else { end };
                came.copy_within(used..used + head, from);
                if let Some(length) = came.get_mut(from + 1) {
                    *length &= 0x7f;
                }
                if from + head != start {
                    came.copy_within(start..start + header.length, from + head);
                }
                end = from + head + header.length;
            }
        }
        used = start + header.length;
    }
    let out = first.and_then(|first| came.get(first..end)).unwrap_or_default();
    if !out.is_empty() {
        let written = match stream.try_write(out) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => 0,
            written => written?,
        };
        let left = out.get(written..).unwrap_or_default();
        if !left.is_empty() {
            step = Step::Write(left.to_vec());
        }
    }
    Ok((step, used))
}

struct Header {
    /// Where the payload begins.
    start: usize,
    length: usize,
    mask: [u8; MASK],
}

/// A client's header, if it is complete.
fn header(frame: &[u8]) -> Option<Header> {
    let (start, length) = match frame.get(1)? & 0x7f {
        126 => (4, u64::from(u16::from_be_bytes(*frame.get(2..)?.first_chunk()?))),
        127 => (10, u64::from_be_bytes(*frame.get(2..)?.first_chunk()?)),
        short => (2, u64::from(short)),
    };
    let mask = *frame.get(start..)?.first_chunk()?;
    Some(Header { start: start + MASK, length: usize::try_from(length).ok()?, mask })
}

fn unmask(payload: &mut [u8], mask: [u8; MASK]) {
    let word = u64::from_ne_bytes([mask, mask].concat().try_into().unwrap_or_default());
    let (words, tail) = payload.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    tail.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
}

async fn write(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.writable().await?;
        match stream.try_write(bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A short text as a server's frame.
fn text(payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..126) => frame.push(length),
        _ => {
            frame.push(126);
            frame.extend((payload.len() as u16).to_be_bytes());
        }
    }
    frame.extend_from_slice(payload);
    frame
}

const MASK: usize = 4;

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; 64 << 10]);
}

/// All WebSockets, for broadcasts.
static ALL: Mutex<Vec<Arc<TcpStream>>> = Mutex::new(Vec::new());

fn all() -> MutexGuard<'static, Vec<Arc<TcpStream>>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}
