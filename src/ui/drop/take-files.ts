import type { Router } from '../app/router.ts';
import { isKnownFailures } from '../cases/known-failures.ts';
import type { KnownFailuresSession } from '../cases/known-failures-session.ts';
import { compareWith } from '../compare/choose-to-compare.ts';
import type { CompareSession } from '../compare/compare-session.ts';
import { isReportFile } from '../compare/report-file.ts';
import { startOf } from '../controls/file-bytes.ts';
import type { Later } from '../controls/later.ts';
import type { Notice } from '../controls/notice.ts';
import type { Replay } from '../libraries/replay.ts';
import { withWords } from '../messages/words.ts';
import type { QuantizingSession } from '../quantize/quantizing-session.ts';
import type { SuitesSession } from '../suites/suites-session.ts';
import type { TrainingSession } from '../train/training-session.ts';
import type { TuningSession } from '../tune/tuning-session.ts';
import { dropWords } from './drop.en.ts';
import type { DroppedFile } from './dropped-files.ts';
import { adapterIn, modelFolderIn } from './dropped-folder.ts';

/** Where dropped files go. */
export interface Takers {
  readonly replay: Replay;
  readonly known: KnownFailuresSession;
  readonly comparison: Later<CompareSession>;
  readonly suites: Later<SuitesSession>;
  readonly training: Later<TrainingSession>;
  readonly tuning: Later<TuningSession>;
  readonly quantizing: Later<QuantizingSession>;
  readonly router: Router;
  readonly notice: Notice;
}

/**
 * Takes dropped files: recordings are replayed, known failures are kept, reports are compared, those
 * of tests are shown with what they cover, a config.json is a model of the sheet and with other files
 * the model to fine-tune, as a .gguf file is, an adapter_config.json with other files is an adapter
 * to go on from, one other file is what is learnt. Where quantizers are measured, one safetensors
 * file is the weights. What is neither is refused in one line.
 */
export async function takeFiles(files: readonly DroppedFile[], takers: Takers): Promise<void> {
  const { replay, notice } = takers;
  notice.value = '';
  const recordings = files.filter(({ path }) => path.endsWith('.safetensors'));
  const [first] = files;
  const isOfWeights = takers.router.address.value.view === 'quantize' && files.length === 1;
  const isModel = first && files.length === 1 && first.path.endsWith('config.json');
  const folder = modelFolderIn(files);
  const adapter = adapterIn(files);
  if (folder) {
    const { choice } = await takers.tuning.get();
    choice.takeFolder(folder.name, folder.files);
    takers.router.go({ view: 'train' });
  } else if (adapter) {
    const { choice } = await takers.tuning.get();
    if (choice.chosen.value.kind === 'bytes') choice.choose('small');
    choice.takeAdapter(adapter);
    takers.router.go({ view: 'train' });
  } else if (isModel) {
    const { takeConfig } = await withWords(import('../sheet/take-config.ts'));
    await takeConfig(first.file, takers.router, notice);
  } else if (first && isOfWeights && recordings.length === 1) {
    await (await takers.quantizing.get()).take(first.file);
  } else if (recordings.length > 0) {
    await replay.files(
      files.filter((file) => recordings.includes(file) || /(^|\/)INDEX\.json$/.test(file.path)),
    );
  } else if (first && files.length === 1) {
    await notice.during(() => takeOne(first.file, takers));
  } else {
    notice.value = dropWords().noRecording;
  }
}

/** Takes what the beginning of a file shows that it is. */
async function takeOne(
  file: File,
  { known, comparison, suites, training, tuning, router, notice }: Takers,
): Promise<void> {
  const { name } = file;
  const start = await startOf(file);
  if (isKnownFailures(name, start)) await known.take(file);
  else if (isReportFile(name, start)) {
    const { isOfTests } = await withWords(import('../suites/read-tests.ts'));
    if (await isOfTests(file)) {
      await (await suites.get()).take(file);
      router.go({ view: 'suites' });
    } else compareWith({ kind: 'file', file }, await comparison.get(), router);
  } else {
    const { choice } = await tuning.get();
    if (choice.chosen.value.kind === 'bytes') await (await training.get()).take(file);
    else choice.takeData(file);
    if (notice.value === '') router.go({ view: 'train' });
  }
}
