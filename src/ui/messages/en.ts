import { answer } from './en/answer.ts';
import { cases } from './en/cases.ts';
import { charts } from './en/charts.ts';
import { check } from './en/check.ts';
import { compare } from './en/compare.ts';
import { drop } from './en/drop.ts';
import { forecast } from './en/forecast.ts';
import { frame } from './en/frame.ts';
import { libraries } from './en/libraries.ts';
import { list } from './en/list.ts';
import { preflight } from './en/preflight.ts';
import { print } from './en/print.ts';
import { share } from './en/share.ts';
import { shared } from './en/shared.ts';
import { training } from './en/training.ts';
import { units } from './en/units.ts';

/** All that the page says, by part; every other language has the same keys. */
export const en = {
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

/** What a language must say. */
export type Messages = typeof en;
