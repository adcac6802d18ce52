// OpenAI's official client against the stand-in: what the client sends is taken,
// and what it reads it understands. Prints TAP.

import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import OpenAI, { NotFoundError, ConflictError, BadRequestError, AuthenticationError, toFile } from 'openai';

const baseURL = process.env.KG_SIM_URL;
const client = new OpenAI({ apiKey: 'sk-test', baseURL, maxRetries: 0 });
let number = 0;
let failed = 0;

function ok(condition, name, detail) {
  number += 1;
  if (!condition) failed += 1;
  console.log(`${condition ? 'ok' : 'not ok'} ${number} - ${name}`);
  if (!condition && detail !== undefined) console.log(`# ${JSON.stringify(detail)}`);
}

function is(got, expected, name) {
  ok(JSON.stringify(got) === JSON.stringify(expected), name, { got, expected });
}

async function refuses(call, kind, name) {
  try {
    await call();
    ok(false, name, 'nothing was refused');
  } catch (error) {
    ok(error instanceof kind, name, String(error));
    return error;
  }
}

const control = async (route, body) =>
  (await fetch(new URL(`/_sim/${route}`, baseURL), { method: 'POST', body: JSON.stringify(body) })).json();

const response_format = {
  type: 'json_schema',
  json_schema: {
    name: 'pets',
    strict: true,
    schema: {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      properties: {
        names: { type: 'array', items: { type: 'string' }, maxItems: 10 },
        age: { type: ['number', 'null'] },
      },
      required: ['names', 'age'],
      additionalProperties: false,
    },
  },
};
const question = (text) => ({ model: 'gpt-6-luna', messages: [{ role: 'user', content: text }], response_format });
const line = (custom_id) =>
  JSON.stringify({ custom_id, method: 'POST', url: '/v1/chat/completions', body: question(custom_id) }) + '\n';
const lines = ['a', 'b', 'c'].map(line).join('');
const window = { endpoint: '/v1/chat/completions', completion_window: '24h' };

async function until(batch_id, status) {
  for (let i = 0; i < 600; i += 1) {
    const batch = await client.batches.retrieve(batch_id);
    if (batch.status === status || ['completed', 'failed', 'expired', 'cancelled'].includes(batch.status)) return batch;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`batch ${batch_id} did not become ${status}`);
}

// ---- models, chat ----
const models = [];
for await (const model of client.models.list()) models.push(model.id);
ok(models.includes('gpt-6-luna'), 'lists models');
is((await client.models.retrieve('gpt-6-luna')).id, 'gpt-6-luna', 'retrieves a model');

const completion = await client.chat.completions.create(question('hello'));
is(JSON.parse(completion.choices[0].message.content), { names: [], age: null }, 'a strict schema is answered');
const parsed = await client.chat.completions.parse(question('hello'));
is(parsed.choices[0].message.parsed, { names: [], age: null }, 'and parsed by the client');
is(completion.usage.total_tokens, completion.usage.prompt_tokens + completion.usage.completion_tokens, 'usage adds up');
ok(/^req_/.test(completion._request_id), 'the client finds the request id');
const bad = structuredClone(question('x'));
bad.response_format.json_schema.schema.additionalProperties = true;
const refused = await refuses(() => client.chat.completions.create(bad), BadRequestError, 'a bad schema is refused');
is(refused?.param, 'response_format', 'with its parameter');
await refuses(() => client.chat.completions.create({ ...question('x'), model: 'gpt-99' }), NotFoundError, 'an unknown model is 404');
await refuses(
  () => new OpenAI({ apiKey: ' ', baseURL, maxRetries: 0 }).models.list(),
  AuthenticationError,
  'an empty key is 401',
);

// ---- files ----
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kg-batch-peer-'));
const input = path.join(folder, 'in.jsonl');
fs.writeFileSync(input, lines);
const file = await client.files.create({
  file: fs.createReadStream(input),
  purpose: 'batch',
  expires_after: { anchor: 'created_at', seconds: 7200 },
});
is(file.bytes, Buffer.byteLength(lines), 'uploads a stream');
is(file.expires_at, file.created_at + 7200, 'that expires when it should');
const buffered = await client.files.create({ file: await toFile(Buffer.from(lines), 'buffer.jsonl'), purpose: 'batch' });
is(buffered.filename, 'buffer.jsonl', 'uploads a buffer');
is((await client.files.retrieve(file.id)).status, 'processed', 'retrieves a file');
const listed = [];
for await (const one of client.files.list({ purpose: 'batch', limit: 1 })) listed.push(one.id);
is(listed, [buffered.id, file.id], 'lists files, page by page');
is(await (await client.files.content(file.id)).text(), lines, 'reads the content back');
is((await client.files.delete(buffered.id)).deleted, true, 'deletes a file');
await refuses(() => client.files.retrieve(buffered.id), NotFoundError, 'that is gone then');

// ---- batches ----
const created = await client.batches.create({ input_file_id: file.id, ...window, metadata: { job: '7' } });
is([created.status, created.metadata, created.request_counts.total], ['validating', { job: '7' }, 0], 'creates a batch');
await control('clock', { advance_s: 1000 });
const completed = await until(created.id, 'completed');
is(completed.status, 'completed', 'polls it to its end');
is(completed.request_counts, { total: 3, completed: 3, failed: 0 }, 'with its counts');
const output = await (await client.files.content(completed.output_file_id)).text();
const answers = output.trimEnd().split('\n').map((text) => JSON.parse(text));
is(answers.map((answer) => answer.custom_id).sort(), ['a', 'b', 'c'], 'downloads every answer');
ok(answers.every((answer) => JSON.parse(answer.response.body.choices[0].message.content).names), 'each of them usable');
await refuses(() => client.batches.cancel(created.id), ConflictError, 'what is complete cannot be cancelled');

const second = await client.batches.create({ input_file_id: file.id, ...window });
is((await client.batches.cancel(second.id)).status, 'cancelling', 'cancels a batch');
await control('clock', { advance_s: 1000 });
is((await until(second.id, 'cancelled')).status, 'cancelled', 'that is cancelled then');

const broken = await client.files.create({ file: await toFile(Buffer.from(line('a') + line('a')), 'x.jsonl'), purpose: 'batch' });
const third = await client.batches.create({ input_file_id: broken.id, ...window });
await control('clock', { advance_s: 1000 });
const failure = await until(third.id, 'failed');
is([failure.status, failure.errors.data[0].line], ['failed', 2], 'a bad line fails a batch, with its number');
const batches = [];
for await (const batch of client.batches.list({ limit: 1 })) batches.push(batch.id);
is(batches, [third.id, second.id, created.id], 'lists batches, page by page');
await refuses(() => client.batches.retrieve('batch_none'), NotFoundError, 'an unknown batch is 404');

// ---- how the client takes faults ----
await control('faults', { fault: 'rate_limited', retry_after_ms: 10, count: 2, path: '^/v1/chat' });
const patient = new OpenAI({ apiKey: 'sk-test', baseURL, maxRetries: 2 });
is((await patient.chat.completions.create(question('again'))).object, 'chat.completion', 'it retries what is limited');

fs.rmSync(folder, { recursive: true });
console.log(`1..${number}`);
process.exitCode = failed ? 1 : 0;
