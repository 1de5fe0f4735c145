import { EQUIPMENT_WORDS, type EquipmentWords, type PartName } from './equipment/words.ts';

/** What checks and fine-tuning meet on a computer, as far as a page or a process was told. */
export interface Equipment {
  /** "Chromium 156" or "Node.js 22.1". */
  readonly program: string;
  /** Whether the page came over https or from this computer; undefined where there is no page. */
  readonly isSecure?: boolean | undefined;
  readonly hasWebGpu: boolean;
  /** Null where WebGPU offers none. */
  readonly adapter: {
    readonly name: string;
    readonly isFallback: boolean;
    readonly features: readonly string[];
    readonly limits: Readonly<Record<string, number>>;
  } | null;
  /** What only a page has. */
  readonly page?: PageEquipment | undefined;
}

/** What a page may keep, and whether others share its process. */
export interface PageEquipment {
  readonly isIsolated: boolean;
  /** Bytes that the private file system may take; null where there is none. */
  readonly quotaBytes: number | null;
}

/** The libraries behind the bridge, or why there are none. */
export type BridgeEquipment =
  | { readonly libraries: readonly { readonly name: string; readonly version: string }[] }
  | { readonly problem: string | undefined };

/** The libraries of a bridge's devices, each once. */
export function librariesOf(
  devices: readonly { readonly libraries: readonly { name: string; version: string }[] }[],
): BridgeEquipment {
  const versions = devices.flatMap(({ libraries }) =>
    libraries.map(({ name, version }) => [name, version] as const),
  );
  return { libraries: [...new Map(versions)].map(([name, version]) => ({ name, version })) };
}

/** One thing of a computer. */
export interface EquipmentItem {
  readonly part: PartName | 'library';
  readonly name: string;
  readonly found: string;
  /** `missing`: nothing computes without it. `lacking`: all goes on, and something less well. */
  readonly state: 'there' | 'lacking' | 'missing';
  /** What to do about it, in one line. */
  readonly fix: string;
}

/** Features of adapters that some kernels need; others compute the same without them. */
const USED_FEATURES = ['shader-f16', 'subgroups', 'timestamp-query'] as const;

/** What WebGPU grants every device, with which all checks run, by the name of the limit. */
export const NEEDED_LIMITS = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupStorageSize: 2 ** 14,
  maxComputeInvocationsPerWorkgroup: 256,
  maxStorageBuffersPerShaderStage: 8,
} as const;
type LimitName = keyof typeof NEEDED_LIMITS;

/** Below it checkpoints of a small model do not fit. */
const SMALL_QUOTA = 2 ** 30;

/** What a page or a process has and lacks, each with what to do about it. */
export function equipmentItems(
  equipment: Equipment,
  words: EquipmentWords = EQUIPMENT_WORDS,
): readonly EquipmentItem[] {
  const { program, isSecure, hasWebGpu, adapter, page } = equipment;
  const item = makerOf(words);
  const present = (part: PartName, has: boolean, otherwise: 'lacking' | 'missing') =>
    item(part, has ? 'there' : otherwise, has ? words.there : words.notThere);
  return [
    item('program', 'there', program),
    ...(isSecure === undefined ? [] : [present('secure', isSecure, 'missing')]),
    present('webgpu', hasWebGpu, 'missing'),
    adapter ? adapterItem(adapter, item, words) : item('adapter', 'missing', words.notThere),
    ...USED_FEATURES.map((name) =>
      present(name, adapter?.features.includes(name) === true, 'lacking'),
    ),
    ...(adapter ? limitItems(adapter.limits, item, words) : []),
    ...(page ? pageItems(page, item, words) : []),
  ];
}

/** The bridge and each library behind it. */
export function bridgeItems(
  bridge: BridgeEquipment,
  words: EquipmentWords = EQUIPMENT_WORDS,
): readonly EquipmentItem[] {
  const item = makerOf(words);
  if ('problem' in bridge) return [item('bridge', 'lacking', bridge.problem ?? words.notThere)];
  const { libraries } = bridge;
  return [
    item('bridge', libraries.length > 0 ? 'there' : 'lacking', words.libraries(libraries.length)),
    ...libraries.map(({ name, version }) => ({
      part: 'library' as const,
      name,
      found: version,
      state: 'there' as const,
      fix: words.nothing,
    })),
  ];
}

const makerOf =
  ({ names, fixes, nothing }: EquipmentWords): MakeItem =>
  (part, state, found) => ({
    part,
    state,
    found,
    name: names[part],
    fix: state === 'there' ? nothing : fixes[part],
  });

function adapterItem(
  { name, isFallback }: NonNullable<Equipment['adapter']>,
  item: MakeItem,
  words: EquipmentWords,
): EquipmentItem {
  const told = item('adapter', isFallback ? 'lacking' : 'there', name);
  return isFallback ? { ...told, fix: words.fixes.fallback } : told;
}

type MakeItem = (part: PartName, state: EquipmentItem['state'], found: string) => EquipmentItem;

function limitItems(
  limits: Readonly<Record<string, number>>,
  item: MakeItem,
  words: EquipmentWords,
): readonly EquipmentItem[] {
  return (Object.entries(NEEDED_LIMITS) as [LimitName, number][]).flatMap(([name, needed]) => {
    const has = limits[name];
    if (has === undefined) return [];
    return [
      item(name, has >= needed ? 'there' : 'missing', words.limit(has, needed, isBytes(name))),
    ];
  });
}

const isBytes = (name: LimitName): boolean => name.endsWith('Size');

function pageItems(
  { isIsolated, quotaBytes }: PageEquipment,
  item: MakeItem,
  words: EquipmentWords,
): readonly EquipmentItem[] {
  const isolated = isIsolated ? words.there : words.notThere;
  const state = quotaBytes !== null && quotaBytes >= SMALL_QUOTA ? 'there' : 'lacking';
  return [
    item('isolation', isIsolated ? 'there' : 'lacking', isolated),
    item('storage', state, quotaBytes === null ? words.notThere : words.quota(quotaBytes)),
  ];
}
