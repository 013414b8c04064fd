// The page: what is typed goes to the server as JSON, what comes back is shown. The
// server's messages are in `room.rs`, the protocol below them in `engine-io.js`.
import { Connection } from "./connection.js";

const [status, transport, detail, here, announcement, messages, alone, latest, door, doorName, name, composer, text, send] = [
  "status", "transport", "detail", "here", "announcement", "messages", "alone", "latest", "door", "door-name", "name", "composer", "text", "send",
].map((id) => document.getElementById(id));

const KEPT = 1000; // messages on the page
const GROUP_MS = 5 * 60_000; // a speaker's name is shown anew after such a break

let connection = null; // until there is a name
let me = null; // the number that the server gave us
let unconfirmed = []; // what we have said and not yet heard
let wasOpen = false;
let isFollowing = true; // the end of the messages is in view
let unread = 0;
let countdown;

const say = (what) => connection.send(JSON.stringify(what));

// ---- The door

door.addEventListener("submit", (event) => {
  event.preventDefault();
  const chosen = doorName.value.trim();
  if (chosen !== "") enter(chosen);
  else doorName.value = "";
});

function enter(chosen) {
  keepName(chosen);
  door.hidden = true;
  for (const hidden of document.querySelectorAll("#status, main, footer")) hidden.hidden = false;
  text.focus();
  connection = connect();
}

function keepName(chosen) {
  name.value = chosen;
  sessionStorage.setItem("name", chosen);
  localStorage.setItem("name", chosen);
}

// ---- The connection and its status line

// The handshake carries the name: the server admits nobody without one.
const path = () => `/engine.io/?name=${encodeURIComponent(name.value)}`;

function connect() {
  return new Connection(path, {
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
}

function show(state, over, words) {
  clearInterval(countdown);
  status.dataset.state = state;
  status.dataset.transport = over;
  transport.textContent = state === "open" ? { polling: "Polling", websocket: "WebSocket" }[over] : "";
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
  alone.hidden = count > 1;
}

// ---- The list of messages. Text is only ever set as text, never as markup.

// In the form that the reader's browser is set to.
const timeOfDay = new Intl.DateTimeFormat(navigator.languages, { timeStyle: "short" });
const fullTime = new Intl.DateTimeFormat(navigator.languages, { dateStyle: "full", timeStyle: "medium" });

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

  const time = element("time", "", timeOfDay.format(now));
  time.dateTime = now.toISOString();
  time.title = fullTime.format(now);
  const head = element("p", "head");
  head.append(element("span", "name", name), " ", time);
  const avatar = element("span", "avatar", [...name][0]?.toUpperCase() ?? "");
  avatar.ariaHidden = "true";
  const words = element("p", "text");
  words.append(...withLinks(text));
  message.append(avatar, head, words);
  if (isDoubtful) {
    message.classList.add("doubtful");
    message.append(element("p", "doubt", "may not have arrived"));
  }
  append(message, isOwn);
}

// The parts of a text, with its addresses as links. A link shows the whole address, and leads nowhere
// but to that page on the web: other schemes could run code, and a user name could pass for a host.
function* withLinks(text) {
  let rest = 0;
  for (const { 0: found, index } of text.matchAll(/\bhttps?:\/\/[^\s<>"\u202a-\u202e\u2066-\u2069]+/gi)) {
    const address = withoutPunctuation(found);
    const url = URL.canParse(address) ? new URL(address) : null;
    if (!["http:", "https:"].includes(url?.protocol) || url.username || url.password) continue;
    yield text.slice(rest, index);
    rest = index + address.length;
    const link = element("a", "", address);
    link.href = url.href;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    yield link;
  }
  yield text.slice(rest);
}

// Punctuation at the end belongs to the sentence, and so does a closing bracket around the address.
function withoutPunctuation(address) {
  const trimmed = address.replace(/[.,:;!?'*]+$/, "");
  const isClosed = trimmed.endsWith(")") && trimmed.split(")").length > trimmed.split("(").length;
  return isClosed ? withoutPunctuation(trimmed.slice(0, -1)) : trimmed;
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
  const known = sessionStorage.getItem("name");
  keepName(name.value.trim() || known);
  if (name.value !== known && me !== null) say({ kind: "rename", name: name.value });
});

name.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault(); // or the text would get a line break
  text.focus();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  unread = 0;
  document.title = "Chat";
});

// ---- The beginning

// Two tabs are two people, so a name is the tab's. A new tab suggests the last one.
const ownName = sessionStorage.getItem("name");
if (ownName !== null) {
  enter(ownName);
} else {
  door.hidden = false;
  doorName.value = localStorage.getItem("name") ?? "";
  doorName.select();
}
