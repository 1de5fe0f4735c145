import type { Environment } from '../schema.ts';
import { boolean, type Codec, list, mapped, object, text, uint } from './codec.ts';

/** What a link tells of where the run took place; limits and tuning stay in the report. */
export type LinkEnvironment = Pick<
  Environment,
  'runtime' | 'runtimeVersion' | 'os' | 'cores' | 'adapter' | 'features' | 'probe'
>;

/**
 * Names that take one byte. Part of the format: append only.
 * https://gpuweb.github.io/gpuweb/#gpufeaturename
 */
const FEATURES = [
  'core-features-and-limits',
  'depth-clip-control',
  'depth32float-stencil8',
  'texture-compression-bc',
  'texture-compression-bc-sliced-3d',
  'texture-compression-etc2',
  'texture-compression-astc',
  'texture-compression-astc-sliced-3d',
  'timestamp-query',
  'indirect-first-instance',
  'shader-f16',
  'rg11b10ufloat-renderable',
  'bgra8unorm-storage',
  'float32-filterable',
  'float32-blendable',
  'clip-distances',
  'dual-source-blending',
  'subgroups',
  'texture-formats-tier1',
  'texture-formats-tier2',
  'primitive-index',
  'texture-component-swizzle',
];

const MAX_FEATURES = 128;
const MAX_PROBES = 64;

/** 0 and the name, or 1 + its position in the table. */
const feature: Codec<string> = {
  write(out, value) {
    const index = FEATURES.indexOf(value) + 1;
    out.byte(index);
    if (index === 0) text.write(out, value);
  },
  read: (from) => FEATURES[uint(FEATURES.length).read(from) - 1] ?? text.read(from),
};

type ProbeValue = Environment['probe'][string];

/** A tag, then the text; numbers are texts of at most 6 digits. */
const probeValue: Codec<ProbeValue> = {
  write(out, value) {
    const tag =
      value === null
        ? 0
        : typeof value === 'boolean'
          ? 1 + Number(value)
          : typeof value === 'string'
            ? 3
            : 4;
    out.byte(tag);
    if (tag >= 3)
      text.write(
        out,
        typeof value === 'number' ? String(Number(value.toPrecision(6))) : String(value),
      );
  },
  read(from) {
    const tag = uint(4).read(from);
    if (tag < 3) return [null, false, true][tag] as ProbeValue;
    const value = text.read(from);
    if (tag === 3) return value;
    const number = Number(value);
    return Number.isFinite(number) ? number : null;
  },
};

/** Codec of one environment. */
export const environmentCodec: Codec<LinkEnvironment> = object<LinkEnvironment>({
  runtime: text,
  runtimeVersion: text,
  os: text,
  cores: uint(),
  adapter: object<Environment['adapter']>({
    vendor: text,
    architecture: text,
    device: text,
    description: text,
    isFallback: boolean,
  }),
  features: mapped<string[], readonly string[]>(
    list(feature, MAX_FEATURES),
    (names) => names,
    (names) => [...names],
  ),
  probe: mapped(
    list(object<{ key: string; value: ProbeValue }>({ key: text, value: probeValue }), MAX_PROBES),
    (probe) => Object.entries(probe).map(([key, value]) => ({ key, value })),
    (entries) => Object.fromEntries(entries.map(({ key, value }) => [key, value])),
  ),
});
