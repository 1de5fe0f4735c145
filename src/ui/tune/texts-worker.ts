import { type TextsRequest, tellTexts } from '../../harness/tuning/told-texts.ts';
import { openWebFolder } from '../../harness/worker/web-folder.ts';

self.onmessage = ({ data }: MessageEvent<TextsRequest>) =>
  void tellTexts(data, openWebFolder, (told) => self.postMessage(told));
