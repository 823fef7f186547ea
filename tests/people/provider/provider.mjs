// An OpenID provider for the tests: takes any name and password. `unverified…` has an address that is not verified.
import Provider from "oidc-provider";

const [issuer, redirect] = process.argv.slice(2);

const provider = new Provider(issuer, {
  clients: [{ client_id: "samtykke", client_secret: "a-secret", redirect_uris: [redirect] }],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["a-key"] },
  pkce: { methods: ["S256"], required: () => true },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({
      sub,
      email: `${sub}@example.no`,
      email_verified: !sub.startsWith("unverified"),
    }),
  }),
});

provider.listen(new URL(issuer).port, "127.0.0.1", () => console.log("ready"));
