import type { SlidingWindow } from '../../vocabulary/attention/rope-scaling.ts';
import type { JsonObject } from '../strict-json.ts';
import type { Family } from './architecture.ts';
import type { ConfigFault } from './config-error.ts';
import { shown } from './fields.ts';

/** What Mistral and Qwen have where their configuration tells none. */
const DEFAULT_TOKENS = 4096;
/** The first layer of Qwen that has a window, where none is told. */
const DEFAULT_FIRST = 28;
const MOST_TOKENS = 2 ** 27;

/** A window of attention, and what of it is wrong. */
interface Read {
  readonly window: SlidingWindow | undefined;
  readonly faults: readonly ConfigFault[];
}

/**
 * The window of a configuration as transformers 5 has it: of Mistral in all layers, unless it is
 * null; of Qwen where `use_sliding_window` says so, in the layers that `layer_types` or
 * `max_window_layers` tell; of Llama none.
 */
export function windowOf(config: JsonObject, family: Family, layers: number): Read {
  if (family === 'llama') return { window: undefined, faults: [] };
  const isMistral = family === 'mistral';
  const isUsed = isMistral || config['use_sliding_window'] === true;
  const { sliding_window: given = DEFAULT_TOKENS } = config;
  const faults: ConfigFault[] = [];
  const chosen = isMistral ? all(layers) : slidingLayers(config, isUsed, layers, faults);
  if (given === null || chosen.length === 0) return { window: undefined, faults };
  if (!isSize(given, 1, MOST_TOKENS))
    faults.push(bad('sliding_window', given, `it must be a whole number from 1 to ${MOST_TOKENS}`));
  return { window: { tokens: given as number, layers: chosen }, faults };
}

const all = (layers: number) => Array.from({ length: layers }, (_, i) => i);

const isSize = (value: unknown, least: number, most: number) =>
  typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;

const bad = (path: string, value: unknown, suggestion: string): ConfigFault => ({
  code: 'bad-value',
  path,
  message: `${path} is ${shown(value)}`,
  suggestion,
});

function slidingLayers(
  config: JsonObject,
  isUsed: boolean,
  layers: number,
  faults: ConfigFault[],
): readonly number[] {
  const types = config['layer_types'];
  if (types !== undefined && types !== null) {
    const isKnown =
      Array.isArray(types) &&
      types.length === layers &&
      types.every((type) => type === 'full_attention' || type === 'sliding_attention');
    if (!isKnown) {
      const needed = `it must have full_attention or sliding_attention for each of ${layers} layers`;
      faults.push(bad('layer_types', types, needed));
      return [];
    }
    const chosen = all(layers).filter((i) => types[i] === 'sliding_attention');
    if (chosen.length > 0 && !isUsed)
      faults.push({
        code: 'does-not-fit',
        path: 'use_sliding_window',
        message: 'layer_types has sliding_attention, and use_sliding_window is not true',
        suggestion: 'give both alike',
      });
    return isUsed ? chosen : [];
  }
  if (!isUsed) return [];
  const { max_window_layers: first = DEFAULT_FIRST } = config;
  if (!isSize(first, 0, MOST_TOKENS)) {
    faults.push(bad('max_window_layers', first, 'it must be a whole number from 0 on'));
    return [];
  }
  return all(layers).filter((i) => i >= (first as number));
}
