// Opens a page in a browser, shows what it says on its console, and waits until it calls ended("") or, when
// something went wrong, ended(with a text). By devtools(method, parameters) a page can have the browser itself do things.
//
//   node browser.mjs PROGRAM ADDRESS
import { launch } from "./chromium.mjs";

const [program, address] = process.argv.slice(2);
const browser = await launch(program);
const page = await browser.newPage();
page.on("console", (message) => console.log(message.text()));
const session = await page.context().newCDPSession(page);
await page.exposeFunction("devtools", (method, parameters) => session.send(method, parameters));
const problem = await new Promise((resolve) => {
  page.on("pageerror", (error) => resolve(error.stack));
  page.exposeFunction("ended", resolve).then(() => page.goto(address)).catch((error) => resolve(error.stack));
});
await browser.close();
if (problem) {
  console.error(problem);
  process.exit(1);
}
