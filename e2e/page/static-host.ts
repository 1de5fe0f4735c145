import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import sirv from 'sirv';

/** A plain static host: files below a sub-path, and no header that this project would wish for. */
export interface StaticHost extends AsyncDisposable {
  /** `http://localhost:PORT/a/b/` */
  readonly url: string;
  /** Paths that were asked for, without the sub-path. */
  readonly requested: string[];
  /** From now on serves another folder, as after a deployment. */
  deploy(folder: string): void;
  /** Stops answering; the port stays taken. */
  down(): void;
}

/** Serves `folder` under /a/b/ on loopback. */
export async function staticHost(folder: string): Promise<StaticHost> {
  const base = '/a/b';
  let files = sirv(folder, { dev: true, etag: true });
  let isDown = false;
  const requested: string[] = [];
  const server = createServer((request, response) => {
    if (isDown) return void request.socket.destroy();
    if (!request.url?.startsWith(`${base}/`)) return void response.writeHead(404).end();
    request.url = request.url.slice(base.length);
    requested.push(request.url);
    files(request, response, () => void response.writeHead(404).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}${base}/`,
    requested,
    deploy: (next) => {
      files = sirv(next, { dev: true, etag: true });
    },
    down: () => {
      isDown = true;
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
