// What people do with their accounts, done with the Auth category of aws-amplify. It runs in Node and in browsers.
import { assert } from "chai";

const password = "tulip-garden-47";

/**
 * Runs all scenarios, and throws where one ends otherwise than it should. The address is that of the test: the query
 * has those of the doors, `usual` and `strict`, where everybody has a second factor and devices are remembered, and
 * beneath it are /mail, /wait, /invite and /reset. `older` is what Amplify had until version 5, and refreshes tokens by
 * the older operation.
 */
export async function run({ Amplify, auth, older }, address) {
  const here = new URL(address);
  const doors = here.searchParams;

  const settings = (door) => ({
    Cognito: {
      userPoolId: "local_freshet",
      userPoolClientId: "freshet",
      userPoolEndpoint: doors.get(door),
      identityPoolId: "local:6f1d2c3b-0000-4000-8000-000000000001",
      identityPoolEndpoint: doors.get(door),
      allowGuestAccess: true,
    },
  });
  const configure = (door) => Amplify.configure({ Auth: settings(door) });
  const seen = listen();

  const house = async (path, parameters) => {
    const response = await fetch(new URL(`${path}?${new URLSearchParams(parameters)}`, here));
    assert.strictEqual(response.status, 200, path);
    return response.json();
  };
  /** Another client, at one of the doors. */
  const calls = async (door, operation, body) => {
    const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `AWSCognitoIdentityProviderService.${operation}` };
    const response = await fetch(doors.get(door), { method: "POST", headers, body: JSON.stringify(body) });
    return response.json();
  };
  const mailed = async (to) => (await house("/mail", { to })).code;
  const wait = (time) => house("/wait", { for: time });
  const now = async () => (await wait("0s")).seconds;

  const refused = async (name, promise) => {
    const error = await promise.then(() => assert.fail(`it is done, want ${name}`), (error) => error);
    assert.strictEqual(error.name, name, error.message);
  };

  const wrong = (right) => (right === "000000" ? "000001" : "000000");

  /** The code that an authenticator app shows, at the server's time. */
  const totp = async (secret) => {
    const bits = [...secret].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
    const bytes = new Uint8Array(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
    const key = await crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-1" }, false, ["sign"]);
    const counter = new DataView(new ArrayBuffer(8));
    counter.setBigUint64(0, BigInt(Math.floor((await now()) / 30)));
    const sum = new DataView(await crypto.subtle.sign("HMAC", key, counter));
    const at = sum.getUint8(sum.byteLength - 1) & 0xf;
    return String((sum.getUint32(at) & 0x7fffffff) % 1_000_000).padStart(6, "0");
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
    await auth.confirmSignUp({ username, confirmationCode: await mailed(email) });
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
      assert.strictEqual((await auth.resendSignUpCode({ username: "ana" })).destination, "a***@e***");
      const right = await mailed("ana@example.com");
      await refused("CodeMismatchException", auth.confirmSignUp({ username: "ana", confirmationCode: wrong(right) }));
      const { isSignUpComplete } = await auth.confirmSignUp({ username: "ana", confirmationCode: right });
      assert.strictEqual(isSignUpComplete, true);
    },

    async "sign-in"() {
      await refused("NotAuthorizedException", auth.signIn({ username: "ana", password: "wrong-password" }));
      await refused("NotAuthorizedException", auth.signIn({ username: "nobody", password }));
      await refused("NotAuthorizedException", auth.signIn({ username: "nobody", password, options: { authFlowType: "USER_PASSWORD_AUTH" } }));
      for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
        for (const username of ["ana", "ANA", "ana@example.com"]) {
          await signsIn(username, password, { authFlowType });
          assert.strictEqual((await auth.getCurrentUser()).username, "ana");
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
      assert.deepEqual([...availableChallenges].sort(), ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP", "WEB_AUTHN"]);
      const { nextStep } = await auth.confirmSignIn({ challengeResponse: "EMAIL_OTP" });
      assert.strictEqual(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
      await answers(await mailed("ana@example.com"));
      await auth.signOut();
    },

    async "sign-in by the factor that was chosen"() {
      for (const factor of ["PASSWORD", "PASSWORD_SRP"]) {
        await asksFor("CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION", "ana@example.com", undefined, { authFlowType: "USER_AUTH" });
        const { nextStep } = await auth.confirmSignIn({ challengeResponse: factor });
        assert.strictEqual(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_PASSWORD");
        await answers(password);
        assert.strictEqual((await auth.getCurrentUser()).username, "ana");
        await auth.signOut();
      }
      await wait("61s");
      await asksFor("CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "ana", undefined, { authFlowType: "USER_AUTH", preferredChallenge: "EMAIL_OTP" });
      await answers(await mailed("ana@example.com"));
      await auth.signOut();
    },

    async "one whom nobody knows"() {
      const offered = async (username) =>
        (await asksFor("CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION", username, undefined, { authFlowType: "USER_AUTH" })).availableChallenges;
      const known = await offered("ana");
      assert.deepEqual(await offered("nobody"), known);
      await auth.confirmSignIn({ challengeResponse: "PASSWORD_SRP" });
      await refused("NotAuthorizedException", auth.confirmSignIn({ challengeResponse: password }));
      await asksFor("CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "nobody", undefined, { authFlowType: "USER_AUTH", preferredChallenge: "EMAIL_OTP" });
      await refused("CodeMismatchException", auth.confirmSignIn({ challengeResponse: "000000" }));
      await refused("CodeMismatchException", auth.confirmSignUp({ username: "nobody", confirmationCode: "000000" }));
      assert.strictEqual((await auth.resendSignUpCode({ username: "nobody@example.com" })).destination, "n***@e***");
    },

    async "an e-mail in place of a name"() {
      const { userId } = await auth.signUp({ username: "Pia@Example.com", password });
      await auth.confirmSignUp({ username: "pia@example.com", confirmationCode: await mailed("Pia@Example.com") });
      for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
        await signsIn("PIA@example.com", password, { authFlowType });
        assert.deepInclude(await auth.getCurrentUser(), { username: userId, userId });
        await auth.fetchAuthSession({ forceRefresh: true });
        await auth.signOut();
      }
    },

    async "a password in any script"() {
      const theirs = "Zu\u0308rich Ωμέγα 漢字 🌷";
      await auth.signUp({ username: "zoe@example.com", password: theirs });
      await auth.confirmSignUp({ username: "zoe@example.com", confirmationCode: await mailed("zoe@example.com") });
      for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
        await signsIn("zoe@example.com", theirs, { authFlowType });
        await auth.signOut();
        await refused("NotAuthorizedException", auth.signIn({ username: "zoe@example.com", password: theirs.normalize("NFC"), options: { authFlowType } }));
      }
    },

    async "no password at all"() {
      await auth.signUp({ username: "kim", options: { userAttributes: { email: "kim@example.com" } } });
      await auth.confirmSignUp({ username: "kim", confirmationCode: await mailed("kim@example.com") });
      await asksFor("CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "kim", undefined, { authFlowType: "USER_AUTH", preferredChallenge: "EMAIL_OTP" });
      await answers(await mailed("kim@example.com"));
      await auth.signOut();
      await refused("NotAuthorizedException", auth.signIn({ username: "kim", password }));
    },

    async "a code that comes too late"() {
      await signsUp("lia", "lia@example.com");
      const code = await mailed("lia@example.com");
      await wait("16m");
      await refused("ExpiredCodeException", auth.confirmSignUp({ username: "lia", confirmationCode: code }));
      await auth.resendSignUpCode({ username: "lia" });
      await refused("LimitExceededException", auth.resendSignUpCode({ username: "lia" }));
    },

    async "sign-in right after the sign-up"() {
      await signsUp("eva", "eva@example.com", { autoSignIn: { authFlowType: "USER_AUTH" } });
      const { nextStep } = await auth.confirmSignUp({ username: "eva", confirmationCode: await mailed("eva@example.com") });
      assert.strictEqual(nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
      assert.strictEqual((await auth.autoSignIn()).isSignedIn, true);
      assert.strictEqual((await auth.getCurrentUser()).username, "eva");
      await auth.signOut();
    },

    async session() {
      await signsIn("ana", password);
      const first = await auth.fetchAuthSession();
      assert.strictEqual(first.tokens.idToken.payload.email, "ana@example.com");
      assert.strictEqual(first.tokens.accessToken.payload.username, "ana");
      assert.strictEqual(first.userSub, first.tokens.accessToken.payload.sub);
      for (let i = 0; i < 2; i++) {
        const before = (await auth.fetchAuthSession()).tokens.accessToken.toString();
        const { tokens } = await auth.fetchAuthSession({ forceRefresh: true });
        assert.notStrictEqual(tokens.accessToken.toString(), before);
      }
      await wait("2h"); // the tokens have expired, by the server's clock
      await refused("NotAuthorizedException", auth.fetchUserAttributes());
      await auth.fetchAuthSession({ forceRefresh: true });
      assert.strictEqual((await auth.fetchUserAttributes()).email, "ana@example.com");
      await auth.signOut();
      assert.strictEqual((await auth.fetchAuthSession()).tokens, undefined);
    },

    async "identity pool"() {
      const guest = await auth.fetchAuthSession();
      assert.match(guest.identityId, /^local:/);
      assert.isOk(guest.credentials.secretAccessKey && guest.credentials.sessionToken);
      await signsIn("ana", password);
      const user = await auth.fetchAuthSession();
      assert.notStrictEqual(user.identityId, guest.identityId);
      assert.notStrictEqual(user.credentials.accessKeyId, guest.credentials.accessKeyId);
      assert.isOk(user.credentials.expiration > new Date());
      await auth.signOut();
      await signsIn("ana", password);
      assert.strictEqual((await auth.fetchAuthSession()).identityId, user.identityId);
      await auth.signOut();
    },

    // Not beside the other one: Amplify passes over an automatic sign-in that comes 300 ms after the last.
    async "sign-in by the password right after the sign-up"() {
      await signsUp("fay", "fay@example.com", { autoSignIn: true });
      const { nextStep } = await auth.confirmSignUp({ username: "fay", confirmationCode: await mailed("fay@example.com") });
      assert.strictEqual(nextStep.signUpStep, "COMPLETE_AUTO_SIGN_IN");
      assert.strictEqual((await auth.autoSignIn()).isSignedIn, true);
      assert.strictEqual((await auth.getCurrentUser()).username, "fay");
      await auth.signOut();
    },

    async attributes() {
      await signsIn("ana", password);
      const changed = await auth.updateUserAttributes({ userAttributes: { nickname: "Ani", email: "ana@new.example" } });
      assert.strictEqual(changed.nickname.nextStep.updateAttributeStep, "DONE");
      assert.strictEqual(changed.email.nextStep.updateAttributeStep, "CONFIRM_ATTRIBUTE_WITH_CODE");
      assert.strictEqual((await auth.fetchUserAttributes()).email, "ana@example.com");
      await refused("CodeMismatchException", auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: "none" }));
      await wait("61s");
      const sent = await auth.sendUserAttributeVerificationCode({ userAttributeKey: "email" });
      assert.strictEqual(sent.destination, "a***@n***");
      await auth.confirmUserAttribute({ userAttributeKey: "email", confirmationCode: await mailed("ana@new.example") });
      const { sub, ...attributes } = await auth.fetchUserAttributes();
      assert.deepEqual(attributes, { email: "ana@new.example", email_verified: "true", nickname: "Ani" });
      await auth.deleteUserAttributes({ userAttributeKeys: ["nickname"] });
      assert.strictEqual((await auth.fetchUserAttributes()).nickname, undefined);
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
      assert.strictEqual(nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
      assert.strictEqual(nextStep.codeDeliveryDetails.destination, "a***@n***");
      const right = await mailed("ana@new.example");
      await refused("CodeMismatchException", auth.confirmResetPassword({ username: "ana", confirmationCode: wrong(right), newPassword: password }));
      await auth.confirmResetPassword({ username: "ana", confirmationCode: right, newPassword: password });
      await signsIn("ana", password);
      await auth.signOut();
      const unknown = await auth.resetPassword({ username: "nobody" });
      assert.strictEqual(unknown.nextStep.resetPasswordStep, "CONFIRM_RESET_PASSWORD_WITH_CODE");
    },

    async "a password that an administrator took away"() {
      await wait("61s");
      await house("/reset", { user: "ana" });
      await asksFor("RESET_PASSWORD", "ana", password);
      await auth.confirmResetPassword({ username: "ana", confirmationCode: await mailed("ana@new.example"), newPassword: password });
      await signsIn("ana", password);
      await auth.signOut();
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
      assert.strictEqual(codeDeliveryDetails.destination, "l***@e***");
      await answers(await mailed("leo@example.com"));

      const { sharedSecret } = await auth.setUpTOTP();
      await auth.verifyTOTPSetup({ code: await totp(sharedSecret) });
      await auth.updateMFAPreference({ totp: "ENABLED" });
      await auth.signOut();
      const { allowedMFATypes } = await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SELECTION", "leo", password);
      assert.deepEqual([...allowedMFATypes].sort(), ["EMAIL", "TOTP"]);
      const { nextStep } = await auth.confirmSignIn({ challengeResponse: "TOTP" });
      assert.strictEqual(nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_TOTP_CODE");
      await wait("31s");
      await answers(await totp(sharedSecret));
      await auth.updateMFAPreference({ totp: "DISABLED", email: "DISABLED", sms: "DISABLED" });
      await auth.signOut();
      await signsIn("leo", password);
      await auth.signOut();
    },

    async "a second factor that everybody has to have"() {
      configure("strict");
      await signsUpAndConfirms("mia", "mia@example.com");
      const { allowedMFATypes } = await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION", "mia", password);
      assert.deepEqual([...allowedMFATypes].sort(), ["EMAIL", "TOTP"]);
      const { nextStep } = await auth.confirmSignIn({ challengeResponse: "TOTP" });
      assert.strictEqual(nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_TOTP_SETUP");
      await answers(await totp(nextStep.totpSetupDetails.sharedSecret));
      await auth.signOut();

      await signsUpAndConfirms("noa", "noa@example.com");
      await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION", "noa", password);
      const email = await auth.confirmSignIn({ challengeResponse: "EMAIL" });
      assert.strictEqual(email.nextStep.signInStep, "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP");
      const sent = await auth.confirmSignIn({ challengeResponse: "noa@example.com" });
      assert.strictEqual(sent.nextStep.signInStep, "CONFIRM_SIGN_IN_WITH_EMAIL_CODE");
      await answers(await mailed("noa@example.com"));
      await auth.signOut();
      configure("usual");
    },

    async "a device that is remembered"() {
      if (typeof navigator === "undefined") return; // without it the library cannot name the device, and gives up on it
      configure("strict");
      await signsUpAndConfirms("eli", "eli@example.com");
      await asksFor("CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION", "eli", password);
      const { nextStep } = await auth.confirmSignIn({ challengeResponse: "TOTP" });
      const { sharedSecret } = nextStep.totpSetupDetails;
      await answers(await totp(sharedSecret));
      const [device, ...others] = await auth.fetchDevices();
      assert.deepEqual([others.length, device.attributes.device_status], [0, "not_remembered"]);
      await auth.signOut();

      for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
        await wait("31s");
        await asksFor("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "eli", password, { authFlowType }); // until it is remembered
        await answers(await totp(sharedSecret));
        await auth.rememberDevice();
        await auth.signOut();
        await signsIn("eli", password, { authFlowType });
        const { device_key } = (await auth.fetchAuthSession()).tokens.accessToken.payload;
        const all = await auth.fetchDevices();
        assert.strictEqual(all.find(({ id }) => id === device_key).attributes.device_status, "remembered");
        await auth.signOut();
      }

      await signsIn("eli", password);
      assert.strictEqual((await auth.fetchAuthSession()).tokens.accessToken.payload.device_key, device.id);
      await auth.forgetDevice();
      assert.ok((await auth.fetchDevices()).every(({ id }) => id !== device.id));
      await auth.signOut();
      await wait("31s");
      await asksFor("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "eli", password);
      await answers(await totp(sharedSecret)); // as a new device
      const { accessToken } = (await auth.fetchAuthSession()).tokens;
      const DeviceKey = accessToken.payload.device_key;
      assert.notStrictEqual(DeviceKey, device.id);
      assert.deepEqual(await calls("strict", "ForgetDevice", { AccessToken: accessToken.toString(), DeviceKey }), {});
      await auth.signOut();
      await wait("31s");
      await asksFor("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "eli", password); // the client lets go of what the server forgot
      await answers(await totp(sharedSecret));
      await auth.signOut();
      configure("usual");
    },

    async "a user whom an administrator made"() {
      await house("/invite", { user: "tom", email: "tom@example.com" });
      const temporary = await mailed("tom@example.com");
      for (const authFlowType of ["USER_SRP_AUTH", "USER_PASSWORD_AUTH"]) {
        await asksFor("CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED", "tom", temporary, { authFlowType });
      }
      await refused("InvalidPasswordException", auth.confirmSignIn({ challengeResponse: "password" }));
      await auth.confirmSignIn({ challengeResponse: "rose-garden-48", options: { userAttributes: { nickname: "Tommy" } } });
      assert.include(await auth.fetchUserAttributes(), { nickname: "Tommy", email_verified: "true" });
      await auth.signOut();
      await signsIn("tom", "rose-garden-48");
      await auth.signOut();
    },

    async "sign-out everywhere"() {
      await signsIn("tom", "rose-garden-48");
      const AccessToken = (await auth.fetchAuthSession()).tokens.accessToken.toString();
      await auth.signOut({ global: true });
      assert.strictEqual((await calls("usual", "GetUser", { AccessToken })).__type, "NotAuthorizedException");
    },

    async "what is not supported"() {
      await signsIn("tom", "rose-garden-48");
      await refused("UnsupportedOperationException", auth.fetchDevices());
      await refused("UnsupportedOperationException", auth.updateMFAPreference({ sms: "ENABLED" }));
      await auth.signOut();
    },

    async "a session of an older version"() {
      const { UserPoolId, ClientId, endpoint } = { UserPoolId: "local_freshet", ClientId: "freshet", endpoint: doors.get("usual") };
      const user = new older.CognitoUser({ Username: "tom", Pool: new older.CognitoUserPool({ UserPoolId, ClientId, endpoint }) });
      const done = (start) => new Promise((onSuccess, onFailure) => start((error, result) => (error ? onFailure(error) : onSuccess(result))));
      const signIn = (secret) =>
        done((then) => {
          const details = new older.AuthenticationDetails({ Username: "tom", Password: secret });
          user.authenticateUser(details, { onSuccess: (session) => then(undefined, session), onFailure: then });
        });
      await refused("NotAuthorizedException", signIn("wrong-password"));
      let session = await signIn("rose-garden-48");
      await wait("2h");
      await refused("NotAuthorizedException", done((then) => user.getUserData(then, { bypassCache: true })));
      for (let i = 0; i < 2; i++) {
        const before = session.getAccessToken().getJwtToken();
        session = await done((then) => user.refreshSession(session.getRefreshToken(), then));
        assert.notStrictEqual(session.getAccessToken().getJwtToken(), before);
      }
      assert.strictEqual((await done((then) => user.getUserData(then, { bypassCache: true }))).Username, "tom");
      await done((then) => user.globalSignOut({ onSuccess: () => then(), onFailure: then }));
      await refused("NotAuthorizedException", done((then) => user.refreshSession(session.getRefreshToken(), then)));
    },

    async "the end of an account"() {
      await signsIn("tom", "rose-garden-48");
      await auth.deleteUser();
      await refused("UserUnAuthenticatedException", auth.getCurrentUser());
      await refused("NotAuthorizedException", auth.signIn({ username: "tom", password: "rose-garden-48" }));
    },
  };

  configure("usual");
  for (const [name, scenario] of Object.entries(scenarios)) {
    console.log(name); // shown when something goes wrong
    await scenario();
  }
  assert.deepEqual(everything.filter((what) => !seen.has(what)), [], "what no scenario came by");
}

/** What the scenarios have to come by, as it is called on the wire: operations, flows, and the challenges that come. */
const everything = `
  SignUp ConfirmSignUp ResendConfirmationCode ForgotPassword ConfirmForgotPassword
  InitiateAuth RespondToAuthChallenge GetTokensFromRefreshToken RevokeToken GlobalSignOut
  GetUser UpdateUserAttributes DeleteUserAttributes GetUserAttributeVerificationCode VerifyUserAttribute
  ChangePassword DeleteUser AssociateSoftwareToken VerifySoftwareToken SetUserMFAPreference
  GetId GetCredentialsForIdentity
  USER_SRP_AUTH USER_PASSWORD_AUTH USER_AUTH REFRESH_TOKEN_AUTH
  PASSWORD_VERIFIER SELECT_CHALLENGE NEW_PASSWORD_REQUIRED SOFTWARE_TOKEN_MFA EMAIL_OTP SELECT_MFA_TYPE MFA_SETUP
`.trim().split(/\s+/);

/** Gives the set of what is asked and what comes, as far as it is in `everything`; the requests stay as they are. */
function listen() {
  const seen = new Set();
  const real = globalThis.fetch;
  globalThis.fetch = async (resource, init) => {
    const response = await real(resource, init);
    const target = new Headers(init?.headers).get("x-amz-target");
    if (target) {
      const answer = await response.clone().json();
      if (response.ok) seen.add(target.split(".")[1]).add(JSON.parse(init.body).AuthFlow).add(answer.ChallengeName);
    }
    return response;
  };
  return seen;
}
