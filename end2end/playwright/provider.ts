// OpenID providers on loopback (npm `oidc-provider`), each in the likeness of one that people use; and a gateway that
// trusts all of them.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Page, test as base } from "@playwright/test";
// @ts-expect-error: it has no types of its own.
import { Provider } from "oidc-provider";
import { expect } from "./gateway";

export const tenant = "11111111-2222-3333-4444-555555555555";
const client = { id: "tollgate", secret: "a-secret-of-client-and-provider-0123456789" };

type Claims = Record<string, unknown>;
type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** A provider whose people are given by name; the name is what one signs in as there. */
export class Idp {
  private handler: Handler = (_, response) => response.writeHead(503).end();
  private constructor(private readonly server: Server, readonly origin: string, readonly people: Map<string, Claims>) {}

  static async start(people: Record<string, Claims>): Promise<Idp> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    // Another site than the gateway's, as for a browser: `localhost`, not `127.0.0.1`.
    const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
    const idp = new Idp(server, origin, new Map(Object.entries(people)));
    server.on("request", (request, response) => idp.handler(request, response));
    return idp;
  }

  /** Begins to answer, for the gateway at this address; under a path of its own where there is one. */
  serve(gateway: string, name: string, path = ""): void {
    const claims = (id: string): Claims => ({ sub: id, ...this.people.get(id) });
    const provider = new Provider(`${this.origin}${path}`, {
      clients: [
        {
          client_id: client.id,
          client_secret: client.secret,
          redirect_uris: [`${gateway}/sso/callback`],
          post_logout_redirect_uris: [`${gateway}/ui/sign-in`],
          backchannel_logout_uri: `${gateway}/sso/backchannel/${name}`,
          backchannel_logout_session_required: true,
        },
      ],
      claims: {
        openid: ["sub", "groups", "hd", "oid", "tid", "roles", "preferred_username"],
        email: ["email", "email_verified"],
        profile: ["name"],
      },
      // As most providers do: what is asked for stands in the ID token.
      conformIdTokenClaims: false,
      findAccount: (_: unknown, id: string) => this.people.has(id) && { accountId: id, claims: () => claims(id) },
      features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
      cookies: { keys: ["only for tests"] },
      ttl: { Session: 3600, Interaction: 3600, Grant: 3600, AccessToken: 3600, IdToken: 3600 },
      pkce: { required: () => true },
      // By itself it tells nobody on loopback that somebody signed out.
      fetch: (url: URL, options: RequestInit) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
    });
    provider.proxy = true;
    provider.on("backchannel.error", (_: unknown, error: Error) => console.error("back-channel logout:", error));
    const callback = provider.callback() as Handler;
    this.handler = (request, response) => {
      const url = request.url ?? "/";
      if (path && url.startsWith("/organizations/v2.0/.well-known/")) {
        // What is shared by all tenants names none.
        void fetch(`${this.origin}${path}/.well-known/openid-configuration`).then(async (answer) => {
          const metadata = (await answer.text()).replace(`"issuer":"${this.origin}${path}"`, `"issuer":"${this.origin}/{tenantid}/v2.0"`);
          response.writeHead(200, { "content-type": "application/json" }).end(metadata);
        });
        return;
      }
      if (path && !url.startsWith(path)) return void response.writeHead(404).end();
      Object.assign(request, { originalUrl: url, baseUrl: path });
      request.url = url.slice(path.length) || "/";
      callback(request, response);
    };
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket();
  await new Promise<void>((done) => socket.listen(0, "127.0.0.1", done));
  const { port } = socket.address() as AddressInfo;
  await new Promise((done) => socket.close(done));
  return port;
}

const config = `
model_list: []
sso_settings:
  role_mappings:
    - provider: generic
      group_claim: groups
      default_role: viewer
      roles: {admin: [operators], member: [staff]}
litellm_settings:
  default_internal_user_params: {user_role: member}
`;

/** The gateway with three ways in, and their providers. */
export class Office {
  private constructor(
    readonly url: string,
    readonly generic: Idp,
    readonly google: Idp,
    readonly microsoft: Idp,
    private readonly folder: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<Office> {
    const eve = { email: "eve@example.com", email_verified: true, name: "Eve Example" };
    const generic = await Idp.start({ eve: { ...eve, groups: ["operators"] }, bob: { email: "bob@example.com", email_verified: true, name: "Bob Example", groups: ["staff"] } });
    const google = await Idp.start({ gina: { email: "gina@example.com", email_verified: true, name: "Gina Google", hd: "example.com" }, private: { email: "someone@example.com", email_verified: true } });
    const microsoft = await Idp.start({
      mia: { oid: "object-mia", tid: tenant, name: "Mia Microsoft", preferred_username: "mia@example.com" },
    });
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    generic.serve(url, "generic");
    google.serve(url, "google");
    microsoft.serve(url, "microsoft", `/${tenant}/v2.0`);
    const folder = mkdtempSync(join(tmpdir(), "tollgate-sso-"));
    writeFileSync(join(folder, "config.yaml"), config);
    const id = (prefix: string) => ({ [`${prefix}_CLIENT_ID`]: client.id, [`${prefix}_CLIENT_SECRET`]: client.secret });
    const program = resolve(process.env.TOLLGATE_BIN ?? "../target/debug/tollgate");
    const child = spawn(program, ["--config", join(folder, "config.yaml"), "--host", "127.0.0.1", "--port", String(port), "--data-dir", join(folder, "data")], {
      env: {
        PATH: process.env.PATH,
        ...id("GENERIC"),
        GENERIC_ISSUER: generic.origin,
        GENERIC_PROVIDER_NAME: "Example SSO",
        ...id("GOOGLE"),
        GOOGLE_ISSUER: google.origin,
        ...id("MICROSOFT"),
        MICROSOFT_TENANT: "organizations",
        MICROSOFT_ALLOWED_TENANTS: tenant,
        MICROSOFT_AUTHORITY: microsoft.origin,
        ALLOWED_EMAIL_DOMAINS: "example.com",
      },
      stdio: ["ignore", "inherit", "inherit"],
    });
    await expect(async () => expect((await fetch(`${url}/health/readiness`)).status).toBe(200)).toPass({ timeout: 20_000 });
    return new Office(url, generic, google, microsoft, folder, child);
  }

  /** Changes the database behind the gateway's back. */
  sql(statement: string): string {
    const script = "import sqlite3,sys; db=sqlite3.connect(sys.argv[1],timeout=10); print(db.execute(sys.argv[2]).fetchall()); db.commit()";
    return execFileSync("python3", ["-c", script, join(this.folder, "data", "tollgate.db"), statement]).toString();
  }

  async end(): Promise<void> {
    const ended = new Promise<number | null>((done) => this.child.on("exit", done));
    this.child.kill("SIGTERM");
    expect(await ended, "the gateway lived to the end of the test").toBe(0);
    for (const idp of [this.generic, this.google, this.microsoft]) idp.stop();
    rmSync(this.folder, { recursive: true });
  }
}

/** On the provider's own pages: who one is, and that the gateway may know it. */
export async function signInThere(page: Page, name: string): Promise<void> {
  await page.getByPlaceholder("Enter any login").fill(name);
  await page.getByPlaceholder("and password").fill("whatever");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

export const test = base.extend<{ office: Office }>({
  office: async ({}, use) => {
    const office = await Office.start();
    await use(office);
    await office.end();
  },
  baseURL: async ({ office }, use) => use(office.url),
});

export { expect };
