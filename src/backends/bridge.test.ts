import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { writeParityBundle } from '../formats/parity-bundle/write.ts';
import { readParityBundle } from '../formats/parity-bundle.ts';
import { writeSafetensors } from '../formats/safetensors/write.ts';
import { type HostTensors, hostTensorFrom } from '../tensor/host.ts';
import { bridgeFragment, parseBridgeFragment } from './bridge/address.ts';
import { BridgeClient, type BridgeLimits } from './bridge/client.ts';
import { readDevices } from './bridge/devices.ts';
import { Bridge, type BridgeLink } from './bridge.ts';

const DEVICE = {
  id: 'torch-cpu',
  device: 'cpu',
  libraries: [{ name: 'torch', version: '2.15.0' }],
  ops: ['matmul'],
};
const TOKEN = 'a-token-that-is-long-enough';
/** Longer than any machine takes, however busy. */
const LIMITS: BridgeLimits = { bytes: 4096, startMs: 60_000, answerMs: 60_000 };
const IMPATIENT: BridgeLimits = { ...LIMITS, startMs: 300, answerMs: 300 };

const square = (values: readonly number[]) => hostTensorFrom('f32', [2, 2], values);
const question = writeParityBundle({
  op: 'matmul',
  params: {},
  producer: 'none',
  device: 'none',
  note: '',
  gradsIn: {},
  gradsOut: {},
  inputs: { a: square([1, 2, 3, 4]), b: square([5, 6, 7, 8]) },
  outputs: { y: square([0, 0, 0, 0]) },
});

const answered = (tensors: HostTensors, told: Record<string, string> = {}) =>
  writeSafetensors(tensors, { op: 'matmul', producer: 'torch 2.15.0', device: 'cpu', ...told });
const RIGHT = answered({ 'out.y': square([19, 22, 43, 50]) }, { took_ms: '1.5' });

/** A real server on loopback that answers as `listener` does, and how a bridge behind it fares. */
async function withServer<T>(
  listener: RequestListener,
  use: (link: BridgeLink) => Promise<T>,
): Promise<T> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await use({ address: { port, token: TOKEN }, device: DEVICE });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const computed = (listener: RequestListener, limits = LIMITS) =>
  withServer(listener, (link) => new Bridge(link, limits).compute(question));
const send =
  (body: string | Uint8Array, status = 200) =>
  (_: unknown, response: ServerResponse) =>
    void response.writeHead(status).end(body);

test('what was asked and what was answered become one bundle', async () => {
  const seen: { url?: string; authorization?: string; body?: Uint8Array } = {};
  const { bundle, tookMs, roundTripMs } = await computed((request, response) => {
    Object.assign(seen, { url: request.url, authorization: request.headers.authorization });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      seen.body = Buffer.concat(chunks);
      response.end(RIGHT);
    });
  });
  const { op, producer, device, tensors } = readParityBundle(bundle);
  expect([op, producer, device]).toEqual(['matmul', 'torch 2.15.0', 'cpu']);
  expect(Object.keys(tensors.inputs)).toEqual(['a', 'b']);
  expect(new Float32Array(Uint8Array.from(tensors.outputs['y']?.bytes ?? []).buffer)).toEqual(
    new Float32Array([19, 22, 43, 50]),
  );
  expect(tookMs).toBe(1.5);
  expect(roundTripMs).toBeGreaterThan(0);
  expect([seen.url, seen.authorization]).toEqual(['/run?backend=torch-cpu', `Bearer ${TOKEN}`]);
  // The outputs that a recording has are not sent: a library must not be told what to say.
  expect(() => readParityBundle(seen.body ?? new Uint8Array())).toThrow('no out.* tensor');
});

describe('an invalid answer fails the question, with the reason', () => {
  const lies: readonly (readonly [what: string, body: Uint8Array | string, says: RegExp])[] = [
    ['garbage', 'garbage', /not what was asked: .*safetensors/],
    ['nothing', '', /0 bytes are too few/],
    ['a file that is cut off', RIGHT.subarray(0, -1), /claims bytes/],
    ['no output', answered({}), /no out\.\* tensor/],
    [
      'another shape',
      answered({ 'out.y': hostTensorFrom('f32', [4], [19, 22, 43, 50]) }),
      /out\.y has shape \[4\]/,
    ],
    [
      'another element type',
      answered({ 'out.y': hostTensorFrom('i32', [2, 2], [19, 22, 43, 50]) }),
      /out\.y is I32/,
    ],
    ['another output', answered({ 'out.z': square([1, 2, 3, 4]) }), /no tensor "out\.z"/],
    [
      'inputs of its own',
      answered({ 'in.a': square([0, 0, 0, 0]), 'out.y': square([0, 0, 0, 0]) }),
      /does not begin with out\./,
    ],
    ['another op', answered({ 'out.y': square([19, 22, 43, 50]) }, { op: 'add' }), /of the op add/],
    [
      'a producer of two lines',
      answered({ 'out.y': square([19, 22, 43, 50]) }, { producer: 'a\nb' }),
      /producer is not one line/,
    ],
  ];
  test.each(lies)('%s', async (_, body, says) => {
    await expect(computed(send(body))).rejects.toMatchObject({
      code: 'bridge-answer',
      message: expect.stringMatching(says),
    });
  });
});

describe('a bridge that misbehaves fails the question, with the reason', () => {
  const misbehaviour: readonly (readonly [
    what: string,
    listener: RequestListener,
    code: string,
  ])[] = [
    ['says nothing', () => {}, 'bridge-timeout'],
    [
      'trickles',
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(timer));
      },
      'bridge-timeout',
    ],
    [
      'says that it sends too much',
      (_, response) => void response.writeHead(200, { 'content-length': 1e9 }).write('x'),
      'bridge-too-large',
    ],
    [
      'sends without end',
      (_, response) => {
        response.writeHead(200);
        const pour = () => {
          while (!response.destroyed && response.write(new Uint8Array(1024)));
        };
        response.on('drain', pour);
        pour();
      },
      'bridge-too-large',
    ],
    [
      'is killed in mid-answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': RIGHT.length });
        response.write(RIGHT.subarray(0, 10), () => response.socket?.resetAndDestroy());
      },
      'bridge-closed',
    ],
    ['hangs up', (request) => void request.socket.destroy(), 'bridge-unreachable'],
    [
      'sends it elsewhere',
      (_, response) => void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      'bridge-unreachable',
    ],
    [
      'refuses with a reason',
      send(JSON.stringify({ code: 'worker-died', message: 'it\nended' }), 500),
      'bridge-worker-died',
    ],
    [
      'lacks the op',
      send(JSON.stringify({ code: 'not-implemented', message: 'no such op' }), 422),
      'not-implemented',
    ],
    [
      'passes on that the library refuses',
      send(JSON.stringify({ code: 'library-failed', message: 'IndexError' }), 500),
      'library-failed',
    ],
    ['refuses with garbage', send('<html>', 500), 'bridge-answer'],
    [
      'refuses with a hostile code',
      send(JSON.stringify({ code: 'x'.repeat(1000), message: '' }), 500),
      'bridge-answer',
    ],
    ['refuses with null', send('null', 403), 'bridge-answer'],
  ];
  test.each(misbehaviour)('%s', async (_, listener, code) => {
    const limits = code === 'bridge-timeout' ? IMPATIENT : LIMITS;
    await expect(computed(listener, limits)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(/^[^\n]+$/),
    });
  });

  test('is not there', async () => {
    const link = await withServer(send(''), async (open) => open);
    await expect(new Bridge(link, LIMITS).compute(question)).rejects.toMatchObject({
      code: 'bridge-unreachable',
    });
  });
});

test('a cancelled question ends its request', async () => {
  const abort = new AbortController();
  let closed: Promise<unknown> | undefined;
  const listener: RequestListener = (_, response) => {
    closed = new Promise((resolve) => response.on('close', resolve));
    abort.abort(new Error('called off'));
  };
  const asked = withServer(listener, async (link) => {
    await expect(new Bridge(link, LIMITS).compute(question, abort.signal)).rejects.toThrow(
      'called off',
    );
    await closed;
  });
  await asked;
});

test('a question that is too large is not sent', async () => {
  const link = { address: { port: 1, token: TOKEN }, device: DEVICE };
  await expect(new Bridge(link, { ...LIMITS, bytes: 10 }).compute(question)).rejects.toMatchObject({
    code: 'bridge-too-large',
  });
});

describe('what a bridge says of itself is checked', () => {
  const told = {
    protocol: 'gradproof-bridge/1',
    version: '0.1.0',
    backends: [DEVICE],
    missing: [],
  };

  test('as it should be', async () => {
    const devices = await withServer(send(JSON.stringify(told)), ({ address }) =>
      new BridgeClient(address, LIMITS).devices(),
    );
    expect(devices.backends).toEqual([DEVICE]);
  });

  test.each([
    ['another protocol', { ...told, protocol: 'gradproof-bridge/2' }, 'bridge-protocol'],
    [
      'a name that is no id',
      { ...told, backends: [{ ...DEVICE, id: 'Torch CPU' }] },
      'bridge-answer',
    ],
    ['the same name twice', { ...told, backends: [DEVICE, DEVICE] }, 'bridge-answer'],
    [
      'a device of two lines',
      { ...told, backends: [{ ...DEVICE, device: 'a\nb' }] },
      'bridge-answer',
    ],
    ['nothing', null, 'bridge-answer'],
  ])('%s', (_, answer, code) => {
    expect(() => readDevices(answer)).toThrow(expect.objectContaining({ code }));
  });
});

describe('the fragment', () => {
  test('is read as it is written', () => {
    const address = { port: 47_979, token: TOKEN };
    expect(parseBridgeFragment(bridgeFragment(address))).toEqual(address);
  });

  test.each([
    '',
    '#',
    '#bridge=',
    '#bridge=1',
    '#bridge=70000.abcdefghijklmnopqrstuvwxyz',
    '#bridge=0.abcdefghijklmnopqrstuvwxyz',
    '#bridge=1.short',
    '#bridge=1.has space in it and is long',
    '#AVR-pAe3ne1QPUvD',
  ])('%s is refused', (fragment) => expect(parseBridgeFragment(fragment)).toBeUndefined());
});
