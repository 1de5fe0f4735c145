import { messageOf } from '../../errors.ts';
import { type FetchProgress, fetchModel } from './fetch-model.ts';
import type { ReachableAddress } from './reachable-address.ts';

/** What the worker says of a model on its way. */
export type FetchTold =
  | { readonly type: 'progress'; readonly progress: FetchProgress }
  | { readonly type: 'kept'; readonly id: string }
  | { readonly type: 'failed'; readonly message: string };

const tell = (told: FetchTold) => self.postMessage(told);

self.onmessage = async ({ data }: MessageEvent<ReachableAddress>) => {
  try {
    const id = await fetchModel(data, (progress) => tell({ type: 'progress', progress }));
    tell({ type: 'kept', id });
  } catch (error) {
    tell({ type: 'failed', message: messageOf(error) });
  }
};
