import { messageOf } from '../../errors.ts';
import { type CheckedModel, checkModel, type FetchProgress, fetchModel } from './fetch-model.ts';
import type { ReachableAddress } from './reachable-address.ts';

/** What the worker is to do: fetch the model of an address, or check one that is kept. */
export type FetchAsked = ReachableAddress | CheckedModel;

/** What the worker says of a model on its way. */
export type FetchTold =
  | { readonly type: 'progress'; readonly progress: FetchProgress }
  | { readonly type: 'kept'; readonly id: string }
  | { readonly type: 'failed'; readonly message: string };

const tell = (told: FetchTold) => self.postMessage(told);
const tellProgress = (progress: FetchProgress) => tell({ type: 'progress', progress });

self.onmessage = async ({ data }: MessageEvent<FetchAsked>) => {
  try {
    if ('model' in data) await checkModel(data, tellProgress);
    tell({ type: 'kept', id: 'model' in data ? data.id : await fetchModel(data, tellProgress) });
  } catch (error) {
    tell({ type: 'failed', message: messageOf(error) });
  }
};
