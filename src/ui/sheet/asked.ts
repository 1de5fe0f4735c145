import { messageOf } from '../../errors.ts';
import type { Architecture } from '../../formats/hugging-face/architecture.ts';
import { readOptions } from '../../harness/option.ts';
import { SHEET_OPTIONS, type SheetOptions } from '../../harness/sheet-options.ts';
import { schemeOf } from '../../quantizer/registry.ts';
import { SHEET_KEYS, type SheetKey } from '../../sheet/columns.ts';
import { parseModelText } from '../../sheet/model-config.ts';
import { DEFAULT_SETUP, type Setup } from '../../sheet/setup.ts';
import type { Sorting } from '../controls/sortable.ts';

/** What the address asks of the sheet; each thing that cannot be taken is as usual. */
export interface Asked {
  readonly setup: Setup;
  /** Bytes of the graphics chip, where they are told. */
  readonly memory?: number;
  /** The model that a person brought. */
  readonly own?: Architecture;
  readonly sort?: Sorting<SheetKey>;
  /** What was not taken, by its name in the address, with why. */
  readonly problems: ReadonlyMap<string, string>;
}

/** Reads what the address asks, by name. */
export function readAsked(texts: Readonly<Record<string, string>> = {}): Asked {
  const problems = new Map<string, string>();
  const taken = <T>(name: string, read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      problems.set(name, messageOf(error).replace(/^--/, ''));
      return undefined;
    }
  };
  const given = Object.values(SHEET_OPTIONS).map(({ name }) =>
    taken(name, () => readOptions(SHEET_OPTIONS, (one) => textsOf(texts, name, one))),
  );
  const all: Partial<SheetOptions> = Object.assign({}, ...given);
  const { memory, quantZero, quantScale, ...setup } = all;
  const wished = setup.method ?? DEFAULT_SETUP.method;
  const method = taken('method', () => schemeOf({ method: wished }).method.name);
  const meta = { ...(quantZero && { quantZero }), ...(quantScale && { quantScale }) };
  const kept = taken('quant-zero', () => method && schemeOf({ method, ...meta }) && meta);
  const { model, sort } = texts;
  const own = model === undefined ? undefined : taken('model', () => parseModelText(model));
  const key = SHEET_KEYS.find((one) => one === sort?.replace(/^-/, ''));
  return {
    setup: { ...DEFAULT_SETUP, ...setup, ...(kept || {}), method: method ?? DEFAULT_SETUP.method },
    ...(memory === undefined ? {} : { memory }),
    ...(own ? { own } : {}),
    ...(key ? { sort: { key, descending: sort?.startsWith('-') === true } } : {}),
    problems,
  };
}

/** The text of an option that is read now; a field that was emptied is as usual. */
function textsOf(
  texts: Readonly<Record<string, string>>,
  wanted: string,
  name: string,
): readonly string[] {
  const text = name === wanted ? texts[name]?.trim() : undefined;
  return text ? [text] : [];
}
