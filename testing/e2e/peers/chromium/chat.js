// Two people chat in two tabs of Chromium, before and after a restart of the server.
//
// Prints a line of JSON after each act: {suggested, hints}, {upgraded, extensions}, {heard, link, time}, {renamed},
// {lost}, {heard}. After the fourth it waits for the connection to be lost, after the fifth for it to come back.

"use strict";

const { chromium } = require("playwright-core");
const path = require("node:path");

const { url, executable, pictures } = JSON.parse(process.argv[2]);
const tell = (what) => console.log(JSON.stringify(what));
const state = (name, transport) =>
    `#status[data-state=${name}]${transport ? `[data-transport=${transport}]` : ""}`;

// Where nobody's browser or server is by default.
const LOCALE = "de-DE";
const ZONE = "Asia/Tokyo";

/** A tab in which `name` has come in, and the name that it suggested. */
async function enter(context, name) {
    const page = await context.newPage();
    await page.goto(url);
    const suggested = await page.inputValue("#door-name");
    await page.fill("#door-name", name);
    await page.press("#door-name", "Enter");
    await page.waitForSelector(state("open"));
    return [page, suggested];
}

/** What a link says and where it leads. */
function link(page) {
    return page.locator("#messages a").evaluateAll((links) =>
        links.map(({ textContent, href, rel, target }) => ({ textContent, href, rel, target })),
    );
}

/** Whether the time of the last message is shown as a reader in `LOCALE` and `ZONE` expects. */
async function isOwnTime(page) {
    const time = page.locator("#messages time").last();
    const at = new Date(await time.getAttribute("datetime"));
    const form = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short", timeZone: ZONE });
    return (await time.textContent()) === form.format(at);
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
        const context = await browser.newContext({
            viewport: { width: 1000, height: 700 },
            locale: LOCALE,
            timezoneId: ZONE,
        });
        await context.addInitScript(() => {
            const Native = window.WebSocket;
            window.WebSocket = class extends Native {
                constructor(...all) {
                    super(...all);
                    window.lastSocket = this;
                }
            };
        });
        const picture = (page, name) => page.screenshot({ path: path.join(pictures, name) });
        const [ada] = await enter(context, "Ada");
        const hint = ada.getByText("Open a second tab");
        await ada.getByText("Only you are here").waitFor();
        const hints = [await hint.isVisible()];
        await picture(ada, "alone.png");
        const [grace, suggested] = await enter(context, "Grace");
        await ada.getByText("2 people are here").waitFor();
        hints.push(await hint.isVisible());
        const tabs = [ada, grace];
        const all = (selector) => Promise.all(tabs.map((tab) => tab.waitForSelector(selector)));
        tell({ suggested, hints });

        await all(state("open", "websocket"));
        tell({
            upgraded: await ada.locator("#status").innerText(),
            extensions: await ada.evaluate(() => window.lastSocket.extensions),
        });

        await say(ada, "Good morning, <b>Grace</b> \u{1f600}");
        const heard = await hear(grace, "Good morning, <b>Grace</b> \u{1f600}");
        await say(grace, "Good morning, Ada");
        await hear(ada, "Good morning, Ada");
        const address = "https://example.org/a_(b)?c=<d>";
        await say(ada, `(see ${address}, not javascript:alert(1) or http://ada@example.org)`);
        await grace.getByText("not javascript:").waitFor();
        await picture(grace, "chat.png");
        tell({ heard, link: await link(grace), time: await isOwnTime(grace) });

        await grace.fill("#name", "  Grace Hopper ");
        await grace.press("#name", "Enter");
        await ada.getByText("Grace is now Grace Hopper").waitFor();
        await ada.fill("#name", " ");
        await ada.press("#name", "Enter");
        tell({ renamed: await ada.inputValue("#name") });

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
