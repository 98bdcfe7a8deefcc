// The same files from nginx, as it comes: one worker, on a port of its own, in a folder of its own.
import { createServer } from "node:net";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { eventually } from "../../tests/browser/support/eventually.js";
import { temporary } from "../../tests/browser/support/places.js";
import { Process } from "../../tests/browser/support/process.js";

const TYPES = { html: "text/html", css: "text/css", js: "text/javascript", svg: "image/svg+xml", png: "image/png", wav: "audio/wav" };

export class Nginx {
  /** Serves `folder` on a free port of the loopback. */
  static async start(folder) {
    const nginx = new Nginx();
    nginx.port = await freePort();
    const place = temporary("nginx");
    mkdirSync(join(place, "logs"));
    writeFileSync(join(place, "nginx.conf"), settings(place, folder, nginx.port));
    nginx.process = new Process("nginx", ["-p", place, "-c", join(place, "nginx.conf"), "-g", "daemon off;"]);
    await eventually("nginx answers", async () => (await fetch(`http://127.0.0.1:${nginx.port}/`)).ok);
    return nginx;
  }

  get url() {
    return `http://site.localhost:${this.port}/`;
  }

  async stop() {
    await this.process.kill("SIGTERM");
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

function settings(place, folder, port) {
  const types = Object.entries(TYPES).map(([ending, type]) => `${type} ${ending};`);
  const temporaries = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  // Its workers read what whoever starts it can read: the folder is a private one.
  const user = process.getuid() === 0 ? "user root;" : "";
  return `
${user}
worker_processes 1;
pid ${place}/nginx.pid;
error_log ${place}/logs/error.log;
events { worker_connections 256; }
http {
  access_log off;
  sendfile on;
  ${temporaries.map((name) => `${name}_temp_path ${place}/${name};`).join("\n  ")}
  types { ${types.join(" ")} }
  server {
    listen 127.0.0.1:${port};
    root ${folder};
  }
}
`;
}
