// The page: what is typed goes to the server as JSON, what comes back is shown. The
// server's messages are in `room.rs`, the protocol below them in `engine-io.js`.
import { Connection } from "./connection.js";

const [status, detail, here, announcement, messages, latest, name, composer, text, send] = [
  "status", "detail", "here", "announcement", "messages", "latest", "name", "composer", "text", "send",
].map((id) => document.getElementById(id));

const KEPT = 1000; // messages on the page
const GROUP_MS = 5 * 60_000; // a speaker's name is shown anew after such a break

let me = null; // the number that the server gave us
let unconfirmed = []; // what we have said and not yet heard
let wasOpen = false;
let isFollowing = true; // the end of the messages is in view
let unread = 0;
let countdown;

// The name stays with the tab, so that two tabs are two people.
const pick = (words) => words[Math.floor(Math.random() * words.length)];
name.value =
  sessionStorage.getItem("name") ??
  `${pick(["Quiet", "Merry", "Early", "Gentle", "Bright", "Curious"])} ${pick(["Heron", "Wren", "Plover", "Siskin", "Dunlin", "Avocet"])}`;
sessionStorage.setItem("name", name.value);

const say = (what) => connection.send(JSON.stringify(what));

// Who comes in says so in the handshake: the server lets nobody in without a name.
const path = () => `/engine.io/?name=${encodeURIComponent(name.value)}`;

// ---- The connection and its status line

const connection = new Connection(path, {
  open() {
    me = null;
    show("open", "polling", "connected");
    if (wasOpen) note("Connected again");
    else announce("Connected");
    wasOpen = true;
  },
  upgrade(ms) {
    const took = Math.max(1, Math.round(ms));
    show("open", "websocket", `upgraded after ${took} ms`);
    announce(`Moved from polling to a WebSocket after ${took} milliseconds`);
  },
  stay() {
    show("open", "polling", "stays on polling");
  },
  message(message) {
    receive(JSON.parse(message));
  },
  close(_reason, wait) {
    show("lost", "polling", "");
    here.textContent = "Not connected";
    countDown(performance.now() + wait);
    if (me !== null) note("Connection lost");
    me = null;
    // It left, and then the connection did: nobody knows whether it arrived.
    for (const words of unconfirmed) {
      addMessage({ name: name.value, text: words, isOwn: true, isDoubtful: true });
    }
    unconfirmed = [];
  },
});

function show(state, transport, words) {
  clearInterval(countdown);
  status.dataset.state = state;
  status.dataset.transport = transport;
  detail.textContent = words;
  send.disabled = state !== "open";
}

function countDown(until) {
  const tick = () => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    detail.textContent = seconds > 0 ? `reconnecting in ${seconds} s` : "reconnecting";
  };
  tick();
  countdown = setInterval(tick, 250);
}

// For those who don't see the status line. The notes among the messages are heard anyway.
function announce(words) {
  announcement.textContent = words;
}

// ---- What the server says

function receive(news) {
  switch (news.kind) {
    case "welcome":
      me = news.id;
      break;
    case "join":
      countHere(news.here);
      note(`${news.name} joined`);
      break;
    case "leave":
      countHere(news.here);
      note(`${news.name} left`);
      break;
    case "rename":
      note(`${news.was} is now ${news.name}`);
      break;
    case "say": {
      const isOwn = news.id === me;
      if (isOwn) unconfirmed.shift();
      addMessage({ ...news, isOwn });
      if (document.hidden) document.title = `(${++unread}) Chat`;
      break;
    }
  }
}

function countHere(count) {
  here.textContent = count === 1 ? "Only you are here" : `${count} people are here`;
}

// ---- The list of messages. Text is only ever set as text, never as markup.

function element(tag, className, content = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = content;
  return made;
}

function addMessage({ id, name, text, isOwn, isDoubtful = false }) {
  document.getElementById("empty")?.remove();
  const now = new Date();
  const message = element("article", "message");
  message.dataset.kind = "say";
  message.dataset.own = isOwn;
  message.dataset.speaker = `${isOwn ? "me" : id} ${name}`;
  message.dataset.at = now.getTime();
  message.style.setProperty("--hue", hueOf(name));

  const before = messages.lastElementChild;
  const isSameSpeaker = before?.dataset.speaker === message.dataset.speaker;
  message.classList.toggle("follows", isSameSpeaker && now - before.dataset.at < GROUP_MS);

  const time = element("time", "", now.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  time.dateTime = now.toISOString();
  time.title = now.toLocaleString();
  const head = element("p", "head");
  head.append(element("span", "name", name), " ", time);
  const avatar = element("span", "avatar", [...name][0]?.toUpperCase() ?? "");
  avatar.ariaHidden = "true";
  message.append(avatar, head, element("p", "text", text));
  if (isDoubtful) {
    message.classList.add("doubtful");
    message.append(element("p", "doubt", "may not have arrived"));
  }
  append(message, isOwn);
}

function note(words) {
  const line = element("p", "note", words);
  line.dataset.kind = "note";
  append(line, false);
}

function append(line, isOwn) {
  messages.append(line);
  while (messages.childElementCount > KEPT) messages.firstElementChild.remove();
  if (isFollowing || isOwn) scrollToEnd();
  else if (line.dataset.kind === "say") latest.hidden = false;
}

// The newest message stays in view, unless someone reads further up.
function scrollToEnd() {
  messages.scrollTop = messages.scrollHeight;
}

messages.addEventListener("scroll", () => {
  isFollowing = messages.scrollHeight - messages.scrollTop - messages.clientHeight < 80;
  if (isFollowing) latest.hidden = true;
});
new ResizeObserver(() => isFollowing && scrollToEnd()).observe(messages);
latest.addEventListener("click", scrollToEnd);

// A name has the same colour on every page; how light it is, the style sheet says.
function hueOf(name) {
  let hash = 0;
  for (const char of name) hash = (hash * 31 + char.codePointAt(0)) % 9973;
  return (hash * 137.5) % 360;
}

// ---- What is typed and clicked

composer.addEventListener("submit", (event) => {
  event.preventDefault();
  const words = text.value.trim();
  if (words === "" || send.disabled) return;
  unconfirmed.push(words);
  say({ kind: "say", text: words });
  text.value = "";
  text.focus();
});

text.addEventListener("keydown", (event) => {
  // While an input method composes, Enter chooses a word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  composer.requestSubmit();
});

name.addEventListener("change", () => {
  name.value = name.value.trim() || sessionStorage.getItem("name");
  if (name.value === sessionStorage.getItem("name")) return;
  sessionStorage.setItem("name", name.value);
  if (me !== null) say({ kind: "rename", name: name.value });
});

name.addEventListener("keydown", (event) => {
  if (event.key === "Enter") text.focus();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = "Chat";
});
