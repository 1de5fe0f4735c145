import { expect, test } from 'vitest';
import { covers } from '../../catalog/covers.ts';
import { CAPABILITIES, type Capabilities } from './capabilities.ts';
import { chooseBackend, wantedBackend } from './choose.ts';
import { type DetectedBackend, detectBackends } from './detect.ts';
import { BACKEND_KINDS, type BackendKind, kindOfBackend } from './kinds.ts';
import { requireRecommended, suggestedBatch, TABLE_LENGTHS } from './limits.ts';

/** What the backend manager does, behaviour by behaviour, by what each is about. */

const there = (kind: BackendKind, name: string = kind): DetectedBackend => ({ name, kind });
const missing = (kind: BackendKind, message: string): DetectedBackend => ({
  ...there(kind),
  absent: { code: 'no-adapter', message },
});
const ALL = BACKEND_KINDS.filter((kind) => kind !== 'webgl').map((kind) => there(kind));
const NO_GPU = [
  missing('webgpu', 'no driver'),
  missing('webgpu-fallback', 'no driver'),
  there('reference'),
  there('bridge', 'bridge-torch-cpu'),
];

type Behaviours = Readonly<Record<string, () => void | Promise<void>>>;

const NAMES: Behaviours = {
  'a kind is its own name': () => {
    for (const kind of BACKEND_KINDS) expect(kindOfBackend(kind)).toBe(kind);
  },
  'a device behind a bridge is a bridge': () =>
    expect(kindOfBackend('bridge-torch-cpu')).toBe('bridge'),
  'a name of nothing is refused with those that there are': () =>
    expect(() => kindOfBackend('cuda')).toThrow(
      /^there is no backend "cuda": there are webgpu, webgpu-default, .*, and bridge-<device>$/,
    ),
};

const FIELDS: readonly (keyof Capabilities)[] = [
  ...(['trains', 'computesOps', 'runsModels', 'bits', 'preferred', 'dtypes'] as const),
  ...(['tokensOfStep', 'parameters'] as const),
];

const MATRIX: Behaviours = {
  'a kind that can do nothing has the defaults': () =>
    expect(CAPABILITIES.webgl).toEqual({
      ...{ trains: false, computesOps: false, runsModels: false, bits: [], preferred: 'float32' },
      ...{ dtypes: ['float32'], tokensOfStep: 0, parameters: 0 },
    }),
  'each kind has each field': () => {
    expect(Object.keys(CAPABILITIES)).toEqual([...BACKEND_KINDS]);
    for (const row of Object.values(CAPABILITIES))
      expect(Object.keys(row).sort()).toEqual([...FIELDS].sort());
  },
  'what trains runs models, and what runs models computes ops': () => {
    for (const { trains, runsModels, computesOps } of Object.values(CAPABILITIES))
      expect([trains && !runsModels, runsModels && !computesOps]).toEqual([false, false]);
  },
};

const SELECTION: Behaviours = {
  'the one that is wanted is taken': () =>
    expect(chooseBackend(ALL, 'trains', 'reference').name).toBe('reference'),
  'one that is not there is not available, with the reason, and nothing else is taken': () =>
    expect(() => chooseBackend(NO_GPU, 'trains', 'webgpu')).toThrow(
      'webgpu is not available: no driver',
    ),
  'one that was not found at all is not available': () =>
    expect(() => chooseBackend(NO_GPU, 'runsModels', 'bridge-jax-cpu')).toThrow(
      'bridge-jax-cpu is not available: nothing of this name was found',
    ),
  'one that cannot do it is refused': () =>
    expect(() => chooseBackend(NO_GPU, 'trains', 'bridge-torch-cpu')).toThrow(
      'bridge-torch-cpu is there, and no backend that trains models',
    ),
};

const DTYPES: Behaviours = {
  'codes of 2 to 8 bits are multiplied on WebGPU, and nowhere else': () => {
    expect(CAPABILITIES.webgpu.bits).toEqual([2, 3, 4, 5, 6, 8]);
    for (const kind of ['reference', 'ort-wasm', 'bridge'] as const)
      expect(CAPABILITIES[kind].bits).toEqual([]);
  },
  'what is preferred is among what there is': () => {
    for (const { preferred, dtypes } of Object.values(CAPABILITIES))
      expect(dtypes).toContain(preferred);
    expect([CAPABILITIES.webgpu.preferred, CAPABILITIES.reference.preferred]).toEqual([
      'float32',
      'float64',
    ]);
  },
};

const LIMITS: Behaviours = {
  'a model within the limit passes': () => {
    requireRecommended('webgpu', 8e9);
    requireRecommended('reference', 1e7);
  },
  'one beyond it exceeds the recommended limit': () => {
    expect(() => requireRecommended('webgpu', 8e9 + 1)).toThrow(
      'a model of 8000000001 parameters exceeds the recommended limit of webgpu, 8000000000',
    );
    expect(() => requireRecommended('webgpu-fallback', 8e9)).toThrow(
      expect.objectContaining({ code: 'model-too-large' }),
    );
  },
};

const BATCHES: Behaviours = {
  'the batch of texts of 4096 tokens is half of that of 2048': () => {
    for (const kind of ['webgpu', 'webgpu-low-power'] as const)
      expect(suggestedBatch(kind, 4096)).toBe(suggestedBatch(kind, 2048) / 2);
    expect(TABLE_LENGTHS.map((tokens) => suggestedBatch('webgpu', tokens))).toEqual([
      ...[16, 8, 4, 2, 1],
    ]);
  },
  'a text beyond the tokens of a step is a batch by itself': () =>
    expect(suggestedBatch('reference', 4096)).toBe(1),
};

const PAGE = 'http://localhost:7357/?view=train&backend=reference';
const SETTINGS: Behaviours = {
  'an option comes before the address, and that before the environment': () => {
    const env = { GRADPROOF_BACKEND: 'ort-wasm' };
    expect(wantedBackend({ option: 'webgpu', address: PAGE, env })).toBe('webgpu');
    expect(wantedBackend({ address: PAGE, env })).toBe('reference');
    expect(wantedBackend({ address: 'http://localhost/', env })).toBe('ort-wasm');
  },
  'without any it may be each': () =>
    expect(wantedBackend({ address: 'http://localhost/', env: {} })).toBeUndefined(),
  'a name of nothing is refused wherever it stands': () =>
    expect(() => wantedBackend({ env: { GRADPROOF_BACKEND: 'cuda' } })).toThrow('backend "cuda"'),
};

const MEMORY: Behaviours = {
  'the host tells its heap': async () => {
    const found = await detectBackends({ gpu: undefined });
    const { memory } = found.find(({ name }) => name === 'reference') ?? {};
    expect(memory).toEqual({ of: 'host', heap: expect.any(Number) });
    expect(memory?.of === 'host' && (memory.heap ?? 0) > 1e6).toBe(true);
  },
};

const ORDER: Behaviours = {
  'the first of the order that can do it is taken': () => {
    expect(chooseBackend(ALL.toReversed(), 'trains').name).toBe('webgpu');
    expect(chooseBackend(NO_GPU, 'trains').name).toBe('reference');
    const others = [there('webgpu-fallback'), there('webgpu-low-power'), there('reference')];
    expect(chooseBackend(others, 'trains').name).toBe('webgpu-low-power');
  },
  'where nothing can, each says why': () =>
    expect(() => chooseBackend(NO_GPU.slice(0, 2), 'trains')).toThrow(
      'no backend is there that trains models: webgpu: no driver; webgpu-fallback: no driver',
    ),
};

const GROUPS = [NAMES, MATRIX, SELECTION, DTYPES, LIMITS, BATCHES, SETTINGS, MEMORY, ORDER];

async function each(behaviours: Behaviours): Promise<void> {
  for (const [name, check] of Object.entries(behaviours)) {
    await check();
    expect(name).not.toBe('');
  }
}

test(
  'a kind is a name and a name a kind',
  covers('fsdp.backend.manager-unit-tests/enum-strings').control('any name is a kind', {
    file: 'src/backends/manager/kinds.ts',
    from: "if (isBridgeName(name)) return 'bridge';",
    to: "if (!isBridgeName(name)) return 'webgpu'; else return 'webgl';",
  }),
  () => each(NAMES),
);

test(
  'what each kind can do is told, field by field',
  covers('fsdp.backend.manager-unit-tests/capability-matrix').control('a field is left out', {
    file: 'src/backends/manager/capabilities.ts',
    from: 'tokensOfStep: 0, parameters: 0 },',
    to: 'tokensOfStep: 0 } as Capabilities,',
  }),
  () => each(MATRIX),
);

test(
  'one is chosen by hand, and one that is not there is not available',
  covers('fsdp.backend.manager-unit-tests/manual-selection').control('another one is taken', {
    file: 'src/backends/manager/choose.ts',
    from: 'if (!backend || backend.absent) throw notAvailable(wanted, backend);',
    to: 'if (!backend || backend.absent) return chooseBackend(found, purpose);',
  }),
  () => each(SELECTION),
);

test(
  'bits and element types are told',
  covers('fsdp.backend.manager-unit-tests/bits-and-dtype').control('the reference has float32', {
    file: 'src/backends/manager/capabilities.ts',
    from: "preferred: 'float64' },",
    to: "preferred: 'float32' },",
  }),
  () => each(DTYPES),
);

test(
  'a model that is too large exceeds the recommended limit',
  covers('fsdp.backend.manager-unit-tests/model-size-limit').control('any size is taken', {
    file: 'src/backends/manager/limits.ts',
    from: 'if (parameters > limit)',
    to: 'if (parameters > 1e3 * limit)',
  }),
  () => each(LIMITS),
);

test(
  'the table of batches halves at 4096 tokens',
  covers('fsdp.backend.manager-unit-tests/batch-size-table').control('it goes by square roots', {
    file: 'src/backends/manager/limits.ts',
    from: 'Math.log2(tokensOfStep / tokens)',
    to: 'Math.log2(tokensOfStep / tokens) / 2',
  }),
  () => each(BATCHES),
);

test(
  'a wish stands in an option, the address or the environment',
  covers('fsdp.backend.manager-unit-tests/settings-sources').control('the address is not read', {
    file: 'src/backends/manager/choose.ts',
    from: "searchParams.get('backend');",
    to: "searchParams.get('back-end');",
  }),
  () => each(SETTINGS),
);

test(
  'memory is told',
  covers('fsdp.backend.manager-unit-tests/memory-info').control('of the host it is not', {
    file: 'src/backends/manager/detect.ts',
    from: 'heap: (await hostMemory()).heap,',
    to: 'heap: undefined,',
  }),
  () => each(MEMORY),
);

test(
  'without a wish the first of a stated order is taken',
  covers('fsdp.backend.detection-and-management/stated-order').control('it is that of detection', {
    file: 'src/backends/manager/choose.ts',
    from: 'BACKEND_KINDS.flatMap((kind) => found.filter((one) => one.kind === kind))',
    to: '[...found]',
  }),
  () => each(ORDER),
);

test(
  'all 22 behaviours are there and right',
  covers('fsdp.backend.manager-unit-tests/all-22-pass').control('the reference is left out', {
    file: 'src/backends/manager/kinds.ts',
    from: "  'reference',\n",
    to: '',
  }),
  async () => {
    const all = GROUPS.flatMap((group) => Object.entries(group));
    expect(new Set(all.map(([name]) => name)).size).toBe(22);
    for (const group of GROUPS) await each(group);
  },
);

test(
  'a backend that is asked for and not there is told with its reason, and no other stands in',
  covers('fsdp.utilities.get-available-device/no-silent-fallback').control(
    'another that is there is taken',
    {
      file: 'src/backends/manager/choose.ts',
      from: 'if (wanted !== undefined) {',
      to: 'if (wanted !== undefined && !found.find(({ name }) => name === wanted)?.absent) {',
    },
  ),
  async () => {
    const found = await detectBackends({ gpu: undefined });
    const chosen = (wanted?: string) => {
      try {
        return chooseBackend(found, 'trains', wanted).name;
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(chosen()).toBe('reference');
    for (const name of ['webgpu', 'webgpu-low-power', 'ort-wasm', 'webgl']) {
      const { absent } = found.find((one) => one.name === name) ?? {};
      expect(absent, name).toMatchObject({
        ...{ code: expect.stringMatching(/^[a-z-]+$/), message: expect.stringMatching(/\S/) },
      });
      expect(chosen(name)).toBe(`${name} is not available: ${absent?.message}`);
    }
  },
);
