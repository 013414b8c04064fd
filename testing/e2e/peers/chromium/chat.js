// Two people chat in two tabs of Chromium, before and after a restart of the server.
//
// Prints a line of JSON after each act: {upgraded, extensions}, {heard}, {lost}, {heard}. After the second it
// waits for the connection to be lost, after the third for it to come back.

"use strict";

const { chromium } = require("playwright-core");
const path = require("node:path");

const { url, executable, pictures } = JSON.parse(process.argv[2]);
const tell = (what) => console.log(JSON.stringify(what));
const state = (name, transport) =>
    `#status[data-state=${name}]${transport ? `[data-transport=${transport}]` : ""}`;

async function enter(context, name) {
    const page = await context.newPage();
    await page.goto(url);
    await page.fill("#name", name);
    await page.press("#name", "Enter");
    return page;
}

async function say(page, text) {
    await page.fill("#text", text);
    await page.click("#send");
}

/** The text of the message that holds `text`, as another tab shows it. */
async function hear(page, text) {
    const message = page.locator("#messages").getByText(text, { exact: true });
    await message.waitFor();
    return message.textContent();
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
        ],
    });
    try {
        const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
        await context.addInitScript(() => {
            const Native = window.WebSocket;
            window.WebSocket = class extends Native {
                constructor(...all) {
                    super(...all);
                    window.lastSocket = this;
                }
            };
        });
        const tabs = [await enter(context, "Ada"), await enter(context, "Grace")];
        const [ada, grace] = tabs;
        const all = (selector) => Promise.all(tabs.map((tab) => tab.waitForSelector(selector)));
        const picture = (page, name) => page.screenshot({ path: path.join(pictures, name) });

        await all(state("open", "websocket"));
        tell({
            upgraded: await ada.locator("#status").innerText(),
            extensions: await ada.evaluate(() => window.lastSocket.extensions),
        });

        await say(ada, "Good morning, <b>Grace</b> \u{1f600}");
        const heard = await hear(grace, "Good morning, <b>Grace</b> \u{1f600}");
        await say(grace, "Good morning, Ada");
        await hear(ada, "Good morning, Ada");
        await picture(grace, "chat.png");
        tell({ heard });

        await all(state("lost"));
        await picture(ada, "lost.png");
        tell({ lost: await ada.locator("#status").innerText() });

        await all(state("open", "websocket"));
        await say(grace, "Here again");
        tell({ heard: await hear(ada, "Here again") });
    } finally {
        await browser.close();
    }
}

main().catch((error) => {
    console.error(error);
    process.exit(1);
});
