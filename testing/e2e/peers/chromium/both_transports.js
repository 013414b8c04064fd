// A page of Chromium with the official client. It opens a session over polling, which moves to a WebSocket,
// and one that begins on a WebSocket, and sends messages on both.
//
// Prints {messages, responses: [{protocol, connection}], websockets: [status]}: what came back, how the responses to
// polls and posts came, and the status that opened each WebSocket: 101 over HTTP/1.1, 200 over HTTP/2.

"use strict";

const { chromium } = require("playwright-core");

const { url, executable, client } = JSON.parse(process.argv[2]);

/** Runs in the page: sends a message at once, the others on the last transport, and gives what came back. */
function talk([transports, messages]) {
    return new Promise((resolve, reject) => {
        const socket = eio(location.origin, { transports });
        const heard = [];
        socket.on("close", (reason, details) => reject(new Error(`closed: ${reason}, ${details && details.message}`)));
        const [first, ...others] = messages;
        socket.once("open", () => socket.send(first));
        socket.once(transports.length > 1 ? "upgrade" : "open", () => {
            setTimeout(() => others.forEach((message) => socket.send(message)), 0);
        });
        socket.on("message", (message) => {
            // the client hands over the empty text as nothing at all
            heard.push(message ? message.length : 0);
            if (heard.length < messages.length) return;
            socket.off("close");
            socket.close();
            resolve({ heard, transport: socket.transport.name });
        });
    });
}

async function main() {
    const browser = await chromium.launch({
        executablePath: executable,
        args: [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--ignore-certificate-errors",
        ],
    });
    try {
        const page = await (await browser.newContext({ ignoreHTTPSErrors: true })).newPage();
        const responses = [];
        const websockets = [];
        const network = await page.context().newCDPSession(page);
        await network.send("Network.enable");
        network.on("Network.responseReceived", ({ response }) => {
            const { protocol, connectionId } = response;
            if (response.url.includes("transport=")) responses.push({ protocol, connection: connectionId });
        });
        network.on("Network.webSocketHandshakeResponseReceived", ({ response }) => {
            websockets.push(response.status);
        });

        // A refusal: it only has to be a page of the server's origin, and mustn't be empty, as others may be.
        await page.goto(`${url}/engine.io/`);
        await page.addScriptTag({ path: client });
        const messages = ["hello", "", "x".repeat(200_000)];
        const upgraded = await page.evaluate(talk, [["polling", "websocket"], messages]);
        const alone = await page.evaluate(talk, [["websocket"], messages]);
        console.log(JSON.stringify({ upgraded, alone, responses, websockets }));
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
