import { describeBrowser } from '../harness/describe-browser.ts';
import type { Contender } from './contender.ts';
import type { FromBench, ToBench } from './messages.ts';
import { serveBench } from './serve.ts';

/** What the module of a peer gives. */
interface PeerModule {
  readonly default: (
    gpu: GPU,
    assets: Readonly<Record<string, ArrayBuffer>>,
  ) => Promise<Contender | readonly Contender[]>;
}

/** The page around this frame, which has no origin of its own. */
const { origin } = new URL(document.URL);
const post = (message: FromBench) => parent.postMessage(message, origin);

const answer = serveBench({
  gpu: navigator.gpu,
  runtime: describeBrowser(navigator),
  adapters: globalThis.GPUAdapter,
  isHidden: () => document.visibilityState === 'hidden',
  post,
  load: async ({ name, folder, assets }, opening) => {
    // Libraries keep their first device: under another address their modules are other instances.
    const module = new URL(`${opening}/${name}.js`, folder).href;
    const { default: open } = (await import(/* @vite-ignore */ module)) as PeerModule;
    return [await open(navigator.gpu, assets)].flat();
  },
});

addEventListener('message', ({ source, data }: MessageEvent<ToBench>) => {
  if (source === parent) answer(data);
});
post({ type: 'ready' });
