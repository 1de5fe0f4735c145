import { LINKED_FILTERS, type Settings } from '../settings.ts';
import { TIERS } from '../tiers.ts';
import {
  ByteReader,
  ByteWriter,
  boolean,
  type Codec,
  list,
  mapped,
  object,
  octet,
  oneOf,
  since,
  text,
  uint,
} from './codec.ts';
import type { Unsealed } from './container.ts';
import { environmentCodec } from './environment.ts';
import { damaged } from './error.ts';
import { LINK_STATUSES, type LinkPayload } from './payload.ts';
import { ACCURACY, dequantize, quantize, type Scale, SPEED } from './quantize.ts';

const MAX_CASES = 65_536;
/** 31 December 9999, in seconds. */
const LAST_SECOND = 253_402_300_799;

const seconds = mapped<Date, number>(
  uint(LAST_SECOND),
  (date) => Math.max(0, Math.floor(date.getTime() / 1000)),
  (value) => new Date(value * 1000),
);

const milliseconds = mapped<number, number>(uint(), Math.round, (value) => value);

/** One more than the milliseconds, 0 for none. */
const optionalMilliseconds = mapped<number | undefined, number>(
  uint(),
  (value) => (value === undefined ? 0 : 1 + Math.round(value)),
  (value) => (value === 0 ? undefined : value - 1),
);

const shard = mapped<string, { index: number; count: number }>(
  object<{ index: number; count: number }>({ index: uint(), count: uint() }),
  (value) => {
    const [index, count] = value.split('/').map(Number) as [number, number];
    return { index, count };
  },
  ({ index, count }) => {
    if (index < 1 || index > count) throw damaged(`it is part ${index} of ${count}`);
    return `${index}/${count}`;
  },
);

const settings = object<Settings>({
  tier: oneOf(TIERS),
  filters: list(text, LINKED_FILTERS),
  shard,
  seed: uint(),
  timeoutMs: optionalMilliseconds,
  complete: boolean,
  retried: uint(),
  hidden: since(2, uint(), 0),
  options: since(3, list(text, LINKED_FILTERS), []),
});

const hash: Codec<string> = {
  write: (out, hex) =>
    out.bytes((hex.match(/../g) as string[]).map((pair) => Number.parseInt(pair, 16))),
  read: (from) => Array.from(from.bytes(32), (byte) => byte.toString(16).padStart(2, '0')).join(''),
};

function quantized(scale: Scale): Codec<readonly (number | undefined)[]> {
  const item = mapped<number | undefined, number>(
    octet,
    (value) => quantize(value, scale),
    (byte) => dequantize(byte, scale),
  );
  return list(item, MAX_CASES);
}

/** All parts in the order of their bytes. A change of one of them needs a new LINK_VERSION. */
const payloadCodec: Codec<LinkPayload> = object<LinkPayload>({
  kind: oneOf(['run', 'bench', 'mutate', 'train']),
  tool: object<LinkPayload['tool']>({ version: text, commit: text }),
  time: object<LinkPayload['time']>({ startedAt: seconds, durationMs: milliseconds }),
  settings,
  environments: list(environmentCodec, 64),
  planHash: hash,
  statuses: list(oneOf(LINK_STATUSES), MAX_CASES),
  accuracies: quantized(ACCURACY),
  speeds: quantized(SPEED),
  places: list(uint(), MAX_CASES),
  replayed: object<LinkPayload['replayed']>({
    pass: uint(),
    fail: uint(),
    skip: uint(),
    error: uint(),
    timeout: uint(),
    lost: uint(),
  }),
  device: since(2, text, ''),
});

/** The bytes of a payload. Throws LinkError `link-too-long`. */
export function writePayload(payload: LinkPayload): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  payloadCodec.write(out, payload);
  return out.finish();
}

/**
 * The payload of bytes that may be hostile: every count and reference is checked. Throws LinkError
 * `link-damaged`.
 */
export function readPayload({ version, payload: bytes }: Unsealed): LinkPayload {
  const from = new ByteReader(bytes, version);
  const payload = payloadCodec.read(from);
  from.end();
  const { statuses, accuracies, speeds, places, environments } = payload;
  const ran = statuses.filter((status) => status !== 'not-run').length;
  if (
    accuracies.length !== ran ||
    ![0, ran].includes(speeds.length) ||
    ![0, ran].includes(places.length)
  ) {
    throw damaged('its columns have different lengths');
  }
  if (
    places.some((place) => place >= environments.length) ||
    (ran > 0 && environments.length === 0)
  ) {
    throw damaged('it names an environment that it lacks');
  }
  return payload;
}
