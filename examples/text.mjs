// Makes batches of a chat with the tokenizer and the template of a model's folder. Needs no GPU.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  countTokens,
  DataLoader,
  encodeTexts,
  listed,
  openChatTemplate,
  openTokenizer,
  packedRows,
  packedTexts,
  partsOfBlob,
  piecesOf,
  readTextData,
} from 'gradproof/text';

const path = process.argv[2] ?? 'src/formats/hugging-face/fixtures/tokenizers/qwen2';
const names = (await readdir(path)).filter((name) => /^(tokenizer|special|chat)/.test(name));
const files = names.map(async (name) => {
  const bytes = await readFile(join(path, name));
  return [name, partsOfBlob(new Blob([bytes]))]; // in a browser, partsOfBlob(file)
});
const codec = await openTokenizer(new Map(await Promise.all(files)));

const chats = ['One?', 'Two?'].map((content) => ({
  messages: [
    { role: 'user', content },
    { role: 'assistant', content: 'Three.' },
  ],
}));
const data = new Blob([chats.map((chat) => JSON.stringify(chat)).join('\n')]);
const { items } = encodeTexts(await readTextData(partsOfBlob(data)), codec, {
  length: 256,
  template: await openChatTemplate(codec),
});
for (const { text, asked } of piecesOf(items[0], codec))
  console.log(asked ? 'asked:' : 'shown:', JSON.stringify(text.slice(-40)));
const { tokens, asked } = countTokens(items);
console.log(`${items.length} texts, ${asked} of ${tokens} tokens are asked`);

const rows = listed(packedRows(items, 256));
const loader = new DataLoader(rows, packedTexts(256, codec.pad), { batchSize: 4, seed: 7 });
for (const { inputs, labels } of loader.epoch(0)) {
  const last = Math.max(...inputs.documents.data);
  console.log(`ids ${inputs.ids.shape}, labels ${labels.shape}, documents 0 to ${last}`);
}
