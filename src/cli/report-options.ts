import type { OptionDeclaration, OptionTable } from '../harness/option.ts';
import type { ReportFiles } from './output/report-files.ts';
import { lastPath } from './path-option.ts';
import { checkedBase } from './share-base.ts';

/** Where the JSON report goes: an option of every command that makes one. */
export const REPORT: OptionDeclaration<string> = {
  name: 'report',
  argument: 'file',
  description:
    'write the JSON report to this file; - is stdout, and what is for people goes to stderr',
  parse: lastPath('--report'),
};

/** Where links lead: an option of every command that prints one. */
export const SHARE_BASE: OptionDeclaration<string> = {
  name: 'share-base',
  argument: 'url',
  description:
    'where the page is for others, which share links then lead to (also GRADPROOF_SHARE_BASE)',
  parse: (texts) => checkedBase('--share-base', texts.at(-1) ?? ''),
};

/** The forms of a report: options of `gradproof [run]` and of `gradproof merge`. */
export const REPORT_FILES: OptionTable<ReportFiles> = {
  report: REPORT,
  junit: {
    name: 'junit',
    argument: 'file',
    description: 'write a JUnit XML report to this file',
    parse: lastPath('--junit'),
  },
  html: {
    name: 'html',
    argument: 'file',
    description: 'write the report as one page that needs nothing else',
    parse: lastPath('--html'),
  },
  csv: {
    name: 'csv',
    argument: 'file',
    description: 'write a line for each result, as a spreadsheet reads it',
    parse: lastPath('--csv'),
  },
  link: {
    name: 'link',
    argument: 'file',
    description: 'write the share link to this file',
    parse: lastPath('--link'),
  },
};
