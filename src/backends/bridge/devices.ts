import * as v from 'valibot';
import { kebabCase } from '../../formats/fields.ts';
import { BridgeError } from './error.ts';

/** The one version of the protocol that this build speaks. */
const PROTOCOL = 'gradproof-bridge/1';

const line = v.pipe(
  v.string(),
  v.regex(/^[^\p{Cc}]{1,200}$/u, 'must be one line of at most 200 characters'),
);

const library = v.object({ name: line, version: line });

const backend = v.object({
  /** Kebab-case; results carry it behind `bridge-`. */
  id: v.pipe(kebabCase, v.maxLength(40)),
  /** cpu, cuda:..., mps, mlx, and what the machine calls it. */
  device: line,
  libraries: v.array(library),
  ops: v.array(line),
});

const devices = v.object({
  protocol: v.string(),
  version: line,
  backends: v.array(backend),
  /** What is not installed or not usable, and why. */
  missing: v.array(v.object({ name: line, reason: line })),
});

/** Something behind the bridge that computes: a library on a device. */
export type BridgeDevice = v.InferOutput<typeof backend>;

/** A bridge's description of itself. */
export type BridgeDevices = v.InferOutput<typeof devices>;

/** What `/devices` answered, checked. Throws {@link BridgeError}. */
export function readDevices(answer: unknown): BridgeDevices {
  const parsed = v.safeParse(devices, answer, { abortEarly: true });
  if (!parsed.success) {
    const [{ message, path = [] }] = parsed.issues;
    const where = path.map(({ key }) => String(key)).join('.');
    throw new BridgeError(
      'bridge-answer',
      `the bridge describes itself wrongly: ${where || 'the answer'}: ${message}`,
    );
  }
  const { protocol, backends } = parsed.output;
  if (protocol !== PROTOCOL) {
    throw new BridgeError(
      'bridge-protocol',
      `the bridge speaks ${protocol.slice(0, 40)}, this page ${PROTOCOL}: use both from one version`,
    );
  }
  const repeated = backends.find(
    ({ id }, i) => backends.findIndex((other) => other.id === id) !== i,
  );
  if (repeated)
    throw new BridgeError('bridge-answer', `the bridge names the backend ${repeated.id} twice`);
  return parsed.output;
}
