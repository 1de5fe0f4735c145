import { answer } from './de/answer.ts';
import { cases } from './de/cases.ts';
import { charts } from './de/charts.ts';
import { check } from './de/check.ts';
import { compare } from './de/compare.ts';
import { drop } from './de/drop.ts';
import { forecast } from './de/forecast.ts';
import { frame } from './de/frame.ts';
import { libraries } from './de/libraries.ts';
import { list } from './de/list.ts';
import { preflight } from './de/preflight.ts';
import { print } from './de/print.ts';
import { share } from './de/share.ts';
import { shared } from './de/shared.ts';
import { training } from './de/training.ts';
import { units } from './de/units.ts';
import type { Messages } from './en.ts';

/** All that the page says, in German. */
export const de: Messages = {
  answer,
  cases,
  charts,
  check,
  compare,
  drop,
  forecast,
  frame,
  libraries,
  list,
  preflight,
  print,
  share,
  shared,
  training,
  units,
};
