import { element, fill, table } from './elements.js';
import { count, duration, money, time } from './words.js';

const stamp = (text) => (text ? new Date(text).getTime() : null);

// A row a batch on one line of time: waiting here before the API took it, then out.
export function drawBatches(data) {
  const { batches } = data;
  if (!batches.length) {
    fill('batches-body', element('p', { class: 'note' }, 'No batch was sent: everything went directly, or nothing was asked yet.'));
    return;
  }
  const now = stamp(data.made_at);
  const first = Math.min(...batches.map((batch) => stamp(batch.planned_at)));
  const last = Math.max(first + 1000, ...batches.map((batch) => stamp(batch.ended_at) ?? now));
  const place = (from, to) => ({ left: `${(100 * (from - first)) / (last - first)}%`, width: `${Math.max(0.4, (100 * (to - from)) / (last - first))}%` });
  const rows = batches.map((batch) => {
    const planned = stamp(batch.planned_at);
    const ended = stamp(batch.ended_at) ?? now;
    const submitted = Math.min(stamp(batch.submitted_at) ?? ended, ended);
    const state = batch.state === 'submitted' && batch.remote_status ? batch.remote_status : batch.state;
    return [
      String(batch.batch_id),
      element('span', { class: `state ${batch.state}` }, state),
      element('div', { class: 'track', role: 'img', 'aria-label': `planned ${time(batch.planned_at)}, ${duration((ended - planned) / 1000)}` },
        element('div', { class: 'waiting', style: place(planned, submitted) }),
        element('div', { class: `out ${batch.state}`, style: place(submitted, ended) })),
      `${count(batch.answered)} of ${count(batch.requests)}`,
      duration((ended - planned) / 1000),
      money(batch.cost),
      batch.error ?? '',
    ];
  });
  fill('batches-body',
    batches.length >= data.most_rows && element('p', { class: 'note' }, `The latest ${count(data.most_rows)} batches.`),
    table([{ text: 'Batch' }, { text: 'State' }, { text: `From ${time(batches[0].planned_at)} over ${duration((last - first) / 1000)}` },
      { text: 'Answers', number: true }, { text: 'Took', number: true }, { text: 'Cost', number: true }, { text: 'Error' }], rows, 'Batches'));
}
