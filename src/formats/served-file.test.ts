import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { FormatError } from './format-error.ts';
import { partsOfAddress } from './served-file.ts';

/** Files in parts over a real server on loopback that follows a script. */

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const BYTES = Uint8Array.from({ length: 10 }, (_, i) => i);
let answer: Answer;
let asked: (string | undefined)[];
const server = createServer((request, response) => {
  asked.push(request.headers.range);
  answer(request, response);
});
let address: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a%20b.bin`;
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
});

/** Answers as a server should, but for what a test has otherwise. */
const given =
  ({
    status = 206,
    range = '',
    total = BYTES.length,
    length = 0,
    etag = '"1"',
  }: {
    readonly status?: number;
    readonly range?: string;
    readonly total?: number;
    readonly length?: number;
    readonly etag?: string;
  } = {}): Answer =>
  ({ headers }, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(headers.range ?? '') ?? [];
    const part = BYTES.subarray(Number(first), Number(last) + 1 + length);
    response
      .writeHead(status, {
        'content-range': range || `bytes ${first}-${last}/${total}`,
        etag,
      })
      .end(part);
  };

test('each part is a request of its own, and no part is none', async () => {
  answer = given();
  const file = partsOfAddress(address, 10);
  expect(await file.read(2, 5)).toEqual(Uint8Array.of(2, 3, 4));
  expect(await file.read(9, 10)).toEqual(Uint8Array.of(9));
  expect(await file.read(4, 4)).toEqual(new Uint8Array());
  expect(asked).toEqual(['bytes=2-4', 'bytes=9-9']);
});

test.each<[string, Answer, string]>([
  [
    'the whole file',
    given({ status: 200 }),
    'the server gives the whole file where a part is asked for',
  ],
  ['nothing', given({ status: 404 }), 'the server answers 404'],
  ['that the part is behind the end', given({ status: 416 }), 'shorter than the 10 bytes it had'],
  ['another part', given({ range: 'bytes 1-4/10' }), 'gives "bytes 1-4/10" where bytes 2 to 5'],
  ['no place of the part', given({ range: 'bytes */10' }), 'where bytes 2 to 5 are asked for'],
  ['a part of a longer file', given({ total: 11 }), 'the file has 11 bytes now and had 10'],
  ['fewer bytes than it says', given({ length: -1 }), 'the server gives 2 bytes'],
  ['more bytes than it says', given({ length: 1 }), 'the server gives 4 bytes'],
])('a server that gives %s is refused', async (_, scripted, says) => {
  answer = scripted;
  const reading = partsOfAddress(address, 10).read(2, 5);
  await expect(reading).rejects.toThrow(FormatError);
  await expect(reading).rejects.toThrow(/^"a b\.bin": [^\n]*$/);
  await expect(reading).rejects.toThrow(says);
});

test('a file that changes between two parts is refused', async () => {
  answer = given();
  const file = partsOfAddress(address, 10);
  await file.read(0, 5);
  answer = given({ etag: '"2"' });
  await expect(file.read(5, 10)).rejects.toThrow('"a b.bin": the file has changed');
});

test('a server that has gone is told', async () => {
  const file = partsOfAddress('http://127.0.0.1:1/model.safetensors', 10);
  await expect(file.read(0, 5)).rejects.toThrow(
    /^"model\.safetensors": the server does not answer \(.*\): start it again$/,
  );
});
