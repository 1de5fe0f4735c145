import type { Architecture } from '../../../formats/hugging-face/architecture.ts';
import { seam } from '../../../seam.ts';
import { AdapterError } from './adapter-error.ts';
import { blockLinears, moduleNames } from './module-names.ts';
import { namePattern, type PatternField } from './name-patterns.ts';

/** The modules that get an adapter, and its size; fields of PEFT's LoraConfig. */
export interface TargetRules {
  readonly r: number;
  readonly lora_alpha: number;
  /**
   * Names of modules or ends of them, or one expression that must describe the whole name, or
   * `all-linear`. Default `q_proj` and `v_proj`, as PEFT has it of these families.
   */
  readonly target_modules?: readonly string[] | string | undefined;
  readonly exclude_modules?: readonly string[] | string | undefined;
  /** Expressions of names, or of parts of them between dots: modules that are trained whole. */
  readonly modules_to_save?: readonly string[] | undefined;
  /** Blocks by their number; of targets that are a list, and of these not of whole names. */
  readonly layers_to_transform?: readonly number[] | number | undefined;
  /** What stands before the number in the name of a block. */
  readonly layers_pattern?: readonly string[] | string | undefined;
  /** Ranks of modules by an expression that the end of their name must be. */
  readonly rank_pattern?: Readonly<Record<string, number>> | undefined;
  readonly alpha_pattern?: Readonly<Record<string, number>> | undefined;
}

/** Size of an adapter. */
export interface AdapterSize {
  readonly r: number;
  readonly alpha: number;
}

/** What PEFT adapts of these families where nothing is named. */
export const USUAL_TARGETS: readonly string[] = ['q_proj', 'v_proj'];
const ALL_LINEAR = 'all-linear';

/** Names that a line tells; the others are counted. */
const MOST_TOLD = 4;

/**
 * The modules of a model that get an adapter, in the model's order, by PEFT's rules
 * (check_target_module_exists of tuners_utils.py, get_pattern_key of utils/other.py). Expressions
 * are those of JavaScript. Throws {@link AdapterError} where they meet nothing, or a module that is
 * no linear of a block.
 */
export function adapterTargets(
  model: Architecture,
  rules: TargetRules,
): ReadonlyMap<string, AdapterSize> {
  const linears = blockLinears(model);
  const met = namedModules(model, rules);
  if (met.length === 0)
    throw new AdapterError(
      'adapter-targets',
      `target_modules meet no module${rules.modules_to_save?.length ? ' beside those of modules_to_save' : ''}`,
      `give ends of names such as ${[...linears.keys()].slice(0, MOST_TOLD).map(lastPart).join(', ')}, or "${ALL_LINEAR}"`,
    );
  const others = met.filter((name) => !linears.has(name));
  if (others.length > 0)
    throw new AdapterError(
      'adapter-targets',
      `target_modules meet ${told(others)}`,
      'adapters are there for the linears of blocks alone',
    );
  return new Map(met.map((name) => [name, sizeOfAdapter(name, rules)]));
}

/** The modules of a model that rules name, linears or others; perhaps none. */
export const namedModules = (model: Architecture, rules: TargetRules): readonly string[] =>
  moduleNames(model).filter(targetRule(rules, new Set(blockLinears(model).keys())));

const lastPart = (name: string) => name.slice(name.lastIndexOf('.') + 1);

function told(names: readonly string[]): string {
  const left = names.length - MOST_TOLD;
  return names.slice(0, MOST_TOLD).join(', ') + (left > 0 ? ` and ${left} more` : '');
}

function targetRule(rules: TargetRules, linears: ReadonlySet<string>): (name: string) => boolean {
  const { target_modules = USUAL_TARGETS, exclude_modules = [], modules_to_save = [] } = rules;
  const saved = modules_to_save.map((one) => namePattern(one, 'modules_to_save'));
  const isExcluded =
    exclude_modules === '' ? () => false : matcher(exclude_modules, 'exclude_modules');
  const isNamed =
    typeof target_modules === 'string' && target_modules.toLowerCase() === ALL_LINEAR
      ? (name: string) => linears.has(name)
      : matcher(target_modules, 'target_modules');
  const isOfLayer = typeof target_modules === 'string' ? () => true : layerRule(rules);
  return (name) =>
    !isExcluded(name) && !saved.some((one) => one.test(name)) && isNamed(name) && isOfLayer(name);
}

/** Names that are given, or whose end after a dot is; an expression describes the whole name. */
const matcher = seam(
  'nn.llama.targetMatcher',
  (given: readonly string[] | string, field: PatternField): ((name: string) => boolean) => {
    if (typeof given === 'string') {
      const whole = namePattern(given, field);
      return (name) => whole.test(name);
    }
    return (name) => given.some((one) => name === one || name.endsWith(`.${one}`));
  },
);

/**
 * Whether a module that targets meet lies in a block that gets adapters; all do where no block is
 * named, and one that targets name in full does in any block. Throws {@link AdapterError} for a
 * pattern that is none.
 */
export function layerRule({
  target_modules: targets = [],
  layers_to_transform: layers,
  layers_pattern: patterns = [],
}: Pick<TargetRules, 'target_modules' | 'layers_to_transform' | 'layers_pattern'>): (
  name: string,
) => boolean {
  const wanted = typeof layers === 'number' ? [layers] : layers;
  if (!wanted || wanted.length === 0) return () => true;
  const inFull = new Set(typeof targets === 'string' ? [] : targets);
  const given = typeof patterns === 'string' ? [patterns] : patterns;
  const before =
    given.length === 0
      ? [/^.*?\.[^.]*\.(\d+)\./]
      : given.map((one) => namePattern(one, 'layers_pattern'));
  return (name) => {
    if (inFull.has(name)) return true;
    const found = before.map((each) => each.exec(name)).find((match) => match !== null);
    // Groups of the person's own come before the number.
    return found ? wanted.includes(Number(found.at(-1))) : false;
  };
}

/** Rank and alpha of the adapter of a module. Throws {@link AdapterError} for a pattern that is none. */
export function sizeOfAdapter(
  name: string,
  {
    r,
    lora_alpha,
    rank_pattern = {},
    alpha_pattern = {},
  }: Pick<TargetRules, 'r' | 'lora_alpha' | 'rank_pattern' | 'alpha_pattern'>,
): AdapterSize {
  const of = (patterns: Readonly<Record<string, number>>, field: PatternField, usual: number) => {
    const found = Object.entries(patterns).find(([pattern]) =>
      namePattern(pattern, field).test(name),
    );
    return found ? found[1] : usual;
  };
  return {
    r: of(rank_pattern, 'rank_pattern', r),
    alpha: of(alpha_pattern, 'alpha_pattern', lora_alpha),
  };
}
