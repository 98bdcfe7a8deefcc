// A node that serves TLS itself, with a wildcard certificate of a throw-away CA: the whole way over https and wss, and a
// new certificate without a restart.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "node:tls";

import { eventually } from "../support/eventually.js";
import { temporary } from "../support/places.js";
import { page, svg } from "../support/sites.js";
import { stage } from "../support/stage.js";

const DOMAIN = "crowd.test";
const folder = temporary("tls");
const openssl = (...args) =>
  execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });

/** A certificate for the domain and everything under it; all of one key, whose hash the browser is told to trust. */
function certificate(serial) {
  writeFileSync(join(folder, "names"), `subjectAltName=DNS:${DOMAIN},DNS:*.${DOMAIN},IP:127.0.0.1`);
  openssl("req", "-new", "-key", "leaf.key", "-subj", `/CN=${DOMAIN}`, "-out", "leaf.csr");
  const signed = [
    "-CA",
    "ca.pem",
    "-CAkey",
    "ca.key",
    "-set_serial",
    String(serial),
    "-days",
    "2",
    "-extfile",
    "names",
  ];
  openssl("x509", "-req", "-in", "leaf.csr", ...signed, "-out", `leaf-${serial}.pem`);
  copyFileSync(join(folder, `leaf-${serial}.pem`), join(folder, "served.pem"));
}
openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ca.key");
openssl(
  "req",
  "-x509",
  "-new",
  "-key",
  "ca.key",
  "-subj",
  "/CN=Throw-away CA",
  "-days",
  "2",
  "-out",
  "ca.pem",
);
openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "leaf.raw.key");
openssl("pkcs8", "-topk8", "-nocrypt", "-in", "leaf.raw.key", "-out", "leaf.key");
certificate(1);
const spki = execFileSync(
  "sh",
  ["-c", "openssl pkey -in leaf.key -pubout -outform der | openssl dgst -sha256 -binary | base64"],
  { cwd: folder },
)
  .toString()
  .trim();

const { scenario } = stage({
  nodes: 0,
  browser: {
    resolver: `MAP ${DOMAIN} 127.0.0.1 , MAP *.${DOMAIN} 127.0.0.1 , MAP * ~NOTFOUND , EXCLUDE 127.0.0.1`,
    flags: [`--ignore-certificate-errors-spki-list=${spki}`],
  },
});
const FLAGS = [
  "--domain",
  DOMAIN,
  "--tls-cert",
  join(folder, "served.pem"),
  "--tls-key",
  join(folder, "leaf.key"),
];
const ca = readFileSync(join(folder, "ca.pem"));

scenario(
  "a site over https: own origin, worker, host, offline; and the certificate is renewed while it runs",
  async (scene) => {
    const cluster = await scene.startCluster(2, {
      wires: true,
      flags: FLAGS,
      publicUrl: (port) => `https://${DOMAIN}:${port}`,
    });
    const [node, second] = cluster.nodes;
    const tls = { ca, servername: DOMAIN };
    const project = scene.name("secure");
    const { peer } = await scene.publish(
      {
        "index.html": page("Secure", `<img src="a.svg"><img id="c" src="crowd://${project}/a.svg">`),
        "a.svg": svg("teal"),
      },
      { project, node, tls },
    );
    const visitor = await scene.visitor();
    const at = (to) => `https://${project}.${DOMAIN}:${to.port}/`;
    const tab = await visitor.page(`https://${DOMAIN}:${second.port}/${project}/`);
    assert.equal(tab.url(), at(second));
    assert.equal(await tab.title(), "Secure");
    await visitor.ready(project);
    const reader = await scene.peer(node, { tls });
    await eventually("there are two hosts", async () => (await reader.resolve(project)).peers === 2);
    peer.close();
    await eventually("there is one host", async () => (await reader.resolve(project)).peers === 1);
    assert.equal((await reader.request(project, { path: "a.svg" })).body.toString(), svg("teal"));
    await tab.reload();
    await visitor.controlled(tab);
    await second.wire.cut();
    await tab.reload();
    assert.equal(await tab.title(), "Secure");
    await second.wire.mend();

    const serial = () =>
      new Promise((done, fail) => {
        const socket = connect({ host: "127.0.0.1", port: node.own, ca, servername: DOMAIN }, () => {
          done(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on("error", fail);
      });
    assert.equal(Number(`0x${await serial()}`), 1);
    certificate(2);
    await eventually("the new certificate is served", async () => Number(`0x${await serial()}`) === 2, {
      within: 40_000,
      every: 500,
    });
  },
  { timeout: 90_000 },
);
