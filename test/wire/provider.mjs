// Runs an issuer, oidc-provider, until its input ends, and says where.
//
//   node provider.mjs ISSUER NAME
//
// Whoever asks for ISSUER is to be led to it. The ids of its keys begin with NAME: with another name it is as after a
// rotation. The app "shop" gets tokens for any resource by its secret: JWTs, signed by the algorithm in the resource's
// query.
import { generateKeyPairSync } from "node:crypto";
import { Provider } from "oidc-provider";

const [issuer, name] = process.argv.slice(2);
const kinds = { RS256: ["rsa", { modulusLength: 2048 }], ES256: ["ec", { namedCurve: "P-256" }], Ed25519: ["ed25519"] };
const keys = Object.entries(kinds).map(([alg, kind]) => ({
  ...generateKeyPairSync(...kind).privateKey.export({ format: "jwk" }), kid: `${name}-${alg}`, alg, use: "sig",
}));
const provider = new Provider(issuer, {
  jwks: { keys },
  clients: [{ client_id: "shop", client_secret: "a secret of the shop", grant_types: ["client_credentials"], redirect_uris: [], response_types: [] }],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: "", audience: resource.split("?")[0], accessTokenFormat: "jwt", jwt: { sign: { alg: new URL(resource).searchParams.get("alg") } },
      }),
    },
  },
});
const server = provider.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
process.stdin.resume().on("end", () => {
  server.closeAllConnections();
  server.close();
});
