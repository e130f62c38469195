// Registers passkeys and signs in with them, by aws-amplify, from a page. The browser's authenticator is virtual; what
// it does is asked for by devtools(), and so are its faults.
//
// The query has the address of the door, and `stranger` where the page is of an origin that may not use passkeys.
// Beside the page is /mail?to=, which gives the code that was mailed last.
import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { assert } from "chai";

const password = "tulip-garden-47";
const parameters = new URLSearchParams(location.search);
const byPasskey = { authFlowType: "USER_AUTH", preferredChallenge: "WEB_AUTHN" };

let authenticatorId;

const refused = async (name, promise) => {
  const error = await promise.then(() => assert.fail(`it is done, want ${name}`), (error) => error);
  assert.strictEqual(error.name, name, error.message);
  return error.message;
};

async function signsUp(username) {
  const email = `${username}@example.com`;
  await auth.signUp({ username, password, options: { userAttributes: { email } } });
  const { code } = await (await fetch(`/mail?to=${email}`)).json();
  await auth.confirmSignUp({ username, confirmationCode: code });
}

async function signsIn(username, input) {
  const { isSignedIn, nextStep } = await auth.signIn({ username, ...input });
  assert.deepEqual([isSignedIn, nextStep.signInStep], [true, "DONE"]);
}

const scenarios = {
  async "a registration"() {
    await signsUp("ana");
    await refused("UserUnAuthenticatedException", auth.associateWebAuthnCredential());
    await signsIn("ana", { password });
    assert.deepEqual((await auth.listWebAuthnCredentials()).credentials, []);
    await auth.associateWebAuthnCredential();
    const { credentials, nextToken } = await auth.listWebAuthnCredentials({ pageSize: 5 });
    assert.deepEqual([credentials.length, nextToken], [1, undefined]);
    const [{ credentialId, createdAt, ...rest }] = credentials;
    assert.deepEqual(rest, {
      friendlyCredentialName: "Passkey",
      relyingPartyId: "localhost",
      authenticatorAttachment: "platform",
      authenticatorTransports: ["internal"],
    });
    assert.isBelow(Math.abs(Date.now() - createdAt), 60_000);
    const { credentials: kept } = await devtools("WebAuthn.getCredentials", { authenticatorId });
    assert.isTrue(kept[0].isResidentCredential);
    await refused("PasskeyAlreadyExists", auth.associateWebAuthnCredential());
    await auth.signOut();
  },

  async "a sign-in"() {
    for (const username of ["ana", "ANA", "ana@example.com"]) {
      await signsIn(username, { options: byPasskey });
      assert.strictEqual((await auth.getCurrentUser()).username, "ana");
      assert.strictEqual((await auth.fetchUserAttributes()).email, "ana@example.com");
      await auth.signOut();
    }
  },

  async "a sign-in by choice"() {
    const { nextStep } = await auth.signIn({ username: "ana", options: { authFlowType: "USER_AUTH" } });
    assert.strictEqual(nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION");
    assert.deepEqual([...nextStep.availableChallenges].sort(), ["PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"]);
    assert.strictEqual((await auth.confirmSignIn({ challengeResponse: "WEB_AUTHN" })).isSignedIn, true);
    await auth.signOut();
  },

  /** The browser has ana's passkey alone, and gives it for everybody. */
  async "users who have none"() {
    await signsUp("ben");
    const messages = [];
    for (const username of ["ben", "nobody"]) {
      messages.push(await refused("NotAuthorizedException", auth.signIn({ username, options: byPasskey })));
    }
    assert.strictEqual(messages[0], messages[1]);
  },

  async "one who shows neither PIN nor finger"() {
    await devtools("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: false });
    await refused("PasskeyAuthenticationCanceled", auth.signIn({ username: "ana", options: byPasskey }));
    await devtools("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: true });
    await signsIn("ana", { options: byPasskey });
    await auth.signOut();
  },

  async "a copy that is behind"() {
    const [original] = (await devtools("WebAuthn.getCredentials", { authenticatorId })).credentials;
    assert.isAbove(original.signCount, 1);
    const swap = async (credential) => {
      await devtools("WebAuthn.removeCredential", { authenticatorId, credentialId: original.credentialId });
      await devtools("WebAuthn.addCredential", { authenticatorId, credential });
    };
    await swap({ ...original, signCount: 1 });
    assert.match(await refused("NotAuthorizedException", auth.signIn({ username: "ana", options: byPasskey })), /copied/);
    await swap(original);
    await signsIn("ana", { options: byPasskey });
  },

  async "a passkey that is deleted"() {
    const { credentials } = await auth.listWebAuthnCredentials();
    const { credentialId } = credentials[0];
    await auth.deleteWebAuthnCredential({ credentialId });
    await refused("ResourceNotFoundException", auth.deleteWebAuthnCredential({ credentialId }));
    assert.deepEqual((await auth.listWebAuthnCredentials()).credentials, []);
    await auth.signOut();
    await refused("NotAuthorizedException", auth.signIn({ username: "ana", options: byPasskey }));
  },
};

const strangers = {
  async "a page that may not"() {
    await signsIn("ben", { password });
    assert.match(await refused("WebAuthnOriginNotAllowedException", auth.associateWebAuthnCredential()), /passkey_origin/);
    await auth.signOut();
  },
};

async function run() {
  await devtools("WebAuthn.enable", {});
  const options = {
    protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true,
  };
  ({ authenticatorId } = await devtools("WebAuthn.addVirtualAuthenticator", { options }));
  const Cognito = { userPoolId: "local_freshet", userPoolClientId: "freshet", userPoolEndpoint: parameters.get("door") };
  Amplify.configure({ Auth: { Cognito } });
  for (const [name, scenario] of Object.entries(parameters.has("stranger") ? strangers : scenarios)) {
    console.log(name); // shown when something goes wrong
    await scenario();
  }
}

run().then(() => ended(""), (error) => ended(error.stack));
