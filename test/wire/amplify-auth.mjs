// Drives a server with the Auth category of aws-amplify, through all that people do with their accounts.
//
//   node amplify-auth.mjs URL
//
// Beneath URL are /idp, the door; /strict, one to a pool where everybody has a second factor; and what the test
// needs besides: /mail?to= gives what was mailed last, /wait?for= moves the server's clock, /invite?user= has an
// administrator make a user. It ends with 0 when everything that was expected has happened, and says what did not
// otherwise.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createRequire } from "node:module";

// Amplify's packages for ESM and for CommonJS have a configuration each; the latter work in Node as they are.
const require = createRequire(import.meta.url);
const { Amplify } = require("aws-amplify");
const auth = require("aws-amplify/auth");

const [base] = process.argv.slice(2);
const password = "tulip-garden-47";

const configure = (path) =>
  Amplify.configure({
    Auth: {
      Cognito: {
        userPoolId: "local_freshet",
        userPoolClientId: "freshet",
        userPoolEndpoint: base + path,
        identityPoolId: "local:6f1d2c3b-0000-4000-8000-000000000001",
        identityPoolEndpoint: base + path,
        allowGuestAccess: true,
      },
    },
  });

const helper = async (path, parameters) => {
  const response = await fetch(`${base}${path}?${new URLSearchParams(parameters)}`);
  assert.equal(response.status, 200, `${path}: ${await response.clone().text()}`);
  return response.json();
};
const mailed = (to) => helper("/mail", { to });
const code = async (to) => (await mailed(to)).code;
const wait = (time) => helper("/wait", { for: time });
const now = async () => (await helper("/wait", { for: "0s" })).seconds;

const refused = (name, promise) => assert.rejects(promise, (error) => error.name === name || assert.fail(`${error.name}: ${error.message}, want ${name}`));

const wrong = (right) => (right === "000000" ? "000001" : "000000");

/** The code that an authenticator app shows, at the server's time. */
const totp = async (secret) => {
  const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor((await now()) / 30)));
  const sum = createHmac("sha1", key).update(counter).digest();
  const at = sum[sum.length - 1] & 0xf;
  return String((sum.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
};

const signsIn = async (username, secret, options) => {
  const { isSignedIn, nextStep } = await auth.signIn({ username, password: secret, options });
  assert.deepEqual([isSignedIn, nextStep.signInStep], [true, "DONE"]);
};
const asksFor = async (step, username, secret, options) => {
  const { isSignedIn, nextStep } = await auth.signIn({ username, password: secret, options });
  assert.deepEqual([isSignedIn, nextStep.signInStep], [false, step]);
  return nextStep;
};
const answers = async (challengeResponse) => {
  const { isSignedIn, nextStep } = await auth.confirmSignIn({ challengeResponse });
  assert.deepEqual([isSignedIn, nextStep.signInStep], [true, "DONE"]);
};
const signsUp = async (username, email, options) => {
  const { isSignUpComplete, nextStep } = await auth.signUp({ username, password, options: { userAttributes: { email }, ...options } });
  assert.deepEqual([isSignUpComplete, nextStep.signUpStep], [false, "CONFIRM_SIGN_UP"]);
  return nextStep;
};
const signsUpAndConfirms = async (username, email) => {
  await signsUp(username, email);
  await auth.confirmSignUp({ username, confirmationCode: await code(email) });
  await wait("61s");
};

const scenarios = {
  async "sign-up"() {
    const { codeDeliveryDetails } = await signsUp("ana", "ana@example.com");
    assert.deepEqual(codeDeliveryDetails, { attributeName: "email", deliveryMedium: "EMAIL", destination: "a***@e***" });
    await refused("UsernameExistsException", auth.signUp({ username: "Ana", password, options: { userAttributes: { email: "b@example.com" } } }));
    await refused("InvalidPasswordException", auth.signUp({ username: "ben", password: "password", options: { userAttributes: { email: "b@example.com" } } }));
    await asksFor("CONFIRM_SIGN_UP", "ana", password);
    await wait("61s");
    assert.equal((await auth.resendSignUpCode({ username: "ana" })).destination, "a***@e***");
    const right = await code("ana@example.com");
    await refused("CodeMismatchException", auth.confirmSignUp({ username: "ana", confirmationCode: wrong(right) }));
    const { isSignUpComplete } = await auth.confirmSignUp({ username: "ana", confirmationCode: right });
    assert.equal(isSignUpComplete, true);
  },

  async "sign-in"() {
    await refused("NotAuthorizedException", auth.signIn({ username: "ana", password: "wrong-password" }));
    await refused("NotAuthorizedException", auth.signIn({ username: "nobody", password }));
    await refused("NotAuthorizedException", auth.signIn({ username: "nobody", password, options: { authFlowType: "USER_PASSWORD_AUTH" } }));
    for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
      for (const username of ["ana", "ANA", "ana@example.com"]) {
        await signsIn(username, password, { authFlowType });
        assert.equal((await auth.getCurrentUser()).username, "ana");
        await auth.signOut();
        await refused("UserUnAuthenticatedException", auth.getCurrentUser());
      }
    }
  },

  async "sign-in by choice"() {
    for (const preferredChallenge of ["PASSWORD", "PASSWORD_SRP"]) {
      await signsIn("ana", password, { authFlowType: "USER_AUTH", preferredChallenge });
      await auth.signOut();
    }
    const { availableChallenges } = await asksFor("CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION", "ana", undefined, { authFlowType: "USER_AUTH" });
    assert.deepEqual([...availableChallenges].sort(), ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP"]);
    const { nextStep } = await auth.confirmSignIn({ challengeResponse: "EMAIL_OTP" });
    assert.equal(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    await answers(await code("ana@example.com"));
    await auth.signOut();
  },

  async "sign-in right after the sign-up"() {
    await signsUp("eva", "eva@example.com", { autoSignIn: { authFlowType: "USER_AUTH" } });
    const { nextStep } = await auth.confirmSignUp({ username: "eva", confirmationCode: await code("eva@example.com") });
    assert.equal(nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
    assert.equal((await auth.autoSignIn()).isSignedIn, true);
    assert.equal((await auth.getCurrentUser()).username, "eva");
    await auth.signOut();
  },

  async session() {
    await signsIn("ana", password);
    const first = await auth.fetchAuthSession();
    assert.equal(first.tokens.idToken.payload.email, "ana@example.com");
    assert.equal(first.tokens.accessToken.payload.username, "ana");
    assert.equal(first.userSub, first.tokens.accessToken.payload.sub);
    for (let i = 0; i < 2; i++) {
      const before = (await auth.fetchAuthSession()).tokens.accessToken.toString();
      const { tokens } = await auth.fetchAuthSession({ forceRefresh: true });
      assert.notEqual(tokens.accessToken.toString(), before);
    }
    await wait("2h"); // the tokens have expired, by the server's clock
    await refused("NotAuthorizedException", auth.fetchUserAttributes());
    await auth.fetchAuthSession({ forceRefresh: true });
    assert.equal((await auth.fetchUserAttributes()).email, "ana@example.com");
    await auth.signOut();
    assert.equal((await auth.fetchAuthSession()).tokens, undefined);
  },

  async "identity pool"() {
    const guest = await auth.fetchAuthSession();
    assert.match(guest.identityId, /^local:/);
    assert.ok(guest.credentials.secretAccessKey && guest.credentials.sessionToken);
    await signsIn("ana", password);
    const user = await auth.fetchAuthSession();
    assert.notEqual(user.identityId, guest.identityId);
    assert.notEqual(user.credentials.accessKeyId, guest.credentials.accessKeyId);
    assert.ok(user.credentials.expiration > new Date());
    await auth.signOut();
    await signsIn("ana", password);
    assert.equal((await auth.fetchAuthSession()).identityId, user.identityId);
    await auth.signOut();
  },

  async attributes() {
    await signsIn("ana", password);
    const changed = await auth.updateUserAttributes({ userAttributes: { nickname: "Ani", email: "ana@new.example" } });
    assert.equal(changed.nickname.nextStep.updateAttributeStep, "DONE");
    assert.equal(changed.email.nextStep.updateAttributeStep, "CONFIRM_ATTRIBUTE_WITH_CODE");
    assert.equal((await auth.fetchUserAttributes()).email, "ana@example.com");
    await refused("CodeMismatchException", auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: "none" }));
    await wait("61s");
    const sent = await auth.sendUserAttributeVerificationCode({ userAttributeKey: "email" });
    assert.equal(sent.destination, "a***@n***");
    await auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: await code("ana@new.example") });
    const { sub, ...attributes } = await auth.fetchUserAttributes();
    assert.deepEqual(attributes, { email: "ana@new.example", email_verified: "true", nickname: "Ani" });
    await auth.deleteUserAttributes({ userAttributeKeys: ["nickname"] });
    assert.equal((await auth.fetchUserAttributes()).nickname, undefined);
    await auth.signOut();
    await signsIn("ana@new.example", password);
    await auth.signOut();
  },

  async "another password"() {
    await signsIn("ana", password);
    await refused("NotAuthorizedException", auth.updatePassword({ oldPassword: "wrong-password", newPassword: "rose-garden-48" }));
    await refused("InvalidPasswordException", auth.updatePassword({ oldPassword: password, newPassword: "password" }));
    await auth.updatePassword({ oldPassword: password, newPassword: "rose-garden-48" });
    await auth.fetchAuthSession({ forceRefresh: true }); // this session goes on
    await auth.signOut();
    await refused("NotAuthorizedException", auth.signIn({ username: "ana", password }));
    await signsIn("ana", "rose-garden-48");
    await auth.signOut();
  },

  async "a forgotten password"() {
    await wait("61s");
    const { nextStep } = await auth.resetPassword({ username: "ana" });
    assert.equal(nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
    assert.equal(nextStep.codeDeliveryDetails.destination, "a***@n***");
    const right = await code("ana@new.example");
    await refused("CodeMismatchException", auth.confirmResetPassword({ username: "ana", confirmationCode: wrong(right), newPassword: password }));
    await auth.confirmResetPassword({ username: "ana", confirmationCode: right, newPassword: password });
    await signsIn("ana", password);
    await auth.signOut();
    const unknown = await auth.resetPassword({ username: "nobody" });
    assert.equal(unknown.nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
  },

  async "an app as second factor"() {
    await signsIn("ana", password);
    const { sharedSecret } = await auth.setUpTOTP();
    await refused("EnableSoftwareTokenMFAException", auth.verifyTOTPSetup({ code: "000000" }));
    await auth.verifyTOTPSetup({ code: await totp(sharedSecret) });
    await wait("31s");
    await auth.updateMFAPreference({ totp: "PREFERRED" });
    assert.deepEqual(await auth.fetchMFAPreference(), { enabled: ["TOTP"], preferred: "TOTP" });
    await auth.signOut();
    for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
      await asksFor("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "ana", password, { authFlowType });
      const right = await totp(sharedSecret);
      await refused("CodeMismatchException", auth.confirmSignIn({ challengeResponse: wrong(right) }));
      await answers(right);
      await auth.signOut();
      await asksFor("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "ana", password, { authFlowType });
      await refused("CodeMismatchException", auth.confirmSignIn({ challengeResponse: right })); // a code counts once
      await wait("31s");
    }
  },

  async "mail as second factor"() {
    await signsUpAndConfirms("leo", "leo@example.com");
    await signsIn("leo", password);
    await auth.updateMFAPreference({ email: "ENABLED" });
    await auth.signOut();
    const { codeDeliveryDetails } = await asksFor("CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "leo", password);
    assert.equal(codeDeliveryDetails.destination, "l***@e***");
    await answers(await code("leo@example.com"));

    const { sharedSecret } = await auth.setUpTOTP();
    await auth.verifyTOTPSetup({ code: await totp(sharedSecret) });
    await auth.updateMFAPreference({ totp: "ENABLED" });
    await auth.signOut();
    const { allowedMFATypes } = await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SELECTION", "leo", password);
    assert.deepEqual([...allowedMFATypes].sort(), ["EMAIL", "TOTP"]);
    const { nextStep } = await auth.confirmSignIn({ challengeResponse: "TOTP" });
    assert.equal(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
    await wait("31s");
    await answers(await totp(sharedSecret));
    await auth.updateMFAPreference({ totp: "DISABLED", email: "DISABLED", sms: "DISABLED" });
    await auth.signOut();
    await signsIn("leo", password);
    await auth.signOut();
  },

  async "a second factor that everybody has to have"() {
    configure("/strict");
    await signsUpAndConfirms("mia", "mia@example.com");
    const { allowedMFATypes } = await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION", "mia", password);
    assert.deepEqual([...allowedMFATypes].sort(), ["EMAIL", "TOTP"]);
    const { nextStep } = await auth.confirmSignIn({ challengeResponse: "TOTP" });
    assert.equal(nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
    await answers(await totp(nextStep.totpSetupDetails.sharedSecret));
    await auth.signOut();

    await signsUpAndConfirms("noa", "noa@example.com");
    await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION", "noa", password);
    const email = await auth.confirmSignIn({ challengeResponse: "EMAIL" });
    assert.equal(email.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP");
    const sent = await auth.confirmSignIn({ challengeResponse: "noa@example.com" });
    assert.equal(sent.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
    await answers(await code("noa@example.com"));
    await auth.signOut();
    configure("/idp");
  },

  async "a user whom an administrator made"() {
    await helper("/invite", { user: "tom", email: "tom@example.com" });
    const temporary = (await mailed("tom@example.com")).password;
    for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
      await asksFor("CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED", "tom", temporary, { authFlowType });
    }
    await refused("InvalidPasswordException", auth.confirmSignIn({ challengeResponse: "password" }));
    await answers("rose-garden-48");
    await auth.signOut();
    await signsIn("tom", "rose-garden-48");
    await auth.signOut();
  },

  async "sign-out everywhere"() {
    await signsIn("tom", "rose-garden-48");
    const here = (await auth.fetchAuthSession()).tokens.accessToken.toString();
    await auth.signOut({ global: true });
    const response = await fetch(`${base}/idp`, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": "AWSCognitoIdentityProviderService.GetUser" },
      body: JSON.stringify({ AccessToken: here }),
    });
    assert.equal((await response.json()).__type, "NotAuthorizedException");
  },

  async "what is not supported"() {
    await signsIn("tom", "rose-garden-48");
    await refused("UnsupportedOperationException", auth.fetchDevices());
    await refused("UnsupportedOperationException", auth.listWebAuthnCredentials());
    await refused("UnsupportedOperationException", auth.updateMFAPreference({ sms: "ENABLED" }));
    await auth.signOut();
  },

  async "the end of an account"() {
    await signsIn("tom", "rose-garden-48");
    await auth.deleteUser();
    await refused("UserUnAuthenticatedException", auth.getCurrentUser());
    await refused("NotAuthorizedException", auth.signIn({ username: "tom", password: "rose-garden-48" }));
  },
};

configure("/idp");
for (const [name, run] of Object.entries(scenarios)) {
  console.log(name); // shown when something goes wrong
  try {
    await run();
  } catch (error) {
    console.error(`${name}: ${error.stack}`, error.underlyingError ?? "");
    process.exit(1);
  }
}
process.exit(0); // Amplify waits on, for an automatic sign-in that has happened long ago
