//! A server with one thread, in a process of its own: this program again.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::LazyLock;

use bindings::{async_std, sync, tokio};
use e2e::Binding;
use engineio_tokio::{Handshake, Message, Refusal, ServerConfig};
use rlimit::Resource;

/// What the server may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// The defaults.
    Usual,
    /// [`MAX_MEMORY`], in an address space of [`ADDRESS_SPACE`].
    Little,
}

pub(crate) const MAX_MEMORY: usize = 100_000_000;
pub(crate) const ADDRESS_SPACE: u64 = 300_000_000;

/// Answered with [`LONG`] bytes of text instead of an echo.
pub(crate) const FETCH: &str = "fetch";
pub(crate) const LONG: usize = 800_000;

/// A running server. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Serving {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Serving {
    pub(crate) fn start(binding: Binding, memory: Memory) -> Self {
        let mut command = Command::new(env::current_exe().expect("the path of this program"));
        command
            .args(["serve", &name(binding)])
            .args((memory == Memory::Little).then_some("little"));
        // The runtimes that have their own threads.
        command.env("ASYNC_STD_THREAD_COUNT", "1").env("SMOL_THREADS", "1");
        let mut child = command.stdout(Stdio::piped()).spawn().expect("this program starts");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its output");
        let address = line.trim().parse().expect("its address");
        Self { child, address }
    }

    /// Whether it runs.
    pub(crate) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// A line of what the system knows of its process, in KiB. Zero where the system can't tell.
    pub(crate) fn status(&self, name: &str) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// As the arguments have it.
pub(crate) fn name(binding: Binding) -> String {
    format!("{binding:?}").to_lowercase()
}

/// Serves with a handler that sends messages back, or a long text. The traits of the bindings are
/// not the same.
macro_rules! serve {
    ($binding:ident, $config:ident) => {{
        struct Application;

        impl $binding::Handler<()> for Application {
            fn connect(&self, _handshake: &Handshake) -> Result<(), Refusal> {
                Ok(())
            }

            fn message(&self, session: &$binding::PlainSender<()>, message: Message) {
                // A session whose outbox is full isn't heard; one that is over hears nothing.
                let _ = session.try_send(answer(message));
            }
        }

        let server = $binding::Server::new($config);
        server.handle(Application);
        let (address, serving) = $binding::serve(&server).await;
        println!("{address}");
        serving.await.expect("no panic").expect("a listener that works");
    }};
}

/// Is the server, to its end.
pub(crate) async fn serve(binding: Binding, memory: Memory) -> ExitCode {
    let mut config = ServerConfig::builder();
    if memory == Memory::Little {
        Resource::AS.set(ADDRESS_SPACE, ADDRESS_SPACE).expect("a limit of the address space");
        config = config.max_memory(MAX_MEMORY);
    }
    let config = config.build().expect("a legal configuration");
    match binding {
        Binding::Tokio => serve!(tokio, config),
        Binding::AsyncStd => serve!(async_std, config),
        Binding::Sync => serve!(sync, config),
        other => panic!("{other:?} has no server with one thread"),
    }
    ExitCode::SUCCESS
}

fn answer(message: Message) -> Message {
    if message.as_text() == Some(FETCH) { TEXT.clone() } else { message }
}

/// Lines with numbers that repeat as little as those of real data.
static TEXT: LazyLock<Message> = LazyLock::new(|| {
    let mut text = String::with_capacity(LONG + 100);
    let mut number: u32 = 1;
    while text.len() < LONG {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let (item, price, time) = (number >> 16, number >> 12 & 0xffff, number >> 4);
        text += &format!("{{\"item\":{item},\"price\":{price},\"time\":{time},\"open\":true}}\n");
    }
    text.truncate(LONG);
    text.into()
});
