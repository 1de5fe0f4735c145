import { TIERS } from '../report/schema.ts';
import { ByteReader, ByteWriter, boolean, type Codec, list, mapped, object, octet, oneOf, text, uint } from './codec.ts';
import { describeEnvironment, environmentCodec } from './environment.ts';
import { damaged } from './error.ts';
import { LINK_STATUSES, type LinkPayload, type LinkSettings } from './payload.ts';
import { ACCURACY, dequantize, quantize, type Scale, SPEED } from './quantize.ts';

/** A part of a link: its bytes, and what the share dialog says of it. One table for both, so that they cannot drift apart. */
interface Field<T> {
  /** What leaves, in plain words. */
  readonly what: string;
  readonly show: (value: T) => string;
  readonly codec: Codec<T>;
}

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
    const [index = 1, count = 1] = value.split('/').map(Number);
    return { index, count };
  },
  ({ index, count }) => {
    if (index < 1 || index > count) throw damaged(`it is part ${index} of ${count}`);
    return `${index}/${count}`;
  },
);

const settings = object<LinkSettings>({
  tier: oneOf(TIERS),
  filters: list(text, 64),
  shard,
  seed: uint(),
  timeoutMs: optionalMilliseconds,
  complete: boolean,
  retried: uint(),
});

const hash: Codec<string> = {
  write: (out, hex) => out.bytes((hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16))),
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

const tally = (values: readonly unknown[]) => values.filter((value) => value !== undefined).length;

const numbered = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;

/** The fields in the order of their bytes. Changing one of them needs a new LINK_VERSION. */
export const FIELDS: { readonly [K in keyof LinkPayload]: Field<LinkPayload[K]> } = {
  kind: { what: 'what was done', show: (kind) => kind, codec: oneOf(['run', 'bench', 'mutate', 'train']) },
  tool: {
    what: 'which Gradproof did it',
    show: ({ version, commit }) => `${version} (${commit})`,
    codec: object<LinkPayload['tool']>({ version: text, commit: text }),
  },
  time: {
    what: 'when it began, to the second, and how long it took',
    show: ({ startedAt, durationMs }) => `${startedAt.toISOString().slice(0, 19)}Z, ${(durationMs / 1000).toFixed(1)} s`,
    codec: object<LinkPayload['time']>({ startedAt: seconds, durationMs: milliseconds }),
  },
  settings: { what: 'the settings of the run, with the text of its filters', show: describeSettings, codec: settings },
  environments: {
    what: 'browser or runtime, operating system, graphics adapter and its features, and how its arithmetic behaves',
    show: (environments) => environments.map(describeEnvironment).join(' | '),
    codec: list(environmentCodec, 64),
  },
  planHash: { what: 'which list of cases this version has, as a hash', show: (hex) => hex, codec: hash },
  statuses: {
    what: 'for each case of that list, whether it passed',
    show: (statuses) => numbered(statuses.filter((status) => status !== 'not-run').length, 'verdict'),
    codec: list(oneOf(LINK_STATUSES), MAX_CASES),
  },
  accuracies: {
    what: 'for each case that ran, how much of its error bound was used, to 9 %',
    show: (values) => numbered(tally(values), 'figure'),
    codec: quantized(ACCURACY),
  },
  speeds: {
    what: 'for each case that was timed, its median time, to 9 %',
    show: (values) => numbered(tally(values), 'figure'),
    codec: quantized(SPEED),
  },
  places: {
    what: 'for each case that ran, in which of several environments',
    show: (values) => numbered(values.length, 'figure'),
    codec: list(uint(), MAX_CASES),
  },
  replayed: {
    what: 'how many results of bundles and trainings passed or not; neither their names nor their data',
    show: (counts) =>
      Object.entries(counts)
        .filter(([, count]) => count > 0)
        .map(([status, count]) => `${count} ${status}`)
        .join(', ') || 'none',
    codec: object<LinkPayload['replayed']>({ pass: uint(), fail: uint(), skip: uint(), error: uint(), timeout: uint(), lost: uint() }),
  },
};

function describeSettings({ tier, filters, shard, seed, timeoutMs, complete, retried }: LinkSettings): string {
  const limit = timeoutMs === undefined ? 'standard time limits' : `${timeoutMs} ms for each case`;
  const chosen = filters.length > 0 ? `cases ${filters.join(' ')}` : 'all cases';
  return `tier ${tier}, ${chosen}, shard ${shard}, seed ${seed}, ${limit}, ${complete ? 'complete' : 'incomplete'}, ${retried} retried`;
}

/** The codec of a whole link. */
const payloadCodec: Codec<LinkPayload> = object<LinkPayload>(
  Object.fromEntries(Object.entries(FIELDS).map(([key, { codec }]) => [key, codec])) as { [K in keyof LinkPayload]: Codec<LinkPayload[K]> },
);

/** The bytes of a payload. Throws LinkError `link-too-long`. */
export function writePayload(payload: LinkPayload): Uint8Array<ArrayBuffer> {
  const out = new ByteWriter();
  payloadCodec.write(out, payload);
  return out.finish();
}

/** The payload of bytes that may be hostile: every count and reference is checked. Throws LinkError `link-damaged`. */
export function readPayload(bytes: Uint8Array): LinkPayload {
  const from = new ByteReader(bytes);
  const payload = payloadCodec.read(from);
  from.end();
  const { statuses, accuracies, speeds, places, environments } = payload;
  const ran = statuses.filter((status) => status !== 'not-run').length;
  if (accuracies.length !== ran || ![0, ran].includes(speeds.length) || ![0, ran].includes(places.length)) {
    throw damaged('its columns have different lengths');
  }
  if (places.some((place) => place >= environments.length) || (ran > 0 && environments.length === 0)) {
    throw damaged('it names an environment that it lacks');
  }
  return payload;
}
