import { type BenchState, UNTIMED } from '../bench/bench-state.ts';
import { Detailed } from '../cases/detailed.ts';
import { KnownFailuresSession } from '../cases/known-failures-session.ts';
import { Plan } from '../cases/plan.ts';
import type { TreeState } from '../cases/suite-tree.ts';
import { gatherFacts } from '../check/gather-facts.ts';
import type { Facts } from '../check/preflight.ts';
import { Later } from '../controls/later.ts';
import { Notice } from '../controls/notice.ts';
import { Observable } from '../controls/observable.ts';
import { History } from '../history/history.ts';
import { BridgeSession } from '../libraries/bridge-session.ts';
import { Replay } from '../libraries/replay.ts';
import { type MatrixState, UNEXECUTED } from '../matrix/matrix-state.ts';
import { type MergingState, UNMERGED } from '../merge/merging-state.ts';
import { type QuantizingState, UNMEASURED } from '../quantize/quantizing-state.ts';
import { RunSession } from '../run/run-session.ts';
import { Starter } from '../run/starter.ts';
import { SharedResult } from '../share/shared-result.ts';
import { SpeedSession } from '../speed/speed-session.ts';
import { type TrainingState, UNTRAINED } from '../train/training-state.ts';
import { type TuningState, UNTUNED } from '../tune/tuning-state.ts';
import { queryText } from './address.ts';
import { frameWords } from './frame.en.ts';
import { keepOffline } from './offline.ts';
import { Router } from './router.ts';

/**
 * Makes everything that outlasts a view, and joins it: no element has all of it, each view names
 * what it is given.
 */
export class App {
  readonly router: Router;
  readonly notice = new Notice();
  /** What the browser tells; undefined until it has told. */
  readonly facts = new Observable<Facts | undefined>(undefined);
  /** Python on this computer, where the address named it. */
  readonly bridge = new BridgeSession();
  readonly run = new RunSession(this.bridge);
  readonly known = new KnownFailuresSession(this.run, this.notice);
  readonly plan = new Plan();
  /** Which branches of the tree are open, and what is chosen of it. */
  readonly tree = new Observable<TreeState>({ open: new Set() });
  /** Open from the beginning where the address chooses of the details. */
  readonly detailed: Detailed;
  readonly starter: Starter;
  readonly replay: Replay;
  /** How the fine-tuning of a model of bytes stands, which every view tells. */
  readonly learning = new Observable<TrainingState>(UNTRAINED);
  readonly training = new Later(async () => {
    const { TrainingSession } = await import('../train/training-session.ts');
    return new TrainingSession(this.notice, this.learning);
  });
  /** The same of a folder's model. */
  readonly adapting = new Observable<TuningState>(UNTUNED);
  /** How the merging of what was trained into its model stands. */
  readonly merging = new Observable<MergingState>(UNMERGED);
  readonly tuning = new Later(async () => {
    const { TuningSession } = await import('../tune/tuning-session.ts');
    return new TuningSession(this.notice, this.adapting, this.merging);
  });
  /** The runs that are kept on this device. */
  readonly history = new History();
  readonly comparison = new Later(async () => {
    const { CompareSession } = await import('../compare/compare-session.ts');
    return new CompareSession(this.history);
  });
  readonly speed = new SpeedSession();
  readonly suites = new Later(async () => {
    const { SuitesSession } = await import('../suites/suites-session.ts');
    return new SuitesSession();
  });
  /** How the bench stands, which every view tells. */
  readonly timing = new Observable<BenchState>(UNTIMED);
  readonly bench = new Later(async () => {
    const { BenchSession } = await import('../bench/bench-session.ts');
    return BenchSession.open(this.timing, this.history, this.notice);
  });
  /** How the measurement of quantizers stands. */
  readonly measuring = new Observable<QuantizingState>(UNMEASURED);
  readonly quantizing = new Later(async () => {
    const { QuantizingSession } = await import('../quantize/quantizing-session.ts');
    return new QuantizingSession(this.measuring, this.history, this.notice);
  });
  /** How the matrix of quantizers stands. */
  readonly executing = new Observable<MatrixState>(UNEXECUTED);
  readonly matrix = new Later(async () => {
    const { MatrixSession } = await import('../matrix/matrix-session.ts');
    return new MatrixSession(this.executing, this.bridge, this.history);
  });
  readonly shared = new SharedResult();
  /** Whether the page works without a network, and whether a newer one came in. */
  readonly offline = keepOffline();

  constructor(views: readonly { readonly name: string }[]) {
    this.router = new Router(views);
    const { address } = this.router;
    this.starter = new Starter(this.router, this.plan, this.run, this.notice);
    this.replay = new Replay(this.router, this.facts, this.run, this.notice);
    this.detailed = new Detailed(
      Object.keys(address.value.options).length > 0 || queryText(address.value) !== '',
    );
    address.subscribe(() => {
      this.shared.value = undefined;
    });
    window.addEventListener('popstate', () => {
      this.router.read();
      this.#arrive();
    });
    // Chunks are loaded when they are first needed: the network may be gone by then, or a host has
    // another build.
    window.addEventListener('vite:preloadError', () => {
      this.notice.value = frameWords().partMissing;
    });
    this.#arrive();
    this.history.follow(this.run.state);
    this.speed.follow(this.run.state);
    this.detailed.follow(this.run.state);
    this.#resume();
    gatherFacts().then((facts) => {
      this.facts.value = facts;
    });
  }

  /** A changed fragment fires popstate too, so a link pasted over an open page is read. */
  #arrive(): void {
    this.notice.value = this.router.address.value.problem ?? '';
    if (!this.bridge.takeFragment()) this.shared.read();
  }

  /** Goes on where a reload interrupted; devices behind the bridge belong to what ran. */
  async #resume(): Promise<void> {
    if (this.bridge.state.value.phase === 'absent') await this.bridge.restore();
    await this.run.resume();
  }
}
