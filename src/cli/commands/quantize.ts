import { messageOf } from '../../errors.ts';
import type { Safetensors } from '../../formats/safetensors.ts';
import {
  hasWeights,
  requireSavable,
  savedWeights,
  type WeightsForm,
} from '../../harness/choosing/saved-weights.ts';
import { type ChoosingOutcome, measureSchemes } from '../../harness/choosing.ts';
import { filterOf } from '../../harness/filter.ts';
import { isOfGguf } from '../../quantizer/choosing/quantized-gguf.ts';
import { schemesOf, type WholeChoice, wholeChoice } from '../../quantizer/choosing/schemes.ts';
import { smallBlock } from '../../quantizer/choosing/small-block.ts';
import { schemeTotals } from '../../quantizer/choosing/totals.ts';
import type { WeightSource } from '../../quantizer/choosing/weight-source.ts';
import {
  fileOfWeights,
  leftOutOf,
  weightsOfFile,
} from '../../quantizer/choosing/weights-of-file.ts';
import type { Group, GroupAxis } from '../../quantizer/method.ts';
import { methods } from '../../quantizer/registry.ts';
import { toCsv } from '../../report/csv.ts';
import { DEFAULT_RUN_OPTIONS } from '../../report/run-options.ts';
import { writeReport } from '../../report/write.ts';
import type { ActivationType } from '../../vocabulary/quant/quanto_activation.ts';
import { EXIT, exitOfError, exitOfReport, UsageError } from '../exit.ts';
import { checkOutputs, readInput, writeOutputs } from '../files.ts';
import { Interrupt } from '../interrupt.ts';
import { schemeFile } from '../output/scheme-file.ts';
import { showLeftOut, showMeasuring, showSaved, showSchemes } from '../output/schemes.ts';
import { type Voice, voiceOn } from '../output/voice.ts';
import { planCases } from '../plan-cases.ts';
import { chosenByOptions } from '../quantizer-options.ts';
import { openRuntime, type RuntimeName } from '../runtime/open.ts';

/** What `gradproof quantize` understands. */
export interface QuantizeOptions {
  readonly data: string;
  /** Globs over methods. */
  readonly methods: readonly string[];
  /** All bits, groups and activations of each. */
  readonly each: boolean;
  /** One method alone, with its bits and groups. */
  readonly method: string;
  readonly bits: number;
  readonly group: Group;
  readonly axis: GroupAxis;
  /** What its products round x to. */
  readonly activations: ActivationType;
  /** Its zeros or scales as codes in turn. */
  readonly quantZero: boolean;
  readonly quantScale: boolean;
  readonly out: string;
  readonly runtime: RuntimeName;
  readonly seed: number;
  readonly report: string;
  readonly csv: string;
  readonly svg: string;
}

/** Files that are written, by their options. */
type Targets = Partial<Pick<QuantizeOptions, 'out' | 'report' | 'csv' | 'svg'>>;

/** Measures what each scheme costs the weights, and saves them by one; returns the exit status. */
export async function quantizeCommand(given: Partial<QuantizeOptions>): Promise<number> {
  const { data, seed = DEFAULT_RUN_OPTIONS.seed, out, report, csv, svg } = given;
  const { runtime: name = 'node' } = given;
  const targets: Targets = {
    ...(out ? { out } : {}),
    ...(report ? { report } : {}),
    ...(csv ? { csv } : {}),
    ...(svg ? { svg } : {}),
  };
  const toStdout = Object.values(targets).includes('-');
  const voice = voiceOn(toStdout ? process.stderr : process.stdout);
  // Wrong use shows before a device is asked for.
  const schemes = schemesIn(given);
  if (out && given.method === undefined)
    throw new UsageError('--out: say how to quantize with --method');
  if (out && formOf(out) === 'gguf' && !isOfGguf(schemes[0]?.method ?? ''))
    throw new UsageError(
      `--out ${out}: a .gguf file holds q4_0 and q8_0 alone: choose one with --method, or a .safetensors file`,
    );
  checkOutputs(
    { '--out': out, '--report': report, '--csv': csv, '--svg': svg },
    { '--data': data },
  );
  const file = data === undefined ? undefined : fileIn(data);
  const weights = file ? weightsIn(data ?? '', file, seed) : smallBlock(seed);
  const scheme = schemes[0] as WholeChoice;
  if (out) named(`--out ${out}`, () => requireSavable({ file, weights, scheme }, formOf(out)));
  if (file) showLeftOut(voice, leftOutOf(file));
  using interrupt = new Interrupt();
  await using runtime = await openRuntime(name, voice.say, interrupt.signal);
  voice.say(`quantizing on ${runtime.adapter}`);
  const outcome = await measureSchemes(
    { cases: await planCases(), startWorker: () => runtime.startWorker() },
    { weights, schemes, seed, save: out !== undefined },
    showMeasuring(voice),
    interrupt.signal,
  );
  showSchemes(voice, outcome);
  await save(voice, targets, outcome, { file, weights, scheme });
  const status = exitOfReport(outcome.report, interrupt.signal.aborted);
  return status === EXIT.ok && out && !hasWeights(outcome) ? EXIT.failed : status;
}

/** What is measured. Throws UsageError, for a choice that a method lacks too. */
function schemesIn({
  methods: globs,
  each,
  method,
  bits,
  group,
  axis,
  activations,
  quantZero,
  quantScale,
}: Partial<QuantizeOptions>): readonly WholeChoice[] {
  if (method === undefined) {
    if (bits !== undefined || group !== undefined)
      throw new UsageError('--bits and --group: name their method with --method');
    if (axis !== undefined) throw new UsageError('--axis: name its method with --method');
    if (activations !== undefined)
      throw new UsageError('--activations: name its method with --method');
    if (quantZero || quantScale)
      throw new UsageError('--quant-zero and --quant-scale: name their method with --method');
    const schemes = schemesOf(filterOf(globs ?? []), each ?? false);
    if (schemes.length > 0) return schemes;
    throw new UsageError(
      `--methods ${globs?.join(' ')}: no method matches: there are ${[...methods.keys()].join(', ')}`,
    );
  }
  if (globs || each) throw new UsageError('--method: give it without --methods and --each');
  const wished = { method, bits, groupSize: group, axis, activations, quantZero, quantScale };
  return [chosenByOptions(() => wholeChoice(wished))];
}

function fileIn(path: string): Safetensors {
  const bytes = readInput('--data', path);
  return named(`--data ${path}`, () => fileOfWeights(path, bytes));
}

function weightsIn(path: string, file: Safetensors, seed: number): readonly WeightSource[] {
  return named(`--data ${path}`, () => weightsOfFile(file, seed));
}

/** What is read or made, or a UsageError that begins with an option and its file. */
function named<T>(option: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (exitOfError(error) === undefined) throw error;
    throw new UsageError(`${option}: ${messageOf(error)}`);
  }
}

/** Writes each file whole; weights last, and only where all layers were quantized or refused. */
async function save(
  voice: Voice,
  { out, report: reportPath, csv, svg }: Targets,
  outcome: ChoosingOutcome,
  given: Parameters<typeof savedWeights>[1],
): Promise<void> {
  const { report, measured } = outcome;
  const drawn = svg && schemeFile(schemeTotals(measured));
  if (svg && !drawn) voice.say(`${svg} is not written: there is nothing to draw`);
  const saved = out !== undefined && hasWeights(outcome);
  const weights = (path: string) =>
    Buffer.concat(named(`--out ${path}`, () => savedWeights(outcome, given, formOf(path))));
  await writeOutputs([
    { option: '--report', path: reportPath, data: () => writeReport(report) },
    { option: '--csv', path: csv, data: () => toCsv(report) },
    ...(drawn ? [{ option: '--svg', path: svg, data: () => drawn }] : []),
    ...(saved ? [{ option: '--out', path: out, data: () => weights(out) }] : []),
  ]);
  if (out !== undefined) showSaved(voice, out, outcome, saved);
}

const formOf = (path: string): WeightsForm => (/\.gguf$/i.test(path) ? 'gguf' : 'safetensors');
