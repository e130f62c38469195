// Who goes through the hosted pages: each visitor has cookies of its own. `visit` opens an address, `fill` fills in the
// form of the page and sends it; both end at a page of the server or at the app, and give the address of the app there
// and else nothing. `heading` is that of the page. What the app itself asks for it asks with `fetch`: in Chromium from a
// page of its own.
import assert from "node:assert/strict";
import { launch } from "./chromium.mjs";

/** A person with Chromium. */
export async function withChromium(program, app) {
  const browser = await launch(program);
  const newVisitor = async () => {
    const page = await (await browser.newContext()).newPage();
    const arrive = async (going) => {
      await Promise.all([page.waitForEvent("load"), going()]);
      return page.url().startsWith(app) ? new URL(page.url()) : undefined;
    };
    return {
      visit: (url) => arrive(() => page.goto(String(url))),
      fill: (fields) =>
        arrive(async () => {
          for (const [name, value] of Object.entries(fields)) await page.locator(`input[name="${name}"]`).fill(value);
          await page.locator("button:not(.other)").click();
        }),
      heading: () => page.locator("h1").textContent(),
    };
  };
  const own = await browser.newPage();
  await own.goto(app);
  return { newVisitor, fetch: fetchFrom(own), close: () => browser.close() };
}

/** Gives a fetch that a page does, under the rules that a browser has for its origin. */
const fetchFrom = (page) => async (url, { method, headers, body }) => {
  const sent = new Headers(headers);
  sent.delete("user-agent"); // which a page leaves to the browser
  const request = { method, headers: [...sent], body: body?.toString() };
  const { text, ...answer } = await page.evaluate(
    async ([url, request]) => {
      const answer = await fetch(url, request);
      return { status: answer.status, headers: [...answer.headers], text: await answer.text() };
    },
    [String(url), request],
  );
  return new Response(text || null, answer);
};

/** Somebody who reads the pages as text. */
export async function withFetch(app) {
  const newVisitor = async () => {
    const cookies = new Map();
    let url, page;
    const arrive = async (to, request) => {
      for (let hops = 0; hops < 10; hops++) {
        url = to;
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const answer = await fetch(url, { ...request, headers: { cookie }, redirect: "manual" });
        for (const line of answer.headers.getSetCookie()) {
          const [name, value] = line.split(";")[0].split(/=(.*)/s);
          cookies.set(name, value);
        }
        const next = answer.headers.get("location");
        if (next?.startsWith(app)) return new URL(next);
        page = await answer.text();
        if (!next) return undefined;
        [to, request] = [new URL(next, url), { method: "GET" }];
      }
      assert.fail("the pages do not come to an end");
    };
    const find = (pattern) => unescape(pattern.exec(page)?.[1] ?? assert.fail(page));
    return {
      visit: (to) => arrive(to, { method: "GET" }),
      fill: (fields) => {
        for (const name of Object.keys(fields)) find(new RegExp(`name="(${name})"`));
        const body = new URLSearchParams({ form: find(/name="form" value="([^"]*)"/), ...fields });
        return arrive(new URL(find(/action="([^"]*)"/), url), { method: "POST", body });
      },
      heading: async () => find(/<h1>([^<]*)/),
    };
  };
  return { newVisitor, fetch, close: () => {} };
}

/** An attribute or a text as the pages write it. */
function unescape(text) {
  return text.replace(/&#(\d+);/g, (_, n) => String.fromCharCode(n)).replaceAll("&amp;", "&");
}
