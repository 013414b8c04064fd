// engine.io-client 3.x polls by JSONP, from a page of another origin.
//
// Sends {texts} and then the bytes of {binary}, and prints {heard}: each message that came back, binary as a list of
// numbers, and {ways}: how requests to the server were sent.
"use strict";

const http = require("node:http");
const { chromium } = require("playwright-core");

const { url, executable, texts, binary } = JSON.parse(process.argv[2]);

/** Runs in the page. */
function talk({ url, texts, binary }) {
    const socket = new eio(url, { forceJSONP: true, transports: ["polling"] });
    socket.binaryType = "arraybuffer";
    return new Promise((resolve, reject) => {
        const heard = [];
        socket.on("error", (error) => reject(new Error(`${error.message} (${error.description})`)));
        socket.on("close", (reason) => reject(new Error(`closed by ${reason}`)));
        socket.on("open", () => {
            for (const text of texts) {
                socket.send(text);
            }
            socket.send(new Uint8Array(binary).buffer);
        });
        // This client has no value for an empty text.
        socket.on("message", (message = "") => {
            heard.push(typeof message === "string" ? message : [...new Uint8Array(message)]);
            if (heard.length > texts.length) {
                socket.off("close");
                socket.on("close", () => resolve(heard));
                socket.close();
            }
        });
    });
}

async function main() {
    const browser = await chromium.launch({
        executablePath: executable,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
    });
    // Another port is another origin.
    const pages = http.createServer((_, response) => {
        response.setHeader("Content-Type", "text/html").end("<!doctype html><title>JSONP</title>");
    });
    try {
        await new Promise((listening) => pages.listen(0, "127.0.0.1", listening));
        const page = await browser.newPage();
        const ways = new Set();
        page.on("request", (request) => {
            if (request.url().startsWith(url)) {
                ways.add(`${request.method()} ${request.resourceType()}`);
            }
        });
        await page.goto(`http://127.0.0.1:${pages.address().port}/`);
        await page.addScriptTag({ path: require.resolve("engine.io-client-3/engine.io.js") });
        // The client says that it has closed when it has begun to tell the server, which a browser that ends breaks off.
        const told = page.waitForResponse((response) => {
            const request = response.request();
            return request.method() === "POST" && (request.postData() || "").endsWith("1%3A1");
        });
        const heard = await page.evaluate(talk, { url, texts, binary });
        await told;
        console.log(JSON.stringify({ heard, ways: [...ways].sort() }));
    } finally {
        await browser.close();
        pages.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
