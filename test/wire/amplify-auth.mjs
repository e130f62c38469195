// Drives servers with aws-amplify.
//
//   node amplify-auth.mjs ADDRESS
//
// It ends with 0 when everything that was expected has happened, and says what did not otherwise.
import { createRequire } from "node:module";
import { run } from "./amplify-auth.scenarios.mjs";

// Amplify's packages for ESM and for CommonJS have a configuration each; the latter work in Node as they are.
const require = createRequire(import.meta.url);
const { Amplify } = require("aws-amplify");
const auth = require("aws-amplify/auth");
const older = require("amazon-cognito-identity-js");

await run({ Amplify, auth, older }, process.argv[2]);
process.exit(0); // Amplify waits on, for an automatic sign-in that has happened long ago
