import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BridgeAddress } from '../src/backends/bridge/address.ts';

/** What is done to a right answer on its way: nothing where it is undefined. */
export type Damage = (
  answer: Buffer,
  response: ServerResponse,
  headers: IncomingMessage['headers'],
) => void;

/** A proxy before a real bridge, and its end. */
export interface BridgeProxy extends AsyncDisposable {
  readonly address: BridgeAddress;
}

/**
 * Passes everything on to the bridge at `address` and back; the answer to question n, from 0, is
 * damaged by `damages[n]`.
 */
export async function damagingProxy(
  address: BridgeAddress,
  damages: readonly Damage[],
): Promise<BridgeProxy> {
  let questions = 0;
  const server = createServer((asked, response) => {
    const { method = 'GET', url: path = '/', headers } = asked;
    const damage = method === 'POST' ? damages[questions++] : undefined;
    const host = `127.0.0.1:${address.port}`;
    const onward = request(
      { port: address.port, host: '127.0.0.1', method, path, headers: { ...headers, host } },
      async (answered) => {
        const body = await bodyOf(answered);
        if (damage) return damage(body, response, answered.headers);
        response.writeHead(answered.statusCode ?? 500, answered.headers).end(body);
      },
    );
    onward.on('error', () => response.destroy());
    asked.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const end = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { address: { ...address, port }, [Symbol.asyncDispose]: end };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
