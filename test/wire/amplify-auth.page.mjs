// Drives servers with aws-amplify, from a page.
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import * as older from "amazon-cognito-identity-js";
import { assert } from "chai";
import { run } from "./amplify-auth.scenarios.mjs";

/** The browser holds the page to its origin: where the server lets nobody read, it gives nothing to read. */
async function isElsewhere() {
  const door = new URL(new URLSearchParams(location.search).get("usual"));
  assert.notStrictEqual(door.origin, location.origin);
  const error = await fetch(new URL("/healthz", door)).catch((error) => error);
  assert.instanceOf(error, TypeError);
}

isElsewhere()
  .then(() => run({ Amplify, auth, older }, location.href))
  .then(() => ended(""), (error) => ended(error.stack));
